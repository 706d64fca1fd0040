"""Runs whose workflow task fails again and again: nothing of them goes on, and nothing says so.

Temporal tries the task anew for as long as the run is open, since a mended worker may do it.
"""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import WorkflowTaskFailedEventAttributes
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client, WorkflowFailureError

from tqrun.temporal.described import Run
from tqrun.temporal.queues import cause_chain

_CAUSE = "WORKFLOW_TASK_FAILED_CAUSE_"
_EVENTS = 20
"""From the end of the history; after the failure there can only be what arrived meanwhile."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """What is wrong with a run.

    Attributes:
        failures: How many attempts at its workflow task have failed, one after the other.
        cause: Of the last that was recorded: type, message, and the causes of that.
    """

    failures: int
    cause: str


async def stuck(client: Client, run: Run) -> Stuck | None:
    """What keeps *run* from going on; None if its workflow task has not failed.

    Raises:
        RPCError: The server does not tell.
    """
    # The first attempt is 1, and one that only waits to be made counts.
    failures = run.raw.pending_workflow_task.attempt - 1
    if failures < 1:
        return None
    failed = await _last_failure(client, run.workflow_id, run.run_id)
    if failed is None:
        return None
    if not failed.failure.message:
        return Stuck(failures, WorkflowTaskFailedCause.Name(failed.cause).removeprefix(_CAUSE))
    cause = await client.data_converter.decode_failure(failed.failure)
    return Stuck(failures, cause_chain(WorkflowFailureError(cause=cause)))


async def _last_failure(
    client: Client, workflow_id: str, run_id: str
) -> WorkflowTaskFailedEventAttributes | None:
    """The event of the last failure of a workflow task; None if one was completed since."""
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
        maximum_page_size=_EVENTS,
    )
    found = await client.workflow_service.get_workflow_execution_history_reverse(request)
    for event in found.history.events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            return event.workflow_task_failed_event_attributes
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            return None
    return None
