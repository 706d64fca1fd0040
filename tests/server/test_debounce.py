"""Launches of a debounced workflow: when its rounds begin, on what, and that none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import RawValue
from temporalio.testing import TimeSkipper
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from tests.server import rounds
from tests.server.declared import Declared
from tests.server.project import Project
from tests.server.support import eventually
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{entity}}
        input: {{entity: string, number: integer}}
        debounce: {debounce}
        activities:
          prepare: {{function: "tests.server.rounds:prepare"}}
          work: {{function: "tests.server.rounds:work"}}
        steps: {steps}
    defaults:
      activity:
        start_to_close_timeout: 20s
        retry_policy: {{maximum_attempts: 1}}
"""
STEPS = "[{activity: work, as: done}, {return: '${done}'}]"
LONG = "{window: 1h, max_wait: 150m}"
SHORT = "{window: 300ms}"

Make = Callable[..., Declared]


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("debounced").replace("-", "_")


@pytest.fixture
def declared(tmp_path: Path, client: Client, queue: str) -> Make:
    def make(debounce: str = SHORT, steps: str = STEPS) -> Declared:
        text = QUEUES.format(queue=queue, debounce=debounce, steps=steps)
        return Declared(tmp_path, text, client)

    return make


@pytest.fixture
def gate(queue: str) -> Iterator[asyncio.Event]:
    """Holds every round of entity `queue` until it is set."""
    rounds.gates[queue] = asyncio.Event()
    yield rounds.gates[queue]
    del rounds.gates[queue]


class Run:
    """One entity's run, launched by number, on a clock that moves when it is told to."""

    def __init__(self, queues: Declared, queue: str, client: Client) -> None:
        self._queues, self._queue, self._skipper = queues, queue, TimeSkipper(client)
        self.handle: WorkflowHandle[object, object] = client.get_workflow_handle(f"{queue}-{queue}")

    async def launch(self, number: int) -> str:
        launched = await self._queues.launch(self._queue, entity=self._queue, number=number)
        return launched.status

    async def let_pass(self, minutes: int) -> list[int]:
        """The rounds that have begun when *minutes* more have passed."""
        await self._skipper.fast_forward(self.handle, timedelta(minutes=minutes))
        return self.rounds

    @property
    def rounds(self) -> list[int]:
        return rounds.began[self._queue]

    async def result(self) -> object:
        async with asyncio.timeout(30):
            return await self.handle.result()


async def test_a_launch_restarts_the_window(declared: Make, client: Client, queue: str) -> None:
    queues = declared(LONG)
    run = Run(queues, queue, client)
    async with queues.worker(queue):
        assert [await run.launch(1), await run.launch(2)] == ["started", "joined"]
        assert await run.let_pass(40) == []
        assert await run.launch(3) == "joined"
        assert await run.let_pass(40) == []
        await run.let_pass(30)
        assert await run.result() == 3
    assert run.rounds == [3]


async def test_the_first_launch_waits_no_longer_than_max_wait(
    declared: Make, client: Client, queue: str
) -> None:
    queues = declared(LONG)
    run = Run(queues, queue, client)
    async with queues.worker(queue):
        for number in (1, 2, 3):
            await run.launch(number)
            assert await run.let_pass(45) == []
        await run.launch(4)
        await run.let_pass(20)
        assert await run.result() == 4
    assert run.rounds == [4]


async def test_max_wait_equal_to_window_makes_the_window_fixed(
    declared: Make, client: Client, queue: str
) -> None:
    queues = declared("{window: 1h, max_wait: 1h}")
    run = Run(queues, queue, client)
    async with queues.worker(queue):
        await run.launch(1)
        assert await run.let_pass(50) == []
        await run.launch(2)
        await run.let_pass(15)
        assert await run.result() == 2
    assert run.rounds == [2]


async def test_a_window_may_depend_on_the_input(declared: Make, client: Client, queue: str) -> None:
    queues = declared("{window: '${number}h'}")
    run = Run(queues, queue, client)
    async with queues.worker(queue):
        await run.launch(2)
        assert await run.let_pass(110) == []
        await run.let_pass(15)
        assert await run.result() == 2


async def test_launches_while_the_steps_run_cause_one_more_round(
    declared: Make, client: Client, queue: str, gate: asyncio.Event
) -> None:
    queues = declared()
    run = Run(queues, queue, client)
    async with queues.worker(queue):
        await run.launch(1)
        await eventually(lambda: run.rounds == [1])
        assert [await run.launch(2), await run.launch(3)] == ["joined", "joined"]
        gate.set()
        assert await run.result() == 3
    assert run.rounds == [1, 3]


