"""Functions as their source text has them: signatures and types without importing anything.

The environment of today may not fit the code of another revision, so that nothing of it is run. A
type that cannot be found in the text is left out of the comparison, by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tqrun.plan.binding import BindingError, BoundFunction, Parameter
from tqrun.plan.changes.revision import Revision
from tqrun.plan.expressions import types
from tqrun.plan.types import Schema, Written

_DEPTH = 12
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
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Unknown(Exception):
    """A name that the text does not explain."""


@dataclass
class Reader:
    """Reads functions of one revision.

    Attributes:
        not_compared: Types that could not be found, by the function that names them.
    """

    revision: Revision
    not_compared: dict[str, list[str]] = field(default_factory=dict)
    _modules: dict[str, _Module | None] = field(default_factory=dict)

    def bind(self, path: str) -> BoundFunction:
        """The function that *path*, `package.module:name`, names.

        Raises:
            BindingError: `unknown-function`: the text of the revision does not have it.
        """
        module_name, _, name = path.partition(":")
        found = self._definition(module_name, name)
        if found is None or not isinstance(found[1], _Function):
            message = f'the source of {self.revision.name} has no function "{path}"'
            raise BindingError("unknown-function", message)
        module, node = found
        given = node.args
        positional = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
        pairs = [
            *zip(positional, defaults, strict=True),
            *zip(given.kwonlyargs, given.kw_defaults, strict=True),
        ]
        return BoundFunction(
            path=path,
            function=_not_callable,
            is_async=isinstance(node, ast.AsyncFunctionDef),
            parameters=tuple(
                Parameter(one.arg, default is None, self._annotation(path, module, one, default))
                for one, default in pairs
            ),
            accepts_any=given.kwarg is not None,
            returns=self._written(path, module, node.returns),
            file=module.file,
            first_line=node.lineno,
        )

    def _annotation(
        self, path: str, module: _Module, argument: ast.arg, default: ast.expr | None
    ) -> Written:
        written = self._written(path, module, argument.annotation)
        if isinstance(default, ast.Constant) and default.value is None:
            return Written(types.nullable(written.schema), written.text)
        return written

    def _written(self, path: str, module: _Module, node: ast.expr | None) -> Written:
        if node is None:
            return Written({}, "Any")
        text = ast.unparse(node)
        try:
            return Written(types.flat(self._schema(module, node, 0)), text)
        except (_Unknown, SyntaxError):
            self.not_compared.setdefault(path, []).append(text)
            return Written({}, text)

    # Modules and names

    def _module(self, name: str) -> _Module | None:
        if name not in self._modules:
            self._modules[name] = self._parsed(name)
        return self._modules[name]

    def _parsed(self, name: str) -> _Module | None:
        stem = name.replace(".", "/")
        for file in (f"{stem}.py", f"{stem}/__init__.py"):
            text = self.revision.file(file)
            if text is not None:
                try:
                    return _Module(name, file, ast.parse(text))
                except (SyntaxError, ValueError):
                    return None
        return None

    def _definition(self, module_name: str, name: str, depth: int = 0) -> Any:
        """The module and the statement that define *name*, imports within the project followed."""
        module = self._module(module_name)
        if module is None or depth > _DEPTH:
            return None
        for node in module.statements():
            if isinstance(node, _Function | ast.ClassDef) and node.name == name:
                return module, node
            target = _assigned(node)
            if target is not None and target[0] == name:
                return module, target[1]
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        return self._definition(module.absolute(node), alias.name, depth + 1)
        return None

    # Types

    def _schema(self, module: _Module, node: ast.expr, depth: int) -> Schema:
        if depth > _DEPTH:
            return {}
        match node:
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Constant(value=str() as text):
                return self._schema(module, ast.parse(text, mode="eval").body, depth + 1)
            case ast.BinOp(op=ast.BitOr()):
                sides = (node.left, node.right)
                return {"anyOf": [self._schema(module, side, depth + 1) for side in sides]}
            case ast.Subscript():
                return self._subscript(module, node, depth)
            case ast.Attribute():
                return self._named(module, node.attr, depth)
            case ast.Name():
                return self._named(module, node.id, depth)
        raise _Unknown

    def _subscript(self, module: _Module, node: ast.Subscript, depth: int) -> Schema:
        outer = node.value.attr if isinstance(node.value, ast.Attribute) else None
        outer = node.value.id if isinstance(node.value, ast.Name) else outer
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer in ("Optional", "Union"):
            kinds = [self._schema(module, one, depth + 1) for one in inner]
            return {"anyOf": [*kinds, *([{"type": "null"}] if outer == "Optional" else [])]}
        if outer in ("Annotated", "Required", "NotRequired", "Final", "ReadOnly"):
            return self._schema(module, inner[0], depth + 1)
        if outer == "Literal":
            return {"enum": [one.value for one in inner if isinstance(one, ast.Constant)]}
        known = _PLAIN.get(outer or "")
        if known is None or outer is None:
            raise _Unknown
        if known == {"type": "array"} and (len(inner) == 1 or outer != "tuple"):
            return {"type": "array", "items": self._schema(module, inner[0], depth + 1)}
        return known

    def _named(self, module: _Module, name: str, depth: int) -> Schema:
        found = self._definition(module.name, name)
        if found is None:
            if name in _PLAIN:
                return _PLAIN[name]
            raise _Unknown
        home, node = found
        if isinstance(node, ast.ClassDef):
            return self._class(home, node, depth)
        if isinstance(node, ast.expr):
            return self._schema(home, node, depth + 1)
        raise _Unknown

    def _class(self, module: _Module, node: ast.ClassDef, depth: int) -> Schema:
        bases = [ast.unparse(one).rpartition(".")[2] for one in node.bases]
        if any(one.endswith("Enum") for one in bases):
            return {"enum": [value for _, value in _constants(node)]}
        optional = any(one.arg == "total" and _is_false(one.value) for one in node.keywords)
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for one in bases:
            parent = self._definition(module.name, one)
            if parent is not None and isinstance(parent[1], ast.ClassDef):
                inherited = self._class(parent[0], parent[1], depth + 1)
                properties |= inherited.get("properties", {})
                required += inherited.get("required", [])
        for entry in node.body:
            if isinstance(entry, ast.AnnAssign) and isinstance(entry.target, ast.Name):
                properties[entry.target.id] = self._schema(module, entry.annotation, depth + 1)
                marked = ast.unparse(entry.annotation)
                if entry.value is None and not optional and "NotRequired[" not in marked:
                    required.append(entry.target.id)
        return {"type": "object", "properties": properties, "required": required}


@dataclass(frozen=True)
class _Module:
    name: str
    file: str
    tree: ast.Module

    def statements(self) -> Iterator[ast.stmt]:
        """Its statements, those of top-level `if` and `try` among them."""
        waiting: list[ast.stmt] = list(self.tree.body)
        while waiting:
            node = waiting.pop(0)
            yield node
            if isinstance(node, ast.If | ast.Try):
                waiting = [*node.body, *node.orelse, *waiting]

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that a `from … import` of this module names."""
        if not node.level:
            return node.module or ""
        is_package = self.file.endswith("__init__.py")
        parts = self.name.split(".")
        parts = parts[: len(parts) - node.level + is_package]
        return ".".join([*parts, *([node.module] if node.module else [])])


def _assigned(node: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name and the value of a type alias or plain assignment."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        return node.target.id, node.value
    return None


def _constants(node: ast.ClassDef) -> Iterator[tuple[str, Any]]:
    for entry in node.body:
        target = _assigned(entry)
        if target is not None and isinstance(target[1], ast.Constant):
            yield target[0], target[1].value


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _not_callable(*_: Any, **__: Any) -> None:
    raise AssertionError("a function that was only read")
