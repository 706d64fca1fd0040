"""Whether what was a value of one type is still one of another."""

from __future__ import annotations

from collections.abc import Iterator

from tqrun.plan.expressions.types import flat, kinds
from tqrun.plan.types import Schema, described, refused

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def narrowed(before: Schema, after: Schema, name: str) -> str | None:
    """What values of *before* the type *after* refuses, in words; None if it takes them all."""
    lost = refused(before, after)
    if lost:
        return f"{name} no longer takes {' or '.join(dict.fromkeys(map(described, lost)))}"
    values = _values(after)
    if values and not _values(before) and kinds(flat(before)):
        return f"{name} now only takes {' or '.join(map(described, values))}"
    return next(_inside(_one(before), _one(after), name), None) or _limits(before, after, name)


def changed_result(before: Schema, after: Schema, name: str) -> str | None:
    """What a reader of *before* may miss in *after*, in words; None if all is as it was."""
    old, new = flat(_one(before)), flat(_one(after))
    was = {*kinds(flat(before))}
    strange = [kind for kind in kinds(flat(after)) if kind not in was]
    if was and strange and not (strange == ["integer"] and "number" in was):
        return f"{name} may now be {' or '.join(strange)}"
    fields, known = old.get("properties") or {}, new.get("properties") or {}
    for field, schema in fields.items() if known else ():
        if field not in known:
            return f'{name} has no field "{field}" any more'
        if field in old.get("required", ()) and field not in new.get("required", ()):
            return f'{name} may lack the field "{field}"'
        inner = changed_result(schema, known[field], f'field "{field}" of {name}')
        if inner is not None:
            return inner
    if "items" in old and "items" in new:
        return changed_result(old["items"], new["items"], f"an item of {name}")
    return None


def _inside(before: Schema, after: Schema, name: str) -> Iterator[str]:
    """What became narrower of the fields or items."""
    old, new = before.get("properties") or {}, after.get("properties")
    if new is not None and "object" in kinds(before):
        for field in after.get("required", ()):
            if field not in before.get("required", ()):
                yield f'{name} now needs the field "{field}"'
    for field in old:
        if field in (new or {}):
            inner = narrowed(old[field], (new or {})[field], f'field "{field}" of {name}')
            if inner is not None:
                yield inner
    items = before.get("items"), after.get("items")
    if isinstance(items[0], dict) and isinstance(items[1], dict):
        inner = narrowed(items[0], items[1], f"an item of {name}")
        if inner is not None:
            yield inner


def _limits(before: Schema, after: Schema, name: str) -> str | None:
    for key in (*_LOWER, *_UPPER):
        if key not in after:
            continue
        old, new = before.get(key), after[key]
        if old is None or (new > old if key in _LOWER else new < old):
            return f"{name} is now limited by {key} {new}"
    for key in ("pattern", "format"):
        if key in after and after[key] != before.get(key) and kinds(before):
            return f"{name} must now have the {key} {after[key]}"
    return None


def _choices(schema: Schema) -> list[Schema]:
    inner = schema.get("anyOf") or schema.get("oneOf")
    return [choice for one in inner for choice in _choices(one)] if inner else [schema]


def _one(schema: Schema) -> Schema:
    """The one alternative of *schema* that is not null; itself where there are several."""
    real = [one for one in _choices(schema) if one.get("type") != "null"]
    return real[0] if len(real) == 1 else schema


def _values(schema: Schema) -> list[Schema]:
    """The values that *schema* lists, where it takes no other but null."""
    one = _one(schema)
    found = one.get("enum", [one["const"]] if "const" in one else [])
    return [{"const": value} for value in found]
