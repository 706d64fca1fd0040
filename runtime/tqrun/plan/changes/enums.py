"""Enumerations as their source text has them: the value of each member."""

from __future__ import annotations

import ast
from typing import Any

from tqrun.plan.changes.lookup import Lookup, Unknown
from tqrun.plan.changes.modules import Function, Module, assigned, plain

_KINDS = ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TextChoices", "IntegerChoices")


def is_one(lookup: Lookup, module: Module, node: ast.ClassDef) -> bool:
    """Whether the class *node* lists values."""
    return _kind(lookup, module, node) is not None


def members(lookup: Lookup, module: Module, node: ast.ClassDef) -> dict[str, Any]:
    """The values of an enumeration by name.

    Raises:
        Unknown: One is computed in a way that the text does not show.
    """
    kind = _kind(lookup, module, node)
    if any(isinstance(one, Function) and one.name == "_generate_next_value_" for one in node.body):
        raise Unknown
    found: dict[str, Any] = {}
    for entry in node.body:
        target = assigned(entry)
        if target is None or target[0].startswith("_"):
            continue
        name, value = target
        if _is_auto(value):
            found[name] = _next(str(kind), name, [*found.values()])
        elif _is_auto_first(value):
            raise Unknown
        else:
            found[name] = _value(lookup, module, value, found)
    return found


def _kind(lookup: Lookup, module: Module, node: ast.ClassDef, depth: int = 0) -> str | None:
    """Which enumeration of the library *node* is; `str` where one is mixed with text."""
    bases = [lookup.dotted(module, one).partition("[")[0] for one in node.bases]
    names = [one.rpartition(".")[2] for one in bases]
    for name in names:
        if name in _KINDS:
            return "str" if "str" in names else name
    for base in bases if depth < len(_KINDS) else ():
        home, _, name = base.rpartition(".")
        found = lookup.definition(home or module.name, name)
        if found is not None and isinstance(found[1], ast.ClassDef) and found[1] is not node:
            kind = _kind(lookup, *found, depth + 1)  # type: ignore[arg-type]
            if kind is not None:
                return kind
    return None


def _is_auto(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("auto", "enum.auto")


def _is_auto_first(node: ast.expr) -> bool:
    return isinstance(node, ast.Tuple) and any(map(_is_auto, node.elts))


def _next(kind: str, name: str, known: list[Any]) -> Any:
    """What `auto()` gives the member *name* after those that are *known*."""
    numbers = [int(one) for one in known if isinstance(one, int) or str(one).isdigit()]
    match kind:
        case "StrEnum":
            return name.lower()
        case "Flag" | "IntFlag":
            return 1 << max(numbers).bit_length() if numbers else 1
        case "str":
            return str(max(numbers, default=0) + 1)
    return max(numbers, default=0) + 1


def _value(lookup: Lookup, module: Module, node: ast.expr, known: dict[str, Any]) -> Any:
    try:
        return plain(node, known)
    except ValueError:
        pass
    found = lookup.definition(module.name, node.id) if isinstance(node, ast.Name) else None
    if found is None or not isinstance(found[1], ast.expr):
        raise Unknown
    try:
        return plain(found[1])
    except ValueError:
        raise Unknown from None
