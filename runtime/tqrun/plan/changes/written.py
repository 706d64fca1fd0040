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
from tqrun.plan.changes.modules import Function, Module, assigned, files, named
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
_BASES = frozenset({"BaseModel", "TypedDict", "object", "Generic", "Protocol", "ABC", "str", "int"})
"""Classes that add no field to one that is derived from them."""


class _Unknown(Exception):
    """A name that the text does not explain."""


@dataclass
class Reader:
    """Reads functions of one revision.

    Attributes:
        not_compared: What could not be found, by the path of the function that needs it.
        sources: The text of each file that was looked for, None where there is none, by the path
            of the function.
    """

    revision: Revision
    not_compared: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, dict[str, bytes | None]] = field(default_factory=dict)
    _seen: dict[str, bytes | None] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)
    _filled: bool = False
    _modules: dict[str, Module | None] = field(default_factory=dict)

    def bind(self, path: str) -> BoundFunction:
        """The function that *path*, `package.module:name`, names.

        One that the text does not show, because it is made at run time or is not the project's
        own, takes whatever it is given, and is among `not_compared`.

        Raises:
            BindingError: `unknown-function`: the module is there and has nothing of this name.
        """
        self._seen = self.sources.setdefault(path, {})
        module_name, _, name = path.partition(":")
        found = self._definition(module_name, name)
        if found is None and self._has_no(module_name):
            message = f'the source of {self.revision.name} has no function "{path}"'
            raise BindingError("unknown-function", message)
        if found is None or not isinstance(found[1], Function):
            self.not_compared.setdefault(path, []).append("the signature")
            return _opaque(path)
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
            returns=self._written(path, module, node.returns, result=True),
            file=module.file,
            first_line=node.lineno,
        )

    def _annotation(
        self, path: str, module: Module, argument: ast.arg, default: ast.expr | None
    ) -> Written:
        written = self._written(path, module, argument.annotation)
        if isinstance(default, ast.Constant) and default.value is None:
            return Written({"anyOf": [written.schema, {"type": "null"}]}, written.text)
        return written

    def _written(
        self, path: str, module: Module, node: ast.expr | None, *, result: bool = False
    ) -> Written:
        """What *node* takes; of a *result*, fields with a default are always there."""
        if node is None:
            return Written({}, "Any")
        text, self._filled = ast.unparse(node), result
        try:
            return Written(self._schema(module, node, 0), text)
        except (_Unknown, SyntaxError):
            self.not_compared.setdefault(path, []).append(f'"{text}"')
            return Written({}, text)

    # Modules and names

    def _module(self, name: str) -> Module | None:
        if name not in self._modules:
            self._modules[name] = self._parsed(name)
        found = self._modules[name]
        for file in files(name):
            self._seen[file] = found.text if found is not None and found.file == file else None
        return found

    def _parsed(self, name: str) -> Module | None:
        for file in files(name):
            text = self.revision.file(file)
            if text is not None:
                tree, found = named(text)
                return Module(name, file, text, found, tree)
        return None

    def _has_no(self, module_name: str) -> bool:
        """Whether the module is there, and all that it defines is to be seen in its text."""
        module = self._module(module_name)
        return module is not None and module.is_plain

    def _definition(self, module_name: str, name: str, depth: int = 0) -> Any:
        """The module and the statement that define *name*, imports within the project followed."""
        module = self._module(module_name)
        if module is None or depth > _DEPTH:
            return None
        node = module.names.get(name)
        if isinstance(node, ast.ImportFrom):
            inner = next(one.name for one in node.names if (one.asname or one.name) == name)
            source = module.absolute(node)
            return self._definition(source, inner, depth + 1)
        if node is None:
            return None
        target = assigned(node)
        return module, node if target is None else target[1]

    def _imported_module(self, module: Module, name: str) -> str | None:
        """The module that *name* stands for in *module*."""
        node = module.names.get(name)
        if isinstance(node, ast.Import):
            return next(
                one.name for one in node.names if (one.asname or one.name.partition(".")[0]) == name
            )
        if isinstance(node, ast.ImportFrom):
            inner = next(one.name for one in node.names if (one.asname or one.name) == name)
            return f"{module.absolute(node)}.{inner}"
        return None

    # Types

    def _schema(self, module: Module, node: ast.expr, depth: int) -> Schema:
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
            case ast.Attribute(value=ast.Name(id=outer)):
                source = self._imported_module(module, outer)
                home = self._module(source) if source is not None else None
                return self._named(home, node.attr, depth) if home else _plain(node.attr)
            case ast.Call(func=ast.Name(id="NewType"), args=[_, real]):
                return self._schema(module, real, depth + 1)
            case ast.Name():
                return self._named(module, node.id, depth)
        raise _Unknown

    def _subscript(self, module: Module, node: ast.Subscript, depth: int) -> Schema:
        outer = node.value.attr if isinstance(node.value, ast.Attribute) else None
        outer = node.value.id if isinstance(node.value, ast.Name) else outer
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer in ("Optional", "Union"):
            kinds = [self._schema(module, one, depth + 1) for one in inner]
            return {"anyOf": [*kinds, *([{"type": "null"}] if outer == "Optional" else [])]}
        if outer in ("Annotated", "Required", "NotRequired", "Final", "ReadOnly"):
            return self._schema(module, inner[0], depth + 1)
        if outer == "Literal":
            return _listed([one.value for one in inner if isinstance(one, ast.Constant)])
        known = _PLAIN.get(outer or "")
        if known is None or outer is None:
            raise _Unknown
        if known == {"type": "array"} and (len(inner) == 1 or outer != "tuple"):
            return {"type": "array", "items": self._schema(module, inner[0], depth + 1)}
        return known

    def _named(self, module: Module, name: str, depth: int) -> Schema:
        found = self._definition(module.name, name)
        if found is None:
            return _plain(name)
        home, node = found
        if isinstance(node, ast.ClassDef):
            return self._class(home, node, depth)
        if isinstance(node, ast.expr):
            return self._schema(home, node, depth + 1)
        raise _Unknown

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
        bases = [ast.unparse(one).partition("[")[0].rpartition(".")[2] for one in node.bases]
        if any(one.endswith(("Enum", "Flag")) for one in bases):
            return _listed([*_constants(node)])
        partial = any(one.arg == "total" and _is_false(one.value) for one in node.keywords)
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for one in bases:
            parent = self._definition(module.name, one)
            if parent is not None and isinstance(parent[1], ast.ClassDef):
                inherited = self._class(parent[0], parent[1], depth + 1)
                properties |= inherited.get("properties", {})
                required += inherited.get("required", [])
            elif one not in _BASES:
                raise _Unknown
        for entry in node.body:
            if isinstance(entry, ast.AnnAssign) and isinstance(entry.target, ast.Name):
                marked = ast.unparse(entry.annotation)
                if "ClassVar" in marked or "InitVar" in marked:
                    continue
                name = entry.target.id
                properties[name] = self._schema(module, entry.annotation, depth + 1)
                optional = partial and "Required[" not in marked.replace("NotRequired[", "")
                given = self._filled or _has_no_default(entry)
                if given and not optional and "NotRequired[" not in marked:
                    required.append(name)
                elif name in required:
                    required.remove(name)
        return {"type": "object", "properties": properties, "required": required}


