"""Classes as their source text has them: their fields, and what they do with others."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tqrun.plan.changes.fields import NOTES
from tqrun.plan.changes.lookup import Lookup, Unknown
from tqrun.plan.changes.modules import Function, Module, assigned
from tqrun.plan.types import Schema

NAME = "$class"
"""The key of a class's own name."""

_KINDS: Mapping[str, Literal["model", "dictionary"]] = {
    "BaseModel": "model",
    "TypedDict": "dictionary",
}
_NO_FIELDS = frozenset({"object", "Generic", "Protocol", "ABC", "str", "int"})
"""Classes that add no field to one that is derived from them."""
_CHECKS = frozenset(
    {
        *("field_validator", "model_validator", "validator", "root_validator"),
        *("field_serializer", "model_serializer", "computed_field"),
    }
)
_HOOKS = frozenset({"__init__", "__post_init__", "model_post_init", "__get_pydantic_core_schema__"})
_SILENT = frozenset({"title", "frozen", "json_schema_extra", "arbitrary_types_allowed", "extra"})
"""Settings of a model that change nothing about the JSON that it takes, or are read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A field as it stands in a class.

    Attributes:
        value: What it is set to there.
        is_partial: It need not be there, as a typed dictionary says or its own mark.
    """

    name: str
    annotation: ast.expr
    value: ast.expr | None
    is_partial: bool


@dataclass(frozen=True)
class Shape:
    """What a class and those that it is derived from declare.

    Attributes:
        kind: Whether fields that it writes itself count; None of a mere mixin.
        fields: Each with the module that its names are of, those of the bases first.
        extra: What it does with other fields; None if that is for what holds it.
        notes: What a schema cannot say, as source text by what it is called.
    """

    kind: str | None = None
    fields: tuple[tuple[Module, Entry], ...] = ()
    extra: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


def read(
    lookup: Lookup, module: Module, node: ast.ClassDef, derived: tuple[ast.ClassDef, ...] = ()
) -> Shape:
    """The shape of the class *node*, a base of those *derived*.

    Raises:
        Unknown: One of its bases, or what decorates it, is not explained by the text.
    """
    if node in derived:
        raise Unknown
    decorator = _decorator(lookup, module, node)
    found = Shape("dataclass" if decorator is not None else None)
    for base in node.bases:
        found = _joined(found, _base(lookup, module, base, (*derived, node)))
    partial = any(one.arg == "total" and _is(one.value, False) for one in node.keywords)
    own = tuple((module, entry) for entry in _entries(node, partial=partial))
    is_counted = decorator is not None or found.kind in ("model", "dictionary")
    settings = _settings(node)
    if decorator is not None and lookup.dotted(module, decorator).startswith("pydantic"):
        given = decorator.keywords if isinstance(decorator, ast.Call) else []
        settings = next((_keywords(one.value) for one in given if one.arg == "config"), {})
        settings = {"extra": ast.Constant("ignore"), **settings}
    if found.kind == "model":
        settings |= {one.arg: one.value for one in node.keywords if one.arg is not None}
    extra = settings.get("extra")
    return Shape(
        kind=found.kind,
        fields=(*found.fields, *(own if is_counted else ())),
        extra=str(extra.value) if isinstance(extra, ast.Constant) else found.extra,
        notes={**found.notes, **dict(_notes(node, settings))},
    )


def _decorator(lookup: Lookup, module: Module, node: ast.ClassDef) -> ast.expr | None:
    """What makes a dataclass of *node*."""
    found = None
    for one in node.decorator_list:
        name = lookup.dotted(module, one).rpartition(".")[2]
        if name == "dataclass":
            found = one
        elif name not in ("final", "runtime_checkable", "deprecated", "total_ordering"):
            raise Unknown
    return found


def _base(
    lookup: Lookup, module: Module, node: ast.expr, derived: tuple[ast.ClassDef, ...]
) -> Shape:
    name = ast.unparse(node).partition("[")[0]
    home, _, last = lookup.dotted(module, ast.parse(name, mode="eval").body).rpartition(".")
    found = lookup.definition(module.name, name) or (
        lookup.definition(home, last) if home else None
    )
    if found is not None and isinstance(found[1], ast.ClassDef):
        return read(lookup, found[0], found[1], derived)
    if last in _KINDS:
        kind = _KINDS[last]
        return Shape(kind, extra="ignore" if kind == "model" else None)
    if last not in _NO_FIELDS:
        raise Unknown
    return Shape()


def _joined(one: Shape, other: Shape) -> Shape:
    # The first base wins, so that its fields come last.
    return Shape(
        one.kind or other.kind,
        (*other.fields, *one.fields),
        one.extra or other.extra,
        {**other.notes, **one.notes},
    )


def _entries(node: ast.ClassDef, *, partial: bool) -> Iterator[Entry]:
    for entry in node.body:
        if isinstance(entry, ast.AnnAssign) and isinstance(entry.target, ast.Name):
            marked = ast.unparse(entry.annotation)
            name = entry.target.id
            if "ClassVar" not in marked and "InitVar" not in marked and name != "model_config":
                optional = partial and "Required[" not in marked.replace("NotRequired[", "")
                optional = optional or "NotRequired[" in marked
                yield Entry(name, entry.annotation, entry.value, optional)


def _settings(node: ast.ClassDef) -> dict[str, ast.expr]:
    """What `model_config` sets, or a class `Config`."""
    for entry in node.body:
        target = assigned(entry)
        if target is not None and target[0] in ("model_config", "__pydantic_config__"):
            return _keywords(target[1])
        if isinstance(entry, ast.ClassDef) and entry.name == "Config":
            return dict(filter(None, map(assigned, entry.body)))
    return {}


def _keywords(node: ast.expr) -> dict[str, ast.expr]:
    if isinstance(node, ast.Call):
        return {one.arg or "**": one.value for one in node.keywords}
    if isinstance(node, ast.Dict):
        return {
            str(key.value): value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
    return {"settings": node}


def _notes(node: ast.ClassDef, settings: Mapping[str, ast.expr]) -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if name not in _SILENT or (name == "extra" and not isinstance(value, ast.Constant)):
            text = f"{name}={ast.unparse(value)} of {node.name}"
            yield text, text
    for entry in node.body:
        if not isinstance(entry, Function):
            continue
        marks = [one.func if isinstance(one, ast.Call) else one for one in entry.decorator_list]
        names = {ast.unparse(one).rpartition(".")[2] for one in marks}
        if names & _CHECKS or entry.name in _HOOKS:
            kind = next(iter(sorted(names & _CHECKS)), "method").replace("_", " ")
            yield f'{kind} "{entry.name}" of {node.name}', ast.unparse(entry)


def with_notes(schema: Schema, notes: Mapping[str, str]) -> Schema:
    """*schema* with *notes* beside those that it has."""
    return {**schema, NOTES: {**schema.get(NOTES, {}), **notes}} if notes else schema


def is_enumeration(node: ast.ClassDef) -> bool:
    """Whether the class *node* lists values."""
    bases = [ast.unparse(one).partition("[")[0].rpartition(".")[2] for one in node.bases]
    return any(one.endswith(("Enum", "Flag")) for one in bases)


def constants(node: ast.ClassDef) -> list[Any]:
    """The values of an enumeration.

    Raises:
        Unknown: One is computed.
    """
    found = []
    for entry in node.body:
        target = assigned(entry)
        if target is not None:
            if not isinstance(target[1], ast.Constant):
                raise Unknown
            found.append(target[1].value)
    return found


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
