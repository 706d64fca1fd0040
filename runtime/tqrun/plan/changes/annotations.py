"""Annotations as their source text has them, to JSON Schema, without evaluating anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tqrun.plan.changes import classes, enums, known
from tqrun.plan.changes.fields import (
    ALSO,
    FIELD,
    KEYS,
    Given,
    given,
    joined,
    limited,
    noted,
    of_keywords,
    tagged,
)
from tqrun.plan.changes.lookup import DEPTH, Lookup, Unknown
from tqrun.plan.changes.modules import Module, plain
from tqrun.plan.expressions import types
from tqrun.plan.expressions.types import kinds
from tqrun.plan.types import Schema

_TRANSPARENT = frozenset(
    {"Annotated", "Required", "NotRequired", "Final", "ReadOnly", "ClassVar", "InitVar"}
)
_OPEN: Schema = {}
_OPEN_MAPS = frozenset({"Counter"})


@dataclass(frozen=True)
class Annotations:
    """Reads the annotations of one function.

    Attributes:
        result: They are of what a function returns: fields with a default are always there.
        closed: Dataclasses and typed dictionaries refuse a field that they do not declare, as
            they do in the arguments of a call; a Pydantic model decides that for what is in it.
        variables: What the type variables of a generic class stand for.
    """

    lookup: Lookup
    result: bool = False
    closed: bool = True
    variables: Mapping[str, Schema] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def schema(self, module: Module, node: ast.expr, depth: int = 0) -> Schema:
        """What *node*, an annotation of *module*, takes.

        Raises:
            Unknown: It has a name that the text does not explain.
            SyntaxError: A part of it is text, and no expression.
        """
        if depth > DEPTH:
            return {}
        match node:
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Constant(value=str() as text):
                return self.schema(module, ast.parse(text, mode="eval").body, depth + 1)
            case ast.BinOp(op=ast.BitOr()):
                sides = (node.left, node.right)
                return {"anyOf": [self.schema(module, side, depth + 1) for side in sides]}
            case ast.Subscript():
                return self._subscript(module, node, depth)
            case ast.Name() | ast.Attribute():
                return self._named(module, node, depth)
            case ast.Call():
                return self._made(module, node, depth)
        raise Unknown

    # Names

    def _named(
        self, module: Module, node: ast.expr, depth: int, inner: list[ast.expr] | None = None
    ) -> Schema:
        """The type called *node*, with the arguments *inner* if it is generic."""
        if isinstance(node, ast.Name) and node.id in self.variables:
            return self.variables[node.id]
        found = self._definition(module, node)
        if found is None:
            if isinstance(node, ast.Name) and node.id not in module.names and not module.stars:
                return self._of_library(node.id)
            return self._of_library(self.lookup.dotted(module, node).rpartition(".")[2])
        home, definition = found
        if isinstance(definition, ast.ClassDef):
            arguments = [self.schema(module, one, depth + 1) for one in inner or ()]
            names = classes.variables(definition)
            variables = dict(zip(names, arguments, strict=False)) if arguments else {}
            return self._class(home, definition, depth, dict.fromkeys(names, _OPEN) | variables)
        if isinstance(definition, ast.expr):
            return self.schema(home, definition, depth + 1)
        raise Unknown

    def _definition(
        self, module: Module, node: ast.expr
    ) -> tuple[Module, ast.stmt | ast.expr] | None:
        if isinstance(node, ast.Name):
            return self.lookup.definition(module.name, node.id)
        home, _, name = self.lookup.dotted(module, node).rpartition(".")
        return self.lookup.definition(home, name) if home else None

    def _of_library(self, name: str) -> Schema:
        found = known.named(name, result=self.result)
        if found is None:
            raise Unknown
        return found

    def _made(self, module: Module, node: ast.Call, depth: int) -> Schema:
        """A type that a call makes."""
        name = self.lookup.dotted(module, node).rpartition(".")[2]
        if name == "NewType" and len(node.args) == 2:
            return self.schema(module, node.args[1], depth + 1)
        if name in ("TypeVar", "ParamSpec", "TypeVarTuple"):
            bound = next((one.value for one in node.keywords if one.arg == "bound"), None)
            return {} if bound is None else self.schema(module, bound, depth + 1)
        if name == "TypeAliasType" and len(node.args) == 2:
            return self.schema(module, node.args[1], depth + 1)
        if name in known.CONSTRAINED:
            said = of_keywords(
                [one for one in node.keywords if one.arg != "item_type"],
                evaluate=self._evaluate(module),
            )
            schema = dict(known.CONSTRAINED[name])
            item = [*node.args, *(one.value for one in node.keywords if one.arg == "item_type")]
            if schema.get("type") == "array" and item:
                schema["items"] = self.schema(module, item[0], depth + 1)
            return noted(limited(schema, said.limits), said.notes)
        twin = classes.functional(name, node)
        if twin is not None:
            return self._class(module, twin, depth, {})
        raise Unknown

    # Types with arguments

    def _subscript(self, module: Module, node: ast.Subscript, depth: int) -> Schema:
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if self._definition(module, node.value) is not None:
            return self._named(module, node.value, depth, inner)
        outer = self.lookup.dotted(module, node.value).rpartition(".")[2]
        if outer in ("Optional", "Union"):
            members = [self.schema(module, one, depth + 1) for one in inner]
            return {"anyOf": [*members, *([{"type": "null"}] if outer == "Optional" else [])]}
        if outer in _TRANSPARENT:
            return self._annotated(module, self.schema(module, inner[0], depth + 1), inner[1:])
        if outer == "Literal":
            return self._literal(module, inner, depth)
        if outer in _OPEN_MAPS:
            return {"type": "object", "additionalProperties": {"type": "integer"}}
        found = self._of_library(outer)
        if found == {"type": "array"}:
            return self._array(module, outer, inner, depth)
        if found == {"type": "object"} and len(inner) == 2:
            return self._map(module, inner, depth)
        return found

    def _map(self, module: Module, inner: list[ast.expr], depth: int) -> Schema:
        values = self.schema(module, inner[1], depth + 1)
        keys = self.schema(module, inner[0], depth + 1)
        found: Schema = {"type": "object"}
        if values:
            found = {**found, "additionalProperties": values}
        if not keys or keys == {"type": "string"}:
            return found
        if kinds(keys) != ["string"]:
            keys = {"type": "string", "format": f"{' or '.join(kinds(keys))} as text"}
        return {**found, KEYS: keys}

    def _literal(self, module: Module, inner: list[ast.expr], depth: int) -> Schema:
        values: list[Any] = []
        others = []
        for one in inner:
            try:
                values.append(plain(one))
            except ValueError:
                member = self._member(module, one)
                others += [self.schema(module, one, depth + 1)] if member is None else []
                values += [] if member is None else [member]
        schemas = [*([listed(values)] if values else []), *others]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def _member(self, module: Module, node: ast.expr) -> Any:
        """The value of the member of an enumeration that *node* names, if it does."""
        if not isinstance(node, ast.Attribute):
            return None
        found = self._definition(module, node.value)
        if found is None or not isinstance(found[1], ast.ClassDef):
            return None
        return enums.members(self.lookup, found[0], found[1]).get(node.attr)

    def _annotated(self, module: Module, schema: Schema, parts: list[ast.expr]) -> Schema:
        """*schema* with what the other *parts* of `Annotated` add to it."""
        for part in parts:
            said = self._said(module, part)
            if said is not None:
                notes = () if self.result else said.notes
                schema = noted(tagged(limited(schema, said.limits), said.tag), notes)
            elif not known.silent(part) and ("Serializer" in ast.unparse(part)) == self.result:
                text = ast.unparse(part)
                source = "\n".join([text, *self._sources(module, part)])
                schema = classes.with_notes(schema, {text: source})
        return schema

    def _said(self, module: Module, part: ast.expr) -> Given | None:
        """What a part of `Annotated` says that stands for a field, or as a `Field` would."""
        evaluate = self._evaluate(module)
        if isinstance(part, ast.Call) and ast.unparse(part.func).rpartition(".")[2] == "Field":
            return given(part, result=self.result, evaluate=evaluate)
        marks = known.keywords(part)
        return None if marks is None else of_keywords(marks, evaluate=evaluate)

    def _evaluate(self, module: Module) -> Any:
        """What gives the value of an expression of *module*, constants of the project followed."""

        def evaluate(node: ast.expr) -> object:
            if isinstance(node, ast.Name | ast.Attribute):
                try:
                    found = self._definition(module, node)
                except Unknown:
                    found = None
                if found is not None and isinstance(found[1], ast.expr):
                    return plain(found[1])
            return plain(node)

        return evaluate

    def _sources(self, module: Module, node: ast.expr) -> Iterator[str]:
        """The source of all that the project defines and *node* names."""
        for one in ast.walk(node):
            found = (
                self.lookup.definition(module.name, one.id) if isinstance(one, ast.Name) else None
            )
            if found is not None and not isinstance(found[1], ast.Import):
                yield ast.unparse(found[1])

    def _array(self, module: Module, outer: str, inner: list[ast.expr], depth: int) -> Schema:
        if outer in ("tuple", "Tuple") and inner and ast.unparse(inner[0]) == "()":
            inner = []
        schemas = [
            self.schema(module, one, depth + 1)
            for one in inner
            if not (isinstance(one, ast.Constant) and one.value is Ellipsis)
        ]
        if outer in ("tuple", "Tuple") and len(schemas) == len(inner):
            count = len(schemas)
            return {"type": "array", "prefixItems": schemas, "minItems": count, "maxItems": count}
        return {"type": "array", "items": schemas[0]}

    # Classes

    def _class(
        self, module: Module, node: ast.ClassDef, depth: int, variables: Mapping[str, Schema]
    ) -> Schema:
        key = f"{module.name}:{node.name}:{sorted(map(str, variables.items()))}"
        if key in self._open:
            return {"type": "object"}
        self._open.add(key)
        try:
            if enums.is_one(self.lookup, module, node):
                values = enums.members(self.lookup, module, node).values()
                return {**listed([*values]), classes.NAME: node.name}
            inner = replace(self, variables={**self.variables, **variables})
            return inner._declared(module, node, depth)  # noqa: SLF001 - its own
        finally:
            self._open.remove(key)

    def _declared(self, module: Module, node: ast.ClassDef, depth: int) -> Schema:
        shape = classes.read(self.lookup, module, node)
        inner = self if shape.extra is None else replace(self, closed=shape.extra == "forbid")
        # A class may declare a field of its base anew, and give it another alias.
        entries = {entry.name: (home, entry) for home, entry in shape.fields}
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for name, (home, entry) in entries.items():
            if entry.is_read if self.result else entry.is_computed:
                continue
            said = self._field(home, entry)
            if said.is_excluded if self.result else not said.init:
                continue
            notes = [] if self.result else [f"{one} of {node.name}.{name}" for one in said.notes]
            reader = inner._bound(entry, depth)  # noqa: SLF001 - its own
            schema = limited(reader.schema(home, entry.annotation, depth + 1), said.limits)
            schema = tagged(schema, said.tag)
            key, *also = shape.keys(said, name, result=self.result)
            named: dict[str, Any] = {FIELD: name} if key != name else {}
            named |= {ALSO: also} if also else {}
            properties[key] = noted({**schema, **named} if named else schema, notes)
            if not entry.is_partial and (self.result or not said.has_default):
                required.append(key)
        if shape.kind == "root" and properties:
            return next(reversed(properties.values()))
        if shape.kind == "tuple":
            return _listed_fields(properties, required, node.name)
        found: Schema = {
            "type": "object",
            classes.NAME: node.name,
            "properties": properties,
            "required": required,
        }
        if inner.closed:
            found = {**found, "additionalProperties": False}
        return classes.with_notes(found, shape.results if self.result else shape.notes)

    def _bound(self, entry: classes.Entry, depth: int) -> Annotations:
        """What reads the annotation of *entry*, which may be of a generic base."""
        if not entry.variables:
            return self
        bound = {
            name: self.schema(module, node, depth + 1)
            for name, (module, node) in entry.variables.items()
        }
        return replace(self, variables={**self.variables, **bound})

    def _field(self, module: Module, entry: classes.Entry) -> Given:
        """What stands behind the `=` of a field, and in its `Annotated`."""
        evaluate = self._evaluate(module)
        said = given(entry.value, result=self.result, evaluate=evaluate)
        for part in _parts(entry.annotation):
            if isinstance(part, ast.Call) and ast.unparse(part.func).endswith("Field"):
                more = given(part, result=self.result, evaluate=evaluate)
                # Its limits and notes belong to the annotation, which is read as such.
                said = joined(said, replace(more, limits={}, notes=()))
        return said


def _parts(annotation: ast.expr) -> list[ast.expr]:
    """What stands beside the type in an `Annotated`."""
    if not isinstance(annotation, ast.Subscript) or not isinstance(annotation.slice, ast.Tuple):
        return []
    is_one = ast.unparse(annotation.value).rpartition(".")[2] == "Annotated"
    return annotation.slice.elts[1:] if is_one else []


def _listed_fields(properties: Mapping[str, Schema], required: list[str], name: str) -> Schema:
    """The fields of a named tuple, which is a list in JSON."""
    return {
        "type": "array",
        classes.NAME: name,
        "prefixItems": [*properties.values()],
        "minItems": len(required),
        "maxItems": len(properties),
    }


def listed(values: list[Any]) -> Schema:
    """One of *values*, which may be of several types."""
    if not values:
        raise Unknown
    real = [one for one in values if one is not None]
    schema: Schema = {"enum": real}
    if len({type(one) for one in real}) == 1:
        schema = {**types.literal(real[0]), **schema}
    return schema if len(real) == len(values) else {"anyOf": [schema, {"type": "null"}]}
