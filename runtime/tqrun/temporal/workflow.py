"""The one workflow that runs every queue.

It runs the plan that its run was started with, and starts the next run where the history gets
too long. It reads no file, no clock and no environment: whatever it needs is in the plan, the
input, or Temporal's history.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

from tqrun.plan.model import Plan, decode
from tqrun.temporal.calls import Calls, Has
from tqrun.temporal.carried import continued, has_room, refuse_too_large
from tqrun.temporal.failures import refused
from tqrun.temporal.headers import BOUNDED, PLAN_HEADER, plan_to_send
from tqrun.temporal.inbox import Inbox
from tqrun.temporal.interpreter import Interpreter
from tqrun.temporal.launches import LAUNCH, Launches
from tqrun.temporal.run_log import log
from tqrun.temporal.steps.cancellation import Cancellation
from tqrun.temporal.steps.frames import Returned, Suspended

RESOLVE = "tqrun.resolve"
STATE = "tqrun.state"
"""The query that every run answers: where it is, its locals, and what has not been taken yet."""

_RESOLVE_TIMEOUT = timedelta(seconds=10)
_SHOWN_CHARACTERS = 1_000
"""Of one local in the answer of `STATE`."""


class _Round(NamedTuple):
    """What one pass through the steps runs on.

    Attributes:
        bounded: Whether its expressions have a budget; those of runs from before it have none.
    """

    plan: Plan
    encoded: bytes
    values: Mapping[str, Any]
    bounded: bool


_Begin = Callable[[Sequence[Any], Mapping[str, Any], Launches], Awaitable[_Round]]


class _Run:
    """What every workflow class shares; subclasses give the name and what their worker has."""

    known: Collection[str] = ()
    task_queue = ""
    plans: Mapping[str, bytes] = {}
    parameters: Mapping[str, Sequence[str]] = {}
    is_time_to_stop: Callable[[], bool] = staticmethod(
        lambda: workflow.info().is_continue_as_new_suggested()
    )

    def __init__(self) -> None:
        self.inbox, self.launches = Inbox(), Launches()
        self.bounded = True

    # On the class, not set by the run: what came before the run's first task keeps its order, and
    # is there when the run begins.
    @workflow.signal(dynamic=True)
    def receive(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Take any signal; which ones are declared is in the plan."""
        convert = workflow.payload_converter().from_payload
        try:
            given = [convert(raw.payload) for raw in payloads]
        except Exception:  # noqa: BLE001 - whatever a sender calls JSON
            log("signal dropped", {"signal": name, "error": "the payload must be JSON"})
            return
        if name != LAUNCH:
            self.inbox.receive(name, given)
        elif not self.launches.receive(given):
            log("signal dropped", {"signal": LAUNCH, "error": "this is no launch"})

    async def interpret(self, inputs: Sequence[Any]) -> Any:
        """Run the plan of this run on its input; the result is the workflow's."""
        self.cancellation = Cancellation()
        inputs, state = continued(inputs)
        launches = self.launches
        launches.restore(state)
        self.inbox.restore(state.get("inbox", ()), state.get("early", ()))
        self._answer(None, launches)
        begin: _Begin = self._first
        while True:
            failure = None
            try:
                todo = await begin(inputs, state, launches)
                result = await self._round(todo, state, launches)
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                if self.cancellation.is_pending():
                    raise
                failure = error
            # No await between this look at the launches and the end: none can be lost.
            if launches.newest is None:
                if failure is not None:
                    raise failure
                return result
            if failure is not None:
                log("round failed, going on with a newer launch", {"error": str(failure)})
            begin, state = self._next, {}

    async def _first(
        self, inputs: Sequence[Any], state: Mapping[str, Any], launches: Launches
    ) -> _Round:
        """The plan and the input: as the launcher sent them, else resolved by the worker."""
        header = workflow.info().headers.get(PLAN_HEADER)
        if header is None:
            if launches.newest is not None:
                return await self._next(inputs, state, launches)
            return await self._resolve(inputs)
        plan, values = decode(header.data), inputs[0] if inputs else {}
        if not state:
            _fits(plan, inputs, values)
        return _Round(plan, header.data, values, BOUNDED in header.metadata)

    async def _next(
        self, _inputs: Sequence[Any], _state: Mapping[str, Any], launches: Launches
    ) -> _Round:
        """What the newest launch asks for, when no other has come for its window."""
        settled = await launches.settle(self.is_time_to_stop)
        await self.cancellation.heed()
        if not settled:
            kept = {**launches.kept(), "early": self.inbox.early, "inbox": self.inbox.unread}
            # What does not fit is taken at once: the round that begins drops early signals or
            # fails over the unread ones, with a word about them.
            if has_room({}, kept):
                self._continue(None, {}, kept)
        return await self._resolve([launches.take()])

    async def _resolve(self, inputs: Sequence[Any]) -> _Round:
        resolved = await workflow.execute_local_activity(
            RESOLVE,
            args=[workflow.info().workflow_type, list(inputs)],
            start_to_close_timeout=_RESOLVE_TIMEOUT,
        )
        encoded = resolved["plan"].encode()
        bounded = resolved.get("bounded", False)
        return _Round(decode(encoded), encoded, resolved["input"], bounded)

    async def _round(self, todo: _Round, state: Mapping[str, Any], launches: Launches) -> Any:
        """One pass through the steps; its result."""
        inbox, self.bounded = self.inbox, todo.bounded
        fields, first_run = _fields(todo), state.get("first_run") or _first_run()
        has = Has(self.known, self.task_queue, self.plans, self.parameters)
        calls = Calls(has, self.cancellation, fields)
        interpreter = Interpreter(
            todo.plan,
            todo.values,
            calls,
            inbox,
            self.cancellation,
            self.is_time_to_stop,
            fields,
            first_run,
            bounded=todo.bounded,
        )
        interpreter.locals.update(state.get("locals", {}))
        inbox.open(todo.plan.signals, lambda text, extra: log(text, {**fields, **extra}))
        self._answer(interpreter, launches)
        outcome = await interpreter.run(state.get("frames", ()))
        if isinstance(outcome, Suspended):
            kept = {
                "frames": outcome.frames,
                "locals": interpreter.locals,
                "inbox": inbox.unread,
                **launches.kept(),
                "first_run": first_run,
            }
            refuse_too_large(todo.values, kept)
            self._continue(todo.encoded, todo.values, kept)
        assert isinstance(outcome, Returned)
        return outcome.value

    def _answer(self, interpreter: Interpreter | None, launches: Launches) -> None:
        """Answer the built-in query and, once there is a round, those of its plan."""

        def state() -> dict[str, Any]:
            kept = {} if interpreter is None else interpreter.locals
            return {
                "plan": None if interpreter is None else interpreter.plan.hash,
                "steps": [] if interpreter is None else interpreter.where(),
                "passes": {} if interpreter is None else dict(interpreter.passes),
                "locals": {name: _short(value) for name, value in kept.items()},
                "unread_signals": [name for name, _ in self.inbox.unread],
                "pending_launches": launches.count,
            }

        workflow.set_query_handler(STATE, state)
        if interpreter is not None:
            for name, value in interpreter.plan.queries.items():
                workflow.set_query_handler(name, _answering(interpreter, value))

    def _continue(self, encoded: bytes | None, values: Any, state: Mapping[str, Any]) -> None:
        """Start the next run, which goes on from *state*."""
        token = plan_to_send.set(encoded)
        try:
            workflow.continue_as_new(args=[values, state])
        finally:
            plan_to_send.reset(token)


