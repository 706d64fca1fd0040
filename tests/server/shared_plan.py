"""Launches and works many runs of one queue in one process: QUEUE COUNT.

Prints, as JSON, the plan's wire bytes before and after, from the objects that all runs shared, and
the results.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace

from tqrun import LaunchResult, open_queues
from tqrun.cli.main import leave
from tqrun.plan.model import decode
from tqrun.temporal.worker import worker

AT_ONCE = 100
"""Launches; more may wait longer for an answer than a client does, on a busy machine."""


async def main(queue: str, count: int) -> None:
    queues, room = open_queues(), asyncio.Semaphore(AT_ONCE)

    async def launched(number: int) -> LaunchResult:
        async with room:
            return await queues.launch(queue, number=number)

    launch = queues.registry.workflow(queue)
    before = launch.plan.encoded
    shared = decode(before)
    (service,) = queues.registry.services([queue])
    async with worker(await queues.client(launch.namespace), service):
        runs = await asyncio.gather(*(launched(number) for number in range(count)))
        results = await asyncio.gather(*(queues.wait(run) for run in runs))
    # A copy has none of the bytes that a plan keeps once it was encoded.
    after = {replace(plan).encoded.hex() for plan in (shared, decode(before), launch.plan)}
    print(json.dumps({"before": before.hex(), "after": sorted(after), "results": results}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
    leave(0)
