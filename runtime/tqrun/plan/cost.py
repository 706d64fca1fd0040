"""What a run of a plan can cost: how long it may take, its events and its billable actions.

Events are those of a history without retries, where every wait ends one workflow task; actions are
counted as Temporal Cloud bills them (docs.temporal.io/cloud/actions).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import ClassVar

from tqrun.config.values import format_duration, retry_waits
from tqrun.plan import model as plan

_TASK_EVENTS = 3
_START_EVENTS = 1 + _TASK_EVENTS
_END_EVENTS = 1
_MOST_ATTEMPTS = 10_000


@dataclass(frozen=True)
class Cost:
    """Of one run.

    Attributes:
        worst_case: The longest duration, in words.
        events: History events at least, in words.
        billable_actions: Billable actions at least, in words.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ("worst_case", "events", "billable_actions")
    worst_case: str
    events: str
    billable_actions: str

    def __str__(self) -> str:
        """One line of all three."""
        values = self.worst_case, self.events, self.billable_actions
        return "worst case {}, {} events, {} billable actions".format(*values)


@dataclass(frozen=True)
class _Sum:
    """Seconds at most (None: no limit), events and actions at least."""

    seconds: float | None = 0.0
    events: int = 0
    actions: int = 0
    is_open: bool = False

    def __add__(self, other: _Sum) -> _Sum:
        seconds = None
        if self.seconds is not None and other.seconds is not None:
            seconds = self.seconds + other.seconds
        return _Sum(
            seconds,
            self.events + other.events,
            self.actions + other.actions,
            self.is_open or other.is_open,
        )

    def times(self, count: int | None) -> _Sum:
        """As often as *count* says; None: as often as it likes, at least once."""
        if count is None:
            return _Sum(None, self.events, self.actions, is_open=True)
        seconds = None if self.seconds is None else self.seconds * count
        return _Sum(seconds, self.events, self.actions, self.is_open or count > 1)


def cost(of: plan.Plan) -> Cost:
    """The cost of one run of a plan that its launch has sent."""
    total = _block(of.steps)
    more = "+" if total.is_open else ""
    longest = _rounded(total)
    worst = "no limit" if longest is None else format_duration(longest)
    events = _START_EVENTS + total.events + _END_EVENTS
    return Cost(worst, f"{events}{more}", f"{1 + total.actions}{more}")


def longest(of: plan.Plan) -> timedelta | None:
    """The longest time that one run can take, in whole seconds; None: there is no limit."""
    return _rounded(_block(of.steps))


def _rounded(total: _Sum) -> timedelta | None:
    return None if total.seconds is None else timedelta(seconds=round(total.seconds))


def longest_call(call: plan.Call) -> timedelta | None:
    """The longest time that one activity call may take; None: there is no limit, or not yet one."""
    seconds = _call_seconds(call)
    return None if seconds is None else timedelta(seconds=seconds)


def _call_seconds(call: plan.Call) -> float | None:
    if isinstance(call.schedule_to_close, float):
        return call.schedule_to_close
    attempts, retry = call.retry.maximum_attempts, call.retry
    one = call.start_to_close
    if not isinstance(one, float) or not isinstance(attempts, int) or attempts == 0:
        return None
    if not isinstance(retry.initial_interval, float) or isinstance(retry.backoff_coefficient, str):
        return None
    if isinstance(retry.maximum_interval, str):
        return None
    waits = retry_waits(retry.initial_interval, retry.backoff_coefficient, retry.maximum_interval)
    return one * attempts + sum(islice(waits, min(attempts, _MOST_ATTEMPTS) - 1))


def _block(steps: plan.Steps) -> _Sum:
    total = _Sum()
    for step in steps:
        total += _step(step)
    return total


def _step(step: plan.Step) -> _Sum:
    match step:
        case plan.Call():
            return _Sum(_call_seconds(step), 3 + _TASK_EVENTS, 1)
        case plan.Child():
            return _Sum(None if step.wait else 0.0, 3 + _TASK_EVENTS, 2)
        case plan.Sleep():
            seconds = step.duration if isinstance(step.duration, float) else None
            return _Sum(seconds, 2 + _TASK_EVENTS, 1)
        case plan.Wait():
            seconds = step.timeout if isinstance(step.timeout, float) else None
            return _Sum(seconds, 2 + _TASK_EVENTS, 1)
        case plan.If():
            return _either(_block(step.then), _block(step.otherwise))
        case plan.Loop():
            limit = step.max_iterations if isinstance(step.max_iterations, int) else None
            return _block(step.steps).times(limit)
        case plan.Foreach():
            count = len(step.items) if isinstance(step.items, list) else None
            return _block(step.steps).times(count)
        case plan.Parallel():
            return _together([_block(steps) for steps in step.branches.values()])
        case plan.Try():
            clauses = [_block(clause.steps) for clause in step.clauses]
            most = max((one.seconds or 0.0 for one in clauses), default=0.0)
            return _block(step.body) + _Sum(most) + _block(step.cleanup)
    return _Sum()


def _either(first: _Sum, second: _Sum) -> _Sum:
    seconds = None
    if first.seconds is not None and second.seconds is not None:
        seconds = max(first.seconds, second.seconds)
    return _Sum(
        seconds,
        min(first.events, second.events),
        min(first.actions, second.actions),
        first.events != second.events or first.is_open or second.is_open,
    )


def _together(branches: list[_Sum]) -> _Sum:
    total = _Sum()
    for branch in branches:
        total += branch
    known = [branch.seconds for branch in branches if branch.seconds is not None]
    seconds = max(known, default=0.0) if len(known) == len(branches) else None
    return _Sum(seconds, total.events, total.actions, total.is_open)
