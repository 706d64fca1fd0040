"""A hand-written workflow behind a declared entry: worked, launched, signalled, replayed."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from temporalio.client import Client, ScheduleActionStartWorkflow
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.server.project import Project
from tests.server.support import eventually
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: 2
        task_queue: {queue}-${{lane}}-v${{version}}
        workflow_id: {queue}-${{conversation_id}}
        workflow_type: AgentLoop
        workflow_class: agents.loop:AgentLoop
        input:
          conversation_id: string
          lane: {{type: string, enum: [interactive, batch]}}
          turns: {{type: integer, default: 1}}
        memo: [conversation_id]
        max_concurrent_activities: 40
        activities:
          run_turn:
            function: activities.turns:run_turn
            start_to_close_timeout: 10s
          finalise:
            function: activities.turns:finalise
            start_to_close_timeout: 10s
"""
LOOP = """
import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow

TIMEOUT = timedelta(seconds=10)


@dataclass
class Turn:
    conversation_id: str
    lane: str
    turns: int = 1


@workflow.defn(name="AgentLoop")
class AgentLoop:
    def __init__(self) -> None:
        self.stopped_by = ""

    @workflow.run
    async def run(self, turn: Turn) -> dict:
        done = []
        work = asyncio.create_task(self._turns(turn, done))
        stop = asyncio.create_task(workflow.wait_condition(lambda: self.stopped_by != ""))
        try:
            await workflow.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
            work.cancel()
        finally:
            said = await asyncio.shield(
                workflow.execute_activity(
                    "finalise", args=[turn.conversation_id, done], start_to_close_timeout=TIMEOUT
                )
            )
        return {"said": said, "stopped_by": self.stopped_by}

    async def _turns(self, turn: Turn, done: list) -> None:
        for number in range(turn.turns):
            done.append(
                await workflow.execute_activity(
                    "run_turn", args=[turn.conversation_id, number], start_to_close_timeout=TIMEOUT
                )
            )
            if number + 1 < turn.turns:
                await workflow.sleep(3600)

    @workflow.signal
    def stop(self, by: str) -> None:
        self.stopped_by = by

    @workflow.query
    def stopped(self) -> str:
        return self.stopped_by
"""
TURNS = """
    import logging

    def run_turn(conversation_id: str, number: int) -> str:
        logging.getLogger("mine").info("turn")
        return f"{conversation_id} {number}"

    async def finalise(conversation_id: str, done: list[str]) -> str:
        return ", ".join(done)
"""


POSITIONAL = """
    schema_version: 1
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{order_id}}
        workflow_type: Order
        workflow_class: orders.flow:Order
        input:
          order_id: string
          copies: {{type: integer, default: 2}}
        schedules:
          nightly-${{order_id}}:
            cron: 0 3 * * *
            time_zone_name: UTC
            input: {{copies: 7}}
        activities:
          pack:
            function: activities.orders:pack
            start_to_close_timeout: 10s
      {queue}_note:
        version: 1
        workflow_id: {queue}-note-${{text}}
        workflow_type: Note
        workflow_class: orders.flow:Note
        input:
          text: string
      {queue}_parent:
        version: 1
        workflow_id: {queue}-parent-${{order_id}}
        input:
          order_id: string
        steps:
          - workflow: {queue}
            as: order
          - workflow: {queue}_note
            as: note
            with: {{text: child}}
          - return: [ "${{order}}", "${{note}}" ]
"""
FLOW = """
from datetime import timedelta

from temporalio import workflow

TIMEOUT = timedelta(seconds=10)


@workflow.defn(name="Order")
class Order:
    @workflow.run
    async def run(self, order_id: str, copies: int = 1, loud: bool = False) -> str:
        return await workflow.execute_activity(
            "pack", args=[order_id, copies], start_to_close_timeout=TIMEOUT
        )

    @workflow.query
    def address(self) -> str:
        return "here"


@workflow.defn(name="Note")
class Note:
    @workflow.run
    async def run(self, text: str) -> str:
        return text.upper()
"""


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("agents").replace("-", "_")


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path, queue: str) -> Project:
    project = Project(tmp_path, server.address)
    project.write(QUEUES.format(queue=queue), turns=TURNS)
    package = tmp_path / "agents"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "loop.py").write_text(LOOP)
    return project


