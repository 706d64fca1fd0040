"""Calls whose tasks reach workers without the function: as if those had not been there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.common import RetryPolicy

from tests.server.inprocess import launched, outcome, working
from tests.server.step_functions import CALLS
from tests.server.steps import Steps
from tqrun.plan.registry import Registry
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.not_bound import rest
from tqrun.temporal.server import EmbeddedServer

RUNS = 24


@pytest.fixture
async def steps(
    server: EmbeddedServer,
    unique: Callable[[str], str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> Steps:
    caplog.set_level(logging.CRITICAL, logger="temporalio")
    caplog.set_level(logging.WARNING)
    client = await connect(Connection(server.address, None, None), "default")
    return Steps(client, tmp_path, unique("fleet").replace("-", "_"))


@asynccontextmanager
async def lacking(steps: Steps, *names: str, task_queue: str | None = None) -> AsyncIterator[None]:
    """With a worker of the queue, an older one, that does not have the functions *names*."""
    service = steps.registry.services([steps.queue])[0]
    activities = {name: one for name, one in service.activities.items() if name not in names}
    # The SDK refuses a second worker of a task queue on one client.
    address = steps.client.service_client.config.target_host
    client = await connect(Connection(address, None, None), "default")
    async with working(client, replace(service, activities=activities), task_queue=task_queue):
        yield


async def test_no_fleet_executes_a_function_more_often_than_declared(steps: Steps) -> None:
    steps.write("""
      - activity: counting
        with: {value: "${workflow.id}"}
        retry_policy: {maximum_attempts: 2, initial_interval: 10ms}
    """)
    async with lacking(steps, "counting"), steps.working():
        handles = [await steps.launch(id=str(number)) for number in range(RUNS)]
        ends = [await outcome(handle) for handle in handles]
    assert ends == [{"error": "RuntimeError", "message": "attempt 2"}] * RUNS
    assert [CALLS.count(handle.id) for handle in handles] == [2] * RUNS
    assert await some_missed(handles)


async def test_one_attempt_is_enough_in_any_fleet(steps: Steps) -> None:
    elsewhere = f"{steps.queue}-elsewhere"  # so that the run's own worker does not take it
    steps.write("""
      - {activity: echo, with: {value: "${workflow.id}"}, task_queue: "{queue}-elsewhere"}
    """)
    async with (
        lacking(steps, "echo", task_queue=elsewhere),
        lacking(steps, task_queue=elsewhere),
        steps.working(),
    ):
        handles = [await steps.launch(id=str(number)) for number in range(RUNS)]
        ends = [await outcome(handle) for handle in handles]
    assert ends == [{"result": handle.id} for handle in handles]
    assert [CALLS.count(handle.id) for handle in handles] == [1] * RUNS
    assert await some_missed(handles)


async def some_missed(handles: list[WorkflowHandle]) -> bool:  # type: ignore[type-arg]
    """Whether a task of one of the runs has reached the worker without the function."""
    for handle in handles:
        for event in (await handle.fetch_history()).events:
            failure = event.activity_task_failed_event_attributes.failure
            if failure.application_failure_info.type == "tqrun.NotBound":
                return True
    return False


async def test_a_function_goes_on_from_its_heartbeat_whichever_workers_took_the_task(
    steps: Steps,
) -> None:
    steps.write("""
      - activity: handing_over
        with: {value: "${workflow.id}"}
        heartbeat_timeout: 5s
        retry_policy: {maximum_attempts: 2, initial_interval: 10ms}
    """)
    async with lacking(steps, "handing_over"), steps.working():
        handles = [await steps.launch(id=str(number)) for number in range(RUNS)]
        ends = [await outcome(handle) for handle in handles]
    assert ends == [{"result": [41]}] * RUNS
    assert [CALLS.count(handle.id) for handle in handles] == [2] * RUNS


async def test_heartbeats_of_tqrun_keep_the_details_of_the_function(steps: Steps) -> None:
    """Also in an attempt that sends none itself."""
    steps.write("""
      - activity: resuming
        with: {value: "${workflow.id}"}
        heartbeat_timeout: 600ms
        retry_policy: {maximum_attempts: 3, initial_interval: 10ms}
    """)
    assert await steps.outcome() == {"result": [{"at": [41]}, "more"]}


ELSEWHERE = """
  - activity: echo
    with: {value: "${workflow.id}"}
    task_queue: {queue}-elsewhere
    schedule_to_close_timeout: 2s
  - log: done
