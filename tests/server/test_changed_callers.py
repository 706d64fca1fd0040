"""What `tqrun diff` says about callers of a queue, shown on real runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowQueryFailedError

from tests.server.project import Project
from tqrun.temporal.server import EmbeddedServer

QUEUES = """\
queues:
  {queue}:
    version: 1
    activities:
      act:
        function: activities.work:act
        start_to_close_timeout: 10s
    workflows:
      {queue}_kept:
        workflow_id: kept-{queue}-${{id}}
        input: {{id: string}}
        signals:
          go: {{}}
        queries:
          state: ${{id}}
        steps:
          - wait_for: go
          - act
"""
GONE = """\
      {queue}_gone:
        workflow_id: gone-{queue}-${{id}}
        input: {{id: string}}
        signals:
          go: {{}}
        steps:
          - wait_for: go
          - act
"""
WORK = 'def act(id: str) -> str:\n    return "done"\n'


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path) -> Project:
    return Project(tmp_path, server.address)


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("callers").replace("-", "_")


async def test_a_removed_workflow_fails_its_callers(
    client: Client, project: Project, queue: str
) -> None:
    project.write((QUEUES + GONE).format(queue=queue), work=WORK)
    task_queue = f"{queue.replace('_', '-')}-v1"
    with project.worker():
        launched = project.launch(f"{queue}.{queue}_gone", "--id", "launched")
    project.write(QUEUES.format(queue=queue), work=WORK)
    with project.worker():
        called = await client.start_workflow(
            f"{queue}_gone", {"id": "called"}, id=f"{queue}-called", task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await called.result()
        assert "no queue declares a workflow of type" in str(failed.value.cause)
        open_run = client.get_workflow_handle(launched["workflow_id"])
        await open_run.signal("go", {})
        assert await open_run.result() == "done"


async def test_a_removed_query_fails_on_new_runs_only(
    client: Client, project: Project, queue: str
) -> None:
    project.write(QUEUES.format(queue=queue), work=WORK)
    name = f"{queue}.{queue}_kept"
    with project.worker():
        before = client.get_workflow_handle(project.launch(name, "--id", "old")["workflow_id"])
        assert await before.query("state") == "old"
    text = QUEUES.format(queue=queue).replace("        queries:\n          state: ${id}\n", "")
    project.write(text, work=WORK)
    with project.worker():
        after = client.get_workflow_handle(project.launch(name, "--id", "new")["workflow_id"])
        assert await before.query("state") == "old"
        with pytest.raises(WorkflowQueryFailedError):
            await after.query("state")
        for run in (before, after):
            await run.signal("go", {})
            assert await run.result() == "done"


async def test_another_workflow_id_lets_an_entity_run_twice(
    client: Client, project: Project, queue: str
) -> None:
    text = QUEUES.format(queue=queue)
    project.write(text, work=WORK)
    name = f"{queue}.{queue}_kept"
    with project.worker():
        first = project.launch(name, "--id", "same")
        assert project.launch(name, "--id", "same")["status"] == "already_running"
        project.write(text.replace("kept-", "again-"), work=WORK)
        second = project.launch(name, "--id", "same")
        assert second["status"] == "started"
        for run in (first, second):
            handle = client.get_workflow_handle(run["workflow_id"])
            await handle.signal("go", {})
            assert await handle.result() == "done"
