"""What one expression may do to a worker, and which runs are held to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowInput,
    WorkflowHandle,
)

from tests.server.inprocess import outcome
from tests.server.steps import Steps
from tests.server.support import DEADLINE_SECONDS, POLL_SECONDS
from tqrun.plan.expressions.evaluator.meter import TOO_LARGE
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.headers import BOUNDED, PLAN_HEADER
from tqrun.temporal.server import EmbeddedServer

TEXT = "a" * 2_000
OVER_BUDGET = "${range(5000).map(i, text + 'a').size()}"
REFUSED = {"error": "expression", "message": f"{OVER_BUDGET}: {TOO_LARGE}"}
STEPS = f"""
  input: {{text: string}}
  steps:
    - {{activity: number, with: {{value: 1}}}}
    - {{sleep: 1ms}}
    - return: "{OVER_BUDGET}"
"""


class OlderLauncher(Interceptor):
    """Starts runs as a launcher does that knows no budget."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return _WithoutMark(next)


class _WithoutMark(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[object, object]:  # noqa: A002
        for payload in input.headers.values():
            payload.metadata.pop(BOUNDED, None)
        return await super().start_workflow(input)


@pytest.fixture
async def steps(server: EmbeddedServer, unique: Callable[[str], str], tmp_path: Path) -> Steps:
    client = await connect(Connection(server.address, None, None), "default")
    return Steps(client, tmp_path, unique("budget").replace("-", "_"))


@pytest.fixture
def older(steps: Steps) -> Client:
    config = steps.client.config()
    config["interceptors"] = [*config["interceptors"], OlderLauncher()]
    return Client(**config)


@pytest.mark.parametrize("continued", [False, True])
async def test_a_launched_run_has_a_budget(steps: Steps, *, continued: bool) -> None:
    steps.write(STEPS)
    assert await steps.outcome(continued=continued, text=TEXT) == REFUSED


@pytest.mark.parametrize("continued", [False, True])
@pytest.mark.parametrize("cached_runs", [0, 100])
async def test_a_run_of_an_older_launcher_has_none(
    steps: Steps, older: Client, cached_runs: int, *, continued: bool
) -> None:
    steps.write(STEPS)
    stop = (lambda: True) if continued else None
    async with steps.working(is_time_to_stop=stop, cached_runs=cached_runs):
        run = await steps.launch(on=older, text=TEXT)
        assert await outcome(run) == {"result": 5_000}
    last = steps.client.get_workflow_handle(run.id)
    begun = (await last.fetch_history()).events[0].workflow_execution_started_event_attributes
    assert BOUNDED not in begun.header.fields[PLAN_HEADER].metadata
    assert bool(begun.continued_execution_run_id) is continued


async def test_a_run_that_its_worker_resolves_has_a_budget(steps: Steps) -> None:
    steps.write(STEPS)
    plan = steps.registry.workflow(f"{steps.queue}.main")
    async with steps.working():
        run = await steps.client.start_workflow(
            plan.workflow_type,
            {"id": "1", "text": TEXT},
            id=f"{steps.queue}-resolved",
            task_queue=f"{steps.queue.replace('_', '-')}-v1",
        )
        assert await outcome(run) == REFUSED


async def test_a_child_has_a_budget_whatever_started_its_parent(
    steps: Steps, older: Client
) -> None:
    steps.write(
        """
          input: {text: string}
          steps: [{workflow: child, with: {text: "${text}"}}]
        """,
        child=STEPS,
    )
    async with steps.working():
        assert await outcome(await steps.launch(on=older, text=TEXT)) == REFUSED


HOSTILE = [
    "range(9000).map(i, text + 'a').size()",
    "range(9999).filter(i, i in range(9999))",
    "text.replace('a', text.substring(0, 1000))",
    "text.split('')",
    "range(9999).map(i, text.matches('(x?){500}y'))",
    "range(9999).map(i, text)",
]


async def test_a_hostile_expression_fails_its_run_and_harms_no_other(steps: Steps) -> None:
    steps.write(
        "steps: [{activity: slow, with: {value: calm, seconds: 3.0}, heartbeat_timeout: 1s}]",
        **{
            f"hostile{number}": f'{{input: {{text: string}}, steps: [{{return: "${{{source}}}"}}]}}'
            for number, source in enumerate(HOSTILE)
        },
    )
    text = "a" * 1_900_000
    async with steps.working():
        calm = await steps.launch()
        await _begun(calm)
        launched = [
            await steps.launch(f"hostile{number}", text=text) for number in range(len(HOSTILE))
        ]
        found = await asyncio.gather(*map(outcome, launched))
        assert [one.get("error") for one in found] == ["expression"] * len(HOSTILE)
        assert await outcome(calm) == {"result": "calm"}


async def _begun(run: WorkflowHandle[object, object]) -> None:
    """Return once the run's activity is at work."""
    started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            pending = (await run.describe()).raw_description.pending_activities
            if any(activity.state == started for activity in pending):
                return
            await asyncio.sleep(POLL_SECONDS)
