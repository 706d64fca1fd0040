"""The keywords for what no other keyword has judged.

The library looks for it with a search engine that backtracks, and in a list for every item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tqrun.jsontypes.budget import JUDGEMENT
from tqrun.jsontypes.keywords import Errors, Step, fits, found, into


def items(validator: Any, inner: Any, value: Any, schema: Mapping[str, Any]) -> Errors:
    """The errors of items that nothing else describes."""
    if isinstance(value, list):
        known = _evaluated(validator, value, schema, "unevaluatedItems")
        rest = ((index, item) for index, item in enumerate(value) if index not in known)
        yield from into(validator, inner, rest)


def properties(validator: Any, inner: Any, value: Any, schema: Mapping[str, Any]) -> Errors:
    """The errors of fields that nothing else describes."""
    if isinstance(value, dict):
        known = _evaluated(validator, value, schema, "unevaluatedProperties")
        rest = ((name, part) for name, part in value.items() if name not in known)
        yield from into(validator, inner, rest)


def _evaluated(validator: Any, value: Any, schema: Any, besides: str = "") -> set[Step]:
    """The names or indexes of *value* that a keyword of *schema*, which it fits, has judged."""
    if not isinstance(schema, dict):
        return set()
    JUDGEMENT.get().budget.spend(10 + 2 * len(schema) + len(value) // 8)
    known = {*_own(validator, value, schema, schema.keys() - {besides})}
    for other in _applied(validator, value, schema):
        known |= _evaluated(validator, value, other)
    return known


def _own(
    validator: Any, value: Any, schema: Mapping[str, Any], keywords: set[str]
) -> Iterable[Any]:
    """What the *keywords* of *schema* for parts judge."""
    if isinstance(value, list):
        if keywords & {"items", "unevaluatedItems"}:
            return range(len(value))
        first, inner = range(len(schema.get("prefixItems", ()))), schema.get("contains", False)
        contained = enumerate(value if inner is not False else ())
        return {*first, *(n for n, item in contained if fits(validator, inner, item))}
    if keywords & {"additionalProperties", "unevaluatedProperties"}:
        return [*value]
    patterns = schema.get("patternProperties", ())
    matching = (name for name in value if any(found(one, name) for one in patterns))
    return {*(schema.get("properties", {}).keys() & value), *matching}


def _applied(validator: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    """The schemas in *schema* that judge the same *value*, and that it fits."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from (one for one in schema.get(keyword, ()) if fits(validator, one, value))
    if isinstance(value, dict):
        needs = schema.get("dependentSchemas", {})
        yield from (needs[name] for name in needs if name in value)
    if "if" in schema and fits(validator, schema["if"], value):
        yield schema["if"]
        yield schema.get("then", True)
    elif "if" in schema:
        yield schema.get("else", True)
