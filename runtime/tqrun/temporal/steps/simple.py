"""Timers, signals, locals, failures, results and log lines."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from tqrun.plan import model as plan
from tqrun.plan.expressions import as_text, moment
from tqrun.temporal import failures, raised
from tqrun.temporal.calls import sendable
from tqrun.temporal.run_log import log
from tqrun.temporal.scope import Scope
from tqrun.temporal.steps.frames import At, Returned
from tqrun.temporal.steps.run import Run

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


async def sleep(run: Run, step: plan.Sleep, scope: Scope, _: At) -> None:
    """Wait for a duration or until a moment."""
    if step.until is not None:
        duration = (_moment(run, step.until, scope) - workflow.now()).total_seconds()
    else:
        duration = run.seconds(step.duration, scope)
    if duration > 0:
        await workflow.sleep(duration)


def _moment(run: Run, until: Any, scope: Scope) -> datetime:
    found = moment(run.value(until, scope))
    if found is None:
        message = f"{until} is not a moment; write RFC 3339 text such as 2026-03-02T17:00:00Z"
        raise ApplicationError(message, type="expression", non_retryable=True)
    return found


async def wait(run: Run, step: plan.Wait, scope: Scope, _: At) -> None:
    """Wait for signals and keep their payloads."""
    if step.timeout is None:
        await _arrival(run, step.signals, None)
    else:
        timeout = timedelta(seconds=run.seconds(step.timeout, scope))
        await _arrival(run, step.signals, workflow.now() + timeout)
    taken = run.inbox.take(step.signals, every=step.all)
    if step.result is not None:
        scope.write(step.result, _received(step, taken))


async def _arrival(run: Run, names: Sequence[str], until: datetime | None) -> None:
    """Wait for one of the signals *names* that no step beside this one has taken."""
    while not run.inbox.has(names):
        left = None if until is None else (until - workflow.now()).total_seconds()
        if left is not None and left <= 0:
            return
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: run.inbox.has(names), timeout=left)


async def assign(run: Run, step: plan.Set, scope: Scope, _: At) -> None:
    """Give names values, all computed before the first one changes."""
    values = run.value(step.values, scope)
    for name, value in values.items():
        scope.write(name, value)


async def fail(run: Run, step: plan.Fail, scope: Scope, _: At) -> None:
    """Fail, with a new error or with one that was caught."""
    if step.error is not None:
        error = run.value(step.error, scope)
        raise next((known for found, known in run.caught if found is error), failures.again(error))
    message, kind = run.value([step.message, step.type], scope)
    raise ApplicationError(
        raised.bounded(as_text(message)),
        type=raised.bounded(as_text(kind)),
        non_retryable=step.non_retryable,
    )


async def give_back(run: Run, step: plan.Return, scope: Scope, _: At) -> Returned:
    """End the run with a result."""
    value = run.value(step.value, scope)
    sendable("what the run returns", value)
    return Returned(value)


async def write_log(run: Run, step: plan.Log, scope: Scope, _: At) -> None:
    """Write one log line."""
    extra = {**run.fields, **{name: scope[name] for name in step.fields}}
    log(as_text(run.value(step.text, scope)), extra, _LEVELS[step.level])


def _received(step: plan.Wait, taken: list[tuple[str, Any]]) -> Any:
    """What the waiting step keeps of the signals that it took."""
    if step.single:
        payloads = [payload for _, payload in taken]
        return payloads if step.all else payloads[0] if payloads else None
    found = [{**dict.fromkeys(step.signals), name: payload} for name, payload in taken]
    if step.all:
        return found
    return found[0] if found else dict.fromkeys(step.signals)
