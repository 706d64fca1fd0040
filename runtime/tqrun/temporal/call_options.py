"""The options of an activity call, as the SDK takes them: from the plan and the run's values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import RetryPolicy as RetryPolicyMessage
from temporalio.common import RetryPolicy

from tqrun.config.values import MAX_DURATION, parse_duration
from tqrun.plan.expressions import as_text
from tqrun.plan.ids import MAX_ID_BYTES
from tqrun.plan.model import Call, RetryPlan, Seconds

Evaluate = Callable[[Any], Any]

_CANCELLATION = {
    "try_cancel": workflow.ActivityCancellationType.TRY_CANCEL,
    "wait_cancellation_completed": workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    "abandon": workflow.ActivityCancellationType.ABANDON,
}


def seconds(duration: Any) -> float:
    """A number of seconds, or a duration as the file writes it, in seconds.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(duration, str):
        return parse_duration(duration).total_seconds()
    if type(duration) not in (int, float) or abs(duration) > MAX_DURATION.total_seconds():
        raise ValueError("a duration is text such as 90s, or a number of seconds")
    return float(duration)


def name(what: str, value: Any) -> str:
    """*value* as the name of *what*; one that the server refuses would fail the task for ever.

    Raises:
        ValueError: It is null, empty, or longer than Temporal takes.
    """
    text = "" if value is None else as_text(value)
    if not 0 < len(text.encode()) <= MAX_ID_BYTES:
        size = "null" if value is None else f"{len(text.encode()):,} bytes"
        raise ValueError(f"the {what} is {size}; it must have 1 to {MAX_ID_BYTES:,} bytes")
    return text


def options(call: Call, evaluate: Evaluate) -> dict[str, Any]:
    """The SDK's arguments for *call*, but for what it takes."""
    return _static(call) if _is_static(call) else _arguments(call, evaluate)


@lru_cache(maxsize=4096)
def _is_static(call: Call) -> bool:
    durations = (
        call.start_to_close,
        call.schedule_to_close,
        call.schedule_to_start,
        call.heartbeat,
        call.retry.initial_interval,
        call.retry.maximum_interval,
        call.retry.backoff_coefficient,
        call.retry.maximum_attempts,
    )
    dynamic = call.task_queue is not None and "${" in call.task_queue
    return not dynamic and not any(isinstance(one, str) for one in durations)


@lru_cache(maxsize=4096)
def _static(call: Call) -> dict[str, Any]:
    """The SDK's arguments for *call*, built once per plan."""
    return _arguments(call, lambda value: value)


def _arguments(call: Call, evaluate: Evaluate) -> dict[str, Any]:
    def duration(value: Seconds | None) -> timedelta | None:
        return None if value is None else duration_of(value, evaluate)

    return {
        "task_queue": None
        if call.task_queue is None
        else name("task queue", evaluate(call.task_queue)),
        "start_to_close_timeout": duration(call.start_to_close),
        "schedule_to_close_timeout": duration(call.schedule_to_close),
        "schedule_to_start_timeout": duration(call.schedule_to_start),
        "heartbeat_timeout": duration(call.heartbeat),
        "cancellation_type": _CANCELLATION[call.cancellation_type],
        "retry_policy": _retry_policy(call.retry, evaluate, duration),
    }


def _retry_policy(
    retry: RetryPlan, evaluate: Evaluate, duration: Callable[[Seconds | None], timedelta | None]
) -> RetryPolicy:
    policy = RetryPolicy(
        initial_interval=duration(retry.initial_interval) or timedelta(seconds=1),
        backoff_coefficient=_number(retry.backoff_coefficient, evaluate),
        maximum_interval=duration(retry.maximum_interval),
        maximum_attempts=int(_number(retry.maximum_attempts, evaluate)),
        # Temporal would send a payload that is too large again, for ever.
        non_retryable_error_types=[*retry.non_retryable_error_types, "PayloadsTooLarge"],
    )
    # Checked here: the SDK has begun the command when it does, and sends what there is of it.
    policy.apply_to_proto(RetryPolicyMessage())
    return policy


def _number(value: Any, evaluate: Evaluate) -> float:
    found = evaluate(value)
    if type(found) not in (int, float):
        raise ValueError(f"{value} is not a number")
    return float(found)


def duration_of(value: Any, evaluate: Evaluate) -> timedelta:
    """A duration that a call can have, as the plan writes it.

    Raises:
        ValueError: It is none, or not above 0.
    """
    try:
        found = seconds(evaluate(value))
    except ValueError:
        found = 0.0
    if found <= 0:
        raise ValueError(f"{value} is not a duration above 0s")
    return timedelta(seconds=found)
