"""One run as the server describes it, also in a state that the SDK has no word for: paused.

The SDK 1.35 raises `ValueError` on such a run, and on a list that has one. The raw answer is read
here instead, and what has no end is open, whatever its state is called.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client
from temporalio.converter import decode_search_attributes

OPEN = "CloseTime IS NULL"
"""The list filter of open runs. A server that cannot pause refuses `ExecutionStatus = "Paused"`."""

_PAGE = 1000
_STATUS = "WORKFLOW_EXECUTION_STATUS_"


@dataclass(frozen=True, slots=True)
class Pause:
    """Who has paused a run in the UI, with Temporal's CLI or otherwise.

    Attributes:
        by: As the client names itself; often a person and a host.
        reason: Empty where none was given.
    """

    by: str
    since: datetime
    reason: str

    def __str__(self) -> str:
        """In words, after "paused"."""
        why = f": {self.reason}" if self.reason else ""
        return f"by {self.by or 'somebody'} since {self.since:%Y-%m-%d %H:%M:%S} UTC{why}"


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        status: `running`, `paused`, `completed` and so on, as Temporal has it.
        starts: When its first task is due; later than `started` where it is delayed.
        pause: Of a paused run, if the server says more.
        raw: Everything that the server says.
    """

    workflow_id: str
    run_id: str
    status: str
    workflow_type: str
    task_queue: str
    parent_id: str | None
    started: datetime
    starts: datetime
    closed: datetime | None
    events: int
    pause: Pause | None
    raw: DescribeWorkflowExecutionResponse

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.closed is None

    @property
    def search_attributes(self) -> Mapping[str, Any]:
        """By name, each a list."""
        return decode_search_attributes(self.raw.workflow_execution_info.search_attributes)

    async def memo(self, client: Client) -> dict[str, Any]:
        """What it was started with as a memo, decoded as *client* does."""
        fields = self.raw.workflow_execution_info.memo.fields
        return {
            name: (await client.data_converter.decode([payload]))[0]
            for name, payload in fields.items()
        }


async def describe(client: Client, workflow_id: str, run_id: str | None = None) -> Run:
    """The run with *run_id*, or without one the latest with *workflow_id*.

    Raises:
        RPCError: There is none, or the server refuses.
    """
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id or ""),
    )
    raw = await client.workflow_service.describe_workflow_execution(request, retry=True)
    info = raw.workflow_execution_info
    started = info.start_time.ToDatetime(UTC)
    return Run(
        workflow_id=info.execution.workflow_id,
        run_id=info.execution.run_id,
        status=_status(info),
        workflow_type=info.type.name,
        task_queue=info.task_queue,
        parent_id=info.parent_execution.workflow_id or None,
        started=started,
        starts=info.execution_time.ToDatetime(UTC) if info.HasField("execution_time") else started,
        closed=info.close_time.ToDatetime(UTC) if info.HasField("close_time") else None,
        events=info.history_length,
        pause=_pause(raw),
        raw=raw,
    )


async def listed(client: Client, query: str) -> AsyncIterator[tuple[str, str]]:
    """Workflow id and run id of every run that the list filter *query* finds.

    Raises:
        RPCError: The server refuses, or does not understand the query.
    """
    request = ListWorkflowExecutionsRequest(
        namespace=client.namespace, query=query, page_size=_PAGE
    )
    while True:
        page = await client.workflow_service.list_workflow_executions(request, retry=True)
        for info in page.executions:
            yield info.execution.workflow_id, info.execution.run_id
        if not page.next_page_token:
            return
        request.next_page_token = page.next_page_token


def _status(info: WorkflowExecutionInfo) -> str:
    try:
        return WorkflowExecutionStatus.Name(info.status).removeprefix(_STATUS).lower()
    except ValueError:
        return f"in state {info.status}"


def _pause(raw: DescribeWorkflowExecutionResponse) -> Pause | None:
    if not raw.workflow_extended_info.HasField("pause_info"):
        return None
    info = raw.workflow_extended_info.pause_info
    return Pause(info.identity, info.paused_time.ToDatetime(UTC), info.reason)
