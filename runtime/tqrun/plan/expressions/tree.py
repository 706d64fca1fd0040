"""The syntax tree of a compiled expression: loops over a map, fields that may not be there.

CEL iterates a map in an order that differs between processes, which a workflow must never see. The
tree is CEL's own `cel.expr.CheckedExpr` (github.com/google/cel-spec, proto/cel/expr/checked.proto);
only the fields read here are declared, Protobuf keeps the others as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

ORDERED = "@ordered"
"""The function that the range of every loop is passed through: it refuses a map."""

_SHAPES = {
    "Checked": {"types": (3, "*TypeEntry"), "expr": (4, "Expr"), "info": (5, "Info")},
    "Expr": {
        "id": (2, "int64"),
        "name": (4, "Name"),
        "select": (5, "Select"),
        "call": (6, "Call"),
        "list": (7, "List"),
        "struct": (8, "Struct"),
        "loop": (9, "Loop"),
    },
    "Name": {"name": (1, "string")},
    "Select": {"operand": (1, "Expr"), "field": (2, "string"), "is_test": (3, "bool")},
    "Call": {"target": (1, "Expr"), "function": (2, "string"), "args": (3, "*Expr")},
    "List": {"elements": (1, "*Expr")},
    "Struct": {"entries": (2, "*Entry")},
    "Entry": {"map_key": (3, "Expr"), "value": (4, "Expr")},
    "Loop": {
        "range": (2, "Expr"),
        "start": (4, "Expr"),
        "condition": (5, "Expr"),
        "step": (6, "Expr"),
        "result": (7, "Expr"),
    },
    "TypeEntry": {"key": (1, "int64"), "value": (2, "Type")},
    "Type": {"map_type": (7, "MapType"), "message": (9, "string")},
    "MapType": {},
    "Info": {"positions": (4, "*Position")},
    "Position": {"key": (1, "int64"), "value": (2, "int32")},
}


@cache
def _checked() -> Any:
    """The Protobuf class of a whole tree."""
    field = descriptor_pb2.FieldDescriptorProto
    scalars = {
        "int64": field.TYPE_INT64,
        "int32": field.TYPE_INT32,
        "string": field.TYPE_STRING,
        "bool": field.TYPE_BOOL,
    }
    file = descriptor_pb2.FileDescriptorProto(name="tqrun/tree.proto", package="tree")
    for name, fields in _SHAPES.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            repeated = kind.startswith("*")
            label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            made = message.field.add(name=field_name, number=number, label=label)
            if kind in scalars:
                made.type = scalars[kind]
            else:
                made.type, made.type_name = field.TYPE_MESSAGE, f".tree.{kind.lstrip('*')}"
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tree.Checked"))


class Tree:
    """What a compiled expression looks at, and where in its source: character offsets."""

    def __init__(self, expression: Any) -> None:
        """Read the tree of *expression*."""
        tree = _checked().FromString(any_pb2.Any.FromString(expression.serialize()).value)
        self._offsets = {entry.key: entry.value for entry in tree.info.positions}
        self._types = {entry.key: entry.value for entry in tree.types}
        self._nodes = list(_nodes(tree.expr))

    def map_loops(self) -> list[int]:
        """Each loop over what is certainly a map."""
        ranges = [node.loop.range.id for node in self._nodes if node.HasField("loop")]
        return [
            self._offsets.get(number, 0)
            for number in ranges
            if number in self._types and self._types[number].HasField("map_type")
        ]

    def fields(self) -> Iterator[tuple[int, str, str, str]]:
        """Each field that is read: where, of which message, its name, and the path to it.

        The path is that of names and fields, such as `page.next`; empty where there is none.
        """
        for node in self._nodes:
            if node.HasField("select") and not node.select.is_test:
                of = self._types.get(node.select.operand.id)
                message = of.message if of is not None else ""
                yield self._offsets.get(node.id, 0), message, node.select.field, _path(node)

    def tested(self) -> set[str]:
        """The path of each field that `has()` asks for."""
        selects = (node for node in self._nodes if node.HasField("select"))
        return {_path(node) for node in selects if node.select.is_test}


def _path(node: Any) -> str:
    if node.HasField("name"):
        return str(node.name.name)
    if not node.HasField("select"):
        return ""
    outer = _path(node.select.operand)
    return f"{outer}.{node.select.field}".removeprefix("input.") if outer else ""


def ordered(environment: Any, expression: Any) -> Any:
    """*expression* with the range of every loop passed through `ORDERED`."""
    wrapped = any_pb2.Any.FromString(expression.serialize())
    tree = _checked().FromString(wrapped.value)
    loops = [node.loop for node in _nodes(tree.expr) if node.HasField("loop")]
    if not loops:
        return expression
    for number, loop in enumerate(loops):
        inner = type(loop.range).FromString(loop.range.SerializeToString())
        loop.range.Clear()
        loop.range.id = 1_000_000 + number
        loop.range.call.function = ORDERED
        loop.range.call.args.append(inner)
    wrapped.value = tree.SerializeToString()
    return environment.deserialize(wrapped.SerializeToString())


def _nodes(node: Any) -> Iterator[Any]:
    """*node* and all that are in it, inner ones first."""
    for part in _parts(node):
        yield from _nodes(part)
    yield node


def _parts(node: Any) -> Iterator[Any]:
    if node.HasField("select"):
        yield node.select.operand
    if node.HasField("call"):
        if node.call.HasField("target"):
            yield node.call.target
        yield from node.call.args
    if node.HasField("list"):
        yield from node.list.elements
    for entry in node.struct.entries if node.HasField("struct") else ():
        yield from (entry.map_key, entry.value)
    if node.HasField("loop"):
        loop = node.loop
        yield from (loop.range, loop.start, loop.condition, loop.step, loop.result)
