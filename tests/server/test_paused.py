"""A run that somebody has paused on the server is open, and every command knows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import (
    PauseWorkflowExecutionRequest,
    UnpauseWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from tests.server.inprocess import working
from tests.server.project import Project
from tests.server.support import POLL_SECONDS
from tqrun.errors import RequestFailed
from tqrun.plan.registry import Registry
from tqrun.temporal.client import Connection
from tqrun.temporal.described import describe
from tqrun.temporal.queues import LaunchResult, Queues
from tqrun.temporal.reset import reset
from tqrun.temporal.runs import matching
from tqrun.temporal.server import EmbeddedServer, ServerOptions, embedded_server
from tqrun.temporal.status import status

QUEUES = """
queues:
  held:
    version: 2
    draining: {1: external}
    workflow_id: held-${n}
    input: {n: integer}
    signals: {go: {}}
    start_delay: '${n > 100 ? "1h" : "0s"}'
    activities: {}
    steps: [{wait_for: go}, {return: "${n}"}]
  once:
    version: 1
    workflow_id: once-${n}
    input: {n: integer}
    signals: {go: {}}
    id_reuse_policy: reject_duplicate
    activities: {}
    steps: [{wait_for: go}]
"""


@pytest.fixture(scope="module")
async def pausing() -> AsyncIterator[EmbeddedServer]:
    """A server on which workflows can be paused."""
    settings = ("frontend.WorkflowPauseEnabled=true",)
    options = ServerOptions(port=0, headless=True, dynamic_config=settings)
    async with embedded_server(options) as running:
        yield running


@pytest.fixture
def project(pausing: EmbeddedServer, tmp_path: Path) -> Project:
    made = Project(tmp_path, pausing.address)
    made.write(QUEUES)
    return made


class Held:
    """The queues, and a client that pauses runs."""

    def __init__(self, client: Client, project: Project) -> None:
        self.client, self.project = client, project
        self.connection = Connection(project.address, None, None)
        self.queues = Queues(Registry(project.folder / "queues.yaml"), self.connection)

    async def pause(self, run: LaunchResult) -> None:
        request = PauseWorkflowExecutionRequest(
            namespace=self.client.namespace,
            workflow_id=run.workflow_id,
            run_id=run.run_id,
            identity="ann@desk",
            reason="an incident",
            request_id=run.run_id,
        )
        await self.client.workflow_service.pause_workflow_execution(request)

    async def unpause(self, run: LaunchResult) -> None:
        request = UnpauseWorkflowExecutionRequest(
            namespace=self.client.namespace,
            workflow_id=run.workflow_id,
            run_id=run.run_id,
            identity="ann@desk",
            request_id=f"{run.run_id}-on",
        )
        await self.client.workflow_service.unpause_workflow_execution(request)

    async def paused(self, queue: str, n: int) -> LaunchResult:
        """A run of *queue* that is paused, and listed as that."""
        run = await self.queues.launch(queue, n=n)
        await self.pause(run)
        query = f'WorkflowId = "{run.workflow_id}" AND ExecutionStatus = "Paused"'
        async with asyncio.timeout(20):
            while not [found async for found in matching(self.client, query)]:  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
        return run

    async def tqrun(self, *arguments: str) -> tuple[int, str]:
        done = await asyncio.to_thread(self.project.tqrun, *arguments)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
async def held(project: Project) -> Held:
    client = await Client.connect(project.address, data_converter=pydantic_data_converter)
    return Held(client, project)


async def test_status_counts_it(held: Held) -> None:
    """A version with a paused run may not be taken out of the file."""
    file = held.queues.registry.file

    async def open_runs() -> int:
        found = await status(file, ["held"], held.connection)
        return sum(one.open for one in found)

    before = await open_runs()
    run = await held.paused("held", 1)
    assert await open_runs() == before + 1
    await held.queues.terminate("held", n=1)
    assert not (await describe(held.client, run.workflow_id)).is_open


async def test_show_says_who_has_paused_it(held: Held) -> None:
    await held.paused("held", 2)
    code, said = await held.tqrun("show", "held", "--n", "2")
    assert (code, said.split("\n")[0]) == (0, "paused held-2"), said
    assert "  paused by ann@desk since 20" in said
    assert " UTC: an incident\n" in said
    code, said = await held.tqrun("show", "held", "--n", "2", "--output", "json")
    shown = json.loads(said)
    assert (shown["status"], shown["paused"]["by"]) == ("paused", "ann@desk")
    await held.queues.terminate("held", n=2)


async def test_it_can_be_reached(held: Held) -> None:
    """It takes signals and a cancellation, and says why it does not answer."""
    run = await held.paused("held", 3)
    with pytest.raises(RequestFailed, match=r"held-3 is paused by ann@desk since .*: an incident"):
        await held.queues.query("held", n=3)
    assert (await held.queues.launch("held", n=3)).status == "already_running"
    assert (await held.queues.signal("held", "go", n=3)).status == "sent"
    async with working(held.client, held.queues.registry.services(["held"])[0]):
        await held.unpause(run)
        assert await held.queues.wait(run) == 3
    await held.paused("held", 4)
    assert (await held.queues.cancel("held", n=4)).status == "cancel_requested"
    assert (await held.queues.terminate("held", n=4)).status == "terminated"
    assert (await held.queues.cancel("held", n=4)).status == "not_found"


async def test_an_id_that_is_kept_is_of_a_running_one(held: Held) -> None:
    await held.paused("once", 5)
    assert (await held.queues.launch("once", n=5)).status == "already_running"
    await held.queues.terminate("once", n=5)
    assert (await held.queues.launch("once", n=5)).status == "already_finished"


async def test_reset_takes_it(held: Held) -> None:
    """By its id and among others; a list that holds a paused run can be read."""
    run = await held.paused("held", 6)
    launch = held.queues.registry.workflow("held")
    found = await reset(held.client, launch, run.workflow_id)
    assert found.status == "already_current"
    code, said = await held.tqrun(
        "reset", "held", "--plan", "current", "--where", 'WorkflowId = "held-6"', "--dry-run"
    )
    assert (code, said) == (0, "already_current held-6\n")
    code, said = await held.tqrun("replay", "--query", 'WorkflowId = "held-6"')
    assert code == 0, said
    await held.queues.terminate("held", n=6)


async def test_a_run_in_its_delay_shows_when_it_begins(held: Held) -> None:
    run = await held.queues.launch("held", n=101)
    described = await describe(held.client, run.workflow_id)
    assert described.starts - described.started == timedelta(hours=1)
    code, said = await held.tqrun("show", "held", "--n", "101")
    assert code == 0
    assert f"  begins at {described.starts:%Y-%m-%d %H:%M:%S} UTC, after its start_delay\n" in said
    await held.queues.terminate("held", n=101)