def _plain(name: str) -> Schema:
    if name not in _PLAIN:
        raise _Unknown
    return _PLAIN[name]


def _listed(values: list[Any]) -> Schema:
    """One of *values*, which may be of several types."""
    if not values:
        raise _Unknown
    real = [one for one in values if one is not None]
    schema: Schema = {"enum": real}
    if len({type(one) for one in real}) == 1:
        schema = {**types.literal(real[0]), **schema}
    return schema if len(real) == len(values) else {"anyOf": [schema, {"type": "null"}]}


def _opaque(path: str) -> BoundFunction:
    """A function of which nothing is known."""
    anything = Written({}, "Any")
    return BoundFunction(path, _not_callable, False, (), True, anything, path.partition(":")[0], 1)


def _has_no_default(entry: ast.AnnAssign) -> bool:
    """Whether a field of a class must be given."""
    value = entry.value
    if not isinstance(value, ast.Call):
        return value is None
    called = ast.unparse(value.func).rpartition(".")[2]
    if called not in ("field", "Field"):
        return False
    given = {one.arg for one in value.keywords}
    first = value.args[0] if value.args else None
    is_given = first is not None and not (
        isinstance(first, ast.Constant) and first.value is Ellipsis
    )
    return not is_given and not given & {"default", "default_factory"}


def _constants(node: ast.ClassDef) -> Iterator[Any]:
    """The values of an enumeration.

    Raises:
        _Unknown: One is computed.
    """
    for entry in node.body:
        target = assigned(entry)
        if target is not None:
            if not isinstance(target[1], ast.Constant):
                raise _Unknown
            yield target[1].value


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _not_callable(*_: Any, **__: Any) -> None:
    raise AssertionError("a function that was only read")
