"""Several lists of steps at once, and work that a cancellation must not cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError

from tqrun.plan import model as plan
from tqrun.temporal.scope import Scope
from tqrun.temporal.steps.frames import At, Outcome
from tqrun.temporal.steps.run import Run


async def parallel(run: Run, step: plan.Parallel, scope: Scope, at: At) -> None:
    """Do every branch; what they name is visible afterwards."""
    scopes = [Scope({}, scope) for _ in step.branches]
    await together(
        run,
        [
            run.block(steps, inner, (), f"{at.place}.{name}")
            for (name, steps), inner in zip(step.branches.items(), scopes, strict=True)
        ],
    )
    for inner in scopes:
        for name, value in inner.names.items():
            scope.write(name, value)


async def together(run: Run, branches: list[Coroutine[Any, Any, Any]]) -> None:
    """All at once; the first failure cancels the rest, is waited out, and raised."""
    if not branches:
        return
    run.concurrent += 1
    tasks = [asyncio.create_task(branch) for branch in branches]
    cancelled = False
    try:
        await workflow.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    except asyncio.CancelledError:
        cancelled = True
    failure = _failure(tasks)
    for task in tasks:
        run.cancellation.request(task)
    cancelled = await _finish(tasks) or cancelled
    run.concurrent -= 1
    if cancelled:
        raise asyncio.CancelledError
    if failure is not None:
        raise failure


async def _finish(tasks: list[asyncio.Task[Any]]) -> bool:
    """Wait until all *tasks* have ended; whether this was cancelled meanwhile."""
    cancelled = False
    while pending := [task for task in tasks if not task.done()]:
        try:
            await workflow.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            cancelled = True
        _failure(tasks)
    return cancelled


async def shielded(run: Run, work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Do *work* to its end; only then is a cancellation that has come meanwhile raised."""
    run.concurrent += 1
    task = asyncio.create_task(work)
    cancelled = await _finish([task])
    run.concurrent -= 1
    outcome = task.result()
    if cancelled:
        raise asyncio.CancelledError
    return outcome


def _failure(tasks: Sequence[asyncio.Task[Any]]) -> BaseException | None:
    """What the first of *tasks* that has failed raised; what is no failure of the run goes on."""
    ended = [task for task in tasks if task.done() and not task.cancelled()]
    errors = [error for task in ended if (error := task.exception()) is not None]
    for error in errors:
        if not isinstance(error, FailureError):
            raise error
    return errors[0] if errors else None
