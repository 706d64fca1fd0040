"""Activities and children of a running workflow, started and waited for.

Every call goes through here, so that a fan-out never sends more in one workflow task, and never
has more in flight, than the server takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic_core import to_json
from temporalio import workflow
from temporalio.common import (
    RawValue,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ActivityError, ApplicationError

from tqrun.plan.expressions import as_text
from tqrun.plan.inputs import MAX_PAYLOAD_BYTES
from tqrun.plan.model import Call, Child
from tqrun.temporal.call_options import Evaluate, duration_of, name, options
from tqrun.temporal.headers import earlier_to_send, plan_to_send
from tqrun.temporal.not_bound import Misses, is_not_bound
from tqrun.temporal.run_log import log
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


class WorkerLacksActivity(Exception):
    """This worker does not have a function that the run's plan calls.

    It fails the workflow task, not the run: the server offers the task again, and a worker that
    has the function goes on.
    """


@dataclass(frozen=True, slots=True)
class Has:
    """What the worker of a run has.

    Attributes:
        activities: Names of its functions.
        task_queue: Named in messages.
        plans: The encoded plan of each workflow that may be started as a child.
        parameters: Children that take their inputs one by one, in that order.
    """

    activities: Collection[str]
    task_queue: str
    plans: Mapping[str, bytes]
    parameters: Mapping[str, Sequence[str]]


class Calls:
    """The calls of one run."""

    def __init__(self, has: Has, cancellation: Cancellation, fields: Mapping[str, Any]) -> None:
        """Make the calls of a run whose log lines carry *fields*."""
        self._has, self._cancellation, self._fields = has, cancellation, fields
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
        given = options(call, evaluate)
        summary = call.summary
        if summary is not None and "${" in summary:
            summary = as_text(evaluate(summary))
        await self._admit(sendable(f"what {call.activity} takes", arguments))
        misses = Misses(given)
        try:
            while True:
                self._require(call)
                token = earlier_to_send.set(misses.earlier)
                try:
                    handle = workflow.start_activity(
                        call.activity,
                        args=arguments,
                        summary=summary,
                        result_type=RawValue,
                        **misses.options(),
                    )
                finally:
                    earlier_to_send.reset(token)
                try:
                    return _kept(await handle, call)
                except ActivityError as error:
                    if not is_not_bound(error):
                        raise
                    await self._cancellation.heed()
                    if not misses.count:
                        self._log_miss(call, given)
                    await workflow.sleep(misses.wait(error))
        finally:
            self._in_flight -= 1

    def _log_miss(self, call: Call, given: Mapping[str, Any]) -> None:
        """Say once that the call waits, which no event of the history does in words."""
        task_queue = given["task_queue"] or self._has.task_queue
        found = {"activity": call.activity, "task_queue": task_queue}
        fix = f"start a worker that has it on {task_queue}, or stop those that lack it"
        log("waiting for a worker with the function", {**self._fields, **found, "fix": fix})

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
            token = plan_to_send.set(self._has.plans.get(child.workflow))
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
        timeout, names = child.execution_timeout, self._has.parameters.get(child.workflow)
        return await workflow.start_child_workflow(
            child.workflow_type,
            args=[dict(values)] if names is None else [values.get(one) for one in names],
            id=workflow_id,
            task_queue=name("task queue", render(child.task_queue)),
            memo={name: render(value) for name, value in child.memo.items()} or None,
            search_attributes=_search_attributes(child, render),
            id_reuse_policy=REUSE[child.id_reuse_policy],
            parent_close_policy=_CLOSE[child.parent_close_policy],
            execution_timeout=None if timeout is None else duration_of(timeout, render),
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
        if elsewhere or call.activity in self._has.activities or workflow.unsafe.is_replaying():
            return
        raise WorkerLacksActivity(
            f'the run\'s plan calls activity "{call.activity}", which this worker of '
            f"{self._has.task_queue} does not have; the run waits for a worker that has it"
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
