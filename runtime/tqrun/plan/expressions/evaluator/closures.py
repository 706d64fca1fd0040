"""The checked tree of an expression as Python closures, built once and called for each evaluation.

A closure takes the frame: the meter, then the variables, then what loops name. An argument that
fails keeps the ones after it from nothing, as in CEL: their loops and random numbers count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from tqrun.plan.expressions.evaluator import fields, loops
from tqrun.plan.expressions.evaluator.branches import SHORT
from tqrun.plan.expressions.evaluator.calls import called
from tqrun.plan.expressions.evaluator.meter import FIELD, ITEM
from tqrun.plan.expressions.evaluator.operators import BINARY, UNARY, key_of
from tqrun.plan.expressions.evaluator.values import (
    Failed,
    Foreign,
)
from tqrun.plan.expressions.functions import IN_WORKFLOW
from tqrun.plan.expressions.pieces import ALIASES, TYPE_NAMES
from tqrun.plan.expressions.tree import nodes

Frame = list[Any]
Closure = Callable[[Frame], Any]

MISSING: Any = object()
"""What the frame has for a variable that has no value."""


class Builder:
    """Makes the closures of one expression.

    Attributes:
        size: How many places a frame has.
    """

    def __init__(self, variables: Sequence[str]) -> None:
        """Place *variables* behind the meter, in this order."""
        self._variables = {name: number for number, name in enumerate(variables, 1)}
        self._loops: dict[str, list[int]] = {}
        self.size = len(variables) + 1

    def build(self, node: Any) -> Closure:
        """The closure of *node*."""
        which = node.WhichOneof("kind")
        made: Closure = getattr(self, f"_{which}")(node)
        return made

    def bind(self, name: str) -> int:
        """A place in the frame for what a loop calls *name*, until it is released."""
        self._loops.setdefault(name, []).append(self.size)
        self.size += 1
        return self.size - 1

    def release(self, name: str) -> None:
        """Forget the innermost *name*."""
        self._loops[name].pop()

    def _const(self, node: Any) -> Closure:
        which = node.const.WhichOneof("kind")
        value = None if which == "null" else getattr(node.const, which)
        if which == "uint":
            value = Foreign("uint64", value, str(value))
        elif which == "bytes":
            value = Foreign("bytes", value)
        return lambda _: value

    def _name(self, node: Any) -> Closure:
        name = node.name.name
        if self._loops.get(name):
            return itemgetter(self._loops[name][-1])
        if name not in self._variables:
            if name.removeprefix("google.protobuf.") in ("Timestamp", "Duration"):
                return lambda _: Foreign("type", name)
            return _raising(Failed(f'"{name}" has no value here'))
        place, plain = self._variables[name], plain_name(name)
        is_type = plain in TYPE_NAMES

        def read(frame: Frame) -> Any:
            value = frame[place]
            if value is MISSING:
                if is_type:
                    return Foreign("type", plain)
                raise Failed(f'"{plain}" has no value here')
            return value

        return read

    def _select(self, node: Any) -> Closure:
        operand, field = self.build(node.select.operand), node.select.field
        look = fields.tested if node.select.is_test else fields.selected

        def select(frame: Frame) -> Any:
            value = operand(frame)
            if type(value) is dict and field in value:
                return value[field]
            return look(value, field)

        def test(frame: Frame) -> Any:
            return look(operand(frame), field)

        return test if node.select.is_test else select

    def _call(self, node: Any) -> Closure:
        call = node.call
        name, member = call.function, call.HasField("target")
        parts = [call.target, *call.args] if member else [*call.args]
        short = SHORT.get(name)
        if short is not None:
            return short(*map(self.build, parts))
        arguments = self.each(parts)
        if name == "_[_]" and parts[1].const.HasField("string"):
            return fields.named_item(arguments[0], parts[1].const.string)
        if name in BINARY and len(arguments) == 2:
            return _binary(BINARY[name], *arguments)
        if name in UNARY and len(arguments) == 1:
            return _unary(UNARY[name], *arguments)
        if name == "_?._":
            return fields.optional_field(arguments[0], parts[1].const.string)

        def make(frame: Frame) -> Any:
            given = [argument(frame) for argument in arguments]
            return called(frame[0], name, given, member=member)

        return make

    def _list(self, node: Any) -> Closure:
        elements, optional = self.each(node.list.elements), {*node.list.optional_indices}
        size = ITEM * (len(elements) + 1)

        def make(frame: Frame) -> list[Any]:
            frame[0].build(size)
            return [element(frame) for element in elements]

        def make_some(frame: Frame) -> list[Any]:
            found = []
            for number, value in enumerate(make(frame)):
                if number not in optional:
                    found.append(value)
                elif fields.is_there(value):
                    found.append(value.value)
            return found

        return make_some if optional else make

    def _struct(self, node: Any) -> Closure:
        if node.struct.message_name:
            return _raising(Failed("only objects and lists are made here"))
        entries = [*node.struct.entries]
        parts = self.each([part for entry in entries for part in (entry.map_key, entry.value)])
        keys, values = parts[::2], parts[1::2]
        triples = [
            (key, value, entry.optional)
            for key, value, entry in zip(keys, values, entries, strict=True)
        ]
        size = FIELD * len(triples) + ITEM

        def make(frame: Frame) -> dict[Any, Any]:
            frame[0].build(size)
            found: dict[Any, Any] = {}
            for key, value, optional in triples:
                name, inner = key_of(key(frame)), value(frame)
                if optional and not fields.is_there(inner):
                    continue
                if name in found:
                    raise Failed("an object has a field twice")
                found[name] = inner.value if optional else inner
            return found

        return make

    def _loop(self, node: Any) -> Closure:
        return loops.loop(self, node.loop)

    def each(self, parts: Sequence[Any]) -> list[Closure]:
        """The closures of arguments; where one fails, the effects of the later ones remain."""
        built = [self.build(part) for part in parts]
        effects = [closure for closure, part in zip(built, parts, strict=True) if has_effects(part)]
        if not effects:
            return built
        return [
            _with_effects(closure, [one for one in effects if one in built[number + 1 :]])
            for number, closure in enumerate(built)
        ]


def has_effects(node: Any) -> bool:
    """Whether evaluating *node* leaves a trace besides its value: passes, or random numbers."""
    return any(
        inner.HasField("loop") or (inner.HasField("call") and inner.call.function in IN_WORKFLOW)
        for inner in nodes(node)
    )


def _with_effects(closure: Closure, later: list[Closure]) -> Closure:
    def run(frame: Frame) -> Any:
        try:
            return closure(frame)
        except Failed:
            for one in later:
                try:
                    one(frame)
                except Failed:
                    continue
            raise

    return run if later else closure


def plain_name(name: str) -> str:
    """A variable as the user calls it: some stand under another name while CEL checks."""
    return ALIASES.get(name, name)


def _raising(error: Failed) -> Closure:
    def fail(_: Frame) -> Any:
        raise error

    return fail


def _binary(operation: Callable[..., Any], left: Closure, right: Closure) -> Closure:
    return lambda frame: operation(frame[0], left(frame), right(frame))


def _unary(operation: Callable[..., Any], operand: Closure) -> Closure:
    return lambda frame: operation(frame[0], operand(frame))
