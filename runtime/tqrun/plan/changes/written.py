"""Functions as their source text has them: signatures and types without importing anything.

The environment of today may not fit the code of another revision, so that nothing of it is run. A
type that cannot be found in the text is left out of the comparison, by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tqrun.plan.binding import BindingError, BoundFunction, Parameter
from tqrun.plan.changes.annotations import Annotations
from tqrun.plan.changes.decorators import hidden
from tqrun.plan.changes.lookup import Lookup, Unknown, Unparsable
from tqrun.plan.changes.modules import Function, Module
from tqrun.plan.changes.revision import Revision
from tqrun.plan.types import Schema, Written

UNREAD: Schema = {"$comment": "not read"}
"""What stands for a type that the text does not tell; no value is certain not to fit it."""


@dataclass
class Reader:
    """Reads functions of one revision.

    Attributes:
        not_compared: What could not be read, by the path of the function that needs it; with the
            text that it rests on, None if that is all of `sources`.
        sources: The text of each file that was looked for, None where there is none, by the path
            of the function.
        faults: Why a worker cannot call what a path names, in words.
        opaque: The paths of functions of which the text shows no signature.
        uncertain: How functions depend on a condition, in words, by path.
    """

    revision: Revision
    not_compared: dict[str, dict[str, str | None]] = field(default_factory=dict)
    sources: dict[str, dict[str, bytes | None]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    opaque: set[str] = field(default_factory=set)
    uncertain: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin to look up names in the revision."""
        self._lookup = Lookup(self.revision)

    def bind(self, path: str) -> BoundFunction:
        """The function that *path*, `package.module:name`, names.

        One that the text does not show, because it is made or decorated at run time or is not
        the project's own, takes whatever it is given, and is among `not_compared`.

        Raises:
            BindingError: `unknown-function`: the module is there and has nothing of this name.
        """
        self.lookup(path)
        module_name, _, name = path.partition(":")
        try:
            found = self._lookup.function(module_name, name)
        except Unparsable as error:
            self.faults[path] = f"cannot be imported: {_fault_of(error.module)}"
            return self._unreadable(path)
        except Unknown:
            self.uncertain[path] = "is defined in several branches, and not alike"
            return self._opaque(path, None)
        if found is None and self._lookup.has_no_more(module_name):
            message = f'the source of {self.revision.name} has no function "{path}"'
            raise BindingError("unknown-function", message)
        module, node = found or (None, None)
        node = _as_function(node, name) if isinstance(node, ast.Lambda) else node
        if module is None or not isinstance(node, Function):
            return self._strange(path, module_name, module, node)
        if not self._lookup.is_certain(module_name, name):
            self.uncertain[path] = "is defined under a condition only"
        text = hidden(self._lookup, module, node)
        if text is not None:
            return self._opaque(path, text)
        if fault := _fault(module, node):
            self.faults[path] = fault
        return self._read(path, module, node)

    def _strange(
        self, path: str, module_name: str, module: Module | None, node: ast.stmt | ast.expr | None
    ) -> BoundFunction:
        """What stands for *path*, which the text does not show to be a function."""
        if node is None and self._lookup.module(module_name) is None:
            self.faults[path] = "is gone with its module"
            return self._opaque(path, None)
        if isinstance(node, ast.Call) and module is not None:
            inner = self._partial(path, module, node)
            if inner is not None:
                return inner
        if isinstance(node, ast.ClassDef | ast.Constant | ast.Dict | ast.List):
            what = "a class" if isinstance(node, ast.ClassDef) else "a value"
            self.faults[path] = f"is {what} now"
            return self._unreadable(path)
        return self._opaque(path, None)

    def _partial(self, path: str, module: Module, node: ast.Call) -> BoundFunction | None:
        """The function that `functools.partial` makes of another one, if *node* does that."""
        if self._lookup.dotted(module, node) != "functools.partial" or len(node.args) != 1:
            return None
        if not isinstance(node.args[0], ast.Name):
            return None
        try:
            found = self._lookup.function(module.name, node.args[0].id)
        except Unknown:
            return None
        if found is None or not isinstance(found[1], Function):
            return None
        inner = self._read(path, found[0], found[1])
        given = {one.arg for one in node.keywords}
        parameters = (
            replace(one, required=False) if one.name in given else one for one in inner.parameters
        )
        return replace(inner, parameters=tuple(parameters))

    def definition(self, path: str) -> tuple[Module, ast.stmt | ast.expr] | None:
        """What defines the thing that *path*, `package.module:name`, names, if the text shows it.

        It is the statement, or the value of an assignment.
        """
        module_name, _, name = path.partition(":")
        self._lookup.seen = {}
        try:
            return self._lookup.definition(module_name, name)
        except Unknown:
            return None

    def lookup(self, path: str) -> Lookup:
        """What finds names in the revision; files that it looks into count as those of *path*."""
        self._lookup.seen = self.sources.setdefault(path, {})
        return self._lookup

    def _read(self, path: str, module: Module, node: Function) -> BoundFunction:
        given = node.args
        positional = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
        pairs = [
            *zip(positional, defaults, strict=True),
            *zip(given.kwonlyargs, given.kw_defaults, strict=True),
        ]
        taken = Annotations(self._lookup, closed=given.kwarg is None)
        return BoundFunction(
            path=path,
            function=_not_callable,
            is_async=isinstance(node, ast.AsyncFunctionDef),
            parameters=tuple(
                Parameter(
                    one.arg, default is None, self._argument(path, taken, module, one, default)
                )
                for one, default in pairs
            ),
            accepts_any=given.kwarg is not None,
            returns=self._written(
                path, Annotations(self._lookup, result=True, closed=False), module, node.returns
            ),
            file=module.file,
            first_line=node.lineno,
        )

    def _argument(
        self,
        path: str,
        taken: Annotations,
        module: Module,
        argument: ast.arg,
        default: ast.expr | None,
    ) -> Written:
        written = self._written(path, taken, module, argument.annotation)
        if isinstance(default, ast.Constant) and default.value is None:
            return Written({"anyOf": [written.schema, {"type": "null"}]}, written.text)
        return written

    def _written(
        self, path: str, annotations: Annotations, module: Module, node: ast.expr | None
    ) -> Written:
        if node is None:
            return Written(UNREAD, "")
        text = ast.unparse(node)
        try:
            return Written(annotations.schema(module, node), text)
        except (Unknown, SyntaxError):
            self.not_compared.setdefault(path, {})[f'"{text}"'] = None
            return Written(UNREAD, text)

    def _opaque(self, path: str, text: str | None) -> BoundFunction:
        """A function of which nothing is known but the *text* that its signature rests on."""
        self.not_compared.setdefault(path, {})["the signature"] = text
        return self._unreadable(path)

    def _unreadable(self, path: str) -> BoundFunction:
        self.opaque.add(path)
        anything = Written(UNREAD, "Any")
        module = path.partition(":")[0]
        return BoundFunction(path, _not_callable, False, (), True, anything, module, 1)


