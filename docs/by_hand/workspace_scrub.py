"""`workspace_scrub` of production.md, written by hand with Temporal's SDK."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from tests.cases.production.functions import scrub_workspace

TASK_QUEUE = "scrub-workspace-v2"
SHORT = timedelta(minutes=1)
LONG = timedelta(minutes=60)
ONCE = RetryPolicy(maximum_attempts=1)


@dataclass
class Workspace:
    workspace_id: str


@dataclass
class Mail:
    workspace_id: str
    days_left: int


@activity.defn
def should_scrub(given: Workspace) -> bool:
    activity.logger.info("activity started", extra={"workspace_id": given.workspace_id})
    return scrub_workspace.should_scrub(given.workspace_id)


@activity.defn
def retention_days(given: Workspace) -> int:
    activity.logger.info("activity started", extra={"workspace_id": given.workspace_id})
    return scrub_workspace.retention_days(given.workspace_id)


@activity.defn
def pause_connectors(given: Workspace) -> None:
    activity.logger.info("activity started", extra={"workspace_id": given.workspace_id})
    scrub_workspace.pause_connectors(given.workspace_id)


@activity.defn
def pause_triggers(given: Workspace) -> None:
    activity.logger.info("activity started", extra={"workspace_id": given.workspace_id})
    scrub_workspace.pause_triggers(given.workspace_id)


@activity.defn
def mail_admins(given: Mail) -> None:
    activity.logger.info("activity started", extra={"workspace_id": given.workspace_id})
    scrub_workspace.mail_admins(given.workspace_id, given.days_left)


@activity.defn
def scrub(given: Workspace) -> None:
    activity.logger.info("activity started", extra={"workspace_id": given.workspace_id})
    scrub_workspace.scrub(given.workspace_id)


ACTIVITIES: list[Callable[..., Any]] = [
    should_scrub,
    retention_days,
    pause_connectors,
    pause_triggers,
    mail_admins,
    scrub,
]


@workflow.defn(name="workspace_scrub")
class WorkspaceScrub:
    @workflow.run
    async def run(self, given: Workspace) -> bool:
        if not await self._should_scrub(given):
            return False
        days = await workflow.execute_activity(retention_days, given, start_to_close_timeout=SHORT)
        await workflow.execute_activity(pause_connectors, given, start_to_close_timeout=LONG)
        await workflow.execute_activity(pause_triggers, given, start_to_close_timeout=LONG)
        await self._mail(Mail(given.workspace_id, days))
        await workflow.sleep(timedelta(days=max(days - 3, 0)))
        if not await self._should_scrub(given):
            return False
        await self._mail(Mail(given.workspace_id, 3))
        await workflow.sleep(timedelta(days=3))
        if not await self._should_scrub(given):
            return False
        await workflow.execute_activity(scrub, given, start_to_close_timeout=LONG)
        return True

    async def _should_scrub(self, given: Workspace) -> bool:
        return await workflow.execute_activity(should_scrub, given, start_to_close_timeout=SHORT)

    async def _mail(self, mail: Mail) -> None:
        await workflow.execute_activity(
            mail_admins, mail, start_to_close_timeout=SHORT, retry_policy=ONCE
        )


def workflow_id(workspace_id: str) -> str:
    return f"schedule-workspace-scrub-{workspace_id}"


async def launch(client: Client, workspace_id: str) -> WorkflowHandle[WorkspaceScrub, bool]:
    try:
        return await client.start_workflow(
            WorkspaceScrub.run,
            Workspace(workspace_id),
            id=workflow_id(workspace_id),
            task_queue=TASK_QUEUE,
        )
    except WorkflowAlreadyStartedError:
        return client.get_workflow_handle_for(WorkspaceScrub.run, workflow_id(workspace_id))


async def terminate(client: Client, workspace_id: str, reason: str) -> bool:
    try:
        await client.get_workflow_handle(workflow_id(workspace_id)).terminate(reason=reason)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


def worker(client: Client) -> Worker:
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[WorkspaceScrub],
        activities=ACTIVITIES,
        activity_executor=ThreadPoolExecutor(100),
        graceful_shutdown_timeout=timedelta(seconds=30),
    )
