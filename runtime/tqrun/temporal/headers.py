"""What travels beside the arguments: in the headers of workflows and activities.

A header is no event and no billable action. It holds a plan, or what an activity call has used up;
never a run's data.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.worker import (
    ContinueAsNewInput,
    Interceptor,
    StartActivityInput,
    StartChildWorkflowInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from tqrun.temporal.not_bound import EARLIER_HEADER, Earlier

PLAN_HEADER = "tq_plan"
BOUNDED = "tq_bounded"
"""The mark on a plan's header that the run's expressions have a budget."""

plan_to_send: ContextVar[bytes | None] = ContextVar("tqrun_plan_to_send", default=None)
"""The plan that the workflow which is being started takes along, in its header."""
earlier_to_send: ContextVar[Earlier | None] = ContextVar("tqrun_earlier_to_send", default=None)
"""What the call of the activity which is being scheduled has used up already."""


class PlanSender(Interceptor):
    """Puts the plan of a child or a continuation, and what a call has used up, into its header."""

    def workflow_interceptor_class(
        self, _: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        """What the SDK builds for every workflow."""
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def continue_as_new(self, input: ContinueAsNewInput) -> Any:  # noqa: A002
        input.headers = {**input.headers, **_header(bounded=_is_bounded())}
        return super().continue_as_new(input)

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        if (earlier := earlier_to_send.get()) is not None:
            convert = workflow.payload_converter().to_payload
            input.headers = {**input.headers, EARLIER_HEADER: convert(earlier._asdict())}
        return super().start_activity(input)

    async def start_child_workflow(self, input: StartChildWorkflowInput) -> Any:  # noqa: A002
        input.headers = {**input.headers, **_header()}
        return await super().start_child_workflow(input)


def _is_bounded() -> bool:
    """Whether the run that is being continued has a budget for its expressions."""
    bounded: bool = getattr(workflow.instance(), "bounded", True)
    return bounded


def _header(*, bounded: bool = True) -> dict[str, Payload]:
    encoded = plan_to_send.get()
    return {} if encoded is None else {PLAN_HEADER: plan_payload(encoded, bounded=bounded)}


def plan_payload(encoded: bytes, *, bounded: bool = True) -> Payload:
    """An encoded plan as it stands in a header."""
    mark = {BOUNDED: b"1"} if bounded else {}
    return Payload(metadata={"encoding": b"binary/plain", **mark}, data=encoded)
