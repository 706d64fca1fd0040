"""Runs that are there: recorded, shown, replayed by query, and reset to today's plan."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RawValue
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from tests.server.project import Project
from tests.server.support import DEADLINE_SECONDS, POLL_SECONDS, eventually
from tqrun.temporal.server import EmbeddedServer
from tqrun.temporal.workflow import STATE

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{entity_id}}
        input:
          entity_id: string
          workspace_id: integer
        memo: [entity_id]
        signals:
          approve: {{by: string}}
        activities:
          first: {{function: activities.work:first, start_to_close_timeout: 10s}}
          second: {{function: activities.work:second, start_to_close_timeout: 10s}}
        steps:
          - activity: first
            as: done
          - wait_for: approve
            as: approval
          - {last}
          - return:
              by: ${{approval.by}}
              what: ${{done}}
"""
WORK = """
    def first(entity_id: str) -> str:
        return f"first of {entity_id}"

    def second(entity_id: str) -> None:
        raise ValueError("a faulty step")
"""
FAULTY = "activity: second"
MENDED = "log: mended"


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("queue").replace("-", "_")


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path, queue: str) -> Project:
    made = Project(tmp_path, server.address)
    made.write(QUEUES.format(queue=queue, last=FAULTY), work=WORK)
    return made


def mend(project: Project, queue: str) -> None:
    project.write(QUEUES.format(queue=queue, last=MENDED), work=WORK)


def start(project: Project, entity: str = "X") -> dict[str, Any]:
    return project.launch(project.queue, "--entity-id", entity, "--workspace-id", "1")


async def waits(project: Project, entity: str = "X") -> None:
    """Return once the run waits for its signal."""
    client = await Client.connect(project.address, data_converter=pydantic_data_converter)
    run = client.get_workflow_handle(f"{project.queue}-{entity}")
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (await run.query(STATE))["steps"] != ["steps[1]"]:  # noqa: ASYNC110 - a remote run
            await asyncio.sleep(POLL_SECONDS)


def told(project: Project, *arguments: str) -> dict[str, Any]:
    done = project.tqrun(*arguments, "--output", "json")
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def test_a_history_is_recorded_as_temporal_shows_it(project: Project, queue: str) -> None:
    with project.worker():
        launched = start(project)
        await waits(project)
        done = project.tqrun("record", queue, "--entity-id", "X", "-o", "there/one.json")
    assert (done.returncode, done.stdout) == (0, "there/one.json\n")
    recorded = json.loads((project.folder / "there" / "one.json").read_text())
    shown = project.temporal("workflow", "show", "--workflow-id", f"{queue}-X", "--output", "json")
    assert recorded == json.loads(shown)
    to = project.tqrun("record", queue, "--workflow-id", f"{queue}-X", "--to", "all")
    assert to.stdout == f"all/{queue}-X.{launched['run_id']}.json\n"
    printed = project.tqrun("record", queue, "--entity-id", "X")
    assert json.loads(printed.stdout) == recorded


async def test_runs_found_by_query_are_recorded_and_replayed(project: Project, queue: str) -> None:
    query = f'WorkflowType = "{queue}"'
    with project.worker():
        for entity in ("X", "Y"):
            start(project, entity)
            await waits(project, entity)
    done = project.tqrun("record", "--query", query, "--to", "all")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    from_files = told(project, "replay", "all")
    from_server = told(project, "replay", "--query", query)
    assert from_files == from_server
    assert (from_server["runs"], from_server["ok"]) == (2, 2)
    bad = project.tqrun("replay", "--query", "not a query")
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)
    none = project.tqrun("replay", "--query", f'{query} AND WorkflowId = "nobody"')
    assert (none.returncode, none.stdout, none.stderr) == (
        3,
        "",
        "error: --query finds no run, so that nothing is replayed\n",
    )


