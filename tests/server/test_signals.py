"""Signals, queries, cancellation and termination of a run that its inputs address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import FrozenInstanceError, asdict
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from tests.server.declared import Declared
from tests.server.project import Project
from tqrun import InvalidInput, RequestFailed, UnknownQuery, UnknownSignal, UsageError
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{entity_id}}
        input: {{entity_id: string, workspace_id: integer}}
        signals:
          approve: {{by: string, level: number?, output: string?}}
          finish: {{}}
        queries:
          approvals: "${{approvals}}"
          who: {{first: "${{approvals[0].by}}"}}
        steps:
          - set: {{approvals: "${{range(0).map(n, {{'by': 'nobody'}})}}"}}
          - wait_for: approve
            as: approval
          - set: {{approvals: ["${{approval}}"]}}
          - wait_for: finish
          - return: "${{approvals}}"
"""
APPROVAL = {"by": "me", "level": 1.0, "output": None}


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("signals").replace("-", "_")


@pytest.fixture
def queues(tmp_path: Path, client: Client, queue: str) -> Declared:
    return Declared(tmp_path, QUEUES.format(queue=queue), client)


@pytest.fixture
async def worked(queues: Declared, queue: str) -> AsyncIterator[Declared]:
    async with queues.worker(queue):
        yield queues


async def test_a_signal_reaches_the_run_that_the_ids_inputs_name(
    worked: Declared, queue: str
) -> None:
    launched = await worked.launch(queue, entity_id="X", workspace_id=1)
    sent = await worked.signal(queue, "approve", {"by": "me", "level": 1}, entity_id="X")
    assert asdict(sent) == {
        "status": "sent",
        "workflow_id": f"{queue}-X",
        "namespace": "default",
    }
    await worked.signal(queue, "finish", entity_id="X", workspace_id=1)
    async with asyncio.timeout(30):
        assert await worked.wait(launched) == [APPROVAL]


async def test_a_query_answers_while_the_run_goes_and_when_it_has_ended(
    worked: Declared, queue: str
) -> None:
    launched = await worked.launch(queue, entity_id="X", workspace_id=1)
    state = await worked.query(queue, entity_id="X")
    assert state.answer["steps"] == ["steps[1]"]
    assert state.answer["locals"] == {"approvals": []}
    await worked.signal(queue, "approve", {"by": "me"}, entity_id="X")
    await worked.signal(queue, "finish", entity_id="X")
    async with asyncio.timeout(30):
        await worked.wait(launched)
    answered = await worked.query(queue, "who", entity_id="X")
    assert (answered.status, answered.answer) == ("answered", {"first": "me"})
    with pytest.raises(FrozenInstanceError):
        answered.status = "not_found"  # type: ignore[misc]


async def test_a_query_that_cannot_be_evaluated_is_an_error(worked: Declared, queue: str) -> None:
    await worked.launch(queue, entity_id="X", workspace_id=1)
    with pytest.raises(RequestFailed) as failed:
        await worked.query(queue, "who", entity_id="X")
    assert str(failed.value) == (
        f"{queue}-X did not answer: ${{approvals[0].by}}: there is no item 0 in a list of 0"
    )


async def test_a_query_is_an_error_when_no_worker_answers(queues: Declared, queue: str) -> None:
    await queues.launch(queue, entity_id="X", workspace_id=1)
    with pytest.raises(RequestFailed) as failed:
        await queues.query(queue, entity_id="X")
    assert str(failed.value) == (
        f"no worker answered for {queue}-X; is one running that serves its task queue?"
    )


async def test_a_cancelled_run_ends_and_so_does_a_terminated_one(
    worked: Declared, client: Client, queue: str
) -> None:
    for entity in ("a", "b"):
        await worked.launch(queue, entity_id=entity, workspace_id=1)
    cancelled = await worked.cancel(queue, entity_id="a")
    terminated = await worked.terminate(queue, "a test", entity_id="b")
    assert (cancelled.status, terminated.status) == ("cancel_requested", "terminated")
    statuses = []
    for entity in ("a", "b"):
        handle = client.get_workflow_handle(f"{queue}-{entity}")
        with pytest.raises(WorkflowFailureError):
            async with asyncio.timeout(30):
                await handle.result()
        statuses.append((await handle.describe()).status)
    assert statuses == [WorkflowExecutionStatus.CANCELED, WorkflowExecutionStatus.TERMINATED]


@pytest.mark.parametrize("ended", [False, True])
async def test_no_run_that_is_going_is_an_outcome(
    queues: Declared, queue: str, ended: bool
) -> None:
    if ended:
        await queues.launch(queue, entity_id="X", workspace_id=1)
        await queues.terminate(queue, entity_id="X")
    outcomes = [
        await queues.signal(queue, "finish", entity_id="X"),
        await queues.cancel(queue, entity_id="X"),
        await queues.terminate(queue, entity_id="X"),
    ]
    assert [(one.status, one.workflow_id) for one in outcomes] == [("not_found", f"{queue}-X")] * 3
    if not ended:
        asked = await queues.query(queue, "who", entity_id="X")
        assert (asked.status, asked.answer) == ("not_found", None)


