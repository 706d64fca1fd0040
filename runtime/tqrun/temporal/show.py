"""One run described: how it stands, where it is in its steps, and the plan that it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHistory,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError

from tqrun.plan.compile import LaunchPlan
from tqrun.temporal.client import Connection, connect, settings
from tqrun.temporal.described import Pause, Run, describe
from tqrun.temporal.queues import ending
from tqrun.temporal.runs import Pinned, history_of, pinned, refusal
from tqrun.temporal.stuck import Stuck, stuck
from tqrun.temporal.ui import run_page
from tqrun.temporal.workflow import STATE

ANSWER_WITHIN = timedelta(seconds=5)
"""A query waits for a worker; the server itself would wait for 30 seconds."""

_WELL = ("completed", "continued_as_new")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is told of a run.

    Attributes:
        workflow_class: The hand-written class that runs in place of steps, `package.module:Class`;
            such a run has neither a plan nor a state.
        activities: Those that it waits for, with the attempt that each is at.
        status: `running`, `paused`, `completed` and so on, as Temporal has it.
        paused: Who has paused it, since when and why.
        starts: When its first step is due, while it waits in its `start_delay`.
        plan: Hash of the plan that it is pinned to; None when it has none yet.
        pinned: `header` or `marker`: where its history has the plan.
        is_current: A launch of today would have the same plan.
        state: What the run answers about itself: steps, locals, unread signals.
        no_state: Why there is no answer.
        reported_problem: What the server says of a run whose workflow tasks fail.
        stuck: Why it does not go on, though it is open and has a worker.
        error: How it ended, if it did not complete: `failed: ` and the causes, and so on.
    """

    status: str
    workflow_id: str
    run_id: str
    workflow_type: str
    workflow_class: str | None
    namespace: str
    task_queue: str
    started: datetime
    starts: datetime | None
    paused: Pause | None
    closed: datetime | None
    events: int
    plan: str | None
    pinned: str | None
    is_current: bool | None
    state: Mapping[str, Any] | None
    no_state: str | None
    activities: Sequence[Mapping[str, Any]]
    reported_problem: str | None
    stuck: Stuck | None
    error: str | None
    ui: str | None


async def shown(
    connection: Connection, launch: LaunchPlan, workflow_id: str, run_id: str | None
) -> tuple[Shown, Pinned | None]:
    """Describe a run; the latest one of the id, without *run_id*. Also the plan itself.

    Raises:
        UsageError: There is no such run.
        ServerUnavailable: The server cannot be reached, or refused.
    """
    client = await connect(connection, launch.namespace)
    try:
        run = await describe(client, workflow_id, run_id)
        problem = await stuck(client, run)
        error = await _error(client, run)
    except RPCError as refused:
        raise refusal(refused, workflow_id) from None
    history = await history_of(client, workflow_id, run.run_id)
    plan, starts = pinned(history.events), _starts(run, history)
    by_hand = launch.workflow_class if plan is None else None
    state: Mapping[str, Any] | None = None
    if by_hand is not None:
        no_state: str | None = "a hand-written class has no steps"
    elif problem is not None:
        no_state = "the run does not answer while its workflow task fails"
    elif run.pause is not None:
        no_state = "it answers once it is unpaused"
    elif starts is not None:
        no_state = "it has not begun its steps"
    else:
        state, no_state = await _state(client, workflow_id, run.run_id)
    address = settings(connection)["target_host"]
    return Shown(
        status=run.status,
        workflow_id=workflow_id,
        run_id=run.run_id,
        workflow_type=run.workflow_type,
        workflow_class=f"{by_hand.__module__}:{by_hand.__qualname__}" if by_hand else None,
        namespace=client.namespace,
        task_queue=run.task_queue,
        started=run.started,
        starts=starts,
        paused=run.pause,
        closed=run.closed,
        events=run.events,
        plan=plan.hash if plan else None,
        pinned=plan.by if plan else None,
        is_current=plan.hash == launch.plan.hash if plan else None,
        state=state,
        no_state=no_state,
        activities=[
            {"activity": one.activity_type.name, "attempt": one.attempt}
            for one in run.raw.pending_activities
        ],
        reported_problem=_problem(run.search_attributes),
        stuck=problem,
        error=error,
        ui=await run_page(address, client.namespace, workflow_id, run.run_id),
    ), plan


def _starts(run: Run, history: WorkflowHistory) -> datetime | None:
    """When the first task of *run* is due, if it has yet to get one."""
    began = any(
        event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED for event in history.events
    )
    return run.starts if run.is_open and not began else None


async def _error(client: Client, run: Run) -> str | None:
    if run.is_open or run.status in _WELL:
        return None
    handle = client.get_workflow_handle(run.workflow_id, run_id=run.run_id)
    try:
        await handle.result(follow_runs=False)
    except WorkflowFailureError as error:
        return ending(error)
    return None


async def _state(
    client: Client, workflow_id: str, run_id: str
) -> tuple[Mapping[str, Any] | None, str | None]:
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    try:
        return await handle.query(STATE, rpc_timeout=ANSWER_WITHIN), None
    except WorkflowQueryFailedError as error:
        return None, f"the run does not answer: {error}"
    except RPCError as error:
        return None, f"no worker answers: {error.message}"


def _problem(attributes: Mapping[str, Any]) -> str | None:
    reported = attributes.get("TemporalReportedProblems")
    return ", ".join(map(str, reported)) if reported else None
