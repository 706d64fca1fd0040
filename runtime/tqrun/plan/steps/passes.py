"""Whether the passes of a loop wait for anything, and whether something ends the loop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tqrun.config import steps
from tqrun.config.source import Location
from tqrun.plan.expressions import references
from tqrun.plan.steps.context import Context
from tqrun.plan.steps.flow import waits, writes

MAX_BUSY_PASSES = 1_000
"""Passes without a wait, those of inner loops included: well below Temporal's limit of two seconds
for one workflow task."""
_PAUSE = timedelta(seconds=10)
"""A loop that waits so long in each pass is meant to go on until its run is ended from outside."""

Loop = steps.WhileStep | steps.RepeatStep


def judge(at: Context, step: Loop, location: Location) -> None:
    """Report a loop that blocks its worker, or that nothing can end."""
    key = "repeat_until" if isinstance(step, steps.RepeatStep) else "while"
    inside = [inner for _, inner in steps.walk(step.steps, ())]
    if any(isinstance(inner, steps.FaultyStep) for inner in inside):
        return
    if not any(waits(inner) for inner in inside):
        _judge_busy(at, step, inside, (*location, key))
    elif step.max_iterations is not None:
        return
    elif at.scope.is_concurrent:
        message = (
            "a loop without max_iterations in concurrent code; "
            "give it one, or make it a child workflow"
        )
        at.report.add("unbounded-loop", message, (*location, key), key=True)
    elif not _may_end(step, inside):
        _judge_endless(at, step, inside, (*location, key))


def _judge_busy(at: Context, step: Loop, inside: list[Any], location: Location) -> None:
    loops = [inner for inner in inside if isinstance(inner, Loop)]
    passes = _passes(step)
    # An inner loop that is too long by itself has its own finding.
    if passes <= MAX_BUSY_PASSES or any(_passes(inner) > MAX_BUSY_PASSES for inner in loops):
        return
    message = "no pass of this loop waits for anything; put an activity or a sleep into it"
    if isinstance(step.max_iterations, int):
        message += f", or do at most {MAX_BUSY_PASSES:,} passes"
    else:
        message += ", or give it a small max_iterations"
    at.report.add("busy-loop", message, location, key=True)


def _passes(step: Loop) -> float:
    """The most passes that *step* makes, each counted with those of the loops inside it."""
    limit = step.max_iterations if isinstance(step.max_iterations, int) else float("inf")
    inner = [one for _, one in steps.walk(step.steps, ()) if isinstance(one, Loop)]
    return limit * max((_passes(one) for one in inner), default=1)


def _may_end(step: Loop, inside: list[Any]) -> bool:
    if any(isinstance(inner, steps.ReturnStep | steps.FailStep) for inner in inside):
        return True
    written = {name for inner in inside for name in writes(inner)}
    source = str(step.condition)
    reads = references(step.condition)
    return bool(reads & (written | {step.index})) or "now()" in source or "random()" in source


def _judge_endless(at: Context, step: Loop, inside: list[Any], location: Location) -> None:
    """Report the loop unless it is meant to go on: that of an entity, which waits long.

    A local that the condition reads and no pass writes was meant to be written.
    """
    read = {name: at.scope.find(name) for name in sorted(references(step.condition))}
    forgotten = [name for name, entry in read.items() if entry and entry.kind == "local"]
    written = {name for inner in inside for name in writes(inner)}
    if forgotten:
        message = (
            f'no pass changes "{forgotten[0]}", so that nothing ends the loop; set it in a pass'
        )
    elif not any(_waits_long(inner, written) for inner in inside):
        message = (
            "nothing in the loop can end it; "
            "give it max_iterations, or wait in each pass for a signal or 10s"
        )
    else:
        return
    at.report.add("endless-loop", message, location, key=True)


def _waits_long(step: Any, written: set[str]) -> bool:
    match step:
        case steps.WaitStep():
            return _is_long(step.timeout)
        case steps.SleepStep():
            return _is_long(step.sleep)
        case steps.SleepUntilStep():
            return bool(references(step.sleep_until) & written) or "now()" in step.sleep_until
    return False


def _is_long(duration: timedelta | str | None) -> bool:
    return not isinstance(duration, timedelta) or duration >= _PAUSE