def _first_run() -> dict[str, str]:
    """What expressions see of the run that the others continue."""
    info = workflow.info()
    started = info.workflow_start_time.isoformat().replace("+00:00", "Z")
    return {"workflow.run_id": info.run_id, "workflow.start_time": started}


def _answering(interpreter: Interpreter, value: Any) -> Callable[..., Any]:
    return lambda *_: interpreter.query(value)


def _short(value: Any) -> Any:
    text = str(value)
    return value if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _fields(todo: _Round) -> dict[str, Any]:
    """What every log line of the run carries."""
    info = workflow.info()
    return {
        "queue": todo.plan.queue,
        "version": todo.plan.version,
        "workflow_type": info.workflow_type,
        "workflow_id": info.workflow_id,
        "run_id": info.run_id,
        **{name: todo.values[name] for name in todo.plan.memo if name in todo.values},
    }


def _fits(plan: Plan, inputs: Sequence[Any], values: Any) -> None:
    """Refuse input that the plan cannot be run on; a launcher's own input always fits."""
    if len(inputs) > 1 or not isinstance(values, dict):
        raise refused("the input must be one object")
    missing = [name for name in plan.inputs if name not in values]
    if missing:
        raise refused("; ".join(f'input "{name}" is missing' for name in missing))


class Undeclared(_Run):
    """Takes the workflow types that the file does not declare.

    With a plan in the header it runs that, without one it fails at once.
    """

    async def _first(
        self, inputs: Sequence[Any], state: Mapping[str, Any], launches: Launches
    ) -> _Round:
        info = workflow.info()
        if PLAN_HEADER not in info.headers:
            message = (
                f'no queue declares a workflow of type "{info.workflow_type}" on {self.task_queue}'
            )
            raise ApplicationError(message, type="unknown_workflow", non_retryable=True)
        # Not `super()`: it would look for this class among the bases of the copy of it.
        return await _Run._first(self, inputs, state, launches)  # noqa: SLF001

    @workflow.run
    async def run(self, inputs: Sequence[RawValue]) -> Any:
        """Run the plan on the one object that holds the inputs."""
        convert = workflow.payload_converter().from_payload
        return await self.interpret([convert(raw.payload) for raw in inputs])


class Declared(_Run):
    """Runs one workflow type that the file declares; subclasses are named for it."""

    @workflow.run
    async def run(self, *inputs: Any) -> Any:
        """Run the plan on the one object that holds the inputs."""
        return await self.interpret(inputs)


def workflow_classes(
    types: Collection[str],
    activities: Collection[str],
    task_queue: str,
    *,
    plans: Mapping[str, bytes] | None = None,
    parameters: Mapping[str, Sequence[str]] | None = None,
    is_time_to_stop: Callable[[], bool] | None = None,
) -> list[type]:
    """One thin class per declared workflow type, and one for all undeclared ones.

    Args:
        types: The workflow types that the file declares for the task queue.
        activities: Names of the activities that the worker has.
        task_queue: Named in messages.
        plans: The encoded plan of each workflow that may be started as a child.
        parameters: The inputs in order of each such child whose class takes them one by one.
        is_time_to_stop: Says between two steps whether the run goes on in a new one; when the
            server suggests it, if not given.
    """
    shared: dict[str, Any] = {
        "known": frozenset(activities),
        "task_queue": task_queue,
        "plans": plans or {},
        "parameters": parameters or {},
    }
    if is_time_to_stop is not None:
        shared["is_time_to_stop"] = staticmethod(is_time_to_stop)
    return [
        *(workflow.defn(name=name, sandboxed=False)(_named(Declared, shared)) for name in types),
        workflow.defn(dynamic=True, sandboxed=False)(_named(Undeclared, shared)),
    ]


def _named(kind: type[_Run], attributes: Mapping[str, Any]) -> type:
    """A class that the SDK takes for *kind*, whose `run` it wants on the class itself."""
    return type(kind.__name__, (_Run,), {**vars(kind), **attributes})
