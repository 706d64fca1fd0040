"""What a definition of the project uses of the project, and what that uses, by name.

A function of another module is followed, one that nothing calls is not, so that an edit beside
what is used does not count.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from copy import deepcopy
from dataclasses import dataclass

from tqrun.plan.changes import classes
from tqrun.plan.changes.lookup import Lookup, Unknown
from tqrun.plan.changes.modules import Function, Module, assigned

_UNREPLAYED = frozenset(
    {
        *("start_to_close_timeout", "schedule_to_close_timeout", "schedule_to_start_timeout"),
        *("heartbeat_timeout", "retry_policy", "summary", "static_summary", "static_details"),
        *("execution_timeout", "run_timeout", "task_timeout", "priority"),
    }
)
"""Options of a call that replay does not compare."""
_DATA = ("model", "dictionary", "tuple", "root")
_DEFINED = "temporalio.activity.defn"


@dataclass(frozen=True)
class Used:
    """One definition that is used.

    Attributes:
        path: `module:name`.
        nodes: The statements that give the name, with the module of each.
    """

    path: str
    module: Module
    nodes: tuple[ast.stmt, ...]


def used(lookup: Lookup, path: str, outside: Collection[str] = ()) -> list[Used]:
    """What *path*, `package.module:name`, is and uses, in the order of its first use.

    Args:
        lookup: Finds names in one revision.
        path: Where to begin.
        outside: Paths that are named only, such as activities, whose bodies run elsewhere.
    """
    module_name, _, name = path.partition(":")
    wanted, found = [(module_name, name)], {}
    while wanted:
        home, name = wanted.pop(0)
        module = lookup.module(home)
        key = f"{home}:{name}"
        if module is None or key in found or key in outside:
            continue
        nodes = module.names.get(name, ())
        if not nodes:
            wanted += [(star, name) for star in module.stars if _has(lookup, star, name)]
            continue
        if any(_is_activity(lookup, module, node) for node in nodes):
            continue
        found[key] = Used(key, module, nodes)
        wanted += [one for node in nodes for one in _names(lookup, module, node, name)]
    return [*found.values()]


def text(lookup: Lookup, path: str, outside: Collection[str] = ()) -> dict[str, str]:
    """What a replay of *path* rests on, by path, without what only its author sees."""
    found = {}
    for one in used(lookup, path, outside):
        parts = [_essence(lookup, one.module, node) for node in one.nodes]
        if any(parts):
            found[one.path] = "\n".join(parts)
    for module in {one.module.name: one.module for one in used(lookup, path, outside)}.values():
        found[module.name] = "\n".join(map(ast.dump, _statements(module)))
    return found


def _has(lookup: Lookup, module: str, name: str) -> bool:
    home = lookup.module(module)
    return home is not None and home.exports(name)


def _is_activity(lookup: Lookup, module: Module, node: ast.stmt) -> bool:
    return isinstance(node, Function) and any(
        lookup.dotted(module, one) == _DEFINED for one in node.decorator_list
    )


def _names(lookup: Lookup, module: Module, node: ast.stmt, name: str) -> Iterator[tuple[str, str]]:
    """The module and the name of all that *node* names."""
    if isinstance(node, ast.ImportFrom):
        inner = next(one.name for one in node.names if (one.asname or one.name) == name)
        yield module.absolute(node), inner
        return
    if isinstance(node, ast.Import):
        return
    for one in ast.walk(node):
        if isinstance(one, ast.ImportFrom):
            yield from ((module.absolute(one), alias.name) for alias in one.names)
        elif isinstance(one, ast.Name):
            yield module.name, one.id
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name | ast.Attribute):
            home, _, last = lookup.dotted(module, one).rpartition(".")
            yield home, last


def _essence(lookup: Lookup, module: Module, node: ast.stmt) -> str:
    """What a replay sees of *node*."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return ""
    node = _Bare().visit(deepcopy(node))
    if isinstance(node, ast.ClassDef) and _is_data(lookup, module, node):
        # Its fields are compared where a call takes or returns it.
        node.body = [one for one in node.body if isinstance(one, Function)]
        return "\n".join(map(ast.dump, node.body))
    return ast.dump(node)


def _is_data(lookup: Lookup, module: Module, node: ast.ClassDef) -> bool:
    try:
        shape = classes.read(lookup, module, node)
    except Unknown:
        return False
    return shape.kind in _DATA or (shape.kind == "dataclass" and bool(shape.fields))


def _statements(module: Module) -> Iterator[ast.stmt]:
    """What *module* does when it is imported, besides defining names."""
    for node in module.tree.body if module.tree is not None else ():
        defines = isinstance(node, Function | ast.ClassDef | ast.Import | ast.ImportFrom)
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        branches = isinstance(node, ast.If | ast.Try | ast.With)
        if not defines and not is_text and not branches and assigned(node) is None:
            yield _Bare().visit(deepcopy(node))


class _Bare(ast.NodeTransformer):
    """Takes away docstrings, log lines, and options that replay does not compare."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A function without its docstring."""
        return self.generic_visit(classes.undocumented(node))

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """A function without its docstring."""
        return self.generic_visit(classes.undocumented(node))

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """A class without its docstring."""
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """A log line is nothing."""
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            words = ast.unparse(call.func.value).lower().split(".")
            if words[-1] in ("logger", "log", "logging", "_logger"):
                return ast.Pass()
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call without timeouts and the like."""
        node.keywords = [one for one in node.keywords if one.arg not in _UNREPLAYED]
        return self.generic_visit(node)
