"""Comparisons that never hold: with a value outside the enum of what they look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tqrun.plan.expressions import types
from tqrun.plan.expressions.pieces import ALIASES
from tqrun.plan.expressions.tree import Tree, parts
from tqrun.plan.expressions.types import Schema

_EQUAL, _IN, _INDEX = ("_==_", "_!=_"), "@in", "_[_]"


class Never(NamedTuple):
    """A constant that is compared with something that never has its value.

    Attributes:
        offset: The character of the source where the constant stands.
        path: What it is compared with; empty where that has no name.
        choices: The values that it may have.
    """

    offset: int
    value: Any
    path: str
    choices: list[Any]


def never(tree: Tree, known: Mapping[str, Schema]) -> Iterator[Never]:
    """Each comparison in *tree* with a value that the enum of the other side does not have."""
    for value, schema, constant in _compared(tree.root, known):
        choices = [one for one in schema.get("enum", ()) if one is not None]
        found = _constant(constant)
        if choices and found is not None and not any(_same(found, one) for one in choices):
            first, dot, rest = tree.path(value).partition(".")
            path = f"{ALIASES.get(first, first)}{dot}{rest}"
            yield Never(tree.offset(constant), found, path, choices)


def has_enum(schema: Schema) -> bool:
    """Whether a value of *schema* has an enum anywhere in it."""
    inner = [*schema.get("properties", {}).values(), schema.get("items", {})]
    return "enum" in schema or any(has_enum(one) for one in inner if one)


def _compared(node: Any, names: Mapping[str, Schema]) -> Iterator[tuple[Any, Schema, Any]]:
    """Each pair that *node* compares: a value, what is known about it, and the other one."""
    if node.HasField("call") and len(node.call.args) == 2:
        one, other = node.call.args
        if node.call.function in _EQUAL:
            yield one, _schema(one, names), other
            yield other, _schema(other, names), one
        elif node.call.function == _IN and other.HasField("list"):
            for item in other.list.elements:
                yield one, _schema(one, names), item
        elif node.call.function == _IN:
            yield other, _schema(other, names).get("items", {}), one
    if node.HasField("loop"):
        loop = node.loop
        inside = {**names, loop.item: _schema(loop.range, names).get("items", {})}
        inside[loop.accumulator] = {}
        yield from _compared(loop.range, names)
        for part in (loop.condition, loop.step, loop.result):
            yield from _compared(part, inside)
    else:
        for part in parts(node):
            yield from _compared(part, names)


def _schema(node: Any, names: Mapping[str, Schema]) -> Schema:
    """What is known about the value of *node*."""
    if node.HasField("name"):
        name = str(node.name.name).removeprefix("input.")
        return names.get(ALIASES.get(name, name), {})
    if node.HasField("select") and not node.select.is_test:
        return types.at_path(_schema(node.select.operand, names), [node.select.field]) or {}
    if node.HasField("call") and node.call.function == _INDEX:
        inner: Schema = _schema(node.call.args[0], names).get("items", {})
        return inner
    return {}


def _constant(node: Any) -> Any:
    kind = node.const.WhichOneof("kind") if node.HasField("const") else None
    if kind not in ("string", "integer", "double", "boolean"):
        return None
    return getattr(node.const, kind)


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
