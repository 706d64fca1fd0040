"""The life of a version: bumped, deployed, drained, removed, with every command that has a say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from tests.server.project import Project
from tests.server.support import eventually
from tqrun.temporal.pollers import Tasks, pollers
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: {version}
        workflow_id: {queue}-${{entity_id}}
        input: {{entity_id: string}}
        signals:
          approve: {{by: string}}
        activities:
          {activity}: {{function: activities.work:{activity}, start_to_close_timeout: 10s}}
        steps:
          - wait_for: approve
          - activity: {activity}
            as: result
          - return: ${{result}}
"""
DRAINING = """
        draining: {{1: {{activities: {{old: activities.work:old}}}}}}
"""
OLD = """
    def old(entity_id: str) -> str:
        return f"old {entity_id}"
"""
BOTH = f"""{OLD}
    def new(entity_id: str) -> str:
        return f"new {{entity_id}}"
"""
Row = tuple[int, str, int, int, bool | None]


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, server.address)


LEAVING = ("version-removed", "version-external", "version-not-draining", "queue-removed")


class Life:
    """The project of one queue, from revision to revision."""

    def __init__(self, project: Project, queue: str) -> None:
        self.project, self.queue = project, queue

    def write(self, version: int, *, draining: bool = False, external: bool = False) -> None:
        """Write a revision; the one before is kept beside it."""
        before = self.project.folder.with_name("before")
        shutil.rmtree(before, ignore_errors=True)
        if (self.project.folder / "queues.yaml").exists():
            shutil.copytree(self.project.folder, before)
        activity = "old" if version == 1 else "new"
        text = QUEUES.format(queue=self.queue, version=version, activity=activity)
        if draining:
            text = text.replace(
                "        input:", f"{DRAINING.format().strip(chr(10))}\n        input:"
            )
        if external:
            text = text.replace("        input:", "        draining: {1: external}\n        input:")
        self.project.write(text, work=OLD if version == 1 else BOTH)

    def back(self) -> None:
        """Take the revision back that was written last."""
        before = self.project.folder.with_name("before")
        shutil.copytree(before, self.project.folder, dirs_exist_ok=True)

    def launch(self, entity: str) -> str:
        return str(self.project.launch(self.queue, "--entity-id", entity)["workflow_id"])

    def status(self) -> list[Row]:
        done = self.project.tqrun("status", self.queue, "--output", "json")
        assert done.returncode == 0, done.stderr
        return [
            (one["version"], one["state"], one["open"], one["workers"], one["may_go"])
            for one in json.loads(done.stdout)["versions"]
        ]

    async def has(self, *rows: Row) -> None:
        """Return once the status is *rows*: the server counts a little late."""
        await eventually(lambda: self.status() == list(rows))

    def diff(self, *more: str) -> tuple[int, list[tuple[str, str, str]]]:
        base = str(self.project.folder.with_name("before") / "queues.yaml")
        done = self.project.tqrun("diff", "--against", base, "--format", "json", *more)
        assert done.stdout, done.stderr
        changes: list[dict[str, Any]] = json.loads(done.stdout)["changes"]
        graver = [one for one in changes if one["code"] in LEAVING]
        told = [(one["code"], one["severity"], one["message"]) for one in graver]
        return done.returncode, told


async def test_a_version_is_bumped_deployed_drained_and_removed(
    project: Project, unique: Callable[[str], str], client: Client
) -> None:
    life = Life(project, unique("life").replace("-", "_"))
    gone = "draining version 1 is gone"

    async def approve(workflow_id: str) -> Any:
        run = client.get_workflow_handle(workflow_id)
        await run.signal("approve", {"by": "anne"})
        return await run.result()

    life.write(1)
    with project.worker() as first:
        x, y = life.launch("X"), life.launch("Y")
        await life.has((1, "current", 2, 1, False))

        life.write(2, draining=True)
        assert life.diff("--live") == (0, [])
        with project.worker() as second:
            z = life.launch("Z")
            await life.has((2, "current", 1, 1, False), (1, "draining", 2, 2, False))

            life.write(2)
            assert life.diff() == (0, [("version-removed", "warning", gone)])
            told = f"{gone}, 2 runs of it are open"
            assert life.diff("--live") == (1, [("version-removed", "error", told)])
            life.back()

            first.terminate()
            first.wait(timeout=60)
            assert await approve(x) == "old X"
            second.kill()
            second.wait(timeout=60)
    with project.worker():
        assert await approve(y) == "old Y"
        # A worker that has gone is counted for a few minutes more.
        await eventually(lambda: [row[2] for row in life.status()] == [1, 0])
        assert [row[4] for row in life.status()] == [False, True]

        life.write(2)
        told = f"{gone}, no runs of it are open"
        assert life.diff("--live") == (0, [("version-removed", "info", told)])
    with project.worker():
        assert await approve(z) == "new Z"
        await eventually(lambda: [row[:3] for row in life.status()] == [(2, "current", 0)])


