"""Numbers in the type that a JSON Schema declares, wherever they come from.

JSON does not tell 3 from 3.0, and CEL does: `3 / 2.0` fails. What enters a run, an input, a signal
or a result, is therefore turned into what its schema says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tqrun.plan.expressions.types import Schema, kinds


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
    return _number(kinds(schema), value)


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
    return found


def _chosen(choices: list[Schema], value: Any) -> Schema:
    """The one of several schemas that *value* is of; an open one where that is not clear."""
    if not isinstance(value, dict | list):
        return {"type": [kind for one in choices for kind in kinds(one)]}
    fitting = [one for one in choices if not kinds(one) or _KINDS[type(value)] in kinds(one)]
    return fitting[0] if len(fitting) == 1 else {}


_KINDS = {dict: "object", list: "array"}


def _number(declared: list[str], value: Any) -> Any:
    if isinstance(value, float) and "integer" in declared and "number" not in declared:
        return int(value) if value.is_integer() else value
    if isinstance(value, int) and not isinstance(value, bool) and "number" in declared:
        return value if "integer" in declared else _as_float(value)
    return value


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        # A signal of any client may hold it, and an error would fail its workflow task forever.
        return value
