"""Activities of a rehearsal: every call is answered by the test, in the time that it says.

A call that takes time is two attempts to the server: the first one spends the time, as the wait
before the second one, which the server skips; an attempt that is being made would stop its clock.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any, cast

from temporalio import activity, exceptions, workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutType
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from tqrun.config.values import retry_waits
from tqrun.plan.registry import Service

Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""What a call comes to: `value`, or `error` with `type`, `message`, `classes`; `delay` in s."""

TASK_QUEUE_HEADER = "tq_task_queue"
BUSY = "tqrun.Busy"
"""The error of an attempt that only spends time; no test is told of it."""
TIMED_OUT = "tqrun.TimedOut."
"""Begins the error of an attempt that was the last and took too long."""

_declared: ContextVar[str | None] = ContextVar("tqrun_declared_task_queue", default=None)
_SECOND = timedelta(seconds=1)
_MARGIN = timedelta(milliseconds=100)
"""Before the end of all attempts, so that the last one still begins."""


class StandIns:
    """Calls every activity through the test, and spends the time that its calls take.

    Attributes:
        delayed: The queues and activities whose calls take time.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.delayed: set[tuple[str, str]] = set()
        self._attempts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._due: dict[tuple[str, str], dict[str, Any]] = {}

    def activity(self, service: Service) -> Callable[..., Any]:
        """What a worker of *service* registers for all its activities."""

        @activity.defn(dynamic=True)
        async def stand_in(given: Sequence[RawValue]) -> Any:
            convert = activity.payload_converter().from_payload
            arguments = _by_name([convert(raw.payload) for raw in given], service)
            return await self._call(service.queue, arguments)

        return stand_in

    def interceptor(self, service: Service) -> Interceptor:
        """What sends the calls of the workflows of *service* to the stand-ins."""
        return _ToStandIns(lambda name: (service.queue, name) in self.delayed)

    async def _call(self, queue: str, arguments: dict[str, Any]) -> Any:
        info = activity.info()
        assert info.workflow_run_id is not None
        key = (info.workflow_run_id, info.activity_id)
        outcome = self._due.pop(key, None)
        if outcome is None:
            self._attempts[key] += 1
            outcome = await self._answer(
                {
                    "queue": queue,
                    "activity": info.activity_type,
                    "arguments": arguments,
                    "attempt": self._attempts[key],
                    "workflow_id": info.workflow_id,
                    "task_queue": _declared.get() or info.task_queue,
                    "run_id": info.workflow_run_id,
                    "number": int(info.activity_id),
                }
            )
            if outcome.get("delay"):
                outcome = _in_time(outcome, info)
                self._due[key] = outcome
                delay = timedelta(seconds=outcome["delay"])
                raise ApplicationError("takes its time", type=BUSY, next_retry_delay=delay)
        return _done(outcome, info, self._attempts[key])


def _by_name(given: list[Any], service: Service) -> dict[str, Any]:
    """Arguments by parameter; workflows that are written by hand give them in order."""
    info = activity.info()
    launch = service.workflows.get(info.workflow_type or "")
    if launch is None or launch.workflow_class is None:
        return dict(given[0]) if given else {}
    function = service.activities.get(info.activity_type)
    names = [parameter.name for parameter in function.parameters] if function else []
    names += [str(number) for number in range(len(names), len(given))]
    return dict(zip(names, given, strict=False))


def _in_time(outcome: dict[str, Any], info: activity.Info) -> dict[str, Any]:
    """*outcome*, or a timeout in its place if it comes too late."""
    delay = timedelta(seconds=outcome["delay"])
    one, every = info.start_to_close_timeout, info.schedule_to_close_timeout
    left = every - (info.started_time - info.scheduled_time) - _MARGIN if every else None
    if left is not None and delay >= left and (not one or left < one):
        return {"delay": max(left, _MARGIN).total_seconds(), "timeout": "SCHEDULE_TO_CLOSE"}
    if one and delay >= one:
        return {"delay": one.total_seconds(), "timeout": "START_TO_CLOSE"}
    return outcome


def _done(outcome: dict[str, Any], info: activity.Info, attempt: int) -> Any:
    """The value of *outcome*, unless it is an error."""
    if "value" in outcome:
        return outcome["value"]
    policy = info.retry_policy
    attempts = policy.maximum_attempts if policy else 0
    delayed = "delay" in outcome
    is_last = delayed and attempts != 0 and attempt >= attempts // 2
    if "timeout" in outcome:
        kind = TimeoutType[outcome["timeout"]]
        final = kind is TimeoutType.SCHEDULE_TO_CLOSE
        if is_last or final:
            # The server takes no timeout from a worker: `_Here` makes it one.
            raise ApplicationError(f"activity {kind.name} timeout", type=TIMED_OUT + kind.name)
        raise ApplicationError("timed out", type=BUSY, next_retry_delay=_wait(info, attempt))
    error = outcome["error"]
    listed = (policy and policy.non_retryable_error_types) or ()
    raise ApplicationError(
        error["message"],
        type=error["type"],
        non_retryable=error["non_retryable"] or any(name in listed for name in error["classes"]),
        # The attempts that only spent time must not make the waits longer.
        next_retry_delay=_wait(info, attempt) if delayed else None,
    )


def _wait(info: activity.Info, attempt: int) -> timedelta:
    """How long the retry policy waits after *attempt*."""
    policy = info.retry_policy
    if policy is None:
        return _SECOND
    longest = policy.maximum_interval and policy.maximum_interval.total_seconds()
    first = policy.initial_interval.total_seconds()
    waits = retry_waits(first, policy.backoff_coefficient, longest or None)
    return timedelta(seconds=next(islice(waits, attempt - 1, None)))


class _ToStandIns(Interceptor):
    def __init__(self, is_delayed: Callable[[str], bool]) -> None:
        self._is_delayed = is_delayed

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Declared(next)

    def workflow_interceptor_class(
        self, _: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        is_delayed = self._is_delayed

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(_Here(outbound, is_delayed))

        return Inbound


class _Declared(ActivityInboundInterceptor):
    """Remembers the task queue that a call is declared to go to."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        header = input.headers.get(TASK_QUEUE_HEADER)
        _declared.set(None if header is None else header.data.decode())
        return await super().execute_activity(input)


