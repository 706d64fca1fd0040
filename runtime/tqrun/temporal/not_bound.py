"""What becomes of an activity task that reaches a worker without the function.

Such a worker fails it, and the interpreter schedules it again after a wait. To Temporal that is a
new activity; what the call has used up of its attempts and its time, and the last heartbeat of its
function, is kept here, so that the call ends as if only workers with the function had taken it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutType
from temporalio.exceptions import TimeoutError as TimedOut

NOT_BOUND = "tqrun.NotBound"
"""Error type of an activity task that reached a worker without the function."""
EARLIER_HEADER = "tq_earlier"

_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between attempts to reach a worker that has the function; the last one repeats."""
_LEAST_WAIT = 0.1
_MOST_INTERVAL = 100
"""Times the first wait: Temporal's own `maximum_interval` where none is given."""
_PATCH = "tqrun.out_of_time"
"""Asked only where the time of a call is over: histories of before have tried on."""


class Earlier(NamedTuple):
    """What a call has used up before the activity that it is scheduled as now.

    Attributes:
        attempts: Executions of the function.
        details: Of the last heartbeat of its function.
    """

    attempts: int = 0
    details: list[Any] = []  # noqa: RUF012 - replaced, never changed


def not_bound(message: str, attempt: int, details: Any, *, final: bool) -> ApplicationError:
    """The error of a task that a worker without the function took as *attempt* of its call."""
    used = Earlier(attempt - 1, list(details))
    return ApplicationError(message, used._asdict(), type=NOT_BOUND, non_retryable=final)


def is_not_bound(error: ActivityError) -> bool:
    """Whether the task reached a worker that does not have the function."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == NOT_BOUND


class Misses:
    """The tasks of one call that have reached workers without the function.

    Attributes:
        count: How many there were.
        earlier: What the call has used up; None before the first.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Begin a call with the SDK's *options*."""
        self.count = 0
        self.earlier: Earlier | None = None
        self._options = options
        self._begun = workflow.now()

    def wait(self, error: ActivityError) -> float:
        """Count the task that failed with *error*; the seconds until the next.

        Raises:
            ActivityError: `schedule_to_close_timeout` is over before that.
        """
        wait = _WAITS[min(self.count, len(_WAITS) - 1)]
        self.count += 1
        assert isinstance(error.cause, ApplicationError)
        if error.cause.details:  # an older worker gives none
            self.earlier = Earlier(**error.cause.details[0])
        left = self._left()
        if left is None:
            return wait
        if left <= _LEAST_WAIT and workflow.patched(_PATCH):
            raise _timed_out(error)
        # The shorter the time, the sooner it looks again, so that a late worker is still found.
        return min(wait, max(left / 2, _LEAST_WAIT))

    def options(self) -> Mapping[str, Any]:
        """What is left of the options for the next activity."""
        if not self.count:
            return self._options
        found = {**self._options}
        left = self._left()
        if left is not None and left > 0:
            found["schedule_to_close_timeout"] = timedelta(seconds=left)
        if self.earlier is not None and self.earlier.attempts:
            found["retry_policy"] = rest(found["retry_policy"], self.earlier.attempts)
        return found

    def _left(self) -> float | None:
        limit: timedelta | None = self._options["schedule_to_close_timeout"]
        if limit is None:
            return None
        return (limit - (workflow.now() - self._begun)).total_seconds()


def rest(policy: RetryPolicy, used: int) -> RetryPolicy:
    """What is left of *policy* after *used* attempts: their number, and the growth of the waits."""
    interval = policy.initial_interval
    most = policy.maximum_interval or _MOST_INTERVAL * interval
    for _ in range(used):
        if interval >= most or policy.backoff_coefficient == 1:
            break
        interval = min(most, interval * policy.backoff_coefficient)
    attempts = max(1, policy.maximum_attempts - used) if policy.maximum_attempts else 0
    return replace(
        policy, initial_interval=interval, maximum_interval=most, maximum_attempts=attempts
    )


def _timed_out(error: ActivityError) -> ActivityError:
    """The error of a call whose time is over, in the place of *error*."""
    found = ActivityError(
        "Activity task timed out",
        scheduled_event_id=error.scheduled_event_id,
        started_event_id=error.started_event_id,
        identity=error.identity,
        activity_type=error.activity_type,
        activity_id=error.activity_id,
        retry_state=RetryState.TIMEOUT,
    )
    message = "no worker that has the function took the task within schedule_to_close_timeout"
    found.__cause__ = TimedOut(
        message, type=TimeoutType.SCHEDULE_TO_CLOSE, last_heartbeat_details=[]
    )
    return found