"""


async def test_the_time_of_a_call_counts_from_its_first_task(
    steps: Steps, caplog: pytest.LogCaptureFixture
) -> None:
    steps.write(ELSEWHERE)
    async with (
        lacking(steps, "echo", task_queue=f"{steps.queue}-elsewhere"),
        steps.working(),
        asyncio.timeout(30),
    ):
        handle = await steps.launch()
        found = await outcome(handle)
        history = await handle.fetch_history()
    message = "no worker that has the function took the task within schedule_to_close_timeout"
    assert found == {"error": "timeout", "message": message}
    times = [
        event.event_time.ToDatetime()
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    assert len(times) > 2
    assert times[-1] - times[0] < timedelta(seconds=2.5)
    lines = [record for record in caplog.records if "waiting for a worker" in record.getMessage()]
    assert [(line.levelname, line.name) for line in lines] == [("WARNING", "tqrun.workflow")]


async def test_a_call_that_waits_for_a_worker_can_be_cancelled(steps: Steps) -> None:
    steps.write(ELSEWHERE.replace("    schedule_to_close_timeout: 2s\n", ""))
    async with (
        lacking(steps, "echo", task_queue=f"{steps.queue}-elsewhere"),
        steps.working(),
    ):
        handle = await steps.launch()
        async with asyncio.timeout(30):
            while not await some_missed([handle]):  # noqa: ASYNC110 - it is on the server
                await asyncio.sleep(0.05)
        await handle.cancel()
        assert (await outcome(handle))["error"] == "cancelled"


async def test_an_activity_without_a_workflow_waits_for_a_worker_with_the_function(
    steps: Steps,
) -> None:
    steps.write("[echo]".replace("echo", '{activity: echo, with: {value: "${id}"}}'))
    task_queue = steps.registry.services([steps.queue])[0].task_queue
    async with lacking(steps, "echo"):
        handle = await steps.client.start_activity(
            "echo",
            {"value": "alone"},
            id=f"{steps.queue}-alone",
            task_queue=task_queue,
            start_to_close_timeout=timedelta(seconds=10),
        )
        async with asyncio.timeout(30):
            while (await handle.describe()).attempt < 2:  # noqa: ASYNC110 - on the server
                await asyncio.sleep(0.05)
    async with steps.working(), asyncio.timeout(30):
        assert await handle.result() == "alone"


@pytest.mark.parametrize(
    ("policy", "used", "attempts", "interval", "most"),
    [
        (RetryPolicy(maximum_attempts=5), 3, 2, 8.0, 100.0),
        (RetryPolicy(maximum_attempts=0), 10_000, 0, 100.0, 100.0),
        (RetryPolicy(backoff_coefficient=1.0), 10_000, 0, 1.0, 100.0),
        (RetryPolicy(maximum_interval=timedelta(seconds=3)), 2, 0, 3.0, 3.0),
    ],
)
def test_attempts_and_waits_go_on_where_they_were(
    policy: RetryPolicy, used: int, attempts: int, interval: float, most: float
) -> None:
    left = rest(policy, used)
    assert (left.maximum_attempts, left.initial_interval.total_seconds()) == (attempts, interval)
    assert left.maximum_interval == timedelta(seconds=most)


TWO = """
queues:
  {queue}:
    version: 1
    workflow_id: {queue}-${{id}}
    input: {{id: string}}
    activities:
      number: {{function: "tests.server.step_functions:number", start_to_close_timeout: 10s}}
      length: {{task_queue: {other}-v1, start_to_close_timeout: 10s}}
    steps:
      - {{activity: number, with: {{value: 7}}, as: index}}
      - set: {{text: "four"}}
      - {{activity: length, as: found}}
      - return: ${{[found, index]}}
  {other}:
    version: 1
    activities:
      length: {{function: "tests.server.step_functions:length", start_to_close_timeout: 10s}}
"""


async def test_a_call_on_a_task_queue_of_the_file_is_bound_to_the_function_there(
    steps: Steps, unique: Callable[[str], str], tmp_path: Path
) -> None:
    """By name from the scope, so with what the steps have set, not with the inputs alone."""
    queue, other = steps.queue, unique("other").replace("-", "")
    path = tmp_path / "two.yaml"
    path.write_text(TWO.format(queue=queue, other=other))
    registry = Registry(path)
    there, here = registry.services([other, queue])
    async with working(steps.client, there), working(steps.client, here):
        handle = await launched(steps.client, registry.workflow(queue), {"id": "1"})
        assert await outcome(handle) == {"result": [4, 7]}
