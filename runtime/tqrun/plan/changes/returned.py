"""What a workflow returns to its parents: that of its `return` steps, else of its last call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tqrun.plan import model as plan
from tqrun.plan.changes.ids import other_text
from tqrun.plan.changes.own import renamed
from tqrun.plan.changes.pair import Pair
from tqrun.plan.changes.results import changed_result
from tqrun.plan.changes.side import Side
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.types import Schema, taken


def changed(pair: Pair, was: LaunchPlan, is_: LaunchPlan) -> str | None:
    """What a reader of the old result may miss in the new one, in words."""
    old, new = _values(was.plan), _values(is_.plan)
    if bool(old) != bool(new):
        return f'what "{is_.name}" returns has changed'
    if new:
        names = renamed(was.plan, is_.plan)
        strange = [one for one in new if all(_misses(other, one, names) for other in old)]
        return f'what "{is_.name}" returns has changed' if strange else None
    calls = [_last(one.plan) for one in (was, is_)]
    if calls[0] is None or calls[1] is None:
        return None if calls[0] is calls[1] else f'what "{is_.name}" returns has changed'
    if isinstance(calls[0], plan.Child) or isinstance(calls[1], plan.Child):
        pairs = [getattr(one, "workflow", None) for one in calls]
        return None if pairs[0] == pairs[1] else f'what "{is_.name}" returns has changed'
    types = _type(pair.before, was, calls[0]), _type(pair.after, is_, calls[1])
    return changed_result(*types, f'what "{is_.name}" returns, the result of its last call,')


def readers(pair: Pair, name: str) -> dict[str, str]:
    """The workflows of the base that read what *name* returns, and their queues."""
    found: dict[str, str] = {}
    wanted = [name]
    while wanted:
        child = wanted.pop()
        for launch in pair.parents.get(child, ()):
            last = _last(launch.plan)
            passes_on = isinstance(last, plan.Child) and last.workflow == child
            if launch.name not in found and _reads(launch.plan, child):
                found[launch.name] = launch.plan.queue
            if passes_on and launch.name not in (name, *wanted) and launch.name not in found:
                wanted.append(launch.name)
    return found


def _reads(of: plan.Plan, child: str) -> bool:
    return any(
        isinstance(step, plan.Child) and step.workflow == child and step.result is not None
        for step in plan.every_step(of.steps)
    )


def _values(of: plan.Plan) -> list[Any]:
    return [step.value for step in plan.every_step(of.steps) if isinstance(step, plan.Return)]


def _last(of: plan.Plan) -> plan.Call | plan.Child | None:
    last = of.steps[-1] if of.returns_last else None
    return last if isinstance(last, plan.Call | plan.Child) else None


def _type(side: Side, launch: LaunchPlan, call: plan.Call) -> Schema:
    function = side.compiler.functions.of(launch.plan.queue, call.activity)
    return {} if function is None else taken(function.returns)


def _misses(old: Any, new: Any, names: Mapping[str, str]) -> bool:
    """Whether a reader of the value *old* may miss something in *new*."""
    if isinstance(old, dict) and isinstance(new, dict):
        return any(key not in new or _misses(old[key], new[key], names) for key in old)
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        pairs = zip(old, new, strict=False)
        return len(new) < len(old) or any(_misses(*pair, names) for pair in pairs)
    if isinstance(old, str) and isinstance(new, str) and "${" in old + new:
        return other_text(old, new, names)
    return bool(old != new) or type(old) is not type(new)
