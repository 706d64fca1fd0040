"""The same steps for each item of a list, one by one or several at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

from tqrun.plan import model as plan
from tqrun.temporal.scope import Scope
from tqrun.temporal.steps.branches import together
from tqrun.temporal.steps.frames import At, Frame, Outcome, Suspended, inside
from tqrun.temporal.steps.run import Run


@dataclass(slots=True)
class _Work:
    """A foreach on its way: its items, the next one, and what was collected by item."""

    step: plan.Foreach
    items: list[Any]
    limit: int
    next: int
    collected: list[tuple[int, Any]]

    def kept(self) -> dict[str, Any]:
        """What a later run needs to go on at the next item."""
        kept = {"items": self.items, "limit": self.limit}
        return {**kept, "next": self.next, "collected": self.collected}

    def names(self, number: int) -> dict[str, Any]:
        """What the steps call item *number*, and its position."""
        found = {self.step.item: self.items[number]}
        return found if self.step.index is None else {**found, self.step.index: number}


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]


async def foreach(run: Run, step: plan.Foreach, scope: Scope, at: At) -> Outcome:
    """Do the steps for each item, and keep what is collected in the order of the items."""
    state, frames, place = at
    items = state["items"] if state else run.value(step.items, scope)
    if not isinstance(items, list):
        message = f"foreach goes over a list, and {step.items} is none"
        raise ApplicationError(message, type="expression", non_retryable=True)
    limit = state["limit"] if state else run.count(step.max_concurrent, scope, least=1)
    collected = [tuple(one) for one in state["collected"]] if state else []
    work = _Work(step, items, limit, state["next"] if state else 0, collected)
    if limit == 1:
        outcome = await _one_by_one(run, work, scope, state, frames, place)
    else:
        outcome = await _at_once(run, work, scope, place)
    run.passes.pop(place, None)
    if outcome is None and step.result is not None:
        scope.write(step.result, [value for _, value in sorted(work.collected, key=_first)])
    return outcome


async def _one_by_one(
    run: Run, work: _Work, scope: Scope, state: Any, frames: Sequence[Frame], place: str
) -> Outcome:
    for number in range(work.next, len(work.items)):
        run.passes[place] = number
        names = state["names"] if frames else work.names(number)
        inner = Scope(names, scope)
        outcome = await _item(run, work, number, inner, frames, place)
        if outcome is not None:
            work.next = number
            return inside(outcome, names=names, **work.kept())
        frames = ()
    return None


async def _at_once(run: Run, work: _Work, scope: Scope, place: str) -> Outcome:
    """Several items at a time, each begun in order; on a failure the others are cancelled."""
    stopped = False

    async def take() -> None:
        nonlocal stopped
        while work.next < len(work.items) and not stopped:
            stopped = run.concurrent == 1 and run.done > 0 and run.is_time_to_stop()
            if stopped and work.next:
                return
            stopped = False
            number, work.next = work.next, work.next + 1
            inner = Scope(work.names(number), scope)
            await _item(run, work, number, inner, (), f"{place}#{number}")

    count = min(work.limit, len(work.items) - work.next)
    await together(run, [take() for _ in range(count)])
    if work.next < len(work.items):
        return Suspended([{"at": 0, "in": work.kept()}])
    return None


async def _item(
    run: Run, work: _Work, number: int, scope: Scope, frames: Sequence[Frame], place: str
) -> Outcome:
    step = work.step
    try:
        outcome = await run.block(step.steps, scope, frames, f"{place}.steps")
        if outcome is None and step.collect is not None:
            work.collected.append((number, run.value(step.collect, scope)))
        return outcome
    except FailureError as error:
        if step.on_error == "fail" or is_cancelled_exception(error):
            raise
        run.leave(f"{place}.")
        run.log_failure("item failed, going on", {"index": number}, error)
    return None
