"""Branches and loops."""

from __future__ import annotations

from temporalio.exceptions import ApplicationError

from tqrun.plan import model as plan
from tqrun.temporal.scope import Scope
from tqrun.temporal.steps.frames import At, Outcome, inside
from tqrun.temporal.steps.run import Run


async def branch(run: Run, step: plan.If, scope: Scope, at: At) -> Outcome:
    """Do the steps of the one branch or of the other."""
    state, frames, place = at
    holds = state["then"] if state else run.holds(step.condition, scope)
    name, steps = ("then", step.then) if holds else ("else", step.otherwise)
    outcome = await run.block(steps, scope, frames, f"{place}.{name}")
    return inside(outcome, then=holds)


async def loop(run: Run, step: plan.Loop, scope: Scope, at: At) -> Outcome:
    """Do the steps pass by pass until the condition or the limit ends it."""
    state, frames, place = at
    number = state["pass"] if state else 0
    limit = state["limit"] if state else None
    if not state and step.max_iterations is not None:
        limit = run.count(step.max_iterations, scope, least=0)
    while True:
        run.passes[place] = number
        inner = scope
        if step.index is not None:
            inner = Scope({step.index: number}, scope, overlay=True)
        if not frames:
            if not step.until and not run.holds(step.condition, inner):
                break
            if limit is not None and number >= limit:
                if step.on_limit == "continue":
                    break
                message = f"{place} has not ended after {limit} passes"
                raise ApplicationError(message, type="loop_limit", non_retryable=True)
        outcome = await run.block(step.steps, inner, frames, f"{place}.steps")
        if outcome is not None:
            return inside(outcome, **{"pass": number, "limit": limit})
        frames = ()
        if step.until and run.holds(step.condition, inner):
            break
        number += 1
    run.passes.pop(place, None)
    return None
