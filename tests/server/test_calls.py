"""Where a call runs and what becomes of its failure: other queues, other workers, old versions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from tests.server.project import Project
from tqrun.temporal.server import EmbeddedServer


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path) -> Project:
    return Project(tmp_path, server.address)


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("calls").replace("-", "_")


WORK = """
    def mine(word: str) -> str:
        return word

    def theirs(word: str) -> str:
        return f"theirs: {word}"

    def fails(word: str) -> str:
        raise LookupError(word)
"""
OTHER_QUEUE = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{word}}
        input: {{word: string}}
        memo: [word]
        activities:
          theirs: {{queue: {queue}_other, function: activities.work:theirs}}
      {queue}_other:
        version: 3
        activities:
          mine: {{function: activities.work:mine}}
    defaults: {{activity: {{start_to_close_timeout: 10s}}}}
"""


async def test_an_activity_of_another_queue_runs_on_its_workers(
    project: Project, client: Client, queue: str
) -> None:
    project.write(OTHER_QUEUE.format(queue=queue), work=WORK)
    launched = await asyncio.to_thread(project.launch, queue, "--word", "a")
    handle = client.get_workflow_handle(str(launched["workflow_id"]))

    async def waits_for_the_other_queue() -> bool:
        pending = (await handle.describe()).raw_description.pending_activities
        return [one.activity_type.name for one in pending] == ["theirs"]

    with project.worker((queue,)):
        async with asyncio.timeout(30):
            while not await waits_for_the_other_queue():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert [line for line in project.log() if "activity" in line] == []
        with project.worker((f"{queue}_other",)):
            async with asyncio.timeout(60):
                assert await handle.result() == "theirs: a"
    started = next(line for line in project.log() if line["message"] == "activity started")
    assert (started["queue"], started["version"]) == (f"{queue}_other", 3)


ANY_WORKER = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{word}}
        input: {{word: string}}
        activities:
          far: {{task_queue: {queue}-far, start_to_close_timeout: 10s}}
"""


@activity.defn(name="far")
async def far(given: dict[str, str]) -> str:
    return f"far: {given['word']}"


async def test_an_activity_of_another_task_queue_runs_on_any_sdks_worker(
    project: Project, client: Client, queue: str
) -> None:
    project.write(ANY_WORKER.format(queue=queue))
    with project.worker():
        alone = await asyncio.to_thread(project.tqrun, "launch", queue, "--word", "a")
        assert f"no worker polls {queue}-far\n" in alone.stderr
        async with Worker(client, task_queue=f"{queue}-far", activities=[far]):
            shown = await asyncio.to_thread(project.launch, queue, "--word", "b", "--wait")
    assert shown["result"] == "far: b"


FAILING = """
    defaults:
      activity: {{start_to_close_timeout: 10s, retry_policy: once, on_error: continue}}
    retry_policies: {{once: {{maximum_attempts: 1}}}}
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{word}}
        input: {{word: string}}
        activities:
          {order[0]}: {{function: activities.work:{order[0]}}}
          {order[1]}: {{function: activities.work:{order[1]}}}
"""


@pytest.mark.parametrize(("order", "result"), [(("fails", "mine"), "c"), (("mine", "fails"), None)])
async def test_a_call_that_may_fail_is_null_and_the_run_goes_on(
    project: Project, queue: str, order: tuple[str, str], result: str | None
) -> None:
    project.write(FAILING.format(queue=queue, order=order), work=WORK)
    with project.worker():
        shown = await asyncio.to_thread(project.launch, queue, "--word", "c", "--wait")
        assert (shown["result"], "error" in shown) == (result, False)
    lines = [line for line in project.log() if "activity failed, going on" in line["message"]]
    shown_errors = [(line["activity"], line["error_type"], line["error"]) for line in lines]
    assert shown_errors == [("fails", "LookupError", "c")]


VERSIONS = """
    queues:
      {queue}:
        version: {version}
        draining: {draining}
        workflow_id: {queue}-${{word}}
        input: {{word: string}}
        activities:
          call: {{function: activities.work:mine, start_to_close_timeout: 10s}}
"""


async def test_runs_of_a_draining_version_call_the_function_where_it_lives_now(
    project: Project, client: Client, queue: str
) -> None:
    project.write(VERSIONS.format(queue=queue, version=1, draining="[]"), work=WORK)
    await asyncio.to_thread(project.launch, queue, "--word", "old")
    moved = "{1: {activities: {call: activities.old:mine}}}"
    old = WORK.replace("return word", "return f'old: {word}'")
    project.write(VERSIONS.format(queue=queue, version=2, draining=moved), work=WORK, old=old)
    with project.worker():
        shown = await asyncio.to_thread(project.launch, queue, "--word", "new", "--wait")
        async with asyncio.timeout(60):
            assert await client.get_workflow_handle(f"{queue}-old").result() == "old: old"
    assert (shown["task_queue"], shown["result"]) == (f"{queue.replace('_', '-')}-v2", "new")
