"""Modules of a revision as their source text has them: which statements give each name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of the project.

    Attributes:
        names: The statements that define or import each name; several where branches do. Under
            `*` are those that import all names of a module.
    """

    name: str
    file: str
    text: bytes
    names: Mapping[str, tuple[ast.stmt, ...]]
    tree: ast.Module | None

    @property
    def is_plain(self) -> bool:
        """It can be read, and makes no names at run time."""
        return self.tree is not None and "__getattr__" not in self.names

    @property
    def stars(self) -> list[str]:
        """The modules whose public names it imports by `*`, the last one first."""
        nodes = reversed(self.names.get("*", ()))
        return [self.absolute(node) for node in nodes if isinstance(node, ast.ImportFrom)]

    def exports(self, name: str) -> bool:
        """Whether `from … import *` takes *name*."""
        listed = self.names.get("__all__", ())
        target = assigned(listed[-1]) if listed else None
        if target is None or not isinstance(target[1], ast.List | ast.Tuple):
            return not name.startswith("_")
        return any(isinstance(one, ast.Constant) and one.value == name for one in target[1].elts)

    def is_certain(self, name: str) -> bool:
        """Whether *name* is there whichever branches of the module are run."""
        return name in _always(self.text)

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that a `from … import` of this module names."""
        if not node.level:
            return node.module or ""
        is_package = self.file.endswith("__init__.py")
        parts = self.name.split(".")
        parts = parts[: len(parts) - node.level + is_package]
        return ".".join([*parts, *([node.module] if node.module else [])])


def files(module: str) -> tuple[str, ...]:
    """Where a module may stand: beside the queues file, or in its folder `src`."""
    stem = module.replace(".", "/")
    return tuple(f"{root}{stem}{end}" for root in ("", "src/") for end in (".py", "/__init__.py"))


@lru_cache(maxsize=1024)
def named(text: bytes) -> tuple[ast.Module | None, Mapping[str, tuple[ast.stmt, ...]]]:
    """The tree of a file, and the statements for each name; one file of two revisions is one."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None, {}
    found: dict[str, tuple[ast.stmt, ...]] = {}
    for node, is_certain in _statements(tree.body, is_certain=True):
        for name in _deleted(node) if is_certain else ():
            found.pop(name, None)
        for name in _defined(node):
            alone = is_certain and name != "*"
            found[name] = (node,) if alone else (*found.get(name, ()), node)
    return tree, found


def _statements(body: Sequence[ast.stmt], *, is_certain: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements of a module, and whether they are run whatever else happens."""
    for node in body:
        yield node, is_certain
        if isinstance(node, ast.With):
            yield from _statements(node.body, is_certain=is_certain)
        elif isinstance(node, ast.If | ast.Try):
            handlers = getattr(node, "handlers", ())
            for branch in (node.body, *(one.body for one in handlers), node.orelse):
                yield from _statements(branch, is_certain=False)
            yield from _statements(getattr(node, "finalbody", ()), is_certain=is_certain)


@lru_cache(maxsize=1024)
def _always(text: bytes) -> frozenset[str]:
    tree, _ = named(text)
    return frozenset(_certain(tree.body) if tree is not None else ())


def _certain(body: Sequence[ast.stmt]) -> set[str]:
    """The names that the statements of *body* give a value in any case."""
    found: set[str] = set()
    for node in body:
        found.update(_defined(node))
        match node:
            case ast.With():
                found |= _certain(node.body)
            case ast.If():
                found |= _certain(node.body) & _certain(node.orelse)
            case ast.Try():
                done = _certain(node.body) | _certain(node.orelse)
                handled = [one.body for one in node.handlers if not _leaves(one.body)]
                found |= done.intersection(*map(_certain, handled)) | _certain(node.finalbody)
    return found


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Raise)


def _deleted(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Delete) else []
    return [one.id for one in targets if isinstance(one, ast.Name)]


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, Function | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import):
        return [one.asname or one.name.partition(".")[0] for one in node.names]
    if isinstance(node, ast.ImportFrom):
        return [one.asname or one.name for one in node.names]
    target = assigned(node)
    return [] if target is None else [target[0]]


def plain(node: ast.expr, known: Mapping[str, object] | None = None) -> object:
    """The value of *node*, made of constants, signs, sums and *known* names.

    Raises:
        ValueError: It is made of something else.
    """
    match node:
        case ast.Constant():
            return node.value
        case ast.Name() if known is not None and node.id in known:
            return known[node.id]
        case ast.Tuple() | ast.List():
            return [plain(one, known) for one in node.elts]
        case ast.UnaryOp(op=ast.USub()):
            value = plain(node.operand, known)
            if isinstance(value, int | float):
                return -value
        case ast.BinOp():
            left, right = plain(node.left, known), plain(node.right, known)
            if isinstance(left, int) and isinstance(right, int):
                return _combined(node.op, left, right)
            if isinstance(left, str) and isinstance(right, str):
                return left + right
    raise ValueError(ast.unparse(node))


def _combined(operator: ast.operator, left: int, right: int) -> int:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.BitOr():
            return left | right
        case ast.LShift() if right <= _MOST_BITS:
            return left << right
    raise ValueError(operator)


_MOST_BITS = 64


def assigned(node: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name and the value of a type alias or plain assignment."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        return node.target.id, node.value
    if type(node).__name__ == "TypeAlias":  # Python 3.12's `type X = …`
        return node.name.id, node.value  # type: ignore[attr-defined]
    return None
