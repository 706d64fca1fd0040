"""The one workflow that runs every queue.

It interprets the plan that its run was started with. It reads no file, no clock and no
environment: whatever it needs is in the plan, the input, or Temporal's history.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from tqrun.plan.expressions import EvaluationError, Template, compile_template
from tqrun.plan.model import CallPlan, Plan, decode

PLAN_HEADER = "tq_plan"
RESOLVE = "tqrun.resolve"
NOT_BOUND = "tqrun.NotBound"
"""Error type of an activity task that reached a worker without the function."""

_RESOLVE_TIMEOUT = timedelta(seconds=10)
_NOT_BOUND_WAITS = (1, 2, 4, 8, 15, 30)
"""Seconds between attempts to reach a worker that has the function; the last one repeats."""
_CANCELLATION = {
    "try_cancel": workflow.ActivityCancellationType.TRY_CANCEL,
    "wait_cancellation_completed": workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    "abandon": workflow.ActivityCancellationType.ABANDON,
}


class WorkerLacksActivity(Exception):
    """This worker does not have a function that the run's plan calls.

    It fails the workflow task, not the run: the server offers the task again, and a worker that
    has the function goes on.
    """


class _Interpreter:
    """What every workflow class shares; subclasses give the name and what their worker has."""

    known: Collection[str] = ()
    task_queue = ""

    async def interpret(self, inputs: Sequence[Any]) -> Any:
        """Run the plan of this run on its input; the result is the last call's."""
        plan, values = await self._start(inputs)
        result = None
        for call in plan.calls:
            result = await self._call(call, values)
        return result

    async def _start(self, inputs: Sequence[Any]) -> tuple[Plan, Mapping[str, Any]]:
        """The plan and the input: as the launcher sent them, else resolved by the worker."""
        header = workflow.info().headers.get(PLAN_HEADER)
        if header is not None:
            plan, values = decode(header.data), inputs[0] if inputs else {}
            _fits(plan, inputs, values)
            return plan, values
        resolved = await workflow.execute_local_activity(
            RESOLVE,
            args=[workflow.info().workflow_type, list(inputs)],
            start_to_close_timeout=_RESOLVE_TIMEOUT,
        )
        return decode(resolved["plan"].encode()), resolved["input"]

    async def _call(self, call: CallPlan, values: Mapping[str, Any]) -> Any:
        arguments: list[Any] = [{name: values[name] for name in call.arguments}]
        if call.context:
            arguments.append({name: values[name] for name in call.context})
        misses = 0
        while True:
            self._require(call)
            try:
                return await workflow.execute_activity(
                    call.activity, args=arguments, summary=_summary(call, values), **_options(call)
                )
            except ActivityError as error:
                if not _is_not_bound(error):
                    return _failed(call, error)
            # Not an attempt of the function: no worker that has it has seen the task yet.
            await workflow.sleep(_NOT_BOUND_WAITS[min(misses, len(_NOT_BOUND_WAITS) - 1)])
            misses += 1

    def _require(self, call: CallPlan) -> None:
        elsewhere = call.task_queue is not None or not call.bound
        if elsewhere or call.activity in self.known or workflow.unsafe.is_replaying():
            return
        raise WorkerLacksActivity(
            f'the run\'s plan calls activity "{call.activity}", which this worker of '
            f"{self.task_queue} does not have; the run waits for a worker that has it"
        )


def _fits(plan: Plan, inputs: Sequence[Any], values: Any) -> None:
    """Refuse input that the plan cannot be run on; a launcher's own input always fits."""
    if len(inputs) > 1 or not isinstance(values, dict):
        raise _refused("the input must be one object")
    needed = {name for call in plan.calls for name in (*call.arguments, *call.context)}
    missing = sorted(needed - values.keys())
    if missing:
        raise _refused("; ".join(f'input "{name}" is missing' for name in missing))