async def test_signal_with_start_starts_a_run_once(worked: Declared, queue: str) -> None:
    inputs = {"entity_id": "X", "workspace_id": 1}
    first = await worked.signal_with_start(queue, "approve", {"by": "me", "level": 1}, **inputs)
    second = await worked.signal_with_start(queue, "finish", **inputs)
    assert (first.status, second.status) == ("started", "joined")
    assert first.run_id == second.run_id
    async with asyncio.timeout(30):
        assert await worked.wait(second) == [APPROVAL]


async def test_signal_with_start_of_a_debounced_queue_is_refused(
    tmp_path: Path, client: Client, queue: str
) -> None:
    text = QUEUES.format(queue=queue).replace(
        "signals:", "debounce: {window: 1s}\n        signals:"
    )
    queues = Declared(tmp_path, text, client)
    with pytest.raises(UsageError, match=f"^{queue} is debounced: launch it, then signal it$"):
        await queues.signal_with_start(queue, "finish", entity_id="X", workspace_id=1)


WRONG: list[tuple[str, dict[str, Any], dict[str, Any], type[Exception], str]] = [
    ("aprove", {}, {}, UnknownSignal, '{queue} has no signal "aprove"; did you mean "approve"?'),
    ("stop", {}, {}, UnknownSignal, '{queue} has no signal "stop"; known here: approve, finish'),
    ("approve", {}, {}, InvalidInput, 'signal "approve": field "by" is missing'),
    (
        "approve",
        {"by": 1, "bye": 2},
        {},
        InvalidInput,
        'signal "approve": there is no field "bye"; did you mean "by"?; field "by" must be text',
    ),
    ("finish", {}, {}, InvalidInput, 'input "entity_id" is missing'),
    (
        "finish",
        {},
        {"entity_id": "X", "workspace_id": "1"},
        InvalidInput,
        'input "workspace_id" must be a whole number',
    ),
    (
        "finish",
        {},
        {"entity_id": "X", "entity": "Y"},
        InvalidInput,
        'there is no input "entity"; did you mean "entity_id"?',
    ),
]


@pytest.mark.parametrize(("signal", "payload", "inputs", "error", "message"), WRONG)
async def test_what_does_not_fit_is_refused_before_anything_is_sent(
    queues: Declared,
    queue: str,
    signal: str,
    payload: dict[str, Any],
    inputs: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error) as refused:
        await queues.signal(queue, signal, payload, **inputs)
    assert str(refused.value) == message.format(queue=queue)


async def test_an_unknown_query_is_refused(queues: Declared, queue: str) -> None:
    with pytest.raises(UnknownQuery) as refused:
        await queues.query(queue, "whom", entity_id="X")
    assert str(refused.value) == f'{queue} has no query "whom"; did you mean "who"?'


def test_the_commands_reach_a_run(server: EmbeddedServer, tmp_path: Path, queue: str) -> None:
    project = Project(tmp_path, server.address)
    project.write(QUEUES.format(queue=queue))
    run = (queue, "--entity-id", "X")
    json_ = ("--output", "json")
    found = {"workflow_id": f"{queue}-X", "namespace": "default"}

    def told(*arguments: str) -> str:
        done = project.tqrun(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert told("signal", *run, "finish") == f"not_found {queue}-X\n"
    assert told("query", *run) == f"not_found {queue}-X\n"
    with project.worker():
        project.launch(*run, "--workspace-id", "1")
        sent = told("signal", *run, "approve", "--by", "me", "--field-output", "o", *json_)
        assert json.loads(sent) == {"status": "sent", **found}
        approvals = [{"by": "me", "level": None, "output": "o"}]
        assert json.loads(told("query", *run, "approvals")) == approvals
        state = json.loads(told("query", *run, *json_))
        assert (state["status"], state["answer"]["steps"]) == ("answered", ["steps[3]"])
    assert told("cancel", *run) == f"cancel_requested {queue}-X\n"
    ended = told("terminate", "--file", "queues.yaml", *run, "--reason", "a test", *json_)
    assert json.loads(ended) == {"status": "terminated", **found}
    assert told("cancel", *run) == f"not_found {queue}-X\n"


def test_the_commands_refuse_what_is_not_declared(
    server: EmbeddedServer, tmp_path: Path, queue: str
) -> None:
    project = Project(tmp_path, server.address)
    project.write(QUEUES.format(queue=queue))

    def refused(*arguments: str) -> str:
        done = project.tqrun(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    run = (queue, "--entity-id", "X")
    assert refused("signal", *run, "stop") == (
        f'error: {queue} has no signal "stop"; known here: approve, finish\n'
    )
    assert refused("signal", *run, "approve") == (
        'error: signal "approve": field "by" is missing\n'
    )
    assert refused("query", *run, "whom") == (
        f'error: {queue} has no query "whom"; did you mean "who"?\n'
    )
    assert refused("cancel", queue) == 'error: input "entity_id" is missing\n'
    assert refused("cancel", "other", "--entity-id", "X") == (
        f'error: there is no workflow "other" to cancel; known here: {queue}\n'
    )
