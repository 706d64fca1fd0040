"""One field of a class as its text has it: whether it must be given, its alias, its limits.

What a schema cannot say is kept as a note, the text itself, under `NOTES` of the schema: two of
them can only be told to differ.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from tqrun.plan.changes.modules import plain
from tqrun.plan.types import Schema

NOTES = "$notes"
"""The key of what a schema cannot say: source text by what it is called."""
FIELD = "$field"
"""The key of the name that a field with an alias has in Python."""
ALSO = "$also"
"""The key of the further names by which a field may be given."""

KEYS = "$keys"
"""The key of what the keys of a mapping are, where not every text is one."""

_NUMBERS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_LENGTHS = {
    ("string", "min_length"): "minLength",
    ("string", "max_length"): "maxLength",
    ("array", "min_length"): "minItems",
    ("array", "max_length"): "maxItems",
    ("object", "min_length"): "minProperties",
    ("object", "max_length"): "maxProperties",
    ("string", "pattern"): "pattern",
}
_ALIASES = ("alias", "validation_alias", "serialization_alias")
_SILENT = frozenset(
    {
        *("default", "default_factory", "init", "kw_only", "repr", "hash", "compare", "metadata"),
        *("title", "description", "examples", "json_schema_extra", "deprecated", "frozen", "doc"),
        *("alias_priority", "init_var", "validate_default", "union_mode", "exclude", "kw_only"),
        *(
            "field_title_generator",
            "factory",
            "coerce_numbers_to_str",
            "fail_fast",
            "discriminator",
        ),
    }
)
"""Keywords of `field` and `Field` that change nothing about the JSON that is taken."""


@dataclass(frozen=True, slots=True)
class Given:
    """What `= …` after a field, or a part of `Annotated`, says about it.

    Attributes:
        has_default: It need not be given.
        init: It may be given.
        alias: The name by which it is given, if another one.
        also: Further names by which it may be given.
        limits: Of `Field`, by keyword.
        tag: The field that tells the members of a union apart.
        is_excluded: It is never written.
        notes: Keywords that a schema cannot say, as they are written.
    """

    has_default: bool = False
    init: bool = True
    alias: str | None = None
    also: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    tag: str | None = None
    is_excluded: bool = False
    notes: tuple[str, ...] = ()


def given(
    value: ast.expr | None, *, result: bool = False, evaluate: Callable[[ast.expr], object] = plain
) -> Given:
    """What *value* says, for an argument or for a *result*; *evaluate* knows constants by name."""
    if not isinstance(value, ast.Call):
        return Given(has_default=value is not None)
    if ast.unparse(value.func).rpartition(".")[2] not in ("field", "Field"):
        return Given(has_default=True)
    found = of_keywords(value.keywords, result=result, evaluate=evaluate)
    first = value.args[0] if value.args else None
    is_given = first is not None and not (
        isinstance(first, ast.Constant) and first.value is Ellipsis
    )
    return replace(found, has_default=found.has_default or is_given)


def of_keywords(
    said: Iterable[ast.keyword],
    *,
    result: bool = False,
    evaluate: Callable[[ast.expr], object] = plain,
) -> Given:
    """What the keywords of `Field` say, or of what stands for it in `Annotated`."""
    keywords = {one.arg: one.value for one in said if one.arg is not None}
    values = {}
    for name, node in keywords.items():
        with suppress(ValueError):
            values[name] = evaluate(node)
    limits = {name: one for name, one in values.items() if _is_limit(name, one)}
    known = {*limits, *_SILENT, *(name for name in _ALIASES if name in values)}
    if values.get("default", 0) is Ellipsis:
        del keywords["default"]
    own = "serialization_alias" if result else "validation_alias"
    names = _choices(keywords.get("validation_alias"), evaluate) if not result else []
    if names:
        known.add("validation_alias")
    else:
        names = [str(one) for one in [values.get(own) or values.get("alias")] if one]
    return Given(
        has_default=not keywords.keys().isdisjoint(("default", "default_factory", "factory")),
        init=values.get("init", True) is not False,
        alias=names[0] if names else None,
        also=tuple(names[1:]),
        limits=limits,
        tag=tag if isinstance(tag := values.get("discriminator"), str) else None,
        is_excluded=values.get("exclude") is True,
        notes=tuple(
            f"{name}={ast.unparse(node)}" for name, node in keywords.items() if name not in known
        ),
    )


def _choices(node: ast.expr | None, evaluate: Callable[[ast.expr], object]) -> list[str]:
    """The names of an `AliasChoices`; none if one of them is a path."""
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("AliasChoices"):
        return []
    try:
        names = [evaluate(one) for one in node.args]
    except ValueError:
        return []
    return [one for one in names if isinstance(one, str)]


def joined(one: Given, other: Given) -> Given:
    """What two parts say together; the first one goes before."""
    return Given(
        has_default=one.has_default or other.has_default,
        init=one.init and other.init,
        alias=one.alias or other.alias,
        also=one.also or other.also,
        limits={**other.limits, **one.limits},
        tag=one.tag or other.tag,
        is_excluded=one.is_excluded or other.is_excluded,
        notes=(*one.notes, *other.notes),
    )


def _is_limit(name: str, value: object) -> bool:
    if name == "pattern":
        return isinstance(value, str)
    if name not in _NUMBERS and name not in ("min_length", "max_length"):
        return False
    return (
        isinstance(value, int | float) and isfinite(value) and bool(value or name != "multiple_of")
    )


def limited(schema: Schema, limits: Mapping[str, Any]) -> Schema:
    """*schema* with the *limits* of a `Field`; those that do not fit its type are notes."""
    if not limits or schema.get("type") == "null":
        return schema
    if "anyOf" in schema:
        return {**schema, "anyOf": [limited(one, limits) for one in schema["anyOf"]]}
    if schema.get("format") == "decimal":
        return schema
    kind = schema.get("type")
    added, strange = {}, []
    for name, value in limits.items():
        key = _LENGTHS.get((str(kind), name))
        if kind in ("integer", "number"):
            key = _NUMBERS.get(name)
        if key is None:
            strange.append(f"{name}={value!r}")
        else:
            added[key] = value
    return noted({**schema, **added}, strange)


def tagged(schema: Schema, tag: str | None) -> Schema:
    """*schema*, a union whose members must say in the field *tag* which one they are."""
    if tag is None or "anyOf" not in schema:
        return schema
    return {**schema, "anyOf": [_tagged(one, tag) for one in schema["anyOf"]]}


def _tagged(schema: Schema, tag: str) -> Schema:
    if "anyOf" in schema:
        return tagged(schema, tag)
    if tag not in schema.get("properties", {}) or tag in schema.get("required", ()):
        return schema
    return {**schema, "required": [*schema.get("required", ()), tag]}


def noted(schema: Schema, texts: Iterable[str]) -> Schema:
    """*schema* with more notes, each of which is called as it is written."""
    notes = {text: text for text in texts}
    return {**schema, NOTES: {**schema.get(NOTES, {}), **notes}} if notes else schema