def test_a_delayed_run_found_by_query_has_not_begun(project: Project, queue: str) -> None:
    text = (project.folder / "queues.yaml").read_text()
    (project.folder / "queues.yaml").write_text(f"{text}    start_delay: 1h\n")
    start(project)
    replayed = told(project, "replay", "--query", f'WorkflowType = "{queue}"')
    assert (replayed["runs"], replayed["ok"], replayed["not_begun"]) == (1, 1, 1)


async def test_a_run_is_shown_with_its_place_and_its_plan(project: Project, queue: str) -> None:
    with project.worker():
        launched = start(project)
        await waits(project)
        done = project.tqrun("show", queue, "--entity-id", "X")
        plan = re.search(r"plan (\w+)", done.stdout)
        assert plan is not None
        since = next(line for line in done.stdout.splitlines() if line.startswith("  since"))
        assert done.stdout == (
            f"running {queue}-X\n"
            f"  run {launched['run_id']} on {queue.replace('_', '-')}-v1\n"
            f"{since}\n"
            f"  plan {plan[1]} (header), today's\n"
            "  at steps[1]\n"
            '  done = "first of X"\n'
        )
        mend(project, queue)
        edited = project.tqrun("show", queue, "--entity-id", "X")
        expected = f"  plan {plan[1]} (header), not today's: an edit reaches new launches only"
        assert expected in edited.stdout.splitlines()
    kept = json.loads(project.tqrun("show", queue, "--entity-id", "X", "--plan").stdout)
    kinds = [step["kind"] for step in kept["steps"]]
    assert (kept["format"], kept["queue"], kinds) == (
        1,
        queue,
        ["activity", "wait", "activity", "return"],
    )


async def test_a_run_whose_task_fails_is_shown_with_the_cause(
    project: Project, queue: str, client: Client
) -> None:
    with project.worker():
        start(project)
        await waits(project)
    await client.get_workflow_handle(f"{queue}-X").signal("approve", {"by": "anne"})
    async with Worker(client, task_queue=f"{queue.replace('_', '-')}-v1", workflows=[Faulty]):
        await eventually(lambda: "has failed once" in shown(project, queue))
        lines = shown(project, queue).splitlines()
    assert lines[4:] == [
        "  its workflow task has failed once: RuntimeError: out of order <- KeyError: 'map'",
        "  mend that, and workers go on with it; or begin anew: "
        f"tqrun reset {queue} --workflow-id {queue}-X --plan current",
    ]


async def test_a_failed_run_is_shown_with_its_error(
    project: Project, queue: str, client: Client
) -> None:
    text = (project.folder / "queues.yaml").read_text()
    once = "function: activities.work:second, retry_policy: {maximum_attempts: 1}"
    text = text.replace("function: activities.work:second", once)
    (project.folder / "queues.yaml").write_text(text)
    run = client.get_workflow_handle(f"{queue}-X")
    with project.worker():
        start(project)
        await waits(project)
        await run.signal("approve", {"by": "anne"})
        with pytest.raises(WorkflowFailureError):
            await run.result()
        lines = shown(project, queue).splitlines()
    assert lines[0] == f"failed {queue}-X"
    assert lines[4] == "  failed: second: Activity task failed <- ValueError: a faulty step"


@workflow.defn(dynamic=True, sandboxed=False)
class Faulty:
    @workflow.run
    async def run(self, _: Sequence[RawValue]) -> None:
        raise RuntimeError("out of order") from KeyError("map")


def shown(project: Project, queue: str) -> str:
    return project.tqrun("show", queue, "--entity-id", "X").stdout


def test_a_run_that_is_not_there_is_said_in_one_line(project: Project, queue: str) -> None:
    for command in (("show",), ("record",), ("reset", "--plan", "current")):
        done = project.tqrun(command[0], queue, "--entity-id", "nobody", *command[1:])
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert f'there is no run "{queue}-nobody"' in done.stderr


