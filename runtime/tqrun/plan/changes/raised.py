"""Whether functions still have the exceptions that open plans name, to retry or to catch them."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from tqrun.plan import model as plan
from tqrun.plan.changes.lookup import Lookup, Unknown
from tqrun.plan.changes.modules import Module
from tqrun.plan.changes.reach import used
from tqrun.plan.changes.written import Reader

_OF_TYPE = "type"
"""The keyword of Temporal's `ApplicationError` that names the type."""


def gone(
    readers: tuple[Reader, Reader], launch: plan.Plan, call: plan.Call, paths: tuple[str, str]
) -> Iterator[str]:
    """The types of errors that *launch* names for *call* and its function has no more.

    Args:
        readers: Of the base and of the new revision.
        launch: The plan of the base.
        call: One of its calls.
        paths: The function that it called, and the one that it calls now.
    """
    exact, any_ = _named(launch, call)
    if not exact and not any_:
        return
    old, new = (_had(reader, path) for reader, path in zip(readers, paths, strict=True))
    if new is None or old is None:
        return
    for name in dict.fromkeys((*exact, *any_)):
        index = 0 if name in exact else 1
        if name in old[index] and name not in new[index]:
            yield name


def named(launch: plan.Plan) -> bool:
    """Whether a plan names any error of an activity."""
    return any(
        any(_named(launch, step))
        for step in plan.every_step(launch.steps)
        if isinstance(step, plan.Call)
    )


def _named(launch: plan.Plan, call: plan.Call) -> tuple[list[str], list[str]]:
    """The types that are caught, and those that are not retried, subclasses included."""
    caught = [
        name
        for step in plan.every_step(launch.steps)
        if isinstance(step, plan.Try) and any(one is call for one in plan.every_step(step.body))
        for clause in step.clauses
        for name in clause.error_types
    ]
    return caught, [*call.retry.non_retryable_error_types]


def _had(reader: Reader, path: str) -> tuple[set[str], set[str]] | None:
    """The exceptions that a function names, and those with all that they are derived from."""
    if path in reader.opaque:
        return None
    lookup = reader.lookup(path)
    exact: set[str] = set()
    every: set[str] = set()
    for one in used(lookup, path):
        for node in one.nodes:
            for name, bases in _exceptions(lookup, one.module, node):
                exact.add(name)
                every.update((name, *bases))
    return exact, every


def _exceptions(lookup: Lookup, module: Module, node: ast.stmt) -> Iterator[tuple[str, list[str]]]:
    """What *node* names and may be raised: all names of classes, and what `type=` gives."""
    caught = {
        id(part)
        for one in ast.walk(node)
        if isinstance(one, ast.ExceptHandler) and one.type is not None
        for part in ast.walk(one.type)
    }
    for one in ast.walk(node):
        if isinstance(one, ast.keyword) and one.arg == _OF_TYPE:
            if isinstance(one.value, ast.Constant):
                yield str(one.value.value), []
        elif isinstance(one, ast.Name | ast.Attribute) and id(one) not in caught:
            yield from _classes(lookup, module, one)


def _classes(
    lookup: Lookup, module: Module, node: ast.expr, depth: int = 0
) -> Iterator[tuple[str, list[str]]]:
    """The class that *node* names, and its bases."""
    name = lookup.dotted(module, node)
    home, _, last = name.rpartition(".")
    try:
        found = lookup.function(home or module.name, last)
    except Unknown:
        return
    if found is None:
        kind = getattr(builtins, last, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            yield last, [one.__name__ for one in kind.__mro__[1:]]
        elif home and last[:1].isupper():
            yield last, []
    elif isinstance(found[1], ast.ClassDef) and depth < 8:
        bases = [
            one
            for base in found[1].bases
            for inner, more in _classes(lookup, found[0], base, depth + 1)
            for one in (inner, *more)
        ]
        yield found[1].name, bases
