"""Where in a Python file of the new revision a change stands, for whoever reviews that file.

A change is fixed in the queues file; what caused it may be a parameter, a class that a parameter
is annotated with, or a hand-written workflow.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath

from tqrun.diagnostics import Place
from tqrun.plan.binding import BoundFunction
from tqrun.plan.changes.modules import Function, Module
from tqrun.plan.changes.pair import Pair

_Node = ast.stmt | ast.expr | ast.arg
_Part = Callable[[Function], list[ast.expr | ast.arg]]


def of_parameter(pair: Pair, was: BoundFunction, now: BoundFunction, name: str) -> Place | None:
    """Where parameter *name* of *now* has changed, or the type that it is annotated with."""
    return _of_function(pair, was, now, lambda function: _argument(function, name))


def of_result(pair: Pair, was: BoundFunction, now: BoundFunction) -> Place | None:
    """Where the result of *now* has changed, or the type that it is annotated with."""
    return _of_function(pair, was, now, lambda one: [one.returns] if one.returns else [])


def of_definition(pair: Pair, old_path: str, path: str) -> Place | None:
    """Where the class or function *path*, `package.module:name`, has changed."""
    found, old = pair.after.reader.definition(path), pair.before.reader.definition(old_path)
    return found and _place(pair, found[0], _edited(old and old[1], found[1]))


def _of_function(pair: Pair, was: BoundFunction, now: BoundFunction, part: _Part) -> Place | None:
    found, old = pair.after.reader.definition(now.path), pair.before.reader.definition(was.path)
    if found is None:
        return None
    module, function = found
    twin = old[1] if old is not None else None
    if not isinstance(function, Function):
        return None
    parts = part(function)
    if isinstance(twin, Function) and _dumped(part(twin)) == _dumped(parts):
        elsewhere = next(_edited_types(pair, module, parts, set()), None)
        if elsewhere is not None:
            return elsewhere
    return _place(pair, module, parts[0] if parts else function)


def _argument(function: Function, name: str) -> list[ast.expr | ast.arg]:
    """The parameter *name* and its default."""
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + [*given.defaults]
    pairs = zip([*positional, *given.kwonlyargs], [*defaults, *given.kw_defaults], strict=True)
    return [one for pair in pairs if pair[0].arg == name for one in pair if one is not None]


def _dumped(nodes: Sequence[_Node]) -> list[str]:
    return [ast.dump(one) for one in nodes]


def _edited_types(
    pair: Pair, module: Module, nodes: Sequence[_Node], seen: set[str]
) -> Iterator[Place]:
    """The definitions that have changed among those that *nodes* of *module* name."""
    for name in [one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)]:
        path = f"{module.name}:{name}"
        new, old = pair.after.reader.definition(path), pair.before.reader.definition(path)
        if new is None or path in seen:
            continue
        seen.add(path)
        if old is None or ast.dump(old[1]) != ast.dump(new[1]):
            yield _place(pair, new[0], _edited(old and old[1], new[1]))
        yield from _edited_types(pair, new[0], [new[1]], seen)


def _edited(old: ast.AST | None, new: _Node) -> _Node:
    """The first statement in the class *new* that *old* has not; *new* itself if there is none."""
    if not isinstance(old, ast.ClassDef) or not isinstance(new, ast.ClassDef):
        return new
    known = {ast.dump(one) for one in old.body}
    return next((one for one in new.body if ast.dump(one) not in known), new)


def _place(pair: Pair, module: Module, node: _Node) -> Place:
    folder = PurePath(pair.after.revision.path).parent
    line = module.text.splitlines()[node.lineno - 1]
    column = len(line[: node.col_offset].decode(errors="replace")) + 1
    last = node.end_col_offset if node.end_lineno == node.lineno else len(line.rstrip())
    width = len(line[node.col_offset : last].decode(errors="replace"))
    path = os.path.normpath(folder / module.file).replace(os.sep, "/")
    return Place(path, node.lineno, column, max(width, 1))
