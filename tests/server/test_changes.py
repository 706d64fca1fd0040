"""The verdicts of `tqrun diff`, shown on real runs: what each edit does when it is deployed.

All rows of `revisions` are one project, deployed once per order: runs are opened on the old
revision, then the new one comes, with both workers side by side for a while.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from tests.server.conftest import unique_name
from tests.server.project import Project
from tests.server.revisions import FAILED, REFUSED, ROWS, STRANDED, Row, functions, text
from tests.server.support import eventually
from tqrun.plan.changes.table import TABLE
from tqrun.temporal.server import EmbeddedServer

WITHIN_SECONDS = 60
NOT_SHOWN_HERE = {
    "activity-task-queue-changed": "the workers of another task queue are not this project's",
    "runtime-upgraded": "one runtime is installed; recorded histories are replayed instead",
    "workflow-removed": "test_a_removed_workflow_fails_its_callers",
    "query-removed": "test_a_removed_query_fails_on_new_runs_only",
    "id-policy-changed": "the policies themselves are tested in test_launch_and_work",
    "debounce-changed": "the same of test_debounce",
    "queue-added": "the same as version-bumped: a task queue without workers yet",
    "search-attribute-changed": "the same as search-attribute-added: launches are refused",
    "version-external": "the same as version-removed: no worker serves it",
    "launch-name-changed": "the server knows a workflow by its type, which stays",
    "parameter-moved": "arguments in order are tested in test_workflow_class",
    "activity-conditional": "the same as activity-removed where the condition does not hold",
    "annotation-removed": "the plain value reaches the function: tests/plan/test_binding_decoding",
    "conversion-changed": "what the code of a user does is known to nobody",
    "error-type-removed": "errors that are not retried are tested in test_activities",
    "workflow-added": "the same as version-bumped: a type without workers yet",
    "task-queue-added": "the same as version-bumped: a task queue without workers yet",
    "workflow-id-bumped": "two ids are two runs, which workflow-id-changed shows",
    "schedule-changed": "what tqrun apply does to schedules is tested in test_apply",
    "schedule-removed": "what tqrun apply does to schedules is tested in test_apply",
    "not-compared": "about the comparison, not about runs",
    "unused-ignore": "about the comparison, not about runs",
    "ignore-without-reason": "about the comparison, not about runs",
}


@dataclass(frozen=True)
class Deployed:
    """What one deployment came to.

    Attributes:
        verdicts: The codes that `tqrun diff` reported by queue.
        names: The queue of each row.
        outcomes: The result, or the way it ended, by row and kind of run.
    """

    verdicts: Mapping[str, set[str]]
    names: Mapping[str, str]
    outcomes: Mapping[tuple[str, str], str]


@dataclass
class Deployment:
    """The old and the new revision of all rows, and the runs of them."""

    old: Project
    new: Project
    client: Client
    names: dict[str, str]

    def __post_init__(self) -> None:
        self.outcomes: dict[tuple[str, str], str] = {}
        for project, edited in ((self.old, False), (self.new, True)):
            project.folder.mkdir()
            entries = [text(row, self.names[name], edited=edited) for name, row in ROWS.items()]
            modules = {
                self.names[name]: functions(row, self.names[name], edited=edited)
                for name, row in ROWS.items()
            }
            project.write("queues:\n" + "".join(filter(None, entries)), **modules)

    def verdicts(self) -> dict[str, set[str]]:
        done = self.new.tqrun("diff", "--against", "../old/queues.yaml", "--format", "json")
        assert done.stdout, done.stderr
        found: dict[str, set[str]] = {name: set() for name in self.names.values()}
        for change in json.loads(done.stdout)["changes"]:
            for queue in change["queues"]:
                found.setdefault(queue.removesuffix("_now"), set()).add(change["code"])
        return found

    async def launch(self, project: Project, kind: str, rows: list[str]) -> None:
        edited = project is self.new
        queues = [self._queue(name, edited=edited) for name in rows]
        listed = [
            (queue, {"id": kind, **_more(name, edited=edited)})
            for name, queue in zip(rows, queues, strict=True)
        ]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("launch_listed.py")),
            json.dumps(listed),
            cwd=project.folder,
            env=project.environment,
            stdout=subprocess.PIPE,
        )
        output, _ = await process.communicate()
        for name, status in zip(rows, json.loads(output), strict=True):
            if status.startswith("error"):
                self.outcomes[name, kind] = REFUSED

    def _queue(self, name: str, *, edited: bool) -> str:
        after = ROWS[name].after or ()
        renamed = edited and any("_now" in new for _, new in after)
        return f"{self.names[name]}_now" if renamed else self.names[name]

    async def start(self, kind: str, rows: list[str]) -> None:
        """Start runs as somebody without tqrun does, who knows the old revision."""
        for name in rows:
            queue = self.names[name]
            version = 1 if name != "version_lowered" else 2
            await self.client.start_workflow(
                queue,
                {"id": kind, "amount": 1},
                id=f"{queue}-{kind}",
                task_queue=f"{queue.replace('_', '-')}-v{version}",
            )

    def handle(self, name: str, kind: str) -> Any:
        again = "-again" if name == "workflow_id_changed" and kind in ("new", "early") else ""
        return self.client.get_workflow_handle(f"{self.names[name]}{again}-{kind}")

    async def go(self, kind: str, rows: list[str]) -> None:
        for name in rows:
            if (name, kind) not in self.outcomes:
                await self._signal(name, kind)

    async def _signal(self, name: str, kind: str) -> None:
        # One that was refused by its worker has ended already.
        with suppress(RPCError):
            await self.handle(name, kind).signal("go", dict(ROWS[name].payload))

    async def waiting(self, kind: str, rows: list[str]) -> None:
        """Until each run has done its first task on some worker."""

        async def started(name: str) -> None:
            async for event in self.handle(name, kind).fetch_history_events(wait_new_event=True):
                if event.HasField("workflow_task_completed_event_attributes"):
                    return

        async with asyncio.timeout(WITHIN_SECONDS):
            await asyncio.gather(*map(started, rows))

    async def ends(self, kind: str, expected: Mapping[str, str]) -> None:
        """Wait for the runs that are to end, then look at all."""
        rows = [name for name in expected if (name, kind) not in self.outcomes]
        ending = [name for name in rows if expected[name] != STRANDED]
        async with asyncio.timeout(WITHIN_SECONDS):
            await asyncio.gather(*(self._end(name, kind) for name in ending))
        for name in rows:
            if name not in ending:
                described = await self.handle(name, kind).describe()
                running = described.status is WorkflowExecutionStatus.RUNNING
                self.outcomes[name, kind] = STRANDED if running else str(described.status)

    async def _end(self, name: str, kind: str) -> None:
        try:
            self.outcomes[name, kind] = str(await self.handle(name, kind).result())
        except WorkflowFailureError:
            self.outcomes[name, kind] = FAILED


def _more(name: str, *, edited: bool) -> dict[str, Any]:
    return {"more": "x"} if edited and name == "input_required" else {}


def _is_ready(project: Project) -> bool:
    return any(line["message"] == "ready" for line in project.log())


def expected(kind: str) -> dict[str, str]:
    found = {name: getattr(row, kind) for name, row in ROWS.items()}
    return {name: value for name, value in found.items() if value is not None}


async def workers_first(deployment: Deployment) -> None:
    callers = expected("open_by_caller")
    with deployment.old.worker() as worker:
        await deployment.launch(deployment.old, "open", [*expected("open")])
        await deployment.start("open_by_caller", [*callers])
        await deployment.waiting("open", [*expected("open")])
        await deployment.waiting("open_by_caller", [*callers])
        with deployment.new.worker():
            await eventually(lambda: _is_ready(deployment.new))
            await deployment.launch(deployment.new, "mixed", [*expected("mixed")])
            await deployment.waiting("mixed", [*expected("mixed")])
            await deployment.go("mixed", [*expected("mixed")])
            worker.terminate()
            worker.wait(timeout=60)
            await deployment.launch(deployment.new, "new", [*expected("new")])
            await deployment.start("called", [*expected("called")])
            for kind in ("open", "open_by_caller", "new", "called"):
                await deployment.go(kind, [*expected(kind)])
            for kind in ("mixed", "new", "called", "open", "open_by_caller"):
                await deployment.ends(kind, expected(kind))


async def launchers_first(deployment: Deployment) -> None:
    early = expected("early")
    with deployment.old.worker():
        await deployment.launch(deployment.old, "open", [*expected("open")])
        await deployment.launch(deployment.new, "early", [*early])
        running = [name for name in early if (name, "early") not in deployment.outcomes]
        await deployment.waiting("open", [*expected("open")])
        await deployment.waiting("early", running)
        await deployment.go("early", [*early])
        await deployment.ends("early", {"parameter_added": early["parameter_added"]})
    with deployment.new.worker():
        await deployment.go("open", [*expected("open")])
        for kind in ("early", "open"):
            await deployment.ends(kind, expected(kind))


ORDERS = {"workers_first": workers_first, "launchers_first": launchers_first}


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[*ORDERS])
async def deployed(
    request: pytest.FixtureRequest, server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Deployed]:
    folder = tmp_path_factory.mktemp("deployed")
    client = await Client.connect(server.address, data_converter=pydantic_data_converter)
    suffix = unique_name("x").replace("-", "_")
    deployment = Deployment(
        Project(folder / "old", server.address),
        Project(folder / "new", server.address),
        client,
        {name: f"{name}_{suffix}" for name in ROWS},
    )
    verdicts = deployment.verdicts()
    await ORDERS[request.param](deployment)
    yield Deployed(verdicts, deployment.names, deployment.outcomes)
    for names in deployment.outcomes:
        if deployment.outcomes[names] == STRANDED:
            await deployment.handle(*names).terminate()


every_row = pytest.mark.parametrize(("name", "row"), ROWS.items(), ids=[*ROWS])


@every_row
async def test_the_edit_does_what_its_verdict_says(deployed: Deployed, name: str, row: Row) -> None:
    seen = {kind: found for (one, kind), found in deployed.outcomes.items() if one == name}
    assert seen == {kind: getattr(row, kind) for kind in seen}
    assert "open" in seen


@every_row
async def test_the_verdict_names_the_change(deployed: Deployed, name: str, row: Row) -> None:
    found = deployed.verdicts[deployed.names[name]]
    assert row.code in found if row.code else not found
    hurts = {row.open, row.called, row.open_by_caller, row.new} & {STRANDED, FAILED}
    if row.code and TABLE[row.code].severity == "error" and row.code != "workflow-id-changed":
        assert hurts
    if not hurts and row.early not in (FAILED, REFUSED):
        assert {TABLE[code].severity for code in found} <= {"info", "warning"} or (
            row.code == "workflow-id-changed"
        )


@pytest.mark.parametrize("kind", ["signal_removed", "signal_narrowed"])
async def test_the_sender_of_a_dropped_signal_is_told_nothing(
    deployed: Deployed, kind: str
) -> None:
    assert deployed.outcomes[kind, "open"] == "old"
    assert deployed.outcomes.get((kind, "new"), STRANDED) == STRANDED


def test_every_row_of_the_table_is_shown_or_says_why_not() -> None:
    shown = {row.code for row in ROWS.values() if row.code}
    assert shown | NOT_SHOWN_HERE.keys() == set(TABLE)
    assert not shown & NOT_SHOWN_HERE.keys()
