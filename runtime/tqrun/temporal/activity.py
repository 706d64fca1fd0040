"""A plain function as a Temporal activity: arguments in, result out, log lines and heartbeats.

The function gets its arguments by name, converted to the types it is annotated with. Everything
that it logs through `logging` meanwhile carries the fields of its run.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pydantic_core import from_json, to_json
from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, is_cancelled_exception
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from tqrun import logs
from tqrun.errors import InvalidInput
from tqrun.plan.decoding import ArgumentError, decoder
from tqrun.plan.inputs import MAX_PAYLOAD_BYTES
from tqrun.plan.numbers import as_declared, has_numbers
from tqrun.plan.registry import Service
from tqrun.plan.signatures import BoundFunction
from tqrun.plan.types import result_schema
from tqrun.temporal import forked, raised
from tqrun.temporal.carried import MAX_CARRIED_BYTES
from tqrun.temporal.heartbeats import Heartbeats
from tqrun.temporal.not_bound import not_bound
from tqrun.temporal.running import Running
from tqrun.temporal.workflow import RESOLVE

_logger = logging.getLogger("tqrun.activity")


def activities(service: Service) -> list[Callable[..., Any]]:
    """The activities that a worker of *service* registers, tqrun's own two included."""
    by_hand = frozenset(
        name for name, one in service.workflows.items() if one.workflow_class is not None
    )
    functions = [
        _activity(name, function, by_hand) for name, function in service.activities.items()
    ]
    return [*functions, resolver(service), _not_bound(service)]


def _activity(name: str, function: BoundFunction, by_hand: Collection[str]) -> Callable[..., Any]:
    """*function* as an activity: a fresh wrapper, so that it can be bound more than once.

    Workflows of the types *by_hand* call it as Temporal does, with its arguments in order.
    """
    decode, call = decoder(function), function.function
    names = [parameter.name for parameter in function.parameters]

    def arguments(given: Sequence[Any]) -> dict[str, Any]:
        in_order = activity.info().workflow_type in by_hand
        if in_order and len(given) > len(names):
            message = f"{function.name} takes {len(names)} arguments, not {len(given)}"
            raise ApplicationError(message, type="invalid_input", non_retryable=True)
        try:
            if in_order:
                return decode(dict(zip(names, given, strict=False)))
            return decode(given[0] if given else {})
        except ArgumentError as error:
            raise ApplicationError(str(error), type="invalid_input", non_retryable=True) from None

    if function.is_async:

        @activity.defn(name=name)
        async def in_loop(*given: Any) -> Any:
            with forked.ends_here():
                return await call(**arguments(given))

        return in_loop

    @activity.defn(name=name)
    def in_thread(*given: Any) -> Any:
        try:
            with forked.ends_here():
                return call(**arguments(given))
        except StopIteration as error:
            # A future takes no StopIteration: the call would hold its slot for ever.
            stopped = ApplicationError(str(error), type="StopIteration")
            raise stopped.with_traceback(error.__traceback__) from None

    return in_thread


def resolver(service: Service) -> Callable[..., Any]:
    """The local activity that gives a run its plan when its launcher sent none."""

    @activity.defn(name=RESOLVE)
    async def resolve(workflow_type: str, inputs: list[Any]) -> dict[str, Any]:
        launch = service.workflows[workflow_type]
        values = inputs[0] if inputs else {}
        if len(inputs) > 1 or not isinstance(values, dict):
            names = ", ".join(launch.inputs.fields) or "none"
            message = f"the input must be one object with the inputs of {launch.name}: {names}"
            raise ApplicationError(message, type="invalid_input", non_retryable=True)
        try:
            # Not on this loop, which beats the hearts of the other activities.
            values = await asyncio.to_thread(launch.inputs.normalise, values)
        except InvalidInput as error:
            raise ApplicationError(str(error), type="invalid_input", non_retryable=True) from None
        resolved = {"plan": launch.plan.text, "input": values, "bounded": True}
        if (size := len(to_json(resolved))) > MAX_CARRIED_BYTES:
            message = (
                f"the input has, with the plan of {launch.name}, {size / 1e6:.1f} MB, "
                "Temporal's limit is 2 MB; store it and give where it is"
            )
            raise ApplicationError(message, type="payload_too_large", non_retryable=True)
        return resolved

    return resolve


def _not_bound(service: Service) -> Callable[..., Any]:
    """Takes the activities that this worker lacks; the interpreter sends them again later."""

    @activity.defn(dynamic=True)
    async def lacking(_: Sequence[RawValue]) -> Any:
        info = activity.info()
        name = info.activity_type
        launch = service.workflows.get(info.workflow_type or "")
        # Only the interpreter sends it again; elsewhere Temporal's own retries must.
        by_hand = launch is not None and launch.workflow_class is not None
        final = info.in_workflow and not by_hand
        message = f'this worker of {service.task_queue} does not have activity "{name}"'
        raise not_bound(message, info.attempt, info.heartbeat_details, final=final)

    return lacking


