"""Activities and children of a running workflow, started and waited for.

Every call goes through here, so that a fan-out never sends more in one workflow task, and never
has more in flight, than the server takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from datetime import timedelta
from functools import lru_cache
from typing import Any

from pydantic_core import to_json
from temporalio import workflow
from temporalio.api.common.v1 import RetryPolicy as RetryPolicyMessage
from temporalio.common import (
    RawValue,
    RetryPolicy,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ActivityError, ApplicationError

from tqrun.config.values import MAX_DURATION, parse_duration
from tqrun.plan.expressions import as_text
from tqrun.plan.ids import MAX_ID_BYTES
from tqrun.plan.inputs import MAX_PAYLOAD_BYTES
from tqrun.plan.model import Call, Child, RetryPlan, Seconds
from tqrun.temporal.failures import is_not_bound
from tqrun.temporal.steps.cancellation import Cancellation

MAX_KEPT_BYTES = 1_000_000
"""Of one result that is kept under a name, and of all names together at a continuation."""
_MOST_BYTES = 6
"""Of one character in JSON."""
MAX_IN_FLIGHT = 1_000
"""Calls; the server takes 2,000 pending activities (`limit.numPendingActivities.error`)."""
MAX_TASK_CALLS = 500
MAX_TASK_BYTES = 1_000_000
"""In one workflow task; the server takes 4 MB."""

_PAUSE = timedelta(milliseconds=10)
_NOT_BOUND_WAITS = (1, 2, 4, 8, 15, 30)
"""Seconds between attempts to reach a worker that has the function; the last one repeats."""
_CANCELLATION = {
    "try_cancel": workflow.ActivityCancellationType.TRY_CANCEL,
    "wait_cancellation_completed": workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    "abandon": workflow.ActivityCancellationType.ABANDON,
}
_CLOSE = {
    "terminate": workflow.ParentClosePolicy.TERMINATE,
    "abandon": workflow.ParentClosePolicy.ABANDON,
    "request_cancel": workflow.ParentClosePolicy.REQUEST_CANCEL,
}
REUSE = {
    "allow_duplicate": WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    "allow_duplicate_failed_only": WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    "reject_duplicate": WorkflowIDReusePolicy.REJECT_DUPLICATE,
}
_KEYS: dict[str, Any] = {
    "string": SearchAttributeKey.for_keyword,
    "integer": SearchAttributeKey.for_int,
    "number": SearchAttributeKey.for_float,
    "boolean": SearchAttributeKey.for_bool,
    "array": SearchAttributeKey.for_keyword_list,
}

plan_to_send: ContextVar[bytes | None] = ContextVar("tqrun_plan_to_send", default=None)
"""The plan that the workflow which is being started takes along, in its header."""

Evaluate = Callable[[Any], Any]


class WorkerLacksActivity(Exception):
    """This worker does not have a function that the run's plan calls.

    It fails the workflow task, not the run: the server offers the task again, and a worker that
    has the function goes on.
    """


def seconds(duration: Any) -> float:
    """A number of seconds, or a duration as the file writes it, in seconds.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(duration, str):
        return parse_duration(duration).total_seconds()
    if type(duration) not in (int, float) or abs(duration) > MAX_DURATION.total_seconds():
        raise ValueError("a duration is text such as 90s, or a number of seconds")
    return float(duration)


def name(what: str, value: Any) -> str:
    """*value* as the name of *what*; one that the server refuses would fail the task for ever.

    Raises:
        ValueError: It is null, empty, or longer than Temporal takes.
    """
    text = "" if value is None else as_text(value)
    if not 0 < len(text.encode()) <= MAX_ID_BYTES:
        size = "null" if value is None else f"{len(text.encode()):,} bytes"
        raise ValueError(f"the {what} is {size}; it must have 1 to {MAX_ID_BYTES:,} bytes")
    return text


