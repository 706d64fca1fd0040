"""One field of a class as its text has it: whether it must be given, its alias, its limits.

What a schema cannot say is kept as a note, the text itself, under `NOTES` of the schema: two of
them can only be told to differ.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from tqrun.plan.types import Schema

NOTES = "$notes"
"""The key of what a schema cannot say: source text by what it is called."""
FIELD = "$field"
"""The key of the name that a field with an alias has in Python."""

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
        *("alias_priority", "init_var", "validate_default"),
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
        limits: Of `Field`, by keyword.
        notes: Keywords that a schema cannot say, as they are written.
    """

    has_default: bool = False
    init: bool = True
    alias: str | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def given(value: ast.expr | None, *, result: bool = False) -> Given:
    """What *value* says, for an argument or for a *result*."""
    if not isinstance(value, ast.Call):
        return Given(has_default=value is not None)
    if ast.unparse(value.func).rpartition(".")[2] not in ("field", "Field"):
        return Given(has_default=True)
    keywords = {one.arg: one.value for one in value.keywords if one.arg is not None}
    plain = {name: node.value for name, node in keywords.items() if isinstance(node, ast.Constant)}
    limits = {name: one for name, one in plain.items() if _is_limit(name, one)}
    known = {*limits, *_SILENT, *(name for name in _ALIASES if name in plain)}
    own = "serialization_alias" if result else "validation_alias"
    alias = plain.get(own) or plain.get("alias")
    first = value.args[0] if value.args else None
    is_given = first is not None and not (
        isinstance(first, ast.Constant) and first.value is Ellipsis
    )
    return Given(
        has_default=is_given or not keywords.keys().isdisjoint(("default", "default_factory")),
        init=plain.get("init", True) is not False,
        alias=str(alias) if alias else None,
        limits=limits,
        notes=tuple(
            f"{name}={ast.unparse(node)}" for name, node in keywords.items() if name not in known
        ),
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


def noted(schema: Schema, texts: Iterable[str]) -> Schema:
    """*schema* with more notes, each of which is called as it is written."""
    notes = {text: text for text in texts}
    return {**schema, NOTES: {**schema.get(NOTES, {}), **notes}} if notes else schema
