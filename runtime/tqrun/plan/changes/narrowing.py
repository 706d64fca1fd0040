"""Whether what was a value of one type is still one of another."""

from __future__ import annotations

from tqrun.plan.expressions.types import kinds
from tqrun.plan.types import Schema, described, refused


def narrowed(before: Schema, after: Schema, name: str) -> str | None:
    """What values of *before* the type *after* refuses, in words; None if it takes them all."""
    lost = refused(before, after)
    if lost:
        return f"{name} no longer takes {' or '.join(dict.fromkeys(map(described, lost)))}"
    old, new = before.get("properties"), after.get("properties")
    if new is not None and "object" in kinds(before):
        for field in after.get("required", ()):
            if field not in before.get("required", ()):
                return f"{name} now needs the field {field}"
    for field in (old or {}).keys() & (new or {}).keys():
        inner = narrowed((old or {})[field], (new or {})[field], f"{name}.{field}")
        if inner is not None:
            return inner
    return _limits(before, after, name)


_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def _limits(before: Schema, after: Schema, name: str) -> str | None:
    for key in (*_LOWER, *_UPPER):
        if key not in after:
            continue
        old, new = before.get(key), after[key]
        if old is None or (new > old if key in _LOWER else new < old):
            return f"{name} is now limited by {key} {new}"
    for key in ("pattern", "format"):
        if key in after and after[key] != before.get(key):
            return f"{name} must now have the {key} {after[key]}"
    return None


def removed_fields(before: Schema, after: Schema) -> list[str]:
    """Fields of *before* that *after*, an object with declared fields, does not have."""
    old, new = before.get("properties"), after.get("properties")
    return [field for field in old if field not in new] if old and new else []
