"""What a worker validates holds up none of its other runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RawValue

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


HOSTILE = """
queues:
  {queue}:
    version: 1
    workflow_id: hostile
    workflow_type: {queue}
    input: {{a: array}}
    signals: {{go: {{a: number}}}}
    steps:
      - wait_for: go
        as: first
      - wait_for: go
        as: second
      - return: ["${{first.a}}", "${{second.a}}"]
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


async def test_a_hostile_payload_fails_its_own_run_only(
    client: Client, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    """Whoever may start a run or signal one can send any JSON: none of it is a poison pill."""
    queue = unique("hostile").replace("-", "_")
    file = tmp_path / "queues.yaml"
    file.write_text(HOSTILE.format(queue=queue))
    [service] = Registry(file).services([queue])

    def start(text: str) -> Awaitable[WorkflowHandle[Any, Any]]:
        payload = Payload(metadata={"encoding": b"json/plain"}, data=text.encode())
        return client.start_workflow(
            queue, RawValue(payload), id=unique("hostile"), task_queue=service.task_queue
        )

    texts = {
        "deep": '{"a": ' + "[" * 250 + "]" * 250 + "}",
        "nested": '{"a": ' + "[" * 150 + "]" * 150 + "}",
        "large": '{"a": 1' + "0" * 400 + "}",
        "scalar": "3",
        "no_json": "{",
    }
    async with working(client, service):
        # What is no JSON for a reader fails the task of its run; the SDK decodes it before us.
        sent = {name: text for name, text in texts.items() if name not in ("deep", "no_json")}
        runs = {name: await start(text) for name, text in sent.items()}
        found = {name: await outcome(run, within=20) for name, run in runs.items()}
        assert {name: one.get("error") for name, one in found.items()} == dict.fromkeys(
            sent, "invalid_input"
        ), found
        signalled = await start('{"a": []}')
        for name, text in texts.items():
            if name != "nested":
                payload = Payload(metadata={"encoding": b"json/plain"}, data=text.encode())
                await signalled.signal("go", RawValue(payload))
        await signalled.signal("go", {"a": 2})
        assert await outcome(signalled, within=20) == {"result": [10**400, 2]}
