"""What a worker validates holds up none of its other runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.server.inprocess import outcome, working
from tests.server.support import eventually
from tqrun.errors import InvalidInput
from tqrun.plan.registry import Registry

QUEUES = """
queues:
  {queue}:
    version: 1
    workflows:
      judged:
        workflow_id: judged-${{n}}
        workflow_type: {queue}-judged
        input:
          n: integer
          numbers: {{type: array, items: {{type: number, multipleOf: 0.01}}, uniqueItems: true}}
        steps: [{{return: "${{n}}"}}]
    activities: {{}}
"""


class Loop:
    """How long the worker's event loop, which is the test's, was held up."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.beats = 0

    async def watch(self) -> None:
        clock = asyncio.get_running_loop().time
        last = clock()
        while True:
            await asyncio.sleep(0.01)
            now = clock()
            self.longest, last = max(self.longest, now - last), now
            self.beats += 1


async def test_validation_leaves_the_loop_to_others(
    client: Client, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    queue = unique("judged").replace("-", "_")
    file = tmp_path / "queues.yaml"
    file.write_text(QUEUES.format(queue=queue))
    [service] = Registry(file).services([queue])
    # By a client that knows no plan, so that the worker validates.
    values = {"n": 1, "numbers": [*(n / 100 for n in range(100_000)), 0]}
    started = time.process_time()
    with pytest.raises(InvalidInput):
        service.workflows[f"{queue}-judged"].inputs.normalise(values)
    taken = time.process_time() - started
    loop = Loop()
    async with working(client, service):
        watching = asyncio.create_task(loop.watch())
        await eventually(lambda: loop.beats > 10)
        loop.longest = 0
        handle = await client.start_workflow(
            f"{queue}-judged", values, id=unique("judged"), task_queue=service.task_queue
        )
        found = await outcome(handle)
        watching.cancel()
    assert found["error"] == "invalid_input", found
    assert loop.longest < taken / 2
