"""A debounced run that is launched more often, or with more, than one run can hold."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from tests.server.inprocess import histories, outcome, task_failures
from tests.server.step_functions import CALLS
from tests.server.steps import Steps
from tests.server.support import eventually
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.launches import Launch, Launches
from tqrun.temporal.reset import reset
from tqrun.temporal.server import EmbeddedServer, ServerOptions, embedded_server
from tqrun.temporal.workflow import STATE

LARGE_LAUNCHES = int(os.environ.get("TQRUN_LARGE_LAUNCHES", "60"))
"""Of 100 kB each; Temporal suggests a new run at 4 MB of history."""
SMALL_LAUNCHES = int(os.environ.get("TQRUN_SMALL_LAUNCHES", "400"))
SECONDS_BETWEEN = 0.1 if LARGE_LAUNCHES > 100 else 0.05
SUGGESTED_AFTER = 4_096 if SMALL_LAUNCHES > 5_000 else 60
"""Events; Temporal's own default is the first."""

HOT = """
  debounce: {window: WINDOW}
  input: {text: string, number: integer}
  steps:
    - {activity: number, with: {value: "${number}"}, as: answered}
    - return: ["${answered}", "${size(text)}"]
"""


@pytest.fixture(scope="module")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    """A server that suggests a new run early."""
    options = ServerOptions(
        data=tmp_path_factory.mktemp("busy") / "temporal.db",
        port=0,
        headless=True,
        dynamic_config=(f"limit.historyCount.suggestContinueAsNew={SUGGESTED_AFTER}",),
    )
    async with embedded_server(options) as running:
        yield running


@pytest.fixture
async def steps(busy: EmbeddedServer, unique: Callable[[str], str], tmp_path: Path) -> Steps:
    client = await connect(Connection(busy.address, None, None), "default")
    return Steps(client, tmp_path, unique("hot").replace("-", "_"))


async def test_launches_of_many_megabytes_together_are_answered_by_one_round(
    steps: Steps,
) -> None:
    steps.write(HOT.replace("WINDOW", "1s"))
    async with steps.working():
        handle = await steps.launch(text="x" * 100_000, number=0)
        for number in range(1, LARGE_LAUNCHES):
            await steps.launch(text="x" * 100_000, number=number)
            await asyncio.sleep(SECONDS_BETWEEN)
        found = await outcome(newest(steps.client, handle))
    runs = await histories(steps.client, handle)
    assert found == {"result": [LARGE_LAUNCHES - 1, 100_000]}
    assert len(runs) > 1
    sizes = [run.events[0].ByteSize() for run in runs[1:]]
    assert max(sizes) < 2 * 100_000
    assert await task_failures(handle) == []


def newest(client: Client, handle: WorkflowHandle[object, object]) -> WorkflowHandle:  # type: ignore[type-arg]
    return client.get_workflow_handle(handle.id)


async def test_thousands_of_launches_in_one_window_are_one_round(steps: Steps) -> None:
    """They are more than one run may take, so it goes on in new ones before the window ends."""
    steps.write(HOT.replace("WINDOW", "1h"))
    async with steps.working():
        handle = await steps.launch(text="x", number=0)
        for first in range(1, SMALL_LAUNCHES, 20):
            block = range(first, min(first + 20, SMALL_LAUNCHES))
            await asyncio.gather(*(steps.launch(text="x", number=number) for number in block))
        last = newest(steps.client, handle)
        async with asyncio.timeout(60):
            while (  # noqa: ASYNC110 - it is on the server
                await last.query(STATE)
            )["pending_launches"] < SMALL_LAUNCHES:
                await asyncio.sleep(0.1)
        assert (await last.query(STATE))["pending_launches"] == SMALL_LAUNCHES
        runs = await histories(steps.client, handle)
        await last.terminate()
    assert len(runs) > 2
    assert max(run.events[0].ByteSize() for run in runs[1:]) < 2_000
    signals = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    counts = [sum(event.event_type == signals for event in run.events) for run in runs]
    assert sum(counts) == SMALL_LAUNCHES
    assert max(counts) < 10_000