def launch(project: Project, queue: str, *more: str) -> dict[str, object]:
    return project.launch(queue, "--conversation-id", "c1", "--lane", "batch", *more)


@pytest.fixture
def agent_loop(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[type]:
    """The class, importable by its own name, as the sandbox imports it too."""
    monkeypatch.syspath_prepend(project.folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield importlib.import_module("agents.loop").AgentLoop
    for name in ("agents", "agents.loop"):
        del sys.modules[name]


async def test_it_is_launched_as_declared_without_a_plan(
    project: Project, client: Client, queue: str
) -> None:
    with project.worker():
        launched = await asyncio.to_thread(launch, project, queue, "--wait")
        again = await asyncio.to_thread(project.tqrun, "launch", queue, "--lane", "night")
    assert launched["result"] == {"said": "c1 0", "stopped_by": ""}
    assert (launched["workflow_id"], launched["task_queue"]) == (f"{queue}-c1", f"{queue}-batch-v2")
    assert again.returncode == 2
    handle = client.get_workflow_handle(f"{queue}-c1")
    assert await (await handle.describe()).memo() == {"conversation_id": "c1"}
    events = [event async for event in handle.fetch_history_events()]
    started = events[0].workflow_execution_started_event_attributes
    assert not started.header.fields
    assert json.loads(started.input.payloads[0].data) == {
        "conversation_id": "c1",
        "lane": "batch",
        "turns": 1,
    }
    assert not any(event.HasField("marker_recorded_event_attributes") for event in events)


async def test_its_signals_queries_and_shielded_work_stay_its_own(
    project: Project, client: Client, queue: str, agent_loop: type
) -> None:
    handle = client.get_workflow_handle(f"{queue}-c1")
    with project.worker():
        await asyncio.to_thread(launch, project, queue, "--turns", "3")
        await eventually(lambda: "activity completed" in str(project.log()))
        assert await handle.query("stopped") == ""
    # Another process has none of it in memory: it replays the run, then takes the signal.
    with project.worker():
        await handle.signal("stop", "me")
        assert await handle.result() == {"said": "c1 0", "stopped_by": "me"}
    turns = [line for line in project.log() if line["message"] == "turn"]
    assert [(line["activity"], line["workflow_id"]) for line in turns] == [
        ("run_turn", f"{queue}-c1")
    ]
    replayer = Replayer(workflows=[agent_loop], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(await handle.fetch_history())


async def test_it_keeps_the_sandbox(project: Project, client: Client, queue: str) -> None:
    text = LOOP.replace("        done = []\n", "        done = []\n        open('forbidden')\n")
    (project.folder / "agents/loop.py").write_text(text)
    with project.worker():
        await asyncio.to_thread(launch, project, queue)
        await eventually(lambda: "Cannot access __builtins__.open" in str(project.log()))
    await client.get_workflow_handle(f"{queue}-c1").terminate()


def test_a_class_that_the_sandbox_refuses_is_one_line(project: Project) -> None:
    check = "if workflow.unsafe.in_sandbox():\n    raise ValueError('not in here')\n"
    (project.folder / "agents/loop.py").write_text(LOOP.replace("TIMEOUT =", f"{check}TIMEOUT ="))
    done = project.tqrun("worker", "all")
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert line == (
        "error: workflow AgentLoop does not load in Temporal's sandbox: ValueError: not in here"
    )
    assert done.returncode == 6


@pytest.fixture
def positional(server: EmbeddedServer, tmp_path: Path, queue: str) -> Project:
    project = Project(tmp_path, server.address)
    pack = "def pack(order_id: str, copies: int) -> str:\n        return f'{order_id} {copies}'"
    project.write(POSITIONAL.format(queue=queue), orders=pack)
    package = tmp_path / "orders"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "flow.py").write_text(FLOW)
    return project


async def test_a_run_method_that_takes_its_inputs_one_by_one_keeps_its_callers(
    positional: Project, client: Client, queue: str
) -> None:
    with positional.worker():
        own = await asyncio.to_thread(positional.launch, queue, "--order-id", "own", "--wait")
        parent = await asyncio.to_thread(
            positional.launch, f"{queue}_parent", "--order-id", "child", "--wait"
        )
        other = await client.execute_workflow(
            "Order",
            args=["other", 1],
            id=f"{queue}-other",
            task_queue=f"{queue}-v1".replace("_", "-"),
        )
        again = await asyncio.to_thread(positional.launch, queue, "--order-id", "own")
    assert (own["result"], parent["result"], other) == ("own 2", ["child 2", "CHILD"], "other 1")
    assert again["status"] == "started"
    assert await payloads(client, f"{queue}-own") == ["own", 2]
    assert await payloads(client, f"{queue}-child") == ["child", 2]
    assert await payloads(client, f"{queue}-note-child") == ["child"]


async def payloads(client: Client, workflow_id: str) -> list[object]:
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        given = event.workflow_execution_started_event_attributes.input.payloads
        return [json.loads(one.data) for one in given]
    raise AssertionError("no events")


async def test_a_schedule_starts_it_as_a_launch_does(
    positional: Project, client: Client, queue: str
) -> None:
    key = "nightly-${order_id}"
    made = await asyncio.to_thread(
        positional.tqrun, "schedule", "ensure", queue, key, "--order-id", "own"
    )
    assert made.returncode == 0, made.stderr
    assert await scheduled(client, f"{queue}.nightly-own") == ["own", 7]
    file = positional.folder / "queues.yaml"
    file.write_text(file.read_text().replace("copies: 7", "copies: 9"))
    applied = await asyncio.to_thread(positional.tqrun, "apply")
    assert applied.returncode == 0, applied.stderr
    assert await scheduled(client, f"{queue}.nightly-own") == ["own", 9]
    await client.get_schedule_handle(f"{queue}.nightly-own").delete()


async def scheduled(client: Client, name: str) -> list[object]:
    described = await client.get_schedule_handle(name).describe()
    action = described.schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    return [json.loads(one.data) for one in action.args]


async def test_show_and_query_do_not_speak_of_steps_that_a_class_has_not(
    positional: Project, client: Client, queue: str
) -> None:
    """No worker is there, so that the run stands where it began."""
    await asyncio.to_thread(positional.launch, queue, "--order-id", "own")
    shown = await asyncio.to_thread(positional.tqrun, "show", queue, "--order-id", "own")
    assert shown.stdout.splitlines()[3] == (
        "  hand-written class orders.flow:Order, without plan and steps"
    )
    assert "step" not in "".join(shown.stdout.splitlines()[4:])
    plan = await asyncio.to_thread(positional.tqrun, "show", queue, "--order-id", "own", "--plan")
    assert (
        plan.stderr == f"error: {queue}-own keeps no plan: orders.flow:Order is written by hand\n"
    )
    asked = await asyncio.to_thread(positional.tqrun, "query", queue, "--order-id", "own")
    assert asked.stderr == (
        f"error: {queue} is a hand-written class, without steps to show; "
        "name one of its queries: address\n"
    )
    wrong = await asyncio.to_thread(positional.tqrun, "query", queue, "--order-id", "own", "adress")
    assert wrong.stderr == f'error: {queue} has no query "adress"; did you mean "address"?\n'
    with positional.worker():
        await client.get_workflow_handle(f"{queue}-own").result()
        found = await asyncio.to_thread(
            positional.tqrun, "query", queue, "--order-id", "own", "address"
        )
    assert found.stdout == '"here"\n'
