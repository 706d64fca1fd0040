"""The declared workflows of one file: to launch, to wait for, and to reach while they run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import CancelledError, FailureError, TerminatedError
from temporalio.exceptions import TimeoutError as TimedOut
from temporalio.service import RPCError, RPCStatusCode

from tqrun.errors import LaunchFailed, RunFailed, ServerUnavailable, UsageError
from tqrun.plan.compile import LARGE_PLAN_BYTES, MAX_PLAN_BYTES
from tqrun.plan.model import Call, every_step
from tqrun.plan.registry import Registry
from tqrun.temporal.client import Connection, connect, settings
from tqrun.temporal.described import describe
from tqrun.temporal.leaving import settled
from tqrun.temporal.pollers import Tasks, pollers
from tqrun.temporal.refusals import no_namespace
from tqrun.temporal.requests import (
    Act,
    QueryResult,
    RequestResult,
    Target,
    address,
    ask,
    cancel,
    checked,
    known_query,
    requested,
    send_signal,
    terminate,
)
from tqrun.temporal.start import Sent, Status, prepare, started
from tqrun.temporal.ui import run_page

RECONNECT_SECONDS = 1.0
_AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)

_logger = logging.getLogger("tqrun.launch")


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """What a launch came to.

    Attributes:
        status: `started`; `already_running` when a run of this id is going, and nothing was
            started; `joined` when such a run was handed the launch, as a debounced one is, or
            the signal; `already_finished` when one ended and `id_reuse_policy` keeps its id.
        run_id: Of the run that was started or is there already.
        task_queue: Of that run; where one is there already, not always that of a new one.
    """

    status: Status
    workflow_id: str
    run_id: str
    task_queue: str
    namespace: str


class Queues:
    """The declared workflows of one queues file, ready to be launched.

    It connects when it is first used, once per namespace, and belongs to the event loop it was
    first used in. `async with` closes it.
    """

    def __init__(self, registry: Registry, connection: Connection) -> None:
        """Launch what *registry* declares on the server that *connection* reaches."""
        self.registry = registry
        self._connection = connection
        self._clients: dict[str, Client] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; a later use would make new ones."""
        self._clients.clear()
        await settled()

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
        return await self._launch(queue, values, None)

    async def signal_with_start(
        self, queue: str, signal: str, payload: Mapping[str, Any] | None = None, /, **values: Any
    ) -> LaunchResult:
        """Signal the run that *values*, its inputs, address; start it first if none is going.

        Both happen or neither does. The status is `started` or `joined`; where
        `id_reuse_policy` keeps the id of a run that ended, `already_finished`, and no signal.

        Raises:
            UnknownSignal: The workflow declares no such signal.
            UsageError: The queue is debounced, so that a launch is a signal itself.
            TqrunError: As `launch`.
        """
        launch = self.registry.workflow(queue)
        if launch.debounce is not None:
            raise UsageError(f"{queue} is debounced: launch it, then signal it")
        return await self._launch(queue, values, Sent(signal, checked(launch, signal, payload)))

    async def signal(
        self, queue: str, signal: str, payload: Mapping[str, Any] | None = None, /, **values: Any
    ) -> RequestResult:
        """Send *signal* with *payload* to the run that *values* address.

        Of the inputs only those are needed that the workflow id names, here and in the other
        requests below. A run that has not declared the signal, because it is older, drops it.

        Raises:
            UnknownQueue: The file declares no such workflow.
            UnknownSignal: The workflow declares no such signal.
            InvalidInput: An input or the payload does not fit.
            InvalidQueuesFile: The queue's entry or functions have findings.
            ServerUnavailable: The server cannot be reached.
            RequestFailed: The server refused.
        """
        sent = checked(self.registry.workflow(queue), signal, payload)
        return await self._request(queue, values, lambda run: send_signal(run, signal, sent))

    async def query(self, queue: str, query: str | None = None, /, **values: Any) -> QueryResult:
        """Ask the run that *values* address, or the last one of that id.

        Without *query*, for the state that every run tells: `steps` that are being done, `locals`
        (long ones cut), `unread_signals`, `pending_launches`, and the hash of its `plan`.

        Raises:
            UnknownQuery: The workflow declares no such query.
            RequestFailed: No worker has answered in time, or the run does not have the query.
            TqrunError: As `signal`.
        """
        name = known_query(self.registry.workflow(queue), query)
        found, answer = await self._reach(queue, values, lambda run: ask(run, name))
        return QueryResult(found.status, found.workflow_id, found.namespace, answer)

    async def cancel(self, queue: str, /, **values: Any) -> RequestResult:
        """Ask the run that *values* address to stop, after what its steps do about it.

        Raises:
            TqrunError: As `signal`.
        """
        return await self._request(queue, values, cancel)

    async def terminate(
        self, queue: str, reason: str | None = None, /, **values: Any
    ) -> RequestResult:
        """End the run that *values* address at once; *reason* is shown in the Temporal UI.

        Raises:
            TqrunError: As `signal`.
        """
        return await self._request(queue, values, lambda run: terminate(run, reason))

    async def _request(self, queue: str, values: Mapping[str, Any], act: Act) -> RequestResult:
        result, _ = await self._reach(queue, values, act)
        return result

    async def _reach(
        self, queue: str, values: Mapping[str, Any], act: Act
    ) -> tuple[RequestResult, Any]:
        launch = self.registry.workflow(queue)
        workflow_id = address(launch, values)
        client = await self.client(launch.namespace)
        status, answer = await requested(act, Target(client, workflow_id))
        return RequestResult(status, workflow_id, client.namespace), answer

    async def _launch(
        self, queue: str, values: Mapping[str, Any], signal: Sent | None
    ) -> LaunchResult:
        launch = self.registry.workflow(queue)
        start = prepare(launch, values)
        if start.plan_bytes > LARGE_PLAN_BYTES:
            size = {"queue": queue, "bytes": start.plan_bytes, "limit": MAX_PLAN_BYTES}
            _logger.warning("the plan is large; split the workflow", extra=size)
        client = await self.client(start.namespace)
        try:
            status, run_id = await started(client, launch, start, signal)
        except RPCError as error:
            if lacking := no_namespace(error.message):
                raise lacking from error
            ids = {"queue": queue, "workflow_id": start.workflow_id, "task_queue": start.task_queue}
            _logger.error("launch failed", extra={**ids, "error": error.message})
            raise LaunchFailed(f"{start.workflow_id} was not started: {error.message}") from error
        task_queue = start.task_queue
        if status in ("already_running", "already_finished"):
            task_queue = await _task_queue(client, start.workflow_id, run_id) or task_queue
        return LaunchResult(status, start.workflow_id, run_id, task_queue, client.namespace)

    async def running_input(self, queue: str, result: LaunchResult) -> Any:
        """The input that the run of *queue* in *result* was started with, from its first event.

        None if the server does not tell.
        """
        client = await self.client(result.namespace)
        handle = client.get_workflow_handle(result.workflow_id, run_id=result.run_id)
        with suppress(RPCError):
            async for event in handle.fetch_history_events():
                given = event.workflow_execution_started_event_attributes.input.payloads
                values = await client.data_converter.decode(given)
                return self.registry.workflow(queue).values(values)
        return None

    async def wait(self, result: LaunchResult) -> Any:
        """The result of a run, when it has completed.

        Raises:
            RunFailed: The run failed, was cancelled, terminated or timed out.
            ServerUnavailable: The server refuses; while it is only away, it is waited for.
        """
        client = await self.client(result.namespace)
        handle = client.get_workflow_handle(result.workflow_id, run_id=result.run_id)
        try:
            return await _patiently(handle.result)
        except WorkflowFailureError as error:
            raise RunFailed(f"{result.workflow_id} {ending(error)}") from error
        except RPCError as error:
            message = f"{result.workflow_id} goes on, but cannot be waited for: {error.message}"
            raise ServerUnavailable(message) from error

    async def not_polled(self, queue: str, result: LaunchResult) -> list[str]:
        """Task queues that the run needs and no worker has polled within the last minutes.

        None of them if the server does not tell.
        """
        client = await self.client(result.namespace)
        steps = every_step(self.registry.workflow(queue).plan.steps)
        needed = {(result.task_queue, Tasks.WORKFLOW): None} | {
            (step.task_queue or result.task_queue, Tasks.ACTIVITY): None
            for step in steps
            if isinstance(step, Call) and "${" not in (step.task_queue or "")
        }
        try:
            polled = await asyncio.gather(*(pollers(client, *half) for half in needed))
        except RPCError:
            return []
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


