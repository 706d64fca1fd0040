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
        names: The statements that define or import each name; several where branches do.
    """

    name: str
    file: str
    text: bytes
    names: Mapping[str, tuple[ast.stmt, ...]]
    tree: ast.Module | None

    @property
    def is_plain(self) -> bool:
        """It can be read, imports nothing by `*`, and makes no names at run time."""
        return self.tree is not None and not self.names.keys() & {"*", "__getattr__"}

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that a `from … import` of this module names."""
        if not node.level:
            return node.module or ""
        is_package = self.file.endswith("__init__.py")
        parts = self.name.split(".")
        parts = parts[: len(parts) - node.level + is_package]
        return ".".join([*parts, *([node.module] if node.module else [])])


def files(module: str) -> tuple[str, str]:
    """Where a module may stand."""
    stem = module.replace(".", "/")
    return f"{stem}.py", f"{stem}/__init__.py"


@lru_cache(maxsize=1024)
def named(text: bytes) -> tuple[ast.Module | None, Mapping[str, tuple[ast.stmt, ...]]]:
    """The tree of a file, and the statements for each name; one file of two revisions is one."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None, {}
    found: dict[str, tuple[ast.stmt, ...]] = {}
    for node, is_certain in _statements(tree.body, is_certain=True):
        for name in _defined(node):
            found[name] = (node,) if is_certain else (*found.get(name, ()), node)
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


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, Function | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import):
        return [one.asname or one.name.partition(".")[0] for one in node.names]
    if isinstance(node, ast.ImportFrom):
        return [one.asname or one.name for one in node.names]
    target = assigned(node)
    return [] if target is None else [target[0]]


def assigned(node: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name and the value of a type alias or plain assignment."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        return node.target.id, node.value
    return None