class Observer(Interceptor):
    """Logs every activity of one worker, beats its heart, and tidies its result and error."""

    def __init__(self, service: Service, running: Running | None = None) -> None:
        """Observe the activities of *service*, and count them in *running*."""
        self._service = service
        self._running = running or Running(service)
        self._numbers = {
            name: schema
            for name, function in service.activities.items()
            if (schema := result_schema(function)) and has_numbers(schema)
        }

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Wrap the handling of one activity task."""
        return _Observed(next, self._service, self._running, self._numbers)


class _Observed(ActivityInboundInterceptor):
    def __init__(
        self,
        following: ActivityInboundInterceptor,
        service: Service,
        running: Running,
        numbers: Mapping[str, Mapping[str, Any]],
    ) -> None:
        super().__init__(following)
        self._service = service
        self._running = running
        self._numbers = numbers
        self._heartbeats: Heartbeats | None = None

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        self._heartbeats = Heartbeats(outbound)
        super().init(self._heartbeats)

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        heartbeats = self._heartbeats
        assert heartbeats is not None
        heartbeats.begin(input.headers)
        info = activity.info()
        if info.activity_type == RESOLVE or info.activity_type not in self._service.activities:
            return await super().execute_activity(input)
        timeout = info.heartbeat_timeout
        beats = asyncio.create_task(heartbeats.keep_alive(timeout)) if timeout else None
        with self._running.call(info), logs.bound(*self._fields(info, input.args)):
            _logger.info("activity started")
            started = time.perf_counter()
            try:
                answer = await super().execute_activity(input)
                numbers = self._numbers.get(info.activity_type)
                if numbers is None:
                    result = _encoded(answer, None)
                else:
                    result = await asyncio.to_thread(_encoded, answer, numbers)
            except BaseException as error:
                _log_end(started, error)
                if isinstance(error, Exception) and (fit := _sendable(error, info)) is not error:
                    raise fit from fit.__cause__
                raise
            finally:
                if beats is not None:
                    beats.cancel()
            _log_end(started, None)
            return result

    def _fields(
        self, info: activity.Info, given: Sequence[Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields of the run, and those that its workflow declares as memo."""
        service = self._service
        fields = {
            "queue": service.queue,
            "version": service.version,
            "workflow_type": info.workflow_type,
            "workflow_id": info.workflow_id,
            "run_id": info.workflow_run_id,
            "activity": info.activity_type,
            "attempt": info.attempt,
        }
        values = {
            name: value for part in given if isinstance(part, dict) for name, value in part.items()
        }
        memo = service.memos.get(info.workflow_type or "", ())
        return fields, {name: values[name] for name in memo if name in values}


def _log_end(started: float, error: BaseException | None) -> None:
    duration = {"duration_ms": round((time.perf_counter() - started) * 1000, 1)}
    if error is None:
        _logger.info("activity completed", extra=duration)
    elif is_cancelled_exception(error):
        _logger.info("activity cancelled", extra=duration)
    else:
        fields = {**duration, "error_type": raised.kind(error), "error": raised.text(error)}
        unexpected = not isinstance(error, ApplicationError) or error.type == "StopIteration"
        _logger.warning("activity failed", extra=fields, exc_info=error if unexpected else None)


def _encoded(result: Any, numbers: Mapping[str, Any] | None) -> RawValue:
    """*result* as its payload, made once here, so that one that cannot be sent fails once.

    Where the JSON Schema *numbers* is given, its numbers are as that declares them.
    """
    convert = activity.payload_converter().to_payload
    try:
        payload = convert(result)
        if b"NaN" in payload.data or b"Infinity" in payload.data:
            # They are no JSON, which other languages and the UI read too.
            payload = convert(_without_nan(result))
        if numbers is not None and not isinstance(result, bytes):
            payload = convert(as_declared(numbers, from_json(payload.data)))
    except Exception as error:  # noqa: BLE001 - a user's type may raise anything
        message = f"the result cannot be written as JSON: {raised.text(error)}"
        raise ApplicationError(message, type="bad_result", non_retryable=True) from None
    if len(payload.data) > MAX_PAYLOAD_BYTES:
        message = (
            f"the result has {len(payload.data) / 1e6:.1f} MB, Temporal's limit is 2 MB; "
            "store it and return where"
        )
        raise ApplicationError(message, type="result_too_large", non_retryable=True)
    return RawValue(payload)


def _without_nan(result: Any) -> Any:
    """*result* as JSON, in which a number that JSON does not have is null."""
    return result if isinstance(result, bytes) else from_json(to_json(result, inf_nan_mode="null"))


def _sendable(error: Exception, info: activity.Info) -> Exception:
    """*error*, or one in its place whose size is bounded or that ends the retries."""
    if is_cancelled_exception(error):
        return error
    listed: Mapping[str, None] = dict.fromkeys(
        (info.retry_policy and info.retry_policy.non_retryable_error_types) or ()
    )
    # Temporal compares exact names; a subclass of a listed class ends the retries too.
    final = any(kind.__name__ in listed for kind in type(error).__mro__)
    return raised.sendable(error, final=final and not isinstance(error, ApplicationError))
