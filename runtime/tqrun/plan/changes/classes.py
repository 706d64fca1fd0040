"""Classes as their source text has them: their fields, and what they do with others."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic.alias_generators import to_camel, to_pascal, to_snake

from tqrun.plan.changes.fields import NOTES, Given
from tqrun.plan.changes.lookup import Lookup, Unknown
from tqrun.plan.changes.modules import Function, Module, assigned
from tqrun.plan.types import Schema

NAME = "$class"
"""The key of a class's own name."""

_Kind = Literal["model", "dictionary", "tuple", "root"]
_KINDS: Mapping[str, _Kind] = {
    "BaseModel": "model",
    "BaseSettings": "model",
    "SQLModel": "model",
    "TypedDict": "dictionary",
    "NamedTuple": "tuple",
    "RootModel": "root",
}
_NO_FIELDS = frozenset({"object", "Generic", "Protocol", "ABC", "str", "int", "Hashable", "Sized"})
"""Classes that add no field to one that is derived from them."""
_KEPT_BY = frozenset({"final", "runtime_checkable", "deprecated", "total_ordering", "verify"})
"""Decorators that leave the fields of a class as they are."""
_READING = frozenset({"field_validator", "model_validator", "validator", "root_validator"})
_WRITING = frozenset({"field_serializer", "model_serializer"})
_HOOKS = frozenset({"__init__", "__post_init__", "model_post_init", "__get_pydantic_core_schema__"})
_COMPUTED = "computed_field"
_NAMES_TOO = ("populate_by_name", "validate_by_name")
_GENERATED = {"to_camel": to_camel, "to_pascal": to_pascal, "to_snake": to_snake}
_SILENT = frozenset(
    {
        *("title", "frozen", "json_schema_extra", "arbitrary_types_allowed", "extra", *_NAMES_TOO),
        *("validate_by_alias", "validate_assignment", "validate_default", "validate_return"),
        *("from_attributes", "use_enum_values", "protected_namespaces", "defer_build"),
        *("hide_input_in_errors", "use_attribute_docstrings", "revalidate_instances"),
        *("ser_json_timedelta", "ser_json_bytes", "ser_json_inf_nan", "serialize_by_alias"),
        *("json_encoders", "json_schema_serialization_defaults_required", "schema_generator"),
        *("loc_by_alias", "validation_error_cause", "cache_strings", "plugin_settings"),
        *("field_title_generator", "model_title_generator", "json_schema_mode_override"),
        *("coerce_numbers_to_str", "allow_mutation", "orm_mode", "regex_engine", "slots", "table"),
    }
)
"""Settings of a model that refuse nothing of the JSON that it takes, or are read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A field as it stands in a class.

    Attributes:
        value: What it is set to there.
        is_partial: It need not be there, as a typed dictionary says or its own mark.
        is_computed: It is written, and never read.
        is_read: It is read, and never written.
        variables: What type variables of the class stand for, each with the module of its names.
    """

    name: str
    annotation: ast.expr
    value: ast.expr | None = None
    is_partial: bool = False
    is_computed: bool = False
    is_read: bool = False
    variables: Mapping[str, tuple[Module, ast.expr]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """What a class and those that it is derived from declare.

    Attributes:
        kind: Whether fields that it writes itself count; None of a mere mixin.
        fields: Each with the module that its names are of, those of the bases first.
        extra: What it does with other fields; None if that is for what holds it.
        notes: What a schema cannot say of values that are read, as source text by what it is
            called.
        results: The same of values that are written.
        has_names_too: A field with an alias may be given by its own name as well.
        generator: What makes the alias of a field that has none.
    """

    kind: str | None = None
    fields: tuple[tuple[Module, Entry], ...] = ()
    extra: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)
    has_names_too: bool | None = None
    generator: str | None = None

    def keys(self, said: Given, name: str, *, result: bool) -> list[str]:
        """The names by which the field *name* is given, the first one before all."""
        alias = said.alias
        if alias is None and self.generator is not None:
            alias = _GENERATED[self.generator](name)
        if alias is None:
            return [name]
        if not result and self.has_names_too and name not in said.also:
            return list(dict.fromkeys([name, alias, *said.also]))
        return [alias, *said.also]


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
    is_counted = decorator is not None or found.kind is not None
    settings = _settings(node)
    if decorator is not None and lookup.dotted(module, decorator).startswith("pydantic"):
        given = decorator.keywords if isinstance(decorator, ast.Call) else []
        settings = next((_keywords(one.value) for one in given if one.arg == "config"), {})
        settings = {"extra": ast.Constant("ignore"), **settings}
    if found.kind == "model":
        settings |= {one.arg: one.value for one in node.keywords if one.arg is not None}
        own += tuple((module, entry) for entry in _computed(node))
    extra = settings.get("extra")
    names_too = [settings[key] for key in _NAMES_TOO if key in settings]
    reading, writing = _notes(node, settings)
    return Shape(
        kind=found.kind,
        fields=(*found.fields, *(own if is_counted else ())),
        extra=str(extra.value) if isinstance(extra, ast.Constant) else found.extra,
        notes={**found.notes, **reading},
        results={**found.results, **writing},
        has_names_too=_is(names_too[0], True) if names_too else found.has_names_too,
        generator=_generator(settings) or found.generator,
    )