def _refused(message: str) -> ApplicationError:
    return ApplicationError(message, type="invalid_input", non_retryable=True)


def _is_not_bound(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.type == NOT_BOUND


def _failed(call: CallPlan, error: ActivityError) -> None:
    """Null in place of the result where the call says so; else the run fails with *error*."""
    if call.on_error == "fail" or is_cancelled_exception(error):
        raise error
    workflow.logger.warning(
        "activity failed, going on", extra={"activity": call.activity, "error": str(error.cause)}
    )


@lru_cache(maxsize=4096)
def _options(call: CallPlan) -> dict[str, Any]:
    """The SDK's arguments for *call*, built once per plan."""
    retry = call.retry
    return {
        "task_queue": call.task_queue,
        "start_to_close_timeout": _duration(call.start_to_close),
        "schedule_to_close_timeout": _duration(call.schedule_to_close),
        "schedule_to_start_timeout": _duration(call.schedule_to_start),
        "heartbeat_timeout": _duration(call.heartbeat),
        "cancellation_type": _CANCELLATION[call.cancellation_type],
        "retry_policy": RetryPolicy(
            initial_interval=timedelta(seconds=retry.initial_interval),
            backoff_coefficient=retry.backoff_coefficient,
            maximum_interval=_duration(retry.maximum_interval),
            maximum_attempts=retry.maximum_attempts,
            # Temporal would send a payload that is too large again, for ever.
            non_retryable_error_types=[*retry.non_retryable_error_types, "PayloadsTooLarge"],
        ),
    }


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _summary(call: CallPlan, values: Mapping[str, Any]) -> str | None:
    if call.summary is None or "${" not in call.summary:
        return call.summary
    try:
        return _template(call.summary, tuple(values)).render(values)
    except EvaluationError as error:
        raise ApplicationError(str(error), type="expression", non_retryable=True) from None


@lru_cache(maxsize=4096)
def _template(text: str, names: tuple[str, ...]) -> Template:
    return compile_template(text, {name: {} for name in names})


class Undeclared(_Interpreter):
    """Takes the workflow types that the file does not declare.

    With a plan in the header it runs that, without one it fails at once.
    """

    async def _start(self, inputs: Sequence[Any]) -> tuple[Plan, Mapping[str, Any]]:
        info = workflow.info()
        if PLAN_HEADER not in info.headers:
            message = (
                f'no queue declares a workflow of type "{info.workflow_type}" on {self.task_queue}'
            )
            raise ApplicationError(message, type="unknown_workflow", non_retryable=True)
        values = [workflow.payload_converter().from_payload(raw.payload) for raw in inputs]
        return await super()._start(values)

    @workflow.run
    async def run(self, inputs: Sequence[RawValue]) -> Any:
        """Run the plan on the one object that holds the inputs."""
        return await self.interpret(inputs)


class Declared(_Interpreter):
    """Runs one workflow type that the file declares; subclasses are named for it."""

    @workflow.run
    async def run(self, *inputs: Any) -> Any:
        """Run the plan on the one object that holds the inputs."""
        return await self.interpret(inputs)


def workflow_classes(
    types: Collection[str], activities: Collection[str], task_queue: str
) -> list[type]:
    """One thin class per declared workflow type, and one for all undeclared ones.

    Args:
        types: The workflow types that the file declares for the task queue.
        activities: Names of the activities that the worker has.
        task_queue: Named in messages.
    """
    shared = {"known": frozenset(activities), "task_queue": task_queue}
    return [
        *(workflow.defn(name=name, sandboxed=False)(_named(Declared, shared)) for name in types),
        workflow.defn(dynamic=True, sandboxed=False)(_named(Undeclared, shared)),
    ]


def _named(kind: type[_Interpreter], attributes: Mapping[str, Any]) -> type:
    """A class that the SDK takes for *kind*, whose `run` it wants on the class itself."""
    return type(kind.__name__, (_Interpreter,), {**vars(kind), **attributes})
