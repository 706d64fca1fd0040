"""Annotations as their source text has them, to JSON Schema, without evaluating anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tqrun.plan.changes import classes
from tqrun.plan.changes.fields import FIELD, given, limited, noted
from tqrun.plan.changes.lookup import DEPTH, Lookup, Unknown
from tqrun.plan.changes.modules import Module
from tqrun.plan.expressions import types
from tqrun.plan.types import Schema

_PLAIN: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "dict": {"type": "object"},
    "Dict": {"type": "object"},
    "Mapping": {"type": "object"},
    "list": {"type": "array"},
    "List": {"type": "array"},
    "Sequence": {"type": "array"},
    "tuple": {"type": "array"},
    "Tuple": {"type": "array"},
    "set": {"type": "array"},
    "frozenset": {"type": "array"},
    "None": {"type": "null"},
    "Any": {},
    "object": {},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "timedelta": {"type": "string", "format": "duration"},
    "UUID": {"type": "string", "format": "uuid"},
    "Path": {"type": "string"},
    "bytes": {"type": "string"},
    "Decimal": {"type": ["number", "string"]},
}


@dataclass(frozen=True)
class Annotations:
    """Reads the annotations of one function.

    Attributes:
        result: They are of what a function returns: fields with a default are always there.
        closed: Dataclasses and typed dictionaries refuse a field that they do not declare, as
            they do in the arguments of a call; a Pydantic model decides that for what is in it.
    """

    lookup: Lookup
    result: bool = False
    closed: bool = True
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
            case ast.Attribute(value=ast.Name(id=outer)):
                source = self.lookup.imported(module, outer)
                home = self.lookup.module(source) if source is not None else None
                return self._named(home, node.attr, depth) if home else _plain(node.attr)
            case ast.Call(func=ast.Name(id="NewType"), args=[_, real]):
                return self.schema(module, real, depth + 1)
            case ast.Name():
                return self._named(module, node.id, depth)
        raise Unknown

    def _subscript(self, module: Module, node: ast.Subscript, depth: int) -> Schema:
        outer = node.value.attr if isinstance(node.value, ast.Attribute) else None
        outer = node.value.id if isinstance(node.value, ast.Name) else outer
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer in ("Optional", "Union"):
            kinds = [self.schema(module, one, depth + 1) for one in inner]
            return {"anyOf": [*kinds, *([{"type": "null"}] if outer == "Optional" else [])]}
        if outer in ("Annotated", "Required", "NotRequired", "Final", "ReadOnly"):
            return self._annotated(module, self.schema(module, inner[0], depth + 1), inner[1:])
        if outer == "Literal":
            return listed([one.value for one in inner if isinstance(one, ast.Constant)])
        known = _PLAIN.get(outer or "")
        if known is None or outer is None:
            raise Unknown
        if known == {"type": "array"}:
            return self._array(module, outer, inner, depth)
        if known == {"type": "object"} and len(inner) == 2:
            values = self.schema(module, inner[1], depth + 1)
            keys = ast.unparse(inner[0])
            found = {**known, "additionalProperties": values} if values else known
            return found if keys in ("str", "Any") else noted(found, [f"keys of {keys}"])
        return known

    def _annotated(self, module: Module, schema: Schema, parts: list[ast.expr]) -> Schema:
        """*schema* with what the other *parts* of `Annotated` add to it."""
        for part in parts:
            if isinstance(part, ast.Call) and ast.unparse(part.func).endswith("Field"):
                said = given(part)
                schema = noted(limited(schema, said.limits), said.notes)
            elif not isinstance(part, ast.Constant):
                text = ast.unparse(part)
                source = "\n".join([text, *self._sources(module, part)])
                schema = classes.with_notes(schema, {text: source})
        return schema

    def _sources(self, module: Module, node: ast.expr) -> Iterator[str]:
        """The source of all that the project defines and *node* names."""
        for one in ast.walk(node):
            found = (
                self.lookup.definition(module.name, one.id) if isinstance(one, ast.Name) else None
            )
            if found is not None and not isinstance(found[1], ast.Import):
                yield ast.unparse(found[1])

    def _array(self, module: Module, outer: str, inner: list[ast.expr], depth: int) -> Schema:
        kinds = [
            self.schema(module, one, depth + 1)
            for one in inner
            if not (isinstance(one, ast.Constant) and one.value is Ellipsis)
        ]
        if outer in ("tuple", "Tuple") and len(kinds) == len(inner):
            count = len(kinds)
            return {"type": "array", "prefixItems": kinds, "minItems": count, "maxItems": count}
        return {"type": "array", "items": kinds[0]}

    def _named(self, module: Module, name: str, depth: int) -> Schema:
        found = self.lookup.definition(module.name, name)
        if found is None:
            return _plain(name)
        home, node = found
        if isinstance(node, ast.ClassDef):
            return self._class(home, node, depth)
        if isinstance(node, ast.expr):
            return self.schema(home, node, depth + 1)
        raise Unknown

    def _class(self, module: Module, node: ast.ClassDef, depth: int) -> Schema:
        key = f"{module.name}:{node.name}"
        if key in self._open:
            return {"type": "object"}
        self._open.add(key)
        try:
            return self._declared(module, node, depth)
        finally:
            self._open.remove(key)

    def _declared(self, module: Module, node: ast.ClassDef, depth: int) -> Schema:
        if classes.is_enumeration(node):
            return listed(classes.constants(node))
        shape = classes.read(self.lookup, module, node)
        inner = self if shape.extra is None else replace(self, closed=shape.extra == "forbid")
        # A class may declare a field of its base anew, and give it another alias.
        entries = {entry.name: (home, entry) for home, entry in shape.fields}
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for name, (home, entry) in entries.items():
            said = given(entry.value, result=self.result)
            if not said.init and not self.result:
                continue
            notes = [f"{note} of {node.name}.{name}" for note in said.notes]
            schema = limited(inner.schema(home, entry.annotation, depth + 1), said.limits)
            key = said.alias or name
            properties[key] = noted(schema if key == name else {**schema, FIELD: name}, notes)
            if not entry.is_partial and (self.result or not said.has_default):
                required.append(key)
        found: Schema = {
            "type": "object",
            classes.NAME: node.name,
            "properties": properties,
            "required": required,
        }
        if inner.closed:
            found = {**found, "additionalProperties": False}
        return classes.with_notes(found, shape.notes)


def _plain(name: str) -> Schema:
    if name not in _PLAIN:
        raise Unknown
    return _PLAIN[name]


def listed(values: list[Any]) -> Schema:
    """One of *values*, which may be of several types."""
    if not values:
        raise Unknown
    real = [one for one in values if one is not None]
    schema: Schema = {"enum": real}
    if len({type(one) for one in real}) == 1:
        schema = {**types.literal(real[0]), **schema}
    return schema if len(real) == len(values) else {"anyOf": [schema, {"type": "null"}]}