def variables(node: ast.ClassDef) -> list[str]:
    """The names of the type variables of the class *node*."""
    own = [one.name for one in getattr(node, "type_params", ())]
    for base in node.bases:
        if isinstance(base, ast.Subscript):
            name = ast.unparse(base.value).rpartition(".")[2]
            inner = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
            if name in ("Generic", "Protocol"):
                return [one.id for one in inner if isinstance(one, ast.Name)]
    return own


def functional(name: str, node: ast.Call) -> ast.ClassDef | None:
    """The class that a call of *name* makes, as if it were written as one."""
    match name, node.args:
        case "TypedDict", [_, ast.Dict(keys=keys, values=types)]:
            names = [one.value for one in keys if isinstance(one, ast.Constant)]
        case "NamedTuple", [_, ast.List(elts=pairs)]:
            items = [one.elts for one in pairs if isinstance(one, ast.Tuple) and len(one.elts) == 2]
            names = [one[0].value for one in items if isinstance(one[0], ast.Constant)]
            types = [one[1] for one in items]
        case "namedtuple", [_, ast.Constant(value=str() as text)]:
            names = [*text.replace(",", " ").split()]
            types = [ast.Name("Any")] * len(names)
        case "namedtuple", [_, ast.List(elts=elts) | ast.Tuple(elts=elts)]:
            names = [one.value for one in elts if isinstance(one, ast.Constant)]
            types = [ast.Name("Any")] * len(names)
        case _:
            return None
    if len(names) != len(types):
        return None
    body: list[ast.stmt] = [
        ast.AnnAssign(ast.Name(str(one)), kind, None, 1)
        for one, kind in zip(names, types, strict=True)
    ]
    base = ast.Name("NamedTuple" if name == "namedtuple" else name)
    title = node.args[0].value if isinstance(node.args[0], ast.Constant) else name
    return ast.ClassDef(str(title), [base], node.keywords, body, [])


def _decorator(lookup: Lookup, module: Module, node: ast.ClassDef) -> ast.expr | None:
    """What makes a dataclass of *node*."""
    found = None
    for one in node.decorator_list:
        name = lookup.dotted(module, one).rpartition(".")[2]
        if name == "dataclass":
            found = one
        elif name not in _KEPT_BY:
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
    arguments = _arguments(node)
    if found is not None and isinstance(found[1], ast.ClassDef):
        shape = read(lookup, found[0], found[1], derived)
        names = variables(found[1]) if arguments else []
        bound = {one: (module, given) for one, given in zip(names, arguments, strict=False)}
        return replace(shape, fields=tuple(_bound(one, bound) for one in shape.fields))
    if last == "RootModel" and arguments:
        return Shape("root", fields=((module, Entry("root", arguments[0])),))
    if last in _KINDS:
        kind = _KINDS[last]
        return Shape(kind, extra="ignore" if kind == "model" else None)
    if last not in _NO_FIELDS:
        raise Unknown
    return Shape()