def _fault(module: Module, node: Function) -> str | None:
    """Why a worker cannot call the function *node* by name, if so."""
    if b"yield" in module.text and any(
        isinstance(one, ast.Yield | ast.YieldFrom) for one in _own(node)
    ):
        return "is a generator now; return a list instead"
    needed = len(node.args.posonlyargs) - max(0, len(node.args.defaults) - len(node.args.args))
    if needed > 0:
        first = node.args.posonlyargs[0].arg
        return f'takes "{first}" by position only; remove the "/" after it'
    return None


def _as_function(node: ast.Lambda, name: str) -> ast.FunctionDef:
    """The lambda *node* as it is written with `def`."""
    made = ast.FunctionDef(name, node.args, [ast.Return(node.body)], [])
    return ast.fix_missing_locations(ast.copy_location(made, node))


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What is in *node*, functions within it left out."""
    for one in ast.iter_child_nodes(node):
        if not isinstance(one, Function | ast.Lambda):
            yield one
            yield from _own(one)


def _fault_of(module: Module) -> str:
    try:
        ast.parse(module.text)
    except SyntaxError as error:
        return f"{module.file}:{error.lineno}: {error.msg}"
    except ValueError as error:
        return f"{module.file}: {error}"
    return module.file


def _not_callable(*_: Any, **__: Any) -> None:
    raise AssertionError("a function that was only read")
