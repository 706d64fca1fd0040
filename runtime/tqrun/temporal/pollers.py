"""Who polls a task queue, as the server has seen it within the last minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client


class Tasks(Enum):
    """The two halves of a task queue, which need not be polled by the same workers."""

    WORKFLOW = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    ACTIVITY = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY


async def pollers(
    client: Client, task_queue: str, tasks: Tasks, *, since: datetime | None = None
) -> set[str]:
    """The identities of the processes that poll *task_queue* for *tasks*.

    The server keeps one for five minutes after its last poll, which may be its end; with *since*
    only those are told that have polled since then.

    Raises:
        RPCError: The server cannot say.
    """
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=tasks.value,
    )
    described = await client.workflow_service.describe_task_queue(request)
    return {one.identity for one in described.pollers if since is None or _seen(one) >= since}


def _seen(poller: PollerInfo) -> datetime:
    return poller.last_access_time.ToDatetime(UTC)
