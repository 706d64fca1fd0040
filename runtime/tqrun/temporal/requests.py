"""Requests to a run that is there already: signal, query, cancel, terminate.

That there is no such run is an outcome, not an error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.service import RPCError, RPCStatusCode

from tqrun.diagnostics import did_you_mean
from tqrun.errors import InvalidInput, RequestFailed, UnknownQuery, UnknownSignal
from tqrun.plan import classes
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.inputs import Inputs
from tqrun.temporal.described import describe
from tqrun.temporal.refusals import no_namespace
from tqrun.temporal.start import rendered_id
from tqrun.temporal.workflow import STATE

ANSWER_WITHIN = timedelta(seconds=10)
"""A query waits for a worker; the server itself would wait for 30 seconds."""

RequestStatus = Literal["sent", "answered", "cancel_requested", "terminated", "not_found"]


class Target(NamedTuple):
    """The run with an id, or the latest one of it."""

    client: Client
    workflow_id: str

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """What the SDK calls it."""
        return self.client.get_workflow_handle(self.workflow_id)


Act = Callable[[Target], Awaitable[tuple[RequestStatus, Any]]]
_UNANSWERED = (RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED)


@dataclass(frozen=True, slots=True)
class RequestResult:
    """What a signal, a cancellation or a termination came to.

    Attributes:
        status: `sent`, `cancel_requested` or `terminated`; `not_found` when no run of this id is
            going, and nothing was done.
    """

    status: RequestStatus
    workflow_id: str
    namespace: str


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a query came to.

    Attributes:
        status: `answered`, also by a run that has ended; `not_found` when there is none.
        answer: The run's; None when there is none.
    """

    status: RequestStatus
    workflow_id: str
    namespace: str
    answer: Any


def address(launch: LaunchPlan, values: Mapping[str, Any]) -> str:
    """The id of the run that *values* address; of the inputs only those in the id are needed.

    Raises:
        InvalidInput: One is missing, or something does not fit.
    """
    needed = launch.workflow_id.names()
    return rendered_id(launch, launch.inputs.normalise(values, needed=needed))


def checked(
    launch: LaunchPlan, signal: str, payload: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """The payload of a declared signal, defaults filled in.

    Raises:
        UnknownSignal: It is not declared.
        InvalidInput: The payload does not fit.
    """
    signals = launch.plan.signals
    if signal not in signals:
        raise UnknownSignal(_not_declared("signal", signal, launch.name, signals))
    try:
        return Inputs(signals[signal], word="field").normalise(payload or {})
    except InvalidInput as error:
        raise InvalidInput(f'signal "{signal}": {error}') from None


def known_query(launch: LaunchPlan, query: str | None) -> str:
    """The name of a declared query; without one, of the query that every run of steps answers.

    A hand-written class answers its own queries, and no other.

    Raises:
        UnknownQuery: It is not declared, or one must be named.
    """
    queries: Collection[str] = launch.plan.queries
    if launch.workflow_class is not None:
        own = classes.queries(launch.workflow_class)
        if query is not None and own is None:
            return query
        queries = own or ()
        if query is None:
            raise UnknownQuery(_no_state(launch, queries))
    if query is not None and query not in queries:
        raise UnknownQuery(_not_declared("query", query, launch.name, queries))
    return query or STATE


def _no_state(launch: LaunchPlan, queries: Collection[str]) -> str:
    names = ", ".join(queries)
    way_out = f"name one of its queries: {names}" if names else "it has no queries"
    return f"{launch.name} is a hand-written class, without steps to show; {way_out}"


def _not_declared(kind: str, name: str, workflow: str, known: Collection[str]) -> str:
    hint = did_you_mean(name, known)
    return f'{workflow} has no {kind} "{name}"{hint or "; it declares none"}'


async def requested(act: Act, run: Target) -> tuple[RequestStatus, Any]:
    """What *act* comes to for *run*.

    Raises:
        RequestFailed: The server refused, or nobody answered.
        UsageError: The server lacks the namespace.
    """
    try:
        return await act(run)
    except WorkflowQueryFailedError as error:
        raise RequestFailed(f"{run.workflow_id} did not answer: {error}") from error
    except RPCError as error:
        if lacking := no_namespace(error.message):
            raise lacking from error
        if error.status is RPCStatusCode.NOT_FOUND:
            return "not_found", None
        if error.status in _UNANSWERED:
            raise RequestFailed(
                f"no worker answered for {run.workflow_id}; "
                "is one running that serves its task queue?"
            ) from error
        raise RequestFailed(f"{run.workflow_id} was not reached: {error.message}") from error


async def send_signal(
    run: Target, signal: str, payload: Mapping[str, Any]
) -> tuple[RequestStatus, Any]:
    """Signal the run."""
    await run.handle.signal(signal, payload)
    return "sent", None


async def ask(run: Target, query: str) -> tuple[RequestStatus, Any]:
    """Query the run."""
    try:
        return "answered", await run.handle.query(query, rpc_timeout=ANSWER_WITHIN)
    except (ValueError, WorkflowQueryRejectedError):
        # The SDK 1.35 raises ValueError, having no word for the state of a paused run.
        found = await describe(run.client, run.workflow_id)
        if found.pause is None:
            raise
        message = f"{run.workflow_id} is paused {found.pause}; it answers once it is unpaused"
        raise RequestFailed(message) from None


async def cancel(run: Target) -> tuple[RequestStatus, Any]:
    """Cancel the run."""
    # The server takes the cancellation of a run that has ended for done.
    if not (await describe(run.client, run.workflow_id)).is_open:
        return "not_found", None
    await run.handle.cancel()
    return "cancel_requested", None


async def terminate(run: Target, reason: str | None) -> tuple[RequestStatus, Any]:
    """Terminate the run."""
    await run.handle.terminate(reason=reason)
    return "terminated", None