class Calls:
    """The calls of one run."""

    def __init__(
        self,
        known: Collection[str],
        task_queue: str,
        plans: Mapping[str, bytes],
        parameters: Mapping[str, Sequence[str]],
        cancellation: Cancellation,
    ) -> None:
        """The worker of *task_queue* has the activities *known* and the children's *plans*.

        Children that are named in *parameters* take their inputs one by one, in that order.
        """
        self._known, self._task_queue, self._plans = known, task_queue, plans
        self._parameters, self._cancellation = parameters, cancellation
        self._in_flight = 0
        self._history_length = -1
        self._task_calls = self._task_bytes = 0
        self._gate = asyncio.Lock()

    async def activity(self, call: Call, arguments: list[Any], evaluate: Evaluate) -> Any:
        """Call an activity; the result as its payload's JSON.

        Raises:
            ActivityError: It failed for good.
            ApplicationError: `result_too_large`: the result is to be kept and has over 1 MB.
        """
        options = _options(call) if _is_static(call) else _arguments(call, evaluate)
        summary = call.summary
        if summary is not None and "${" in summary:
            summary = as_text(evaluate(summary))
        await self._admit(sendable(f"what {call.activity} takes", arguments))
        misses = 0
        try:
            while True:
                self._require(call)
                try:
                    raw: RawValue = await workflow.execute_activity(
                        call.activity,
                        args=arguments,
                        summary=summary,
                        result_type=RawValue,
                        **options,
                    )
                    return _kept(raw, call)
                except ActivityError as error:
                    if not is_not_bound(error):
                        raise
                await self._cancellation.heed()
                # Not an attempt of the function: no worker that has it has seen the task yet.
                await workflow.sleep(_NOT_BOUND_WAITS[min(misses, len(_NOT_BOUND_WAITS) - 1)])
                misses += 1
        finally:
            self._in_flight -= 1

    async def child(
        self, child: Child, values: Mapping[str, Any], workflow_id: str, render: Evaluate
    ) -> Any:
        """Start a child workflow, and wait for it unless it is not to be waited for.

        Args:
            child: What the plan says.
            values: The child's input.
            workflow_id: Its id.
            render: Evaluates over the child's input.

        Raises:
            WorkflowAlreadyStartedError: A run of this id is going.
            ChildWorkflowError: It failed.
        """
        await self._admit(sendable(f"the input of {child.workflow}", values))
        try:
            token = plan_to_send.set(self._plans.get(child.workflow))
            try:
                handle = await self._start(child, values, workflow_id, render)
            finally:
                plan_to_send.reset(token)
            if not child.wait:
                return {"workflow_id": handle.id, "run_id": handle.first_execution_run_id}
            return await handle
        finally:
            self._in_flight -= 1

    async def _start(
        self, child: Child, values: Mapping[str, Any], workflow_id: str, render: Evaluate
    ) -> Any:
        timeout, names = child.execution_timeout, self._parameters.get(child.workflow)
        return await workflow.start_child_workflow(
            child.workflow_type,
            args=[dict(values)] if names is None else [values.get(one) for one in names],
            id=workflow_id,
            task_queue=name("task queue", render(child.task_queue)),
            memo={name: render(value) for name, value in child.memo.items()} or None,
            search_attributes=_search_attributes(child, render),
            id_reuse_policy=REUSE[child.id_reuse_policy],
            parent_close_policy=_CLOSE[child.parent_close_policy],
            execution_timeout=None if timeout is None else _duration(timeout, render),
        )

    async def _admit(self, size: int) -> None:
        """Count one call more, of *size* bytes, when it is not too much for the server.

        First come, first served.
        """
        async with self._gate:
            if self._in_flight >= MAX_IN_FLIGHT:
                await workflow.wait_condition(lambda: self._in_flight < MAX_IN_FLIGHT)
            while not self._has_room(size):
                await workflow.sleep(_PAUSE)
            self._task_calls += 1
            self._task_bytes += size
            self._in_flight += 1

    def _has_room(self, size: int) -> bool:
        """Whether a call of *size* bytes still fits into this workflow task."""
        length = workflow.info().get_current_history_length()
        if length != self._history_length:
            self._history_length = length
            self._task_calls = self._task_bytes = 0
        if not self._task_calls:
            return True
        full = self._task_bytes + size > MAX_TASK_BYTES
        return self._task_calls < MAX_TASK_CALLS and not full

    def _require(self, call: Call) -> None:
        elsewhere = call.task_queue is not None or not call.bound
        if elsewhere or call.activity in self._known or workflow.unsafe.is_replaying():
            return
        raise WorkerLacksActivity(
            f'the run\'s plan calls activity "{call.activity}", which this worker of '
            f"{self._task_queue} does not have; the run waits for a worker that has it"
        )