async def test_a_reset_run_begins_anew_on_todays_plan(
    project: Project, queue: str, client: Client
) -> None:
    with project.worker():
        launched = start(project)
        await waits(project)
        run = client.get_workflow_handle(f"{queue}-X")
        for by in ("anne", "bert"):
            await run.signal("approve", {"by": by})
        await eventually(lambda: "second" in {line.get("activity") for line in project.log()})
        mend(project, queue)
        [reset] = told(project, "reset", queue, "--entity-id", "X", "--plan", "current")["runs"]
        result = await client.get_workflow_handle(f"{queue}-X").result()
    assert reset == {
        "status": "reset",
        "workflow_id": f"{queue}-X",
        "before": launched["run_id"],
        "run_id": reset["run_id"],
        "plan": reset["plan"],
        "signals": 2,
        "launches": 0,
    }
    assert result == {"by": "anne", "what": "first of X"}
    described = await client.get_workflow_handle(f"{queue}-X").describe()
    assert await described.memo() == {"entity_id": "X", "tqrun_plan": reset["plan"]}
    before = client.get_workflow_handle(f"{queue}-X", run_id=launched["run_id"])
    assert (await before.describe()).status.name == "TERMINATED"  # type: ignore[union-attr]


async def test_a_refused_reset_leaves_the_run_as_it_was(
    project: Project, queue: str, client: Client
) -> None:
    with project.worker():
        launched = start(project)
        await waits(project)
        text = (project.folder / "queues.yaml").read_text()
        narrowed = text.replace(
            "workspace_id: integer", "workspace_id: {type: integer, minimum: 9}"
        )
        (project.folder / "queues.yaml").write_text(narrowed)
        done = project.tqrun("reset", queue, "--entity-id", "X", "--plan", "current")
        assert (done.returncode, done.stderr) == (
            2,
            'error: input "workspace_id" does not satisfy minimum: 9\n',
        )
    described = await client.get_workflow_handle(f"{queue}-X").describe()
    assert (described.status.name, described.run_id) == (  # type: ignore[union-attr]
        "RUNNING",
        launched["run_id"],
    )


async def test_many_are_reset_after_a_question(project: Project, queue: str) -> None:
    with project.worker():
        for entity in ("X", "Y"):
            start(project, entity)
            await waits(project, entity)
        mend(project, queue)
        start(project, "Z")
        await waits(project, "Z")
        many = (
            "reset",
            queue,
            "--plan",
            "current",
            "--where",
            "StartTime > '2020-01-01T00:00:00Z'",
        )
        asked = project.tqrun(*many)
        assert asked.returncode != 0
        assert "restart 3 open runs of" in asked.stderr
        tried = told(project, *many, "--dry-run")["runs"]
        done = told(project, *many, "--yes")["runs"]
        again = told(project, *many, "--yes")["runs"]
    assert statuses(tried) == {"X": "would_reset", "Y": "would_reset", "Z": "already_current"}
    assert statuses(done) == {"X": "reset", "Y": "reset", "Z": "already_current"}
    assert set(statuses(again).values()) == {"already_current"}


@pytest.mark.parametrize("where", ["A = 1) OR (B = 2", "A = ')' OR (B = 2", "A = 'x"])
def test_a_filter_cannot_leave_its_brackets(project: Project, queue: str, where: str) -> None:
    done = project.tqrun("reset", queue, "--plan", "current", "--yes", "--where", where)
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        f'error: --where: its brackets or quotes are not balanced: "{where}"\n',
    )


def test_brackets_in_quotes_are_text(project: Project, queue: str) -> None:
    where = "(WorkflowId = 'it''s) (' OR WorkflowId = \"a\\\") (\")"
    done = project.tqrun("reset", queue, "--plan", "current", "--yes", "--where", where)
    assert (done.returncode, done.stdout) == (0, "no open run is found\n"), done.stderr


def statuses(runs: list[dict[str, Any]]) -> dict[str, str]:
    return {one["workflow_id"].rpartition("-")[2]: one["status"] for one in runs}