class _Here(WorkflowOutboundInterceptor):
    """Sends every call to the workflow's own task queue, which the stand-ins serve."""

    def __init__(
        self, following: WorkflowOutboundInterceptor, is_delayed: Callable[[str], bool]
    ) -> None:
        super().__init__(following)
        self._is_delayed = is_delayed

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        if input.task_queue is not None:
            payload = Payload(data=input.task_queue.encode())
            input.headers = {**input.headers, TASK_QUEUE_HEADER: payload}
            input.task_queue = None
        policy = input.retry_policy
        if policy is None or not self._is_delayed(input.activity):
            return super().start_activity(input)
        # A call that takes time is two attempts to the server: it comes back when it is done.
        input.retry_policy = replace(policy, maximum_attempts=2 * policy.maximum_attempts)
        handle = super().start_activity(input)
        return cast("workflow.ActivityHandle[Any]", asyncio.create_task(_timely(handle)))


async def _timely(handle: workflow.ActivityHandle[Any]) -> Any:
    """What the call gives, or Temporal's own error if it took too long."""
    try:
        return await handle
    except ActivityError as error:
        kind = getattr(error.cause, "type", None) or ""
        if not kind.startswith(TIMED_OUT):
            raise
        # A new one: the SDK would send on the failure that the old one was made of.
        raise ActivityError(
            error.message,
            scheduled_event_id=error.scheduled_event_id,
            started_event_id=error.started_event_id,
            identity=error.identity,
            activity_type=error.activity_type,
            activity_id=error.activity_id,
            retry_state=error.retry_state,
        ) from exceptions.TimeoutError(
            str(error.cause),
            type=TimeoutType[kind.removeprefix(TIMED_OUT)],
            last_heartbeat_details=[],
        )
