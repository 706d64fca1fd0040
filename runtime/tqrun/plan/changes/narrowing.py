"""Whether what was a value of one type is still one of another.

What is certain is told in words; of keywords whose effect cannot be told, `unclear` has the names.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from math import inf
from typing import Any

from tqrun import jsontypes
from tqrun.jsontypes.patterns import BadPattern
from tqrun.plan.changes import limits
from tqrun.plan.changes.classes import NAME
from tqrun.plan.changes.fields import ALSO, FIELD, KEYS, NOTES
from tqrun.plan.expressions.types import flat, kinds
from tqrun.plan.types import Schema, described, refused

_JUDGED = frozenset(
    {
        *("type", "enum", "const", "anyOf", "items", "prefixItems", "properties", "required"),
        *("additionalProperties", "dependentRequired", "pattern", "format", "uniqueItems"),
        *limits.KEYWORDS,
    }
)
_SILENT = frozenset(
    {
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("contentEncoding", "contentMediaType"),
    }
)
"""Keywords that no value is held against."""


def narrowed(before: Schema, after: Schema, name: str) -> str | None:
    """What values of *before* the type *after* refuses, in words; None if it takes them all."""
    lost = refused(before, after)
    if lost:
        return f"{name} no longer takes {' or '.join(dict.fromkeys(map(described, lost)))}"
    values = _values(after)
    if values and not _values(before) and kinds(flat(before)):
        return f"{name} now only takes {' or '.join(map(described, values))}"
    old, new = [*alternatives(before)], [*alternatives(after)]
    classes = {one[NAME] for one in new if NAME in one}
    for one in old:
        faults = [_narrower(one, other, name) for other in new if not refused(one, other)]
        if faults and None not in faults:
            is_gone = len(old) > len(new) and NAME in one and one[NAME] not in classes
            return f"{name} no longer takes {one[NAME]}" if is_gone else faults[0]
    return None


def _narrower(before: Schema, after: Schema, name: str) -> str | None:
    """What one alternative of a type refuses of another one."""
    if "$comment" in before:
        return None
    if "const" in before:
        fits = "const" in after or _is_valid(before["const"], after)
        return None if fits else f"{name} no longer takes {described(before)}"
    if "const" in after:
        fits = kinds(before) == ["null"]
        return None if fits else f"{name} now only takes {described(after)}"
    if not kinds(before):
        return f"{name} now only takes {described(after)}" if kinds(after) else None
    parts = (*_objects(before, after, name), *_lists(before, after, name))
    return next(iter(parts), None) or limits.narrower(before, after, name)


def _is_valid(value: Any, schema: Schema) -> bool:
    try:
        return jsontypes.Schema(schema).is_valid(value)
    except (BadPattern, jsontypes.TooMuchWork):
        # An annotation may have a pattern of Python's own; nothing certain is wrong.
        return True


def _objects(before: Schema, after: Schema, name: str) -> Iterator[str]:
    """What became narrower of the fields."""
    if "object" not in kinds(before):
        return
    old, new = _fields(before), _fields(after)
    for field, (key, schema) in new.items():
        names = {key, *schema.get(ALSO, ())}
        keys = (old[field][0], *old[field][1].get(ALSO, ())) if field in old else ()
        lost = [one for one in keys if one not in names]
        if lost:
            yield f'{name} takes "{key}" as its field "{field}", and no longer "{lost[0]}"'
    yield from _required(before, after, name)
    if KEYS in after and (
        text := narrowed(before.get(KEYS, {"type": "string"}), after[KEYS], f"a key of {name}")
    ):
        yield text
    others = _others(before) if NAME not in before else None
    for field, (_, schema) in new.items():
        known = old[field][1] if field in old else others
        if known is not None and (text := narrowed(known, schema, f'field "{field}" of {name}')):
            yield text
    yield from _undeclared(before, after, name)


def _required(before: Schema, after: Schema, name: str) -> Iterator[str]:
    known = _by_field(before)
    for field, key in _by_field(after).items():
        if field not in known:
            yield f'{name} now needs the field "{key}"'
    known = before.get("dependentRequired", {})
    for field, others in after.get("dependentRequired", {}).items():
        sure = (*known.get(field, ()), *before.get("required", ()))
        more = [one for one in others if one not in sure]
        if more:
            yield f'{name} with the field "{field}" now needs the field "{more[0]}"'


def _by_field(schema: Schema) -> dict[str, str]:
    """The keys that must be there, by the name of the field in Python."""
    properties = schema.get("properties") or {}
    return {
        _schema(properties.get(key, {})).get(FIELD, key): key for key in schema.get("required", ())
    }


def _undeclared(before: Schema, after: Schema, name: str) -> Iterator[str]:
    """What became of the fields that *after* does not declare."""
    taken, others = _others(after), _others(before)
    declared = after.get("properties") or {}
    for field, (key, schema) in _fields(before).items():
        if key in declared or field in _fields(after) or "patternProperties" in after:
            continue
        if taken is None:
            yield f'{name} no longer takes the field "{field}"'
        elif NAME not in after and (inner := narrowed(schema, taken, f'field "{key}" of {name}')):
            yield inner
    if others is None:
        return
    if taken is None:
        kept = [*declared, *after.get("patternProperties", ())]
        which = f" but {', '.join(kept)}" if kept else ""
        yield f"{name} no longer takes any field{which}"
    elif (
        NAME not in before
        and NAME not in after
        and (inner := narrowed(others, taken, f"a value of {name}"))
    ):
        yield inner


def _lists(before: Schema, after: Schema, name: str) -> Iterator[str]:
    """What became narrower of the items."""
    if "array" not in kinds(before):
        return
    old, new = before.get("prefixItems", ()), after.get("prefixItems", ())
    rest = _schema(before.get("items", {})), _schema(after.get("items", {}))
    most = before.get("maxItems", inf)
    for index, pair in enumerate(zip_longest(old, new)):
        if index >= most:
            break
        one, other = (given if given is not None else rest[n] for n, given in enumerate(pair))
        inner = narrowed(one, other, f"item {index + 1} of {name}")
        if inner is not None:
            yield inner
    if before.get("maxItems", len(old) + 1) > len(old):
        inner = narrowed(*rest, f"an item of {name}")
        if inner is not None:
            yield inner
    if after.get("uniqueItems") and not before.get("uniqueItems"):
        yield f"{name} no longer takes an item twice"


def converts(schema: Schema) -> bool:
    """Whether a value of *schema* becomes another thing than JSON has when it is read."""
    return any(NAME in one or "format" in one for one in (schema, *alternatives(schema)))


def unclear(before: Schema, after: Schema) -> list[str]:
    """What is new or another in *after*, and of which it cannot be told whether it refuses more."""
    return list(dict.fromkeys(_unclear(before, after)))


def _unclear(before: Any, after: Any) -> Iterator[str]:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    for key, value in after.items():
        if not _is_judged(key, after) and before.get(key) != value:
            yield f'"{key}"'
    notes = before.get(NOTES, {}), after.get(NOTES, {})
    for label in (*notes[1], *notes[0]):
        gone = label not in notes[1] and _only_refuses(label, notes[0][label])
        if notes[0].get(label) != notes[1].get(label) and not gone:
            yield label
    for one, other in _inner(before, after):
        yield from _unclear(one, other)


def _only_refuses(label: str, text: str) -> bool:
    """Whether what is called *label* lets a value pass or not, and makes no other one of it."""
    if "Validator(" in label:
        return "AfterValidator(" in label
    if "validator" not in label:
        return label.startswith(_REFUSING)
    return not any(one in text for one in _MODES)


_REFUSING = (
    *("strict=", "allow_inf_nan=", "multiple_of=", "max_digits=", "decimal_places=", "pattern="),
    *("ge=", "gt=", "le=", "lt=", "min_length=", "max_length=", "discriminator="),
)
_MODES = ("before", "wrap", "plain", "pre=True", "root_validator")
"""What makes a validator of Pydantic more than a check of what was read already."""


def _is_judged(key: str, schema: Schema) -> bool:
    """Whether `narrowed` sees all that a keyword does."""
    if key == "anyOf":
        return "type" not in schema
    if key == "items":
        return isinstance(schema[key], dict)
    return key in _JUDGED or key in _SILENT or key.startswith(("x-", "$"))


def _inner(before: Schema, after: Schema) -> Iterator[tuple[Any, Any]]:
    """The parts of a type, each with its twin of before."""
    for key in ("items", "additionalProperties"):
        yield before.get(key, {}), after.get(key)
    old, new = _fields(before), _fields(after)
    yield from ((old[field][1], new[field][1]) for field in new if field in old)
    yield from zip(before.get("prefixItems", ()), after.get("prefixItems", ()), strict=False)
    if "anyOf" in after or "anyOf" in before:
        choices = [*alternatives(before)]
        for other in alternatives(after):
            yield next((one for one in choices if _alike(one, other)), None), other


def _alike(one: Schema, other: Schema) -> bool:
    return one.get(NAME) == other.get(NAME) and kinds(one) == kinds(other)


def _fields(schema: Schema) -> dict[str, tuple[str, Schema]]:
    """The key and the type of each field, by its name in Python."""
    properties = schema.get("properties") or {}
    return {_schema(one).get(FIELD, key): (key, _schema(one)) for key, one in properties.items()}


def _others(schema: Schema) -> Schema | None:
    """What the fields hold that are not declared; None if there may be none."""
    found = schema.get("additionalProperties", {})
    return None if found is False else _schema(found)


def _schema(given: Any) -> Schema:
    return given if isinstance(given, dict) else {}


def alternatives(schema: Schema) -> Iterator[Schema]:
    """*schema* as schemas of one type or one value each."""
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices and "type" not in schema:
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        for choice in choices:
            yield from alternatives({**rest, **_schema(choice)})
    elif "enum" in schema or "const" in schema:
        for value in schema.get("enum", [schema.get("const")]):
            yield {"const": value}
    else:
        types = kinds(schema)
        yield from ({**schema, "type": one} for one in types)
        if not types:
            yield schema


def _values(schema: Schema) -> list[Schema]:
    """The values that *schema* lists, where it takes no other but null."""
    real = [one for one in alternatives(schema) if one not in ({"type": "null"}, {"const": None})]
    return real if all("const" in one for one in real) else []
