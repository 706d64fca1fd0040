"""What the queues in production need more than one process, or an earlier version, to show."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, ScheduleHandle

from tests.server.project import Project
from tests.server.support import eventually
from tqrun.temporal.server import EmbeddedServer

PRODUCTION = Path(__file__).parent / "production"


@pytest.fixture
def deployed(server: EmbeddedServer, tmp_path: Path) -> Callable[[str], Project]:
    """A system's files, copied so that a test can change them, and applied."""

    def deploy(system: str) -> Project:
        shutil.copytree(PRODUCTION / "functions", tmp_path / "functions")
        shutil.copy(PRODUCTION / f"{system}.yaml", tmp_path / "queues.yaml")
        project = Project(tmp_path, server.address)
        applied = project.tqrun("apply")
        assert applied.returncode == 0, applied.stderr
        return project

    return deploy


def completed(project: Project) -> list[tuple[str, str, int]]:
    return [
        (line["activity"], line["queue"], line["version"])
        for line in project.log()
        if line["message"] == "activity completed"
    ]


def test_10_workspace_scrub_is_terminated_by_its_inputs(
    deployed: Callable[[str], Project], unique: Callable[[str], str]
) -> None:
    project = deployed("workspaces")
    workspace = ("scrub_workspace.workspace_scrub", "--workspace-id", unique("workspace"))
    with project.worker(("scrub_workspace",)):
        assert project.launch(*workspace)["status"] == "started"
        first = project.tqrun("terminate", *workspace, "--reason", "subscribed again")
        second = project.tqrun("terminate", *workspace, "--reason", "subscribed again")
    assert [(one.returncode, one.stdout.split()[0]) for one in (first, second)] == [
        (0, "terminated"),
        (0, "not_found"),
    ]


async def test_13_sandbox_invocation_of_a_draining_version(
    deployed: Callable[[str], Project], unique: Callable[[str], str]
) -> None:
    project = deployed("agents")
    file = project.folder / "queues.yaml"
    current = file.read_text()
    drained = "    version: 2\n    draining:\n      1:\n        max_concurrent_activities: 4\n"
    assert drained in current
    file.write_text(current.replace(drained, "    version: 1\n"))
    invocation = ("sandbox_functions", "--workspace-id", "W", "--function-id", "F")
    number = unique("invocation")
    old = project.launch(*invocation, "--invocation-id", number)
    assert old["task_queue"] == "sandbox-functions-v1"
    file.write_text(current)
    again = project.launch(*invocation, "--invocation-id", number)
    assert (again["status"], again["run_id"]) == ("already_running", old["run_id"])
    with project.worker(("sandbox_functions",)):
        await eventually(lambda: len(completed(project)) > 0)
    assert completed(project) == [("invoke_function", "sandbox_functions", 1)]


def test_19_relocate_table_writes_in_the_process_of_the_other_cell(
    deployed: Callable[[str], Project], unique: Callable[[str], str]
) -> None:
    eu = deployed("relocation")
    us = Project(eu.folder, eu.address, eu.folder / "us.log")
    cells = ("--source-cell", "eu", "--dest-cell", "us")
    table = ("--workspace-id", unique("workspace"), "--table", "agents")
    one, other = (
        ("--task-queue", "relocation-queue-eu-v2"),
        ("--task-queue", "relocation-queue-us-v2"),
    )
    with eu.worker(("relocation", *one)), us.worker(("relocation", *other)):
        moved = eu.launch("relocation.relocate_table", *cells, *table, "--wait")
    assert moved["status"] == "started"
    assert [name for name, _, _ in completed(eu)] == ["read_page"] * 3
    assert [name for name, _, _ in completed(us)] == ["write_page"] * 3


FIRED: dict[str, dict[str, tuple[str, str, object]]] = {
    "workspaces": {
        "hard_delete.daily": ("", "SKIP", 12),
        "invitations.weekdays": ("", "SKIP", None),
        "data_retention.weekdays": ("", "SKIP", None),
        "scrub_workspace.downgrade_and_scrub.weekdays": ("", "SKIP", None),
    },
    "search": {"es_indexation.refresh_search_usage.nightly": ("", "BUFFER_ONE", None)},
    "agents": {"agent_inactivity.nightly": ("Europe/Paris", "SKIP", [1, 1])},
}
"""The time zone and the overlap policy of each schedule, and the result of a run of it."""


@pytest.mark.parametrize("system", FIRED)
async def test_6_7_11_17_18_22_are_started_by_their_schedules(
    deployed: Callable[[str], Project], server: EmbeddedServer, system: str
) -> None:
    project = await asyncio.to_thread(deployed, system)
    client = await Client.connect(server.address)
    queues = {name.partition(".")[0] for name in FIRED[system]}
    with project.worker(sorted(queues)):
        for name, (time_zone, overlap, result) in FIRED[system].items():
            handle = client.get_schedule_handle(name)
            schedule = (await handle.describe()).schedule
            assert (schedule.spec.time_zone_name or "") == time_zone
            assert schedule.policy.overlap.name == overlap
            await handle.trigger()
            assert await _result(client, handle) == result
            await handle.delete()


async def _result(client: Client, handle: ScheduleHandle) -> object:
    """The result of the last run that a schedule has started."""
    async with asyncio.timeout(60):
        while not (actions := (await handle.describe()).info.recent_actions):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    started = actions[-1].action
    assert isinstance(started, ScheduleActionExecutionStartWorkflow)
    return await client.get_workflow_handle(started.workflow_id).result()