async def test_a_newer_launch_mends_a_failed_round(
    declared: Make, client: Client, queue: str, gate: asyncio.Event
) -> None:
    queues = declared()
    run = Run(queues, queue, client)
    async with queues.worker(queue):
        await run.launch(-1)
        await eventually(lambda: run.rounds == [-1])
        await run.launch(2)
        gate.set()
        assert await run.result() == 2
    assert run.rounds == [-1, 2]


async def test_the_run_fails_when_the_newest_round_did(
    declared: Make, client: Client, queue: str, gate: asyncio.Event
) -> None:
    queues = declared()
    run = Run(queues, queue, client)
    async with queues.worker(queue):
        await run.launch(1)
        await eventually(lambda: run.rounds == [1])
        await run.launch(-2)
        gate.set()
        with pytest.raises(WorkflowFailureError):
            await run.result()
        assert await run.launch(3) == "started"
        assert await run.result() == 3
    assert run.rounds == [1, -2, 3]


class _HeldPlans(Interceptor):
    """Plans for a round are found when *gate* is open; says with *asked* that one is wanted."""

    def __init__(self, asked: asyncio.Event, gate: asyncio.Event) -> None:
        self._asked, self._gate = asked, gate

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        outer = self

        class Held(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002
                if activity.info().activity_type == "tqrun.resolve":
                    outer._asked.set()
                    await outer._gate.wait()
                return await super().execute_activity(input)

        return Held(next)


async def test_a_newer_launch_mends_one_whose_input_does_not_fit(
    declared: Make, client: Client, queue: str
) -> None:
    queues = declared()
    run = Run(queues, queue, client)
    asked, held = asyncio.Event(), asyncio.Event()
    async with queues.restless_worker(queue, None, _HeldPlans(asked, held)):
        await client.start_workflow(
            queue,
            {},
            id=run.handle.id,
            task_queue=queues.service(queue).task_queue,
            start_signal="tqrun.launch",
            start_signal_args=[{"input": {"of": "an older file"}, "window": 0.0}],
        )
        async with asyncio.timeout(30):
            await asked.wait()
        assert await run.launch(2) == "joined"
        # It is seen while the plan is looked for: the worker hands in a task before its deadline.
        async with asyncio.timeout(30):
            while not await has_seen_launches(run.handle, 2):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        held.set()
        assert await run.result() == 2
    assert run.rounds == [2]


async def has_seen_launches(handle: WorkflowHandle[object, object], count: int) -> bool:
    """Whether a workflow task has been completed that had this many launches."""
    seen = waiting = 0
    async for event in handle.fetch_history_events():
        waiting += event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            seen = waiting
    return seen == count


async def test_a_start_by_any_other_client_runs_once_and_at_once(
    declared: Make, client: Client, queue: str
) -> None:
    queues = declared(LONG)
    service = queues.service(queue)
    values = {"entity": queue, "number": 5}
    async with queues.worker(queue):
        handle = await client.start_workflow(
            queue, values, id=f"{queue}-foreign", task_queue=service.task_queue
        )
        async with asyncio.timeout(30):
            assert await handle.result() == 5
        action = ScheduleActionStartWorkflow(
            queue, {**values, "number": 6}, id=f"{queue}-timed", task_queue=service.task_queue
        )
        schedule = await client.create_schedule(queue, Schedule(action, ScheduleSpec()))
        await schedule.trigger()
        await eventually(lambda: rounds.began[queue] == [5, 6])
        await schedule.delete()


async def test_launches_are_carried_into_the_run_that_goes_on(
    declared: Make, client: Client, queue: str, gate: asyncio.Event
) -> None:
    queues = declared(steps="[prepare, {activity: work, as: done}, {return: '${done}'}]")
    run = Run(queues, queue, client)
    async with queues.restless_worker(
        queue, lambda: workflow.info().get_current_history_length() > 8
    ):
        first = await queues.launch(queue, entity=queue, number=1)
        await eventually(lambda: run.rounds == [1])
        await run.launch(2)
        gate.set()
        assert await run.result() == 2
    assert run.rounds == [1, 1, 2, 2]
    history = await client.get_workflow_handle(
        first.workflow_id, run_id=first.run_id
    ).fetch_history()
    assert history.events[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW


async def test_the_built_in_query_is_answered_before_the_first_round(
    declared: Make, client: Client, queue: str
) -> None:
    queues = declared(LONG)
    run = Run(queues, queue, client)
    async with queues.worker(queue):
        await run.launch(1)
        await run.launch(2)
        assert await run.handle.query("tqrun.state") == {
            "plan": None,
            "steps": [],
            "passes": {},
            "locals": {},
            "unread_signals": [],
            "pending_launches": 2,
        }
        await run.handle.terminate()


async def test_a_launch_with_use_existing_tells_a_run_that_goes_already(
    tmp_path: Path, client: Client, queue: str
) -> None:
    text = QUEUES.format(queue=queue, debounce="{window: 1s}", steps=STEPS)
    text = text.replace("debounce: {window: 1s}", "id_conflict_policy: use_existing")
    queues = Declared(tmp_path, text, client)
    first = await queues.launch(queue, entity="a", number=1)
    second = await queues.launch(queue, entity="a", number=2)
    assert (first.status, second.status) == ("started", "already_running")
    assert first.run_id == second.run_id
    await client.get_workflow_handle(first.workflow_id).terminate()


ASKED = "[{wait_for: approve, timeout: 0s, as: got}, work, {return: '${got}'}]"
SIGNALS = "signals: {approve: {by: string}}\n        steps:"


async def test_a_signal_is_there_for_the_round_that_follows_it(
    tmp_path: Path, client: Client, queue: str, gate: asyncio.Event
) -> None:
    text = QUEUES.format(queue=queue, debounce=LONG, steps=ASKED).replace("steps:", SIGNALS)
    queues = Declared(tmp_path, text, client)
    run = Run(queues, queue, client)
    async with queues.worker(queue):
        await run.launch(1)
        await queues.signal(queue, "approve", {"by": "first"}, entity=queue)
        await run.let_pass(70)
        await eventually(lambda: run.rounds == [1])
        assert (await queues.query(queue, entity=queue)).answer["locals"] == {
            "got": {"by": "first"}
        }
        await run.launch(2)
        gate.set()
        await eventually_idle(run.handle)
        await queues.signal(queue, "approve", {"by": "second"}, entity=queue)
        await run.let_pass(70)
        assert await run.result() == {"by": "second"}


async def eventually_idle(handle: WorkflowHandle[object, object]) -> None:
    """Return once the first round's function is done and the run waits for the next window."""
    async with asyncio.timeout(30):
        while (await handle.describe()).raw_description.pending_activities:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def test_the_launch_command_tells_what_a_launch_joined(
    tmp_path: Path, server: EmbeddedServer, queue: str
) -> None:
    project = Project(tmp_path, server.address)
    text = QUEUES.format(queue=queue, debounce=LONG, steps=STEPS)
    project.write(text.replace("tests.server.rounds", "activities.rounds"), rounds=ROUNDS)
    with project.worker():
        launched = [
            project.tqrun("launch", queue, "--entity", "a", "--number", str(number))
            for number in (1, 2)
        ]
    assert [one.returncode for one in launched] == [0, 0]
    first, second = (one.stdout.splitlines() for one in launched)
    assert first[0] == f"started {queue}-a"
    assert second == [
        f"joined {queue}-a",
        first[1],
        "  a run that is going was handed the launch",
    ]


ROUNDS = """
    def prepare(entity: str, number: int) -> int:
        return number

    def work(entity: str, number: int) -> int:
        return number
"""


async def test_a_signal_before_the_first_round_is_carried_into_the_run_that_goes_on(
    tmp_path: Path, client: Client, queue: str
) -> None:
    text = QUEUES.format(queue=queue, debounce="{window: 1s}", steps=ASKED)
    queues = Declared(tmp_path, text.replace("steps:", SIGNALS), client)
    run = Run(queues, queue, client)
    async with queues.restless_worker(
        queue, lambda: workflow.info().get_current_history_length() > 12
    ):
        first = await queues.launch(queue, entity=queue, number=1)
        await queues.signal(queue, "approve", {"by": "me"}, entity=queue)
        await run.handle.signal("approve", "no payload")
        await run.handle.signal("undeclared", RawValue(Payload(metadata={"encoding": b"none"})))
        for number in (2, 3, 4):
            await run.launch(number)
        assert await run.result() == {"by": "me"}
        assert (await run.handle.describe()).run_id != first.run_id
    assert run.rounds == [4]