def _arguments(node: ast.expr) -> list[ast.expr]:
    """What stands between the brackets of a base."""
    if not isinstance(node, ast.Subscript):
        return []
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _bound(
    pair: tuple[Module, Entry], variables: Mapping[str, tuple[Module, ast.expr]]
) -> tuple[Module, Entry]:
    return pair[0], replace(pair[1], variables={**pair[1].variables, **variables})


def _joined(one: Shape, other: Shape) -> Shape:
    # The first base wins, so that its fields come last.
    return Shape(
        one.kind or other.kind,
        (*other.fields, *one.fields),
        one.extra or other.extra,
        {**other.notes, **one.notes},
        {**other.results, **one.results},
        other.has_names_too if one.has_names_too is None else one.has_names_too,
        one.generator or other.generator,
    )


def _entries(node: ast.ClassDef, *, partial: bool) -> Iterator[Entry]:
    for entry in node.body:
        if isinstance(entry, ast.AnnAssign) and isinstance(entry.target, ast.Name):
            marked = ast.unparse(entry.annotation)
            name = entry.target.id
            if "ClassVar" not in marked and name != "model_config":
                optional = partial and "Required[" not in marked.replace("NotRequired[", "")
                optional = optional or "NotRequired[" in marked
                is_read = "InitVar" in marked
                yield Entry(name, entry.annotation, entry.value, optional, is_read=is_read)


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


def _generator(settings: Mapping[str, ast.expr]) -> str | None:
    node = settings.get("alias_generator")
    name = ast.unparse(node).rpartition(".")[2] if node is not None else ""
    return name if name in _GENERATED else None


def _computed(node: ast.ClassDef) -> Iterator[Entry]:
    """Fields that a model computes when it is written."""
    for entry in node.body:
        if isinstance(entry, ast.FunctionDef) and _COMPUTED in _marks(entry):
            given = next(one for one in entry.decorator_list if _COMPUTED in ast.unparse(one))
            value = given if isinstance(given, ast.Call) else None
            said = ast.Call(ast.Name("Field"), [], value.keywords) if value is not None else None
            annotation = entry.returns or ast.Name("Any")
            yield Entry(entry.name, annotation, said, is_computed=True)


def _marks(node: Function) -> set[str]:
    """The names of what decorates a method."""
    marks = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    return {ast.unparse(one).rpartition(".")[2] for one in marks}


def _notes(
    node: ast.ClassDef, settings: Mapping[str, ast.expr]
) -> tuple[dict[str, str], dict[str, str]]:
    """What a class does with values that are read, and with values that are written."""
    reading, writing = {}, {}
    for name, value in settings.items():
        known = name in _SILENT or (name == "alias_generator" and _generator(settings) is not None)
        if not known or (name == "extra" and not isinstance(value, ast.Constant)):
            text = f"{name}={ast.unparse(value)} of {node.name}"
            reading[text] = text
    for entry in node.body:
        if not isinstance(entry, Function):
            continue
        names = _marks(entry)
        kind = next(iter(sorted(names & (_READING | _WRITING))), "method").replace("_", " ")
        label, text = f'{kind} "{entry.name}" of {node.name}', ast.unparse(undocumented(entry))
        if names & _READING or entry.name in _HOOKS:
            reading[label] = text
        if names & _WRITING:
            writing[label] = text
    return reading, writing


def undocumented(node: Function) -> Function:
    """The function *node* without its docstring."""
    first = node.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if not is_text:
        return node
    found = copy(node)
    found.body = node.body[1:] or [ast.Pass()]
    return found


def with_notes(schema: Schema, notes: Mapping[str, str]) -> Schema:
    """*schema* with *notes* beside those that it has."""
    return {**schema, NOTES: {**schema.get(NOTES, {}), **notes}} if notes else schema


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
