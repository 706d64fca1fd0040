"""One entry and one function: launched and worked on a real server, by the real commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
)

from tests.server.project import Project
from tests.server.support import eventually
from tqrun.temporal.server import EmbeddedServer

Start = Callable[[Project, Client, str], Awaitable[str]]

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{entity_id}}
        input:
          entity_id: string
          workspace_id: integer
        memo: [entity_id, workspace_id]
        activities:
          process:
            function: activities.work:process
            start_to_close_timeout: 10s
            retry_policy: {{initial_interval: 100ms, maximum_attempts: 2}}
"""
PROCESS = """
    import logging

    def process(entity_id: str, workspace_id: int) -> dict:
        logging.getLogger("mine").info("working", extra={"step": 1})
        if entity_id == "missing":
            raise LookupError("no such entity")
        return {"entity": entity_id, "next": workspace_id + 1}
"""


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path) -> Project:
    return Project(tmp_path, server.address)


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("queue").replace("-", "_")


def launch(project: Project, queue: str, entity: str, *more: str) -> dict[str, object]:
    return project.launch(queue, "--entity-id", entity, "--workspace-id", "1", *more)


def test_a_launched_run_returns_the_functions_result(project: Project, queue: str) -> None:
    project.write(QUEUES.format(queue=queue), work=PROCESS)
    with project.worker():
        launched = launch(project, queue, "X", "--wait")
    assert launched["status"] == "started"
    assert launched["workflow_id"] == f"{queue}-X"
    assert launched["result"] == {"entity": "X", "next": 2}


def test_every_log_line_of_the_function_carries_the_run(project: Project, queue: str) -> None:
    project.write(QUEUES.format(queue=queue), work=PROCESS)
    with project.worker():
        launched = launch(project, queue, "X", "--wait")
    lines = [line for line in project.log() if line.get("activity") == "process"]
    assert [line["message"] for line in lines] == [
        "activity started",
        "working",
        "activity completed",
    ]
    for line in lines:
        assert line["run_id"] == launched["run_id"]
        assert (line["entity_id"], line["workspace_id"], line["attempt"]) == ("X", 1, 1)


def test_a_failed_run_shows_its_causes(project: Project, queue: str) -> None:
    project.write(QUEUES.format(queue=queue), work=PROCESS)
    with project.worker():
        done = project.tqrun(
            "launch", queue, "--entity-id", "missing", "--workspace-id", "1", "--wait"
        )
    assert done.returncode == 1
    assert "LookupError: no such entity" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_launch_is_already_running(project: Project, queue: str) -> None:
    project.write(QUEUES.format(queue=queue), work=PROCESS)
    first = launch(project, queue, "X")
    second = launch(project, queue, "X")
    other = project.launch(queue, "--entity-id", "X", "--workspace-id", "2")
    assert (second["status"], second["run_id"]) == ("already_running", first["run_id"])
    assert (second["same_input"], other["same_input"]) == (True, False)
    refused = project.tqrun(
        "launch", queue, "--entity-id", "X", "--workspace-id", "1", "--fail-if-running"
    )
    assert refused.returncode == 5
    bumped = QUEUES.replace("version: 1", "version: 2\n        draining: {{1: external}}")
    project.write(bumped.format(queue=queue), work=PROCESS)
    third = launch(project, queue, "X")
    assert first["task_queue"] == third["task_queue"]
    assert launch(project, queue, "Y")["task_queue"] != first["task_queue"]


def test_a_refused_launch_is_one_line(project: Project, queue: str) -> None:
    project.write(QUEUES.format(queue=queue), work=PROCESS)
    options = ("--entity-id", "X", "--workspace-id", "1", "--namespace", "nowhere")
    done = project.tqrun("launch", queue, *options)
    assert done.returncode == 2
    message = (
        'the Temporal server has no namespace "nowhere"; '
        "register it, or name another with --namespace"
    )
    assert (done.stdout, done.stderr) == ("", f"error: {message}\n")


