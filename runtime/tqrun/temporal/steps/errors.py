"""Steps that may fail, and what is done then."""

from __future__ import annotations

import asyncio

from temporalio.exceptions import FailureError

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
    found = failures.described(error)
    for number, clause in enumerate(step.clauses):
        inner = Scope({clause.name: found}, scope, overlay=True)
        if not failures.matches(clause.error_types, found["type"]):
            continue
        if not run.holds(clause.when, inner):
            continue
        run.leave(f"{place}.try")
        work = run.block(clause.steps, inner, (), f"{place}.catch[{number}]")
        caught = (found, error)
        run.caught.append(caught)
        try:
            outcome = await (shielded(run, work) if found["type"] == "cancelled" else work)
        finally:
            run.caught.remove(caught)
        return inside(outcome, clause=number, error=found)
    raise error


async def _cleanup(run: Run, step: plan.Try, scope: Scope, place: str) -> Outcome:
    if not step.cleanup:
        return None
    return await shielded(run, run.block(step.cleanup, scope, (), f"{place}.finally"))