def sendable(what: str, value: Any) -> int:
    """The size of *value*, roughly, in bytes.

    Raises:
        ApplicationError: `payload_too_large`: the server would not take it, and the workflow task
            would fail for ever. The text says *what* it is.
    """
    size = _size(value)
    if (
        size > MAX_PAYLOAD_BYTES // _MOST_BYTES
        and (size := len(to_json(value))) > MAX_PAYLOAD_BYTES
    ):
        message = (
            f"{what} has {size / 1e6:.1f} MB, Temporal's limit is 2 MB; "
            "store it and give where it is"
        )
        raise ApplicationError(message, type="payload_too_large", non_retryable=True)
    return size


def _size(value: Any) -> int:
    """Roughly the bytes of *value* as JSON."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return sum(len(name) + 4 + _size(inner) for name, inner in value.items())
    if isinstance(value, list):
        return 2 + sum(_size(item) + 1 for item in value)
    return 8


def _kept(raw: RawValue, call: Call) -> Any:
    size = len(raw.payload.data)
    if call.result is not None and size > MAX_KEPT_BYTES:
        message = (
            f'"{call.result}", the result of {call.activity}, has {size / 1e6:.1f} MB; '
            "a run keeps at most 1 MB, so store it and return where"
        )
        raise ApplicationError(message, type="result_too_large", non_retryable=True)
    return workflow.payload_converter().from_payload(raw.payload)


@lru_cache(maxsize=4096)
def _is_static(call: Call) -> bool:
    durations = (
        call.start_to_close,
        call.schedule_to_close,
        call.schedule_to_start,
        call.heartbeat,
        call.retry.initial_interval,
        call.retry.maximum_interval,
        call.retry.backoff_coefficient,
        call.retry.maximum_attempts,
    )
    dynamic = call.task_queue is not None and "${" in call.task_queue
    return not dynamic and not any(isinstance(one, str) for one in durations)


@lru_cache(maxsize=4096)
def _options(call: Call) -> dict[str, Any]:
    """The SDK's arguments for *call*, built once per plan."""
    return _arguments(call, lambda value: value)


def _arguments(call: Call, evaluate: Evaluate) -> dict[str, Any]:
    def duration(value: Seconds | None) -> timedelta | None:
        return None if value is None else _duration(value, evaluate)

    return {
        "task_queue": None
        if call.task_queue is None
        else name("task queue", evaluate(call.task_queue)),
        "start_to_close_timeout": duration(call.start_to_close),
        "schedule_to_close_timeout": duration(call.schedule_to_close),
        "schedule_to_start_timeout": duration(call.schedule_to_start),
        "heartbeat_timeout": duration(call.heartbeat),
        "cancellation_type": _CANCELLATION[call.cancellation_type],
        "retry_policy": _retry_policy(call.retry, evaluate, duration),
    }


def _retry_policy(
    retry: RetryPlan, evaluate: Evaluate, duration: Callable[[Seconds | None], timedelta | None]
) -> RetryPolicy:
    policy = RetryPolicy(
        initial_interval=duration(retry.initial_interval) or timedelta(seconds=1),
        backoff_coefficient=_number(retry.backoff_coefficient, evaluate),
        maximum_interval=duration(retry.maximum_interval),
        maximum_attempts=int(_number(retry.maximum_attempts, evaluate)),
        # Temporal would send a payload that is too large again, for ever.
        non_retryable_error_types=[*retry.non_retryable_error_types, "PayloadsTooLarge"],
    )
    # Checked here: the SDK has begun the command when it does, and sends what there is of it.
    policy.apply_to_proto(RetryPolicyMessage())
    return policy


def _number(value: Any, evaluate: Evaluate) -> float:
    found = evaluate(value)
    if type(found) not in (int, float):
        raise ValueError(f"{value} is not a number")
    return float(found)


def _duration(value: Any, evaluate: Evaluate) -> timedelta:
    try:
        found = seconds(evaluate(value))
    except ValueError:
        found = 0.0
    if found <= 0:
        raise ValueError(f"{value} is not a duration above 0s")
    return timedelta(seconds=found)


def _search_attributes(child: Child, render: Evaluate) -> TypedSearchAttributes | None:
    return search_attributes(
        {name: (kind, render(value)) for name, (kind, value) in child.search_attributes.items()}
    )


def search_attributes(values: Mapping[str, tuple[str, Any]]) -> TypedSearchAttributes | None:
    """Search attributes from their JSON type and value; those that are null are left out."""
    pairs = [
        SearchAttributePair(_KEYS[kind](name), str(value) if kind == "string" else value)
        for name, (kind, value) in values.items()
        if value is not None
    ]
    return TypedSearchAttributes(pairs) if pairs else None
