"""Whether a reader of one type finds all that it may read in another."""

from __future__ import annotations

from collections.abc import Iterator

from tqrun.plan.changes.classes import NAME
from tqrun.plan.changes.fields import FIELD
from tqrun.plan.changes.narrowing import alternatives
from tqrun.plan.expressions.types import flat, kinds
from tqrun.plan.types import Schema


def changed_result(before: Schema, after: Schema, name: str) -> str | None:
    """What a reader of *before* may miss in *after*, in words; None if all is as it was."""
    was = {kind for one in alternatives(before) for kind in kinds(flat(one)) or ["anything"]}
    now = [kind for one in alternatives(after) for kind in kinds(flat(one))]
    strange = [kind for kind in dict.fromkeys(now) if kind not in was]
    if "anything" not in was and strange and not (strange == ["integer"] and "number" in was):
        return f"{name} may now be {' or '.join(strange)}"
    old = [*alternatives(before)]
    for new in alternatives(after):
        twins = [one for one in old if kinds(one) == kinds(new)]
        faults = [next(_missed(one, new, name), None) for one in twins]
        if faults and None not in faults:
            return faults[0]
    return None


def _missed(old: Schema, new: Schema, name: str) -> Iterator[str]:
    """What one alternative of a result lacks of another one."""
    fields, known = old.get("properties") or {}, new.get("properties") or {}
    names = {schema.get(FIELD, key): key for key, schema in known.items()}
    for field, schema in fields.items() if known or NAME in new else ():
        if field not in known:
            key = names.get(schema.get(FIELD, field))
            renamed = f'; it is "{key}"' if key is not None else ""
            yield f'{name} has no field "{field}" any more{renamed}'
        elif field in old.get("required", ()) and field not in new.get("required", ()):
            yield f'{name} may lack the field "{field}"'
        elif inner := changed_result(schema, known[field], f'field "{field}" of {name}'):
            yield inner
    values = old.get("additionalProperties"), new.get("additionalProperties")
    if isinstance(values[0], dict) and isinstance(values[1], dict):
        inner = changed_result(values[0], values[1], f"a value of {name}")
        if inner is not None:
            yield inner
    yield from _items(old, new, name)


def _items(old: Schema, new: Schema, name: str) -> Iterator[str]:
    if new.get("minItems", 0) < old.get("minItems", 0):
        yield f"{name} may have fewer items"
    first = old.get("prefixItems", ()), new.get("prefixItems", ())
    pairs = [*zip(*first, strict=False)]
    if "items" in old:
        pairs += [(old["items"], one) for one in first[1]]
    if "items" in new:
        pairs += [(one, new["items"]) for one in (*first[0], *filter(None, [old.get("items")]))]
    for one, other in pairs:
        inner = changed_result(one, other, f"an item of {name}")
        if inner is not None:
            yield inner
