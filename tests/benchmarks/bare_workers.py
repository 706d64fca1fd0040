"""A hundred bare SDK workers in one process, to compare `tqrun worker all` with: ADDRESS COUNT."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

CONCURRENCY = 16


def activities(number: int) -> list[Callable[..., Any]]:
    """Two activities, as each queue of the projects has them."""

    @activity.defn(name=f"fetch_{number:04}")
    def fetch(entity: dict[str, Any]) -> dict[str, Any]:
        return entity

    @activity.defn(name=f"store_{number:04}")
    def store(entity: dict[str, Any]) -> list[str]:
        return [entity["entity_id"]]

    return [fetch, store]


@workflow.defn(name="queue")
class Queue:
    @workflow.run
    async def run(self, entity: dict[str, Any]) -> Any:
        for name in ("fetch", "store"):
            await workflow.execute_activity(
                name, entity, start_to_close_timeout=timedelta(minutes=5)
            )


async def main(address: str, count: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await Client.connect(address)
    async with AsyncExitStack() as workers:
        for number in range(count):
            worker = Worker(
                client,
                task_queue=f"bare-{number:04}",
                workflows=[Queue],
                activities=activities(number),
                workflow_runner=UnsandboxedWorkflowRunner(),
                activity_executor=ThreadPoolExecutor(CONCURRENCY),
                max_concurrent_activities=CONCURRENCY,
            )
            await workers.enter_async_context(worker)
        print("running", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
