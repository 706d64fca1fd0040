"""Steps that repeat others: `foreach`, `while` and `repeat_until`."""

from __future__ import annotations

from typing import Any

from tqrun.config import steps
from tqrun.config.source import Location
from tqrun.plan import model as plan
from tqrun.plan.expressions import Schema, not_null, types
from tqrun.plan.scope import Name, Scope, State
from tqrun.plan.steps.children import refuse_same_in_items
from tqrun.plan.steps.context import Context
from tqrun.plan.steps.passes import judge

_PASSES = (False, False, False, False, True)
"""A body is looked at until it changes no type of what it begins with; true: no longer."""


def foreach(at: Context, step: steps.ForeachStep, location: Location) -> plan.Foreach:
    """A loop over a list."""
    if (step.collect is None) != (step.result is None):
        given, missing = ("as", "collect") if step.collect is None else ("collect", "as")
        message = f'"{given}" without "{missing}" keeps nothing; add "{missing}"'
        at.report.add("unused-name", message, (*location, given), key=True)
    items = at.value(step.foreach, (*location, "foreach"))
    item = _item(at, items, (*location, "foreach"))
    limit = step.max_concurrent
    at.number(limit, (*location, "max_concurrent"))
    names = {step.item: Name(item, "item", location=(*location, "item"))}
    if step.index is not None:
        names[step.index] = Name({"type": "integer"}, "item", location=(*location, "index"))
    at.refuse_shadows(names)
    outer, before = at.scope, at.scope.state()
    collected: Schema = {}
    body: tuple[Any, ...] = ()
    for is_last in _PASSES:
        start, mark = at.scope.state(), len(at.report.findings)
        at.scope = Scope(names, outer, concurrent=limit != 1)
        body = at.block(step.steps, (*location, "steps"))
        if step.collect is not None:
            collected = at.value(step.collect, (*location, "collect"))
        inner, at.scope = at.scope, outer
        if is_last or _settled(at, start, mark):
            break
    for name, entry in inner.names.items():
        at.never_read(name, entry)
    if limit != 1:
        refuse_same_in_items(at, step, location, {*inner.names})
    outer.merge([before, outer.state()])
    if step.result is not None:
        at.write(step.result, {"type": "array", "items": collected}, (*location, "as"))
    return plan.Foreach(
        items=step.foreach,
        steps=body,
        item=step.item,
        index=step.index,
        max_concurrent=limit,
        collect=step.collect,
        result=step.result,
        on_error=step.on_error,
    )


def _settled(at: Context, start: State, mark: int) -> bool:
    """Whether another pass over a body would begin as the one from *start* did.

    Else everything is ready for that pass: names have the types that both leave behind, and the
    findings since *mark* are taken back.
    """
    after = at.scope.state()
    at.scope.keep_types(start)
    if at.scope.state() == start:
        at.scope.restore(after)
        return True
    at.report.forget(mark)
    return False


def _item(at: Context, items: Schema, location: Location) -> Schema:
    """What the items of a list are; a finding if it is none."""
    found = types.kinds(items)
    if found and "array" not in found:
        if "object" in found:
            message = "a map has no order; loop over keys(m) or values(m)"
            at.report.add("map-iteration", message, location)
        else:
            message = f"{found[0]} is no list to loop over"
            at.report.add("bad-expression", message, location)
        return {}
    if "null" in found:
        message = "the list may be null here; test it first"
        at.report.add("possibly-null", message, location)
    inner: Schema = items.get("items", {})
    return inner


def loop(at: Context, step: steps.WhileStep | steps.RepeatStep, location: Location) -> plan.Loop:
    """A `while` or a `repeat_until`."""
    until = isinstance(step, steps.RepeatStep)
    key = "repeat_until" if until else "while"
    at.number(step.max_iterations, (*location, "max_iterations"))
    names = {}
    if step.index is not None:
        names[step.index] = Name({"type": "integer"}, "item", location=(*location, "index"))
    at.refuse_shadows(names)
    before = at.scope.state()
    body: tuple[Any, ...] = ()
    for is_last in _PASSES:
        start, mark = at.scope.state(), len(at.report.findings)
        with at.scope.showing(names):
            if not until:
                at.condition(step.condition, (*location, key))
                at.scope.narrow(not_null(step.condition, holds=True))
            body = at.block(step.steps, (*location, "steps"))
            if until:
                at.condition(step.condition, (*location, key))
        if is_last or _settled(at, start, mark):
            break
    judge(at, step, location)
    if not until and step.condition is not True:
        at.scope.merge([before, at.scope.state()])
    if step.max_iterations is None or step.on_limit == "fail":
        at.scope.narrow(not_null(step.condition, holds=until))
    return plan.Loop(
        condition=step.condition,
        steps=body,
        until=until,
        index=step.index,
        max_iterations=step.max_iterations,
        on_limit=step.on_limit,
    )
