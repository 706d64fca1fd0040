"""Launching declared workflows: validate, render the id, start."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCError

from tqrun.errors import InvalidInput, LaunchFailed, RunFailed
from tqrun.plan.compile import MAX_ID_BYTES, LaunchPlan
from tqrun.plan.expressions import EvaluationError, Template
from tqrun.plan.registry import Registry
from tqrun.temporal.client import Connection, connect, plan_to_send, settings
from tqrun.temporal.pollers import Tasks, pollers
from tqrun.temporal.ui import run_page

LARGE_PLAN_BYTES = 16_000
MAX_PLAN_BYTES = 64_000
"""Every workflow task of a run carries its header again."""

_logger = logging.getLogger("tqrun.launch")
_REUSE = {
    "allow_duplicate": WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    "allow_duplicate_failed_only": WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    "reject_duplicate": WorkflowIDReusePolicy.REJECT_DUPLICATE,
}
_CONFLICT = {
    "fail": WorkflowIDConflictPolicy.FAIL,
    "use_existing": WorkflowIDConflictPolicy.USE_EXISTING,
    "terminate_existing": WorkflowIDConflictPolicy.TERMINATE_EXISTING,
}
_KEYS: dict[str, Any] = {
    "string": SearchAttributeKey.for_keyword,
    "integer": SearchAttributeKey.for_int,
    "number": SearchAttributeKey.for_float,
    "boolean": SearchAttributeKey.for_bool,
    "array": SearchAttributeKey.for_keyword_list,
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


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """What a launch came to.

    Attributes:
        status: `started`; `already_running` when a run of this id is going, and nothing was
            started; `already_finished` when one ended and `id_reuse_policy` keeps its id.
        run_id: Of the run that was started or is there already.
    """

    status: Literal["started", "already_running", "already_finished"]
    workflow_id: str
    run_id: str
    task_queue: str
    namespace: str


class Queues:
    """The declared workflows of one queues file, ready to be launched.

    It connects when it is first used, once per namespace, and belongs to the event loop it was
    first used in.
    """

    def __init__(self, registry: Registry, connection: Connection) -> None:
        """Launch what *registry* declares on the server that *connection* reaches."""
        self.registry = registry
        self._connection = connection
        self._clients: dict[str, Client] = {}

    async def launch(self, queue: str, /, **values: Any) -> LaunchResult:
        """Start the workflow `queue` or `queue.workflow` with its declared inputs.

        A run of the same id that is going already is an outcome, not an error.

        Raises:
            UnknownQueue: The file declares no such workflow.
            InvalidInput: The input does not fit, or gives an id that Temporal does not take.
            InvalidQueuesFile: The queue's entry or functions have findings.
            ServerUnavailable: The server cannot be reached.
            LaunchFailed: The server refused; logged once, with the ids.
        """
        launch = self.registry.workflow(queue)
        start = prepare(launch, values)
        if start.plan_bytes > LARGE_PLAN_BYTES:
            size = {"queue": queue, "bytes": start.plan_bytes, "limit": MAX_PLAN_BYTES}
            _logger.warning("the plan is large; split the workflow", extra=size)
        client = await self.client(start.namespace)
        try:
            return await _start(client, launch, start)
        except RPCError as error:
            ids = {"queue": queue, "workflow_id": start.workflow_id, "task_queue": start.task_queue}
            _logger.error("launch failed", extra={**ids, "error": error.message})
            raise LaunchFailed(f"{start.workflow_id} was not started: {error.message}") from error

    async def running_input(self, result: LaunchResult) -> Any:
        """The input that the run of *result* was started with, from its first history event."""
        client = await self.client(result.namespace)
        handle = client.get_workflow_handle(result.workflow_id, run_id=result.run_id)
        async for event in handle.fetch_history_events():
            given = event.workflow_execution_started_event_attributes.input.payloads
            values = await client.data_converter.decode(given)
            return values[0] if values else {}
        return {}

    async def wait(self, result: LaunchResult) -> Any:
        """The result of a run, when it has completed.

        Raises:
            RunFailed: The run failed, was cancelled, terminated or timed out.
        """
        client = await self.client(result.namespace)
        handle = client.get_workflow_handle(result.workflow_id, run_id=result.run_id)
        try:
            return await handle.result()
        except WorkflowFailureError as error:
            raise RunFailed(f"{result.workflow_id} failed: {cause_chain(error)}") from error

    async def not_polled(self, queue: str, result: LaunchResult) -> list[str]:
        """Task queues that the run needs and no worker has polled within the last minutes."""
        client = await self.client(result.namespace)
        calls = self.registry.workflow(queue).plan.calls
        needed = {(result.task_queue, Tasks.WORKFLOW): None} | {
            (call.task_queue or result.task_queue, Tasks.ACTIVITY): None for call in calls
        }
        polled = await asyncio.gather(*(pollers(client, *half) for half in needed))
        missing = (name for (name, _), by in zip(needed, polled, strict=True) if not by)
        return list(dict.fromkeys(missing))

    async def ui_address(self, result: LaunchResult) -> str | None:
        """Where a browser shows the run; None when it is not known where the UI is."""
        address = settings(self._connection)["target_host"]
        return await run_page(address, result.namespace, result.workflow_id, result.run_id)

    async def client(self, namespace: str) -> Client:
        """The SDK's client for *namespace*.

        Raises:
            ServerUnavailable: The server cannot be reached.
        """
        if namespace not in self._clients:
            self._clients[namespace] = await connect(self._connection, namespace)
        return self._clients[namespace]


def open_queues(
    path: Path | str = "queues.yaml",
    *,
    address: str | None = None,
    namespace: str | None = None,
    profile: str | None = None,
) -> Queues:
    """The queues of the file at *path*, ready to be launched.

    Args:
        path: The queues file; its functions are imported from its directory.
        address: `host:port` of the server; from `TEMPORAL_ADDRESS`, the profile, or
            localhost:7233 if not given.
        namespace: Used instead of the file's.
        profile: A profile of Temporal's TOML configuration.

    Raises:
        UnreadableFile: The file cannot be read.
        InvalidQueuesFile: The file has findings.
    """
    return Queues(Registry(path), Connection(address, namespace, profile))


def prepare(launch: LaunchPlan, values: Mapping[str, Any]) -> Start:
    """Validate *values* and render what the launch would start.

    Raises:
        InvalidInput: The input does not fit or gives an id that Temporal does not take, or the
            plan is too large for a header.
    """
    given = launch.inputs.normalise(values)
    try:
        workflow_id = launch.workflow_id.render(given, refuse_null=True)
        task_queue = launch.task_queue.render({**given, "version": launch.version})
        memo = {name: _value(value, given) for name, value in launch.memo.items()}
    except EvaluationError as error:
        raise InvalidInput(f"the launch of {launch.name} cannot be prepared: {error}") from None
    size = len(workflow_id.encode())
    if size > MAX_ID_BYTES:
        raise InvalidInput(f"the workflow id has {size} bytes; Temporal's limit is {MAX_ID_BYTES}")
    plan_bytes = len(launch.plan.encoded)
    if plan_bytes > MAX_PLAN_BYTES:
        raise InvalidInput(
            f"the plan of {launch.name} has {plan_bytes} bytes, the limit is {MAX_PLAN_BYTES}; "
            "split the workflow"
        )
    return Start(
        queue=launch.name,
        workflow_type=launch.workflow_type,
        workflow_id=workflow_id,
        task_queue=task_queue,
        namespace=launch.namespace,
        input=given,
        memo=memo,
        plan_hash=launch.plan.hash,
        plan_bytes=plan_bytes,
    )


async def _start(client: Client, launch: LaunchPlan, start: Start) -> LaunchResult:
    options = launch.options
    token = plan_to_send.set(launch.plan.encoded)
    try:
        handle = await client.start_workflow(
            start.workflow_type,
            start.input,
            id=start.workflow_id,
            task_queue=start.task_queue,
            memo={**start.memo, "tqrun_plan": start.plan_hash},
            search_attributes=_search_attributes(launch, start.input),
            static_summary=launch.summary.render(start.input) if launch.summary else None,
            id_reuse_policy=_REUSE[options.id_reuse_policy],
            id_conflict_policy=_CONFLICT[options.id_conflict_policy],
            execution_timeout=options.execution_timeout,
            start_delay=options.start_delay,
            # With a start delay the server refuses to start eagerly.
            request_eager_start=options.start_delay is None,
        )
    except WorkflowAlreadyStartedError as error:
        status = await _status_of_existing(client, launch, start, error.run_id)
        return LaunchResult(
            status, start.workflow_id, error.run_id or "", start.task_queue, client.namespace
        )
    finally:
        plan_to_send.reset(token)
    run_id = handle.first_execution_run_id or handle.result_run_id or ""
    return LaunchResult("started", start.workflow_id, run_id, start.task_queue, client.namespace)


async def _status_of_existing(
    client: Client, launch: LaunchPlan, start: Start, run_id: str | None
) -> Literal["already_running", "already_finished"]:
    if launch.options.id_reuse_policy == "allow_duplicate":
        return "already_running"
    described = await client.get_workflow_handle(start.workflow_id, run_id=run_id).describe()
    running = described.status is WorkflowExecutionStatus.RUNNING
    return "already_running" if running else "already_finished"


def _value(value: Any, scope: Mapping[str, Any]) -> Any:
    return value.evaluate(scope) if isinstance(value, Template) else value


def _search_attributes(
    launch: LaunchPlan, values: Mapping[str, Any]
) -> TypedSearchAttributes | None:
    pairs = []
    for name, declared in launch.search_attributes.items():
        value = _value(declared, values)
        if value is None:
            continue
        kind = launch.search_attribute_schemas.get(name, {}).get("type", "string")
        kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
        key = _KEYS[kind](name)
        pairs.append(SearchAttributePair(key, value if name in values else str(value)))
    return TypedSearchAttributes(pairs) if pairs else None


def cause_chain(error: BaseException) -> str:
    """The messages of *error* and its causes, outermost first, the wrappers left out."""
    texts: list[str] = []
    cause: BaseException | None = error.__cause__ or error
    while cause is not None:
        kind = getattr(cause, "type", None)
        text = cause.message if isinstance(cause, FailureError) else str(cause)
        name = getattr(cause, "activity_type", None)
        text = f"{name}: {text}" if name else f"{kind}: {text}" if kind else text
        texts.append(text)
        cause = cause.__cause__
    return " <- ".join(texts)


def as_json(value: Any) -> str:
    """*value*, which came from a payload, as JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
