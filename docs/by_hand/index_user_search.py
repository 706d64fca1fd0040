"""`index_user_search` of production.md, written by hand with Temporal's SDK."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import FailureError, is_cancelled_exception
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from tests.cases.production.functions import es_indexation

TASK_QUEUE = "es-indexation-v1"
WINDOW = timedelta(seconds=1)


@dataclass
class User:
    user_id: str


@activity.defn
def index_user_search(given: User) -> str:
    activity.logger.info("activity started", extra={"user_id": given.user_id})
    return es_indexation.index_user_search(given.user_id)


@workflow.defn(name="index_user_search")
class IndexUserSearch:
    def __init__(self) -> None:
        self._launches: list[User] = []

    @workflow.signal
    def launched(self, given: User) -> None:
        self._launches.append(given)

    @workflow.run
    async def run(self, carried: list[User]) -> str:
        self._launches[:0] = carried
        while True:
            given = await self._settled()
            failure: FailureError | None = None
            result = ""
            try:
                result = await workflow.execute_activity(
                    index_user_search, given, start_to_close_timeout=timedelta(minutes=5)
                )
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                failure = error
            # No await from here to the end: a launch that comes now would be lost.
            if not self._launches:
                if failure is not None:
                    raise failure
                return result
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self._launches)

    async def _settled(self) -> User:
        """The newest launch, when none has come for a window."""
        while True:
            count = len(self._launches)
            try:
                await workflow.wait_condition(
                    lambda count=count: len(self._launches) > count,  # type: ignore[misc]
                    timeout=WINDOW,
                )
            except TimeoutError:
                newest = self._launches[-1]
                self._launches.clear()
                return newest


async def launch(client: Client, user_id: str) -> WorkflowHandle[IndexUserSearch, str]:
    return await client.start_workflow(
        IndexUserSearch.run,
        [],
        id=f"es-indexation-user-search-{user_id}",
        task_queue=TASK_QUEUE,
        start_signal="launched",
        start_signal_args=[User(user_id)],
    )


def worker(client: Client) -> Worker:
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[IndexUserSearch],
        activities=[index_user_search],
        activity_executor=ThreadPoolExecutor(100),
        graceful_shutdown_timeout=timedelta(seconds=30),
    )
