"""Numbers in the type that a JSON Schema declares, wherever they come from.

JSON does not tell 3 from 3.0, and CEL does: `3 / 2.0` fails. What enters a run, an input, a signal
or a result, is therefore turned into what its schema says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def has_numbers(schema: Schema) -> bool:
    """Whether a value of *schema* may hold a 3 that is meant as 3.0."""
    return '"number"' in json.dumps(schema)


def as_declared(schema: Any, value: Any, definitions: Schema | None = None) -> Any:
    """*value*, JSON that fits *schema*, with each 3 a 3.0 where a number is declared.

    Where a whole number is, it is the other way round, so that equal values are equal text.
    """
    if not isinstance(schema, Mapping):
        return value
    definitions = schema.get("$defs", definitions or {})
    schema = _resolved(schema, definitions)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        known = [_resolved(one, definitions) for one in choices]
        return as_declared(_chosen(known, value), value, definitions)
    if isinstance(value, dict):
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        return {
            name: as_declared(fields.get(name, others), inner, definitions)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [as_declared(schema.get("items"), item, definitions) for item in value]
    kinds = schema.get("type", ())
    return _number([kinds] if isinstance(kinds, str) else kinds, value)


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
    return found


def _chosen(choices: list[Schema], value: Any) -> Schema:
    """The one of several schemas that *value* is of; an open one where that is not clear."""
    kinds = [kind for one in choices for kind in _kinds(one)]
    if not isinstance(value, dict | list):
        return {"type": kinds}
    fitting = [one for one in choices if not _kinds(one) or _KINDS[type(value)] in _kinds(one)]
    return fitting[0] if len(fitting) == 1 else {}


_KINDS = {dict: "object", list: "array"}


def _kinds(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _number(kinds: Any, value: Any) -> Any:
    if isinstance(value, float) and "integer" in kinds and "number" not in kinds:
        return int(value) if value.is_integer() else value
    if isinstance(value, int) and not isinstance(value, bool) and "number" in kinds:
        return value if "integer" in kinds else float(value)
    return value
