"""CEL's macros over lists: each is a loop with an accumulator, known here by its shape.

Passes are counted as CEL counts them, one for each item that is looked at, also for the one at
which a decided `all` or `exists` ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tqrun.plan.expressions.evaluator.meter import ITEM, Meter
from tqrun.plan.expressions.evaluator.values import Failed, in_words, kind
from tqrun.plan.expressions.tree import parts

Closure = Callable[[list[Any]], Any]

_OVERHEAD, _LOOP, _LITERAL, _CALL = 3, 8, 6, 8
"""Steps of a pass besides those of its body, of a loop besides its passes, of a list or an object,
and of a call besides what it is charged for."""


class _Builder(Protocol):
    def build(self, node: Any) -> Closure: ...
    def bind(self, name: str) -> int: ...
    def release(self, name: str) -> None: ...


def loop(builder: _Builder, node: Any) -> Closure:
    """The closure of the loop *node*, which is what one of CEL's macros becomes."""
    if node.item == "#unused":
        return _bound(builder, node)
    range_ = builder.build(node.range)
    place = builder.bind(node.item)
    try:
        step = node.step.call
        if step.function in _DECIDED:
            return _deciding(range_, place, builder.build(step.args[1]), step, node)
        test = None
        if step.function == "_?_:_":
            test, step = builder.build(step.args[0]), step.args[1].call
        if node.start.HasField("list"):
            body = builder.build(step.args[1].list.elements[0])
            return _collecting(range_, place, test, body, _OVERHEAD + cost(node.step))
        assert test is not None
        return _counting(range_, place, test, _OVERHEAD + cost(node.step))
    finally:
        builder.release(node.item)


def cost(node: Any) -> int:
    """The steps of evaluating *node* once; the passes of loops in it count their own."""
    if node.HasField("loop"):
        return _LOOP + cost(node.loop.range)
    steps = 1
    if node.HasField("list"):
        steps = _LITERAL
    elif node.HasField("struct"):
        steps = 2 * _LITERAL + 3 * len(node.struct.entries)
    elif node.HasField("call"):
        steps = 2 if node.call.function.startswith(("_", "@", "!", "-")) else _CALL
    return steps + sum(map(cost, parts(node)))


def _items(range_: Closure, frame: list[Any]) -> list[Any]:
    items = range_(frame)
    if isinstance(items, list):
        return items
    if isinstance(items, dict):
        raise Failed("a map has no order; loop over keys(m) or values(m)")
    raise Failed(f"a loop goes over a list, not {in_words(kind(items))}")


def _begin(frame: list[Any], passes: int, steps: int) -> None:
    meter: Meter = frame[0]
    meter.go(passes)
    meter.work(passes * steps)


def _collecting(
    range_: Closure, place: int, test: Closure | None, body: Closure, steps: int
) -> Closure:
    """`map` and `filter`."""

    def collect(frame: list[Any]) -> list[Any]:
        items = _items(range_, frame)
        _begin(frame, len(items), steps)
        meter: Meter = frame[0]
        found: list[Any] = []
        failure = None
        for item in items:
            frame[place] = item
            try:
                if test is None or _holds(test(frame)):
                    found.append(body(frame))
            except Failed as error:
                # The rest is looked at all the same: it counts.
                failure = failure or error
        if failure is not None:
            raise failure
        meter.build(ITEM * len(found))
        return found

    return collect


def _holds(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise Failed("what decides must be true or false")


def _counting(range_: Closure, place: int, test: Closure, steps: int) -> Closure:
    """`exists_one`."""

    def count(frame: list[Any]) -> bool:
        items = _items(range_, frame)
        _begin(frame, len(items), steps)
        found, failure = 0, None
        for item in items:
            frame[place] = item
            try:
                found += _holds(test(frame))
            except Failed as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return found == 1

    return count


_DECIDED = {"_||_": True, "_&&_": False}


def _deciding(range_: Closure, place: int, test: Closure, step: Any, node: Any) -> Closure:
    """`exists` and `all`: one decisive item makes up for those that fail."""
    decisive, steps = _DECIDED[step.function], _OVERHEAD + cost(node.step)
    sign = step.function.strip("_")

    def decide(frame: list[Any]) -> bool:
        items = _items(range_, frame)
        meter: Meter = frame[0]
        failure = None
        decided = False
        for item in items:
            meter.go(1)
            if decided:
                break
            meter.work(steps)
            frame[place] = item
            try:
                value = test(frame)
            except Failed as error:
                failure = failure or error
                continue
            decided = value is decisive
            if not decided and type(value) is not bool:
                failure = failure or Failed(f'"{sign}" takes true or false')
        if decided:
            return decisive
        if failure is not None:
            raise failure
        return not decisive

    return decide


def _bound(builder: _Builder, node: Any) -> Closure:
    """`optMap` and `optFlatMap`: no loop, but a name for a value."""
    start = builder.build(node.start)
    place = builder.bind(node.accumulator)
    try:
        result = builder.build(node.result)
    finally:
        builder.release(node.accumulator)

    def run(frame: list[Any]) -> Any:
        frame[place] = start(frame)
        return result(frame)

    return run
