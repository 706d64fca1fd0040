"""The syntax tree of a compiled expression: which of its loops go over a map.

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
        "select": (5, "Select"),
        "call": (6, "Call"),
        "list": (7, "List"),
        "struct": (8, "Struct"),
        "loop": (9, "Loop"),
    },
    "Select": {"operand": (1, "Expr")},
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
    "Type": {"map_type": (7, "MapType")},
    "MapType": {},
    "Info": {"positions": (4, "*Position")},
    "Position": {"key": (1, "int64"), "value": (2, "int32")},
}


@cache
def _checked() -> Any:
    """The Protobuf class of a whole tree."""
    field = descriptor_pb2.FieldDescriptorProto
    scalars = {"int64": field.TYPE_INT64, "int32": field.TYPE_INT32, "string": field.TYPE_STRING}
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


def map_loops(expression: Any) -> list[int]:
    """Where in its source *expression* loops over what is certainly a map: character offsets."""
    tree = _checked().FromString(any_pb2.Any.FromString(expression.serialize()).value)
    maps = {entry.key for entry in tree.types if entry.value.HasField("map_type")}
    offsets = {entry.key: entry.value for entry in tree.info.positions}
    ranges = [loop.range.id for loop in _loops(tree.expr)]
    return [offsets.get(number, 0) for number in ranges if number in maps]


def ordered(environment: Any, expression: Any) -> Any:
    """*expression* with the range of every loop passed through `ORDERED`."""
    wrapped = any_pb2.Any.FromString(expression.serialize())
    tree = _checked().FromString(wrapped.value)
    loops = list(_loops(tree.expr))
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


def _loops(node: Any) -> Iterator[Any]:
    """Every loop in *node*, inner ones first."""
    if node.HasField("select"):
        yield from _loops(node.select.operand)
    if node.HasField("call"):
        if node.call.HasField("target"):
            yield from _loops(node.call.target)
        for argument in node.call.args:
            yield from _loops(argument)
    for element in node.list.elements if node.HasField("list") else ():
        yield from _loops(element)
    for entry in node.struct.entries if node.HasField("struct") else ():
        for part in (entry.map_key, entry.value):
            yield from _loops(part)
    if node.HasField("loop"):
        for part in (node.loop.range, node.loop.start, node.loop.condition, node.loop.step):
            yield from _loops(part)
        yield from _loops(node.loop.result)
        yield node.loop
