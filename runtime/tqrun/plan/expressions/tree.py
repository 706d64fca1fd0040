"""The syntax tree of a compiled expression, and what the check looks for in it.

It is CEL's own `cel.expr.CheckedExpr` (github.com/google/cel-spec, proto/cel/expr/checked.proto);
only the fields read here are declared, Protobuf keeps the others as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

from tqrun.plan.expressions import functions

_SHAPES = {
    "Checked": {"types": (3, "*TypeEntry"), "expr": (4, "Expr"), "info": (5, "Info")},
    "Expr": {
        "id": (2, "int64"),
        "const": (3, "Const"),
        "name": (4, "Name"),
        "select": (5, "Select"),
        "call": (6, "Call"),
        "list": (7, "List"),
        "struct": (8, "Struct"),
        "loop": (9, "Loop"),
    },
    "Const": {
        "null": (1, "int64"),
        "boolean": (2, "bool"),
        "integer": (3, "int64"),
        "uint": (4, "uint64"),
        "double": (5, "double"),
        "string": (6, "string"),
        "bytes": (7, "bytes"),
    },
    "Name": {"name": (1, "string")},
    "Select": {"operand": (1, "Expr"), "field": (2, "string"), "is_test": (3, "bool")},
    "Call": {"target": (1, "Expr"), "function": (2, "string"), "args": (3, "*Expr")},
    "List": {"elements": (1, "*Expr"), "optional_indices": (2, "*int32")},
    "Struct": {"message_name": (1, "string"), "entries": (2, "*Entry")},
    "Entry": {"map_key": (3, "Expr"), "value": (4, "Expr"), "optional": (5, "bool")},
    "Loop": {
        "item": (1, "string"),
        "range": (2, "Expr"),
        "accumulator": (3, "string"),
        "start": (4, "Expr"),
        "condition": (5, "Expr"),
        "step": (6, "Expr"),
        "result": (7, "Expr"),
    },
    "TypeEntry": {"key": (1, "int64"), "value": (2, "Type")},
    "Type": {
        "list_type": (6, "ListType"),
        "map_type": (7, "MapType"),
        "message": (9, "string"),
        "abstract": (14, "Abstract"),
    },
    "ListType": {"item": (1, "Type")},
    "MapType": {"key": (1, "Type"), "value": (2, "Type")},
    "Abstract": {"name": (1, "string")},
    "Info": {"positions": (4, "*Position")},
    "Position": {"key": (1, "int64"), "value": (2, "int32")},
}
_OPTIONAL = "optional_type"
_CHOICES = {"Expr": ("const", "name", "select", "call", "list", "struct", "loop"), "Const": None}
"""The messages of which one field is set, and which fields that are; None: all."""


@cache
def _checked() -> Any:
    """The Protobuf class of a whole tree."""
    field = descriptor_pb2.FieldDescriptorProto
    scalars = {
        "int64": field.TYPE_INT64,
        "int32": field.TYPE_INT32,
        "uint64": field.TYPE_UINT64,
        "double": field.TYPE_DOUBLE,
        "bytes": field.TYPE_BYTES,
        "string": field.TYPE_STRING,
        "bool": field.TYPE_BOOL,
    }
    file = descriptor_pb2.FileDescriptorProto(name="tqrun/tree.proto", package="tree")
    for name, fields in _SHAPES.items():
        message = file.message_type.add(name=name)
        if name in _CHOICES:
            message.oneof_decl.add(name="kind")
        for field_name, (number, kind) in fields.items():
            repeated = kind.startswith("*")
            label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            made = message.field.add(name=field_name, number=number, label=label)
            if name in _CHOICES and field_name in (_CHOICES[name] or fields):
                made.oneof_index = 0
            if kind.lstrip("*") in scalars:
                made.type = scalars[kind.lstrip("*")]
            else:
                made.type, made.type_name = field.TYPE_MESSAGE, f".tree.{kind.lstrip('*')}"
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tree.Checked"))


def parsed(expression: Any) -> Any:
    """The tree of the compiled *expression*."""
    return _checked().FromString(any_pb2.Any.FromString(expression.serialize()).value)


class Tree:
    """What a compiled expression looks at, and where in its source: character offsets.

    Attributes:
        root: The outermost node.
    """

    def __init__(self, expression: Any) -> None:
        """Read the tree of *expression*."""
        tree = parsed(expression)
        self._offsets = {entry.key: entry.value for entry in tree.info.positions}
        self._types = {entry.key: entry.value for entry in tree.types}
        self._nodes = list(nodes(tree.expr))
        self.root = tree.expr

    def offset(self, node: Any) -> int:
        """Where *node* stands."""
        return int(self._offsets.get(node.id, 0))

    def path(self, node: Any) -> str:
        """The path of names and fields that *node* is, such as `page.next`; empty if it is not."""
        return _path(node)

    @property
    def is_optional(self) -> bool:
        """Whether the whole is an optional, to what is known of its type."""
        type_ = self._types.get(self.root.id)
        return type_ is not None and str(type_.abstract.name) == _OPTIONAL

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

    def optional_arguments(self) -> Iterator[tuple[int, str]]:
        """Each optional that a function of the project or a loop is given: where, and by which."""
        for node in self._nodes:
            call = node.call
            if (
                node.HasField("call")
                and call.function in functions.NAMES
                and not call.HasField("target")
            ):
                for argument in call.args:
                    if self._holds_optional(argument):
                        yield self._offsets.get(argument.id, 0), f'"{call.function}"'
            elif node.HasField("loop") and self._holds_optional(node.loop.range):
                yield self._offsets.get(node.loop.range.id, 0), "a loop"

    def _holds_optional(self, node: Any) -> bool:
        return node.id in self._types and _is_optional(self._types[node.id])

    def functions(self) -> set[str]:
        """The name of each function that is called."""
        return {node.call.function for node in self._nodes if node.HasField("call")}

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


def _is_optional(type_: Any) -> bool:
    """Whether a value of *type_* is an optional, or holds one."""
    if type_.HasField("list_type"):
        return _is_optional(type_.list_type.item)
    if type_.HasField("map_type"):
        return _is_optional(type_.map_type.value)
    return str(type_.abstract.name) == _OPTIONAL


def nodes(node: Any) -> Iterator[Any]:
    """*node* and all that are in it, inner ones first."""
    for part in parts(node):
        yield from nodes(part)
    yield node


def parts(node: Any) -> Iterator[Any]:
    """What *node* is made of."""
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