def test_temporals_own_command_line_starts_the_same(project: Project, queue: str) -> None:
    project.write(QUEUES.format(queue=queue), work=PROCESS)
    start = ("workflow", "start", "--type", queue, "--task-queue", queue.replace("_", "-") + "-v1")
    with project.worker():
        project.temporal(
            *start, "--workflow-id", queue, "--input", '{"entity_id":"X","workspace_id":1}'
        )
        good = project.temporal("workflow", "result", "--workflow-id", queue)
        project.temporal(*start, "--workflow-id", f"{queue}-bad", "--input", '{"entity_id":5}')
        bad = project.temporal("workflow", "result", "--workflow-id", f"{queue}-bad")
        project.temporal(*start, "--type", "no_such_type", "--workflow-id", f"{queue}-type")
        undeclared = project.temporal("workflow", "result", "--workflow-id", f"{queue}-type")
    assert '{"entity":"X","next":2}' in good
    assert 'input "workspace_id" is missing; input "entity_id" must be text' in bad
    assert 'no queue declares a workflow of type "no_such_type"' in undeclared


HEAD = QUEUES.split("          process:")[0].rstrip()
STEPS = """
          {first}:
            function: activities.work:{first}
            start_to_close_timeout: 10s
            retry_policy: {{initial_interval: 100ms, backoff_coefficient: 1}}
          {second}:
            function: activities.work:{second}
            start_to_close_timeout: {timeout}
"""
GATED = """
    from pathlib import Path

    def one(entity_id: str) -> str:
        if not Path("open").exists():
            raise RuntimeError("closed")
        return "one"

    def two(entity_id: str) -> str:
        return "two"
"""


async def by_launch(project: Project, client: Client, queue: str) -> str:
    done = await asyncio.to_thread(launch, project, queue, "old")
    return str(done["workflow_id"])


async def by_cli(project: Project, client: Client, queue: str) -> str:
    task_queue = queue.replace("_", "-") + "-v1"
    start = ("workflow", "start", "--type", queue, "--task-queue", task_queue)
    values = '{"entity_id":"old","workspace_id":1}'
    await asyncio.to_thread(
        project.temporal, *start, "--workflow-id", f"{queue}-cli", "--input", values
    )
    return f"{queue}-cli"


async def by_schedule(project: Project, client: Client, queue: str) -> str:
    action = ScheduleActionStartWorkflow(
        queue,
        {"entity_id": "old", "workspace_id": 1},
        id=f"{queue}-scheduled",
        task_queue=queue.replace("_", "-") + "-v1",
    )
    handle = await client.create_schedule(queue, Schedule(action=action, spec=ScheduleSpec()))
    await handle.trigger()
    async with asyncio.timeout(60):
        while not (actions := (await handle.describe()).info.recent_actions):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    started = actions[0].action
    assert isinstance(started, ScheduleActionExecutionStartWorkflow)
    return started.workflow_id


@pytest.mark.parametrize("start", [by_launch, by_cli, by_schedule])
async def test_a_running_plan_survives_an_edit_and_a_restart(
    project: Project, client: Client, queue: str, start: Start
) -> None:
    head = HEAD.format(queue=queue)
    project.write(head + STEPS.format(first="one", second="two", timeout="10s"), work=GATED)
    with project.worker():
        old = await start(project, client, queue)
        await eventually(lambda: failures(project) >= 2)
    project.write(head + STEPS.format(first="two", second="one", timeout="20s"), work=GATED)
    (project.folder / "open").touch()
    with project.worker():
        async with asyncio.timeout(60):
            assert await client.get_workflow_handle(old).result() == "two"
        new = await asyncio.to_thread(launch, project, queue, "new", "--wait")
    assert new["result"] == "one"


def failures(project: Project) -> int:
    return [line["message"] for line in project.log()].count("activity failed")
