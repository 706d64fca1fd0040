"""One clock for a rehearsed parent and its children: the time that a child takes passes for both.

The server skips time for each run by itself, and the clock of a parent stands while it waits for
a child. Here a child says when it ended, and its parent sleeps until then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from datetime import datetime, timedelta
from typing import Any, cast

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import (
    ApplicationError,
    ChildWorkflowError,
    FailureError,
    TimeoutError,  # noqa: A004
    is_cancelled_exception,
)
from temporalio.worker import (
    ContinueAsNewInput,
    ExecuteWorkflowInput,
    Interceptor,
    StartChildWorkflowInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

SUMMARY = "tqrun.clock"
"""Of the timers that are no timers of the workflow."""
_HEADER = "tq_clock"
_ENDED = "tqrun.ended"


class OneClock(Interceptor):
    """Moves the clock of every parent that is interpreted; *is_on* says whether it is asked for."""

    def __init__(self, is_on: Callable[[], bool], by_hand: Collection[str]) -> None:
        """Leave alone the parents of the workflow types *by_hand*."""
        self._is_on, self._by_hand = is_on, by_hand

    def workflow_interceptor_class(
        self, _: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        """What the SDK builds for every workflow."""
        is_on, by_hand = self._is_on, self._by_hand

        class Inbound(_Inbound):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(_Outbound(outbound, is_on, by_hand))

        return Inbound


class _Inbound(WorkflowInboundInterceptor):
    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
        if _HEADER not in input.headers:
            return await super().execute_workflow(input)
        try:
            result = await super().execute_workflow(input)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            raise ApplicationError("ended", _now(), type=_ENDED, non_retryable=True) from error
        return {_ENDED: _now(), "result": result}


class _Outbound(WorkflowOutboundInterceptor):
    def __init__(
        self,
        following: WorkflowOutboundInterceptor,
        is_on: Callable[[], bool],
        by_hand: Collection[str],
    ) -> None:
        super().__init__(following)
        self._is_on, self._by_hand = is_on, by_hand

    async def start_child_workflow(
        self,
        input: StartChildWorkflowInput,  # noqa: A002
    ) -> workflow.ChildWorkflowHandle[Any, Any]:
        if not self._is_on() or workflow.info().workflow_type in self._by_hand:
            return await super().start_child_workflow(input)
        input.headers = {**input.headers, _HEADER: Payload(data=b"1")}
        latest = workflow.now() + (input.execution_timeout or timedelta(0))
        handle = await super().start_child_workflow(input)
        return cast("workflow.ChildWorkflowHandle[Any, Any]", _Child(handle, latest))

    def continue_as_new(self, input: ContinueAsNewInput) -> Any:  # noqa: A002
        header = workflow.info().headers.get(_HEADER)
        if header is not None:
            input.headers = {**input.headers, _HEADER: header}
        return super().continue_as_new(input)


class _Child:
    """A child that is over for its parent when the parent's clock has come to its end."""

    def __init__(self, handle: workflow.ChildWorkflowHandle[Any, Any], latest: datetime) -> None:
        self._handle, self._latest = handle, latest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)

    def __await__(self) -> Generator[Any, None, Any]:
        return self._result().__await__()

    async def _result(self) -> Any:
        try:
            ended = await self._handle
        except ChildWorkflowError as error:
            cause = error.cause
            if isinstance(cause, TimeoutError):
                await _until(self._latest)
            if not isinstance(cause, ApplicationError) or cause.type != _ENDED:
                raise
            await _until(datetime.fromisoformat(cause.details[0]))
            raise _copy(error) from cause.cause
        await _until(datetime.fromisoformat(ended[_ENDED]))
        return ended["result"]


async def _until(end: datetime) -> None:
    left = end - workflow.now()
    if left > timedelta(0):
        await workflow.sleep(left, summary=SUMMARY)


def _copy(error: ChildWorkflowError) -> ChildWorkflowError:
    """A new one: the SDK would send on the failure that *error* was made of."""
    return ChildWorkflowError(
        error.message,
        namespace=error.namespace,
        workflow_id=error.workflow_id,
        run_id=error.run_id,
        workflow_type=error.workflow_type,
        initiated_event_id=error.initiated_event_id,
        started_event_id=error.started_event_id,
        retry_state=error.retry_state,
    )


def _now() -> str:
    return workflow.now().isoformat()
