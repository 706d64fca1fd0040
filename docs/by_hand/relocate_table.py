"""`relocate_table` of production.md, written by hand with Temporal's SDK."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from tests.cases.production.functions import relocation

WORKSPACE_ID = SearchAttributeKey.for_keyword("workspace_id")
TIMEOUT = timedelta(minutes=10)


@dataclass
class Table:
    source_cell: str
    dest_cell: str
    workspace_id: str
    table: str
    last_id: int | None = None
    page_size: int = 3000


@dataclass
class Read:
    workspace_id: str
    table: str
    last_id: int | None
    page_size: int


@dataclass
class Write:
    workspace_id: str
    table: str
    rows: list[dict[str, Any]]


@activity.defn
def read_page(given: Read) -> relocation.Page:
    fields = {"workspace_id": given.workspace_id, "table": given.table}
    activity.logger.info("activity started", extra=fields)
    return relocation.read_page(given.workspace_id, given.table, given.last_id, given.page_size)


@activity.defn
def write_page(given: Write) -> None:
    fields = {"workspace_id": given.workspace_id, "table": given.table}
    activity.logger.info("activity started", extra=fields)
    relocation.write_page(given.workspace_id, given.table, given.rows)


def task_queue(cell: str) -> str:
    return f"relocation-queue-{cell}-v2"


@workflow.defn(name="relocate_table")
class RelocateTable:
    @workflow.run
    async def run(self, given: Table) -> None:
        has_more = True
        while has_more:
            page = await workflow.execute_activity(
                read_page,
                Read(given.workspace_id, given.table, given.last_id, given.page_size),
                start_to_close_timeout=TIMEOUT,
            )
            if page.rows:
                await workflow.execute_activity(
                    write_page,
                    Write(given.workspace_id, given.table, page.rows),
                    task_queue=task_queue(given.dest_cell),
                    start_to_close_timeout=TIMEOUT,
                )
            given.last_id, given.page_size = page.last_id, page.next_page_size
            has_more = page.has_more
            if has_more and workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(
                    given, memo={"workspace_id": given.workspace_id, "table": given.table}
                )


async def launch(client: Client, given: Table) -> WorkflowHandle[RelocateTable, None]:
    if given.source_cell not in ("eu", "us") or given.dest_cell not in ("eu", "us"):
        raise ValueError("there is no such cell")
    workflow_id = f"relocate-table-{given.workspace_id}-{given.table}"
    attributes = [SearchAttributePair(WORKSPACE_ID, given.workspace_id)]
    try:
        return await client.start_workflow(
            RelocateTable.run,
            given,
            id=workflow_id,
            task_queue=task_queue(given.source_cell),
            memo={"workspace_id": given.workspace_id, "table": given.table},
            search_attributes=TypedSearchAttributes(attributes),
        )
    except WorkflowAlreadyStartedError:
        return client.get_workflow_handle_for(RelocateTable.run, workflow_id)


def worker(client: Client, cell: str) -> Worker:
    return Worker(
        client,
        task_queue=task_queue(cell),
        workflows=[RelocateTable],
        activities=[read_page, write_page],
        activity_executor=ThreadPoolExecutor(100),
        graceful_shutdown_timeout=timedelta(seconds=30),
    )
