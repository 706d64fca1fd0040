"""Modules of a revision as their source text has them: which statement gives each name."""

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
        names: The statement that defines or imports each name.
    """

    name: str
    file: str
    text: bytes
    names: Mapping[str, ast.stmt]
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
def named(text: bytes) -> tuple[ast.Module | None, Mapping[str, ast.stmt]]:
    """The tree of a file, and the statement for each name; one file of two revisions is one."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None, {}
    return tree, {name: node for node in _statements(tree.body) for name in _defined(node)}


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those of top-level `if`, `try` and `with` among them."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _statements(node.body)
            yield from _statements(getattr(node, "orelse", ()))


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
