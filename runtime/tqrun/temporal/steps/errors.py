"""Steps that may fail, and what is done then."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio.exceptions import FailureError, is_cancelled_exception

from tqrun.plan import model as plan
from tqrun.temporal import failures
from tqrun.temporal.scope import Scope
from tqrun.temporal.steps.branches import shielded
from tqrun.temporal.steps.frames import At, Outcome, Suspended, inside
from tqrun.temporal.steps.run import Run


async def guarded(run: Run, step: plan.Try, scope: Scope, at: At) -> Outcome:
    """Do the body, the first clause that matches its error, and the clean-up in any case."""
    state, frames, place = at
    try:
        if state is None or "clause" not in state:
            try:
                outcome = await run.block(step.body, scope, frames, f"{place}.try")
                outcome = inside(outcome, body=True)
            except (FailureError, asyncio.CancelledError) as error:
                outcome = await _catch(run, step, scope, error, place)
        else:
            clause, found = step.clauses[state["clause"]], state["error"]
            inner = Scope({clause.name: found}, scope, overlay=True)
            here = f"{place}.catch[{state['clause']}]"
            outcome = await run.block(clause.steps, inner, frames, here)
            outcome = inside(outcome, clause=state["clause"], error=found)
    except (FailureError, asyncio.CancelledError):
        await _cleanup(run, step, scope, place)
        raise
    if isinstance(outcome, Suspended):
        return outcome
    ended = await _cleanup(run, step, scope, place)
    return ended or outcome


async def _catch(
    run: Run, step: plan.Try, scope: Scope, error: BaseException, place: str
) -> Outcome:
    """Run the first clause that matches; raise *error* again if none does."""
    seen = await _cancellation(run, error) or error
    found = failures.described(seen)
    number = _clause(run, step, scope, found)
    if number is None:
        is_caught = _clause(run, step, scope, failures.described(error)) is not None
        raise seen if is_caught else error
    clause = step.clauses[number]
    run.leave(f"{place}.try")
    if found["type"] == "cancelled":
        run.cancellation.catch()
    inner = Scope({clause.name: found}, scope, overlay=True)
    work = run.block(clause.steps, inner, (), f"{place}.catch[{number}]")
    caught = (found, seen)
    run.caught.append(caught)
    try:
        outcome = await (shielded(run, work) if found["type"] == "cancelled" else work)
    finally:
        run.caught.remove(caught)
    return inside(outcome, clause=number, error=found)


async def _cancellation(run: Run, error: BaseException) -> BaseException | None:
    """The cancellation that is pending while *error* is raised: that is what clauses see."""
    if is_cancelled_exception(error):
        return None
    try:
        await run.cancellation.heed()
    except asyncio.CancelledError as cancellation:
        return cancellation
    return None


def _clause(run: Run, step: plan.Try, scope: Scope, found: dict[str, Any]) -> int | None:
    """The number of the first clause for the error that *found* describes."""
    for number, clause in enumerate(step.clauses):
        inner = Scope({clause.name: found}, scope, overlay=True)
        if failures.matches(clause.error_types, found["type"]) and run.holds(clause.when, inner):
            return number
    return None


async def _cleanup(run: Run, step: plan.Try, scope: Scope, place: str) -> Outcome:
    if not step.cleanup:
        return None
    return await shielded(run, run.block(step.cleanup, scope, (), f"{place}.finally"))