async def test_open_runs_of_a_version_that_was_removed_too_early_are_found(
    project: Project, unique: Callable[[str], str]
) -> None:
    life = Life(project, unique("life").replace("-", "_"))
    life.write(1)
    life.launch("X")
    life.write(2)
    await life.has((2, "current", 0, 0, False), (1, "removed", 1, 0, False))
    shown = project.tqrun("status", life.queue)
    assert " ".join(shown.stdout.replace(life.queue, "QUEUE").split()) == (
        "queue version state open workers what to do "
        "QUEUE 2 current 0 0 no worker polls it "
        "QUEUE 1 removed 1 0 1 open run, not listed: list version 1 under draining again"
    )


async def test_a_bump_without_draining_is_settled_too(
    project: Project, unique: Callable[[str], str], client: Client
) -> None:
    life = Life(project, unique("life").replace("-", "_"))
    life.write(1)
    workflow_id = life.launch("X")
    await life.has((1, "current", 1, 0, False))
    life.write(2)
    bumped = "version goes from 1 to 2, and 1 is not under draining"
    told = f"{bumped}, 1 run of it is open"
    assert life.diff("--live") == (1, [("version-not-draining", "error", told)])
    await client.get_workflow_handle(workflow_id).terminate()
    await eventually(lambda: life.diff("--live")[0] == 0)
    told = f"{bumped}, no runs of it are open"
    assert life.diff("--live") == (0, [("version-not-draining", "info", told)])


async def test_a_version_that_is_left_to_other_workers_is_settled_too(
    project: Project, unique: Callable[[str], str]
) -> None:
    life = Life(project, unique("life").replace("-", "_"))
    life.write(1)
    life.launch("X")
    await life.has((1, "current", 1, 0, False))
    life.write(2, draining=True)
    life.write(2, external=True)
    told = "draining version 1 is external: no worker of this file serves it, 1 run of it is open"
    assert life.diff("--live") == (1, [("version-external", "error", told)])


async def test_a_removed_queue_is_settled_too(
    project: Project, unique: Callable[[str], str]
) -> None:
    life = Life(project, unique("life").replace("-", "_"))
    life.write(1)
    life.launch("X")
    await life.has((1, "current", 1, 0, False))
    removed = life.queue
    life.queue = f"{removed}_other"
    life.write(2)
    told = f'queue "{removed}" is gone, 1 run of it is open'
    assert life.diff("--live") == (1, [("queue-removed", "error", told)])


def test_status_of_an_unknown_queue_is_refused(project: Project) -> None:
    Life(project, "life").write(1)
    done = project.tqrun("status", "live")
    assert (done.returncode, done.stderr) == (
        2,
        'error: there is no queue "live"; did you mean "life"?\n',
    )


async def test_a_process_that_polls_no_more_is_no_worker(
    project: Project, unique: Callable[[str], str], client: Client
) -> None:
    life = Life(project, unique("life").replace("-", "_"))
    life.write(1)
    task_queue = f"{life.queue.replace('_', '-')}-v1"
    with project.worker():
        await life.has((1, "current", 0, 1, False))
    stopped = datetime.now(UTC)
    assert len(await pollers(client, task_queue, Tasks.WORKFLOW)) == 1
    later = stopped + timedelta(seconds=5)
    assert await pollers(client, task_queue, Tasks.WORKFLOW, since=later) == set()
