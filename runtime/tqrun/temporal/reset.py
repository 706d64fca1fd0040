"""A run restarted from its first step on today's plan: the way out of a faulty pinned plan.

Temporal's own reset keeps the header, and with it the plan. Here the server ends the run and
starts the next one of the same id in one transaction: if it refuses, the old run goes on. The
signals that the old run was sent are sent to the new one, in their order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from tqrun.errors import LaunchFailed, UsageError
from tqrun.plan.compile import LaunchPlan
from tqrun.temporal.described import Run, describe
from tqrun.temporal.launches import LAUNCH
from tqrun.temporal.runs import LOCAL_ACTIVITY, history_of, pinned, refusal
from tqrun.temporal.start import Start, prepare, restarted

Status = Literal["reset", "would_reset", "already_current", "ended"]


@dataclass(frozen=True, slots=True)
class ResetResult:
    """What a reset came to.

    Attributes:
        status: `already_current` when the run has today's plan, or has yet to resolve one, and
            nothing was done; `ended` when it was over before it could be restarted.
        before: The run that was ended.
        run_id: The run that was started in its place.
        plan: Hash of today's plan.
        signals: How many signals of the old run the new one was sent.
        launches: How many launches were pending, which the new run answers with the newest.
    """

    status: Status
    workflow_id: str
    before: str
    run_id: str | None
    plan: str
    signals: int = 0
    launches: int = 0


@dataclass(frozen=True, slots=True)
class _Old:
    """The run that is to be restarted.

    Attributes:
        values: Its input, without the state that an earlier run left it.
        memo: Its memo, with the hash of its plan.
        launches: How many launches no round had answered yet.
    """

    run_id: str
    values: Mapping[str, Any]
    memo: Mapping[str, Any]
    launches: int


async def reset(
    client: Client, launch: LaunchPlan, workflow_id: str, *, dry_run: bool = False
) -> ResetResult:
    """Restart the open run with *workflow_id* on the plan of *launch*.

    Its input, validated anew, its id and its memo stay; task queue, search attributes and
    timeouts are today's.

    Raises:
        UsageError: There is no such run, it has ended, is another's child, or is of another type.
        InvalidInput: Its input does not fit what the file declares today; nothing was done.
        LaunchFailed: The server refused, and the old run goes on; or signals could not be sent.
    """
    old, history = await _old(client, launch, workflow_id)
    start = _start(launch, workflow_id, old)
    plan = pinned(history.events)
    kept = ResetResult(
        "already_current", workflow_id, old.run_id, None, start.plan_hash, launches=old.launches
    )
    if plan is None or plan.hash == start.plan_hash:
        return kept
    if dry_run:
        return dataclasses.replace(kept, status="would_reset")
    try:
        run_id = await restarted(client, launch, start, {**old.memo, **start.memo})
    except WorkflowAlreadyStartedError:
        return dataclasses.replace(kept, status="ended")
    except RPCError as error:
        message = f"{workflow_id} was not reset and goes on as it was: {error.message}"
        raise LaunchFailed(message) from None
    # Read again now that it has ended, so that none is missed.
    final = await history_of(client, workflow_id, old.run_id)
    sent = await _send_again(client, workflow_id, run_id, await _signals(client, final))
    return dataclasses.replace(kept, status="reset", run_id=run_id, signals=sent)


def _start(launch: LaunchPlan, workflow_id: str, old: _Old) -> Start:
    start = prepare(launch, old.values)
    # A schedule has put the time behind its id, and the template may be another one today.
    return dataclasses.replace(start, workflow_id=workflow_id)


async def _old(
    client: Client, launch: LaunchPlan, workflow_id: str
) -> tuple[_Old, WorkflowHistory]:
    try:
        run = await describe(client, workflow_id)
    except RPCError as error:
        raise refusal(error, workflow_id) from None
    _refuse(launch, run)
    history = await history_of(client, workflow_id, run.run_id)
    inputs = await _inputs(client, history.events)
    values, pending = inputs[0] if inputs else {}, 0
    if launch.debounce:
        carried = _state(inputs)
        newest = await _newest_launch(client, history.events) or _newest_carried(carried)
        values, pending = newest or values, _pending(carried, history.events)
    return _Old(run.run_id, values, await run.memo(client), pending), history


def _refuse(launch: LaunchPlan, run: Run) -> None:
    if not run.is_open:
        raise UsageError(f"{run.workflow_id} is {run.status}: launch it again")
    if run.workflow_type != launch.workflow_type:
        raise UsageError(
            f"{run.workflow_id} is of type {run.workflow_type}, "
            f"{launch.name} of type {launch.workflow_type}"
        )
    if run.parent_id is not None:
        raise UsageError(
            f"{run.workflow_id} is a child of {run.parent_id}, which would see it fail; "
            "reset that one"
        )


async def _inputs(client: Client, events: Sequence[HistoryEvent]) -> list[Any]:
    payloads = events[0].workflow_execution_started_event_attributes.input.payloads
    return await client.data_converter.decode(payloads)


async def _newest_launch(client: Client, events: Sequence[HistoryEvent]) -> Any:
    """The input of the newest launch of a debounced run; None without any."""
    given = [values for name, values in await _received(client, events) if name == LAUNCH]
    return given[-1][0].get("input") if given and given[-1] else None


def _newest_carried(state: Mapping[str, Any]) -> Any:
    """The input of the newest launch that the run before has left; None without any."""
    return next((one[0] for one in reversed(state.get("launches", ()))), None)


def _pending(state: Mapping[str, Any], events: Sequence[HistoryEvent]) -> int:
    """How many launches no round has answered: each round begins with a marker."""
    count: int = state.get("launch_count", len(state.get("launches", ())))
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            is_round = event.marker_recorded_event_attributes.marker_name == LOCAL_ACTIVITY
            count = 0 if is_round else count
        signal = event.workflow_execution_signaled_event_attributes
        count += signal.signal_name == LAUNCH
    return count


def _state(inputs: Sequence[Any]) -> Mapping[str, Any]:
    """What the run before has left this one, if there was one."""
    return inputs[1] if len(inputs) == 2 and isinstance(inputs[1], dict) else {}


async def _signals(client: Client, history: WorkflowHistory) -> list[tuple[str, list[Any]]]:
    """What the run was sent, and what the one before had left it unread, oldest first."""
    state = _state(await _inputs(client, history.events))
    carried = [(name, [payload]) for name, payload in state.get("inbox", ())]
    carried += [(name, list(payloads)) for name, payloads in state.get("early", ())]
    received = await _received(client, history.events)
    return [*carried, *(one for one in received if one[0] != LAUNCH)]


async def _received(client: Client, events: Sequence[HistoryEvent]) -> list[tuple[str, list[Any]]]:
    found = []
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            signal = event.workflow_execution_signaled_event_attributes
            values = await client.data_converter.decode(signal.input.payloads)
            found.append((signal.signal_name, values))
    return found


async def _send_again(
    client: Client, workflow_id: str, run_id: str, signals: Sequence[tuple[str, list[Any]]]
) -> int:
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    for sent, (name, values) in enumerate(signals):
        try:
            await handle.signal(name, args=values)
        except RPCError as error:
            raise LaunchFailed(
                f"{workflow_id} was reset, but only {sent} of {len(signals)} signals were sent "
                f'again, "{name}" was not: {error.message}; send the others with tqrun signal'
            ) from None
    return len(signals)
