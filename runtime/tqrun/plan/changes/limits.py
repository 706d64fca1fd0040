"""The keywords of JSON Schema that are a number or a text: which of two is the narrower."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil, floor, inf, isfinite

from tqrun.plan.expressions.types import kinds
from tqrun.plan.types import Schema

_COUNTS = ("Length", "Items", "Properties")
KEYWORDS = frozenset(
    {
        *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
        *(f"{end}{what}" for end in ("min", "max") for what in _COUNTS),
    }
)
"""All numeric ones that are compared."""


def narrower(before: Schema, after: Schema, name: str) -> str | None:
    """The limit of *after* that values of *before* may be beyond, in words."""
    key = next(_tighter(before, after), None)
    if key is not None:
        return f"{name} is now limited by {key} {after[key]}"
    if "multipleOf" in after and not _is_multiple(before, after["multipleOf"]):
        return f"{name} must now be a multiple of {after['multipleOf']}"
    for key in ("pattern", "format"):
        if key in after and after[key] != before.get(key):
            return f"{name} must now have the {key} {after[key]}"
    return None


def _tighter(before: Schema, after: Schema) -> Iterator[str]:
    """The keywords of *after* that bound a value sooner."""
    if _lower(before) < _lower(after):
        yield from (key for key in ("exclusiveMinimum", "minimum") if key in after)
    if _upper(before) > _upper(after):
        yield from (key for key in ("exclusiveMaximum", "maximum") if key in after)
    for what in _COUNTS:
        if after.get(f"min{what}", 0) > before.get(f"min{what}", 0):
            yield f"min{what}"
        if after.get(f"max{what}", inf) < before.get(f"max{what}", inf):
            yield f"max{what}"


def _lower(schema: Schema) -> tuple[float, bool]:
    """The least value, and whether it is itself excluded."""
    least = schema.get("minimum", -inf), False
    above = schema.get("exclusiveMinimum", -inf), "exclusiveMinimum" in schema
    if kinds(schema) == ["integer"]:
        return max(_whole(least[0], ceil), _whole(above[0], floor) + 1), False
    return max(least, above)


def _upper(schema: Schema) -> tuple[float, bool]:
    """The greatest value, and whether it is itself taken."""
    most = schema.get("maximum", inf), True
    below = schema.get("exclusiveMaximum", inf), "exclusiveMaximum" not in schema
    if kinds(schema) == ["integer"]:
        return min(_whole(most[0], floor), _whole(below[0], ceil) - 1), True
    return min(most, below)


def _whole(value: float, rounded: Callable[[float], int]) -> float:
    return rounded(value) if isfinite(value) else value


def _is_multiple(before: Schema, divisor: float) -> bool:
    """Whether all values of *before* divide by *divisor*."""
    known = before.get("multipleOf", 1 if kinds(before) == ["integer"] else None)
    if known == divisor:
        return True
    return known is not None and (Fraction(str(known)) / Fraction(str(divisor))).denominator == 1
