"""Workers of a queues file in the test's own process, with runs that may continue at every step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowHistory
from temporalio.worker import Worker

from tqrun.plan.compile import LaunchPlan
from tqrun.plan.registry import Service
from tqrun.temporal.activity import Observer, activities
from tqrun.temporal.failures import described
from tqrun.temporal.headers import PlanSender
from tqrun.temporal.start import prepare, started
from tqrun.temporal.worker import STICKY_TIMEOUT
from tqrun.temporal.workflow import workflow_classes

Json = dict[str, Any]
CONCURRENCY = 100


@asynccontextmanager
async def working(
    client: Client,
    service: Service,
    *,
    task_queue: str | None = None,
    is_time_to_stop: Callable[[], bool] | None = None,
    cached_runs: int = 1000,
) -> AsyncIterator[Worker]:
    """A worker of *service*; without *cached_runs* every workflow task replays its run."""
    served = replace(service, task_queue=task_queue or service.task_queue)
    with ThreadPoolExecutor(CONCURRENCY) as threads:
        worker = Worker(
            client,
            task_queue=served.task_queue,
            activities=activities(served),
            workflows=workflow_classes(
                served.workflows,
                served.activities,
                served.task_queue,
                plans=served.children,
                is_time_to_stop=is_time_to_stop,
            ),
            interceptors=[PlanSender(), Observer(served)],
            activity_executor=threads,
            max_concurrent_activities=CONCURRENCY,
            max_cached_workflows=cached_runs,
            sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
            max_concurrent_workflow_task_polls=5 if cached_runs else 1,
        )
        async with worker:
            yield worker


async def launched(
    client: Client,
    launch: LaunchPlan,
    values: Json,
    *,
    task_queue: str | None = None,
    suffix: str = "",
) -> WorkflowHandle[Any, Any]:
    """A run of *launch*, on *task_queue* if one is given."""
    start = prepare(launch, values)
    start = replace(
        start,
        task_queue=task_queue or start.task_queue,
        workflow_id=f"{start.workflow_id}{suffix}",
    )
    await started(client, launch, start)
    return client.get_workflow_handle(start.workflow_id)


async def outcome(handle: WorkflowHandle[Any, Any], *, within: float = 60) -> Json:
    """What a run, and those that continue it, came to: its result, or its error as steps see it."""
    try:
        async with asyncio.timeout(within):
            return {"result": await handle.result()}
    except WorkflowFailureError as error:
        found = described(error.cause)
        return {"error": found["type"], "message": found["message"]}
    except TimeoutError:
        problems = await task_failures(handle)
        events = (await handle.fetch_history()).events
        last = ", ".join(EventType.Name(event.event_type) for event in events[-3:])
        where = f"{handle.id} has not ended: {len(events)} events, the last {last}"
        raise AssertionError("; ".join([where, *problems])) from None


async def histories(
    client: Client, handle: WorkflowHandle[Any, Any], *, most: int = 1000
) -> list[WorkflowHistory]:
    """The histories of a run's first runs, each continuing the one before."""
    found: list[WorkflowHistory] = []
    run_id = await _first_run(handle)
    while run_id and len(found) < most:
        history = await client.get_workflow_handle(handle.id, run_id=run_id).fetch_history()
        found.append(history)
        last = history.events[-1]
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return found


async def _first_run(handle: WorkflowHandle[Any, Any]) -> str:
    first = (await handle.fetch_history()).events[0]
    return first.workflow_execution_started_event_attributes.first_execution_run_id


async def task_failures(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """Why workflow tasks of a run failed; the server's refusal to end over a signal is none."""
    return failures_in(await handle.fetch_history())


def failures_in(history: WorkflowHistory) -> list[str]:
    """Why workflow tasks in *history* failed."""
    unhandled = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
    return [
        event.workflow_task_failed_event_attributes.failure.message
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        and event.workflow_task_failed_event_attributes.cause != unhandled
    ]
