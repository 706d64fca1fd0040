"""Runs whose plan another release has written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus

from tests.server.project import Project
from tests.server.support import eventually
from tqrun.plan.model import FORMAT
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.headers import plan_to_send
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{entity_id}}
        input: {{entity_id: string}}
        activities:
          one: {{function: activities.work:one, start_to_close_timeout: 10s}}
"""
WORK = """
    def one(entity_id: str) -> str:
        return f"one {entity_id}"
"""
PLAN = (
    '{"format":NUMBER,"queue":"QUEUE","version":1,"workflow":"QUEUE","steps":['
    '{"kind":"activity","activity":"one","arguments":["entity_id"],"result":"done"'
    ',"start_to_close":10.0},{"kind":"return","value":"by hand: ${done}"}]}'
)
NEWER = (
    f"the run's plan has format {FORMAT + 1}, this worker knows {FORMAT}; a newer worker runs it"
)
SDK = "temporalio.worker._workflow_instance"


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("format").replace("-", "_")


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path, queue: str) -> Project:
    made = Project(tmp_path, server.address)
    made.write(QUEUES.format(queue=queue), work=WORK)
    return made


@contextmanager
def newer_worker(project: Project) -> Iterator[None]:
    script = Path(__file__).with_name("newer_worker.py")
    command = [sys.executable, str(script), "worker", "all"]
    with (project.folder / "newer.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=project.folder, env=project.environment, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


async def started(project: Project, queue: str, number: int) -> object:
    """The handle of a run with a plan made by hand."""
    client = await connect(Connection(project.address), "default")
    plan = PLAN.replace("NUMBER", str(number)).replace("QUEUE", queue)
    token = plan_to_send.set(plan.encode())
    try:
        return await client.start_workflow(
            queue, {"entity_id": "X"}, id=f"{queue}-X", task_queue=f"{queue.replace('_', '-')}-v1"
        )
    finally:
        plan_to_send.reset(token)


async def test_a_plan_of_the_first_format_runs(project: Project, queue: str) -> None:
    with project.worker():
        run = await started(project, queue, 1)
        assert await run.result() == "by hand: one X"  # type: ignore[attr-defined]


async def test_a_newer_plan_waits_in_one_line_for_a_newer_worker(
    project: Project, queue: str
) -> None:
    def lines() -> list[dict[str, object]]:
        return [line for line in project.log() if line["logger"] == SDK]

    with project.worker():
        run = await started(project, queue, FORMAT + 1)
        await eventually(lambda: bool(lines()))
        described = await run.describe()  # type: ignore[attr-defined]
        assert described.status is WorkflowExecutionStatus.RUNNING
    assert {line["message"] for line in lines()} == {NEWER}
    assert not [line for line in lines() if "exception" in line]
    with newer_worker(project):
        assert await run.result() == "by hand: one X"  # type: ignore[attr-defined]
