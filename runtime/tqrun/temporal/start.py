"""From a declared workflow and values to a started run: validate, render the id, start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from temporalio.client import Client, WorkflowHandle
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from tqrun.errors import InvalidInput
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.expressions import EvaluationError, Template, evaluate
from tqrun.plan.ids import MAX_ID_BYTES
from tqrun.temporal.call_options import seconds
from tqrun.temporal.calls import REUSE, search_attributes
from tqrun.temporal.described import describe
from tqrun.temporal.headers import plan_to_send
from tqrun.temporal.launches import LAUNCH

Status = Literal["started", "already_running", "already_finished", "joined"]


_CONFLICT = {
    "fail": WorkflowIDConflictPolicy.FAIL,
    "use_existing": WorkflowIDConflictPolicy.USE_EXISTING,
    "terminate_existing": WorkflowIDConflictPolicy.TERMINATE_EXISTING,
}


@dataclass(frozen=True, slots=True)
class Start:
    """What a launch would start, before the server is asked.

    Attributes:
        input: The validated input, defaults filled in.
        plan_hash: Names the plan that the run will keep.
        plan_bytes: Size of that plan in the run's header.
    """

    queue: str
    workflow_type: str
    workflow_id: str
    task_queue: str
    namespace: str
    input: Mapping[str, Any]
    memo: Mapping[str, Any]
    plan_hash: str
    plan_bytes: int


def rendered_id(launch: LaunchPlan, given: Mapping[str, Any]) -> str:
    """The workflow id of the input *given*.

    Raises:
        InvalidInput: It cannot be rendered, or Temporal would not take it.
    """
    try:
        workflow_id = launch.workflow_id.render(given, refuse_null=True)
    except EvaluationError as error:
        raise InvalidInput(f"{launch.name} has no id for this input: {error}") from None
    if not workflow_id:
        names = sorted(launch.workflow_id.names())
        shown = ", ".join(f'"{name}"' for name in names)
        verb = "inputs {} give" if len(names) > 1 else "input {} gives"
        raise InvalidInput(f"{verb.format(shown)} {launch.name} an empty workflow id")
    size = len(workflow_id.encode())
    if size > MAX_ID_BYTES:
        raise InvalidInput(f"the workflow id has {size} bytes; Temporal's limit is {MAX_ID_BYTES}")
    return workflow_id


class Sent(NamedTuple):
    """One signal."""

    name: str
    payload: Mapping[str, Any]


def prepare(launch: LaunchPlan, values: Mapping[str, Any]) -> Start:
    """Validate *values* and render what the launch would start.

    Raises:
        InvalidInput: The input does not fit or gives an id that Temporal does not take.
    """
    given = launch.inputs.normalise(values)
    workflow_id = rendered_id(launch, given)
    try:
        task_queue = launch.task_queue.render({**given, "version": launch.version})
        memo = {name: _value(value, given) for name, value in launch.memo.items()}
    except EvaluationError as error:
        raise InvalidInput(f"the launch of {launch.name} cannot be prepared: {error}") from None
    return Start(
        queue=launch.name,
        workflow_type=launch.workflow_type,
        workflow_id=workflow_id,
        task_queue=task_queue,
        namespace=launch.namespace,
        input=given,
        memo=memo,
        plan_hash=launch.plan.hash,
        plan_bytes=len(launch.plan.encoded),
    )


async def started(
    client: Client, launch: LaunchPlan, start: Start, signal: Sent | None = None
) -> tuple[Status, str]:
    """Start it, unless a run of its id is in the way; what came of it, and the run's id.

    With *signal*, the run gets that, whether it is new or there already.

    Raises:
        RPCError: The server refused.
    """
    options = launch.options
    delay = duration(options.start_delay, start.input)
    signal = signal or _debounced(launch, start)
    try:
        handle = await _sent(
            client,
            launch,
            start,
            signal,
            memo=start.memo,
            id_reuse_policy=REUSE[options.id_reuse_policy],
            id_conflict_policy=_conflict_policy(launch, signal),
            start_delay=delay,
            # With a start delay or a signal the server refuses to start eagerly.
            request_eager_start=delay is None and signal is None,
        )
    except WorkflowAlreadyStartedError as error:
        status = await _status_of_existing(client, launch, start, error.run_id)
        return status, error.run_id or ""
    # The SDK gives no other way to know, and the server's newer answers name a first run always.
    is_new = handle._start_workflow_response.started  # type: ignore[union-attr]  # noqa: SLF001
    found: Status = "joined" if signal else "already_running"
    return "started" if is_new else found, handle.result_run_id or ""


async def _sent(
    client: Client,
    launch: LaunchPlan,
    start: Start,
    signal: Sent | None,
    *,
    memo: Mapping[str, Any],
    **options: Any,
) -> WorkflowHandle[Any, Any]:
    """What the server is sent to start a run, with its plan in the header.

    The plan is resolved by the worker where there is a signal: the server would store the header
    in the event of each. A hand-written class has none.
    """
    by_hand = launch.workflow_class is not None
    plan = {} if by_hand else {"tqrun_plan": start.plan_hash}
    sent: dict[str, Any] = {}
    if signal is not None:
        sent = {"start_signal": signal.name, "start_signal_args": [signal.payload]}
    token = plan_to_send.set(None if signal or by_hand else launch.plan.encoded)
    try:
        handle: WorkflowHandle[Any, Any] = await client.start_workflow(
            start.workflow_type,
            args=launch.arguments(start.input),
            id=start.workflow_id,
            task_queue=start.task_queue,
            memo={**memo, **plan},
            search_attributes=search_attributes_of(launch, start.input),
            static_summary=launch.summary.render(start.input) if launch.summary else None,
            execution_timeout=duration(launch.options.execution_timeout, start.input),
            **options,
            **sent,
        )
    finally:
        plan_to_send.reset(token)
    return handle


def _conflict_policy(launch: LaunchPlan, signal: Sent | None) -> WorkflowIDConflictPolicy:
    """What the server does about a run that is going; it signals none that it must fail for."""
    policy = launch.options.id_conflict_policy
    joins = signal is not None and (launch.debounce is not None or policy == "fail")
    return _CONFLICT["use_existing" if joins else policy]


async def restarted(
    client: Client, launch: LaunchPlan, start: Start, memo: Mapping[str, Any]
) -> str:
    """End the run that has the id, and start it anew, in one transaction; the new run's id.

    Raises:
        WorkflowAlreadyStartedError: The run has completed meanwhile.
        RPCError: The server refused, and the run goes on.
    """
    handle = await _sent(
        client,
        launch,
        start,
        _debounced(launch, start),
        memo=memo,
        id_reuse_policy=REUSE["allow_duplicate_failed_only"],
        id_conflict_policy=_CONFLICT["terminate_existing"],
    )
    return handle.first_execution_run_id or handle.result_run_id or ""


def _debounced(launch: LaunchPlan, start: Start) -> Sent | None:
    """What a launch of a debounced workflow sends along; nothing for the others."""
    debounce = launch.debounce
    if debounce is None:
        return None
    window = duration(debounce.window, start.input)
    longest = duration(debounce.max_wait, start.input)
    assert window is not None
    payload = {
        "input": start.input,
        "window": window.total_seconds(),
        "max_wait": None if longest is None else longest.total_seconds(),
    }
    return Sent(LAUNCH, payload)


async def _status_of_existing(
    client: Client, launch: LaunchPlan, start: Start, run_id: str | None
) -> Status:
    if launch.options.id_reuse_policy == "allow_duplicate":
        return "already_running"
    try:
        run = await describe(client, start.workflow_id, run_id)
    except RPCError:
        return "already_running"
    return "already_running" if run.is_open else "already_finished"


def _value(value: Any, scope: Mapping[str, Any]) -> Any:
    return value.evaluate(scope) if isinstance(value, Template) else value


def duration(value: timedelta | str | None, scope: Mapping[str, Any]) -> timedelta | None:
    """A duration over the input.

    Raises:
        InvalidInput: It gives none.
    """
    if not isinstance(value, str):
        return value
    try:
        return timedelta(seconds=seconds(evaluate(value, scope)))
    except EvaluationError as error:
        raise InvalidInput(str(error)) from None
    except ValueError:
        raise InvalidInput(f"{value} is not a duration") from None


def search_attributes_of(
    launch: LaunchPlan, values: Mapping[str, Any]
) -> TypedSearchAttributes | None:
    """The search attributes of a run with the input *values*; those that are null are left out."""
    return search_attributes(
        {
            name: (launch.attribute_types[name], _value(declared, values))
            for name, declared in launch.search_attributes.items()
        }
    )