async def _task_queue(client: Client, workflow_id: str, run_id: str) -> str | None:
    """Where a run that is there waits for workers: an older version, or a moved queue, perhaps."""
    try:
        return (await describe(client, workflow_id, run_id)).task_queue
    except RPCError:
        return None


async def _patiently(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What *ask* gives, also when the server is away in between; the first time that is logged."""
    waiting = False
    while True:
        try:
            return await ask()
        except RPCError as error:
            if error.status not in _AWAY:
                raise
            if not waiting:
                _logger.warning(
                    "the server is away; waiting for it", extra={"error": error.message}
                )
                waiting = True
            await asyncio.sleep(RECONNECT_SECONDS)


def ending(error: WorkflowFailureError) -> str:
    """How a run ended that did not complete."""
    cause = error.cause
    if isinstance(cause, TerminatedError):
        told = cause.message not in ("", "Workflow terminated")
        return f"was terminated: {cause.message}" if told else "was terminated"
    if isinstance(cause, CancelledError):
        return "was cancelled"
    if isinstance(cause, TimedOut):
        return "ran out of its execution_timeout"
    return f"failed: {cause_chain(error)}"


def cause_chain(error: BaseException) -> str:
    """The messages of *error* and its causes, outermost first, the wrappers left out."""
    texts: list[str] = []
    cause: BaseException | None = error.__cause__ or error
    while cause is not None:
        texts.append(_told(cause))
        cause = cause.__cause__
    return " <- ".join(dict.fromkeys(texts))


def _told(cause: BaseException) -> str:
    text = cause.message if isinstance(cause, FailureError) else str(cause)
    if isinstance(cause, TimedOut):
        return f"{cause.type.name.lower()} timeout" if cause.type else "timeout"
    kind = getattr(cause, "type", None)
    failure = cause.failure if isinstance(cause, FailureError) else None
    if kind and failure is not None and not failure.message:
        return str(kind)
    name = getattr(cause, "activity_type", None)
    return f"{name}: {text}" if name else f"{kind}: {text}" if kind else text
