"""Whether what stands above a function leaves its signature as it is written."""

from __future__ import annotations

import ast

from tqrun.plan.changes.lookup import Lookup, Unknown
from tqrun.plan.changes.modules import Function, Module

_KEEPING = frozenset(
    {
        *("staticmethod", "temporalio.activity.defn", "functools.cache", "functools.lru_cache"),
        *("typing.final", "typing.override", "typing.no_type_check", "warnings.deprecated"),
        *("typing_extensions.override", "typing_extensions.deprecated", "beartype.beartype"),
        *("tenacity.retry", "backoff.on_exception", "backoff.on_predicate"),
        *("pydantic.validate_call", "deprecated.deprecated"),
    }
)
"""Decorators of others that are known to show the signature of what they wrap."""


def hidden(lookup: Lookup, module: Module, node: Function) -> str | None:
    """All that the signature rests on where a decorator may change it; None if none may."""
    strange = [one for one in node.decorator_list if not _keeps(lookup, module, one)]
    if not strange:
        return None
    parts = [ast.unparse(node.args), ast.unparse(node.returns) if node.returns else ""]
    for one in strange:
        parts += [ast.unparse(one), _source(lookup, module, one)]
    return "\n".join(parts)


def _keeps(lookup: Lookup, module: Module, decorator: ast.expr) -> bool:
    if lookup.dotted(module, decorator) in _KEEPING:
        return True
    found = _definition(lookup, module, decorator)
    if not isinstance(found, Function):
        return False
    inner = [one for one in ast.walk(found) if isinstance(one, Function) and _is_last(one)]
    return found not in inner and all(map(_wraps, inner))


def _is_last(node: Function) -> bool:
    """Whether no other function is defined in *node*."""
    return not any(isinstance(one, Function) for one in ast.walk(node) if one is not node)


def _wraps(node: Function) -> bool:
    return any(
        isinstance(one, ast.Call) and ast.unparse(one.func) in ("wraps", "functools.wraps")
        for one in node.decorator_list
    )


def _source(lookup: Lookup, module: Module, decorator: ast.expr) -> str:
    found = _definition(lookup, module, decorator)
    return ast.unparse(found) if found is not None else ""


def _definition(lookup: Lookup, module: Module, decorator: ast.expr) -> ast.stmt | ast.expr | None:
    """What the project itself defines as *decorator*."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    try:
        if isinstance(called, ast.Name):
            found = lookup.definition(module.name, called.id)
        else:
            home, _, name = lookup.dotted(module, called).rpartition(".")
            found = lookup.definition(home, name)
    except Unknown:
        return None
    return None if found is None else found[1]