ROUND = """
  debounce: {window: 100ms}
  signals: {go: {}}
  input: {text: string}
  steps:
    - {activity: large, with: {size: 900000}, as: page}
    - {activity: echo, with: {value: "${workflow.id + ' ' + text.substring(0, 1)}"}}
    - wait_for: go
    - return: "${size(page) + size(text)}"
"""


async def test_a_round_that_cannot_carry_the_newest_launch_leaves_it_its_own(
    steps: Steps,
) -> None:
    """The input, what the round keeps and the newest launch have more than 2 MB together."""
    steps.write(ROUND)
    name = f"{steps.queue}-main-1"
    async with steps.working(is_time_to_stop=lambda: True):
        handle = await steps.launch(text="a" * 700_000)
        await eventually(lambda: f"{name} a" in CALLS)
        await steps.launch(text="b" * 700_000)
        last = newest(steps.client, handle)
        await last.signal("go", {})
        await eventually(lambda: f"{name} b" in CALLS)
        await last.signal("go", {})
        assert await outcome(last) == {"result": 1_600_000}


TWICE = """
  debounce: {window: 10ms}
  signals: {go: {}}
  input: {text: string}
  steps:
    - {activity: echo, with: {value: "${workflow.id + ' ' + text}"}, as: said}
    - wait_for: go
    - wait_for: go
    - return: "${said}"
"""


async def test_a_reset_takes_over_the_newest_launch_that_a_run_before_has_received(
    steps: Steps,
) -> None:
    steps.write(TWICE)
    name = f"{steps.queue}-main-1"
    is_full = asyncio.Event()
    async with steps.working(is_time_to_stop=is_full.is_set):
        handle = await steps.launch(text="a")
        await eventually(lambda: f"{name} a" in CALLS)
        await steps.launch(text="b")
        await steps.launch(text="c")
        is_full.set()
        last = newest(steps.client, handle)
        await last.signal("go", {})
        async with asyncio.timeout(30):
            while len(await histories(steps.client, handle)) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        is_full.clear()
        steps.write(TWICE.replace("- return", "- log: done\n    - return"))
    async with steps.working():
        launch = steps.registry.workflow(f"{steps.queue}.main")
        done = await reset(steps.client, launch, handle.id)
        await eventually(lambda: f"{name} c" in CALLS)
        for _ in range(2):
            await last.signal("go", {})
        assert await outcome(last) == {"result": f"{name} c"}
    assert (done.status, done.launches, f"{name} b" in CALLS) == ("reset", 2, False)


async def test_an_input_that_cannot_be_kept_with_its_plan_fails_the_run(steps: Steps) -> None:
    steps.write(
        HOT.replace("WINDOW", "10ms").replace("return: [", "return: ['" + 120_000 * "y" + "', ")
    )
    async with steps.working():
        handle = await steps.launch(text="x" * 1_999_000, number=0)
        found = await outcome(handle)
    assert found["error"] == "payload_too_large"
    assert "store it and give where it is" in found["message"]


def test_what_an_older_worker_has_carried_is_taken_up() -> None:
    older = [[{"number": number}, 5, 60, 1000.0 + number] for number in range(4)]
    launches = Launches()
    launches.restore({"launches": older})
    kept = launches.kept()
    assert kept == {
        "launches": [Launch({}, 0.0, None, 1000.0), Launch({"number": 3}, 5, 60, 1003.0)],
        "launch_count": 4,
    }
    again = Launches()
    again.restore(kept)
    assert again.kept() == kept


def test_one_launch_is_carried_as_it_is() -> None:
    launches = Launches()
    launches.restore({"launches": [[{"number": 1}, 5, None, 1000.0]]})
    assert launches.kept() == {
        "launches": [Launch({"number": 1}, 5, None, 1000.0)],
        "launch_count": 1,
    }
    assert (launches.take(), launches.kept()) == ({"number": 1}, {"launches": []})
