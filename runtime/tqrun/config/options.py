"""The options of calls, starts and workers: Temporal's own names, units and defaults.

They stand in a queue, a workflow, an activity or a step, and in the file's `defaults`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from tqrun.config.values import Duration, Maybe, Name, OrExpression, PositiveDuration, Text


class Entry(BaseModel):
    """A mapping with declared keys only, read as it stands: a text is never taken for a number."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        # Else every kind of step would build a validator of all kinds.
        defer_build=True,
    )


Coefficient = Annotated[float, Field(ge=1)]
Attempts = Annotated[int, Field(ge=0, le=2**31 - 1)]


class RetryPolicy(Entry):
    """How a failed activity is tried again. Temporal's names and defaults."""

    initial_interval: OrExpression[PositiveDuration] = timedelta(seconds=1)
    """Wait before the second attempt."""
    backoff_coefficient: OrExpression[Coefficient] = 2.0
    """Factor from one wait to the next."""
    maximum_interval: Maybe[OrExpression[PositiveDuration]] = None
    """Longest wait between two attempts; 100 times the first wait if not given."""
    maximum_attempts: OrExpression[Attempts] = 0
    """Attempts in all, the first one included; 0 means no limit."""
    non_retryable_error_types: list[Text] = Field(default=[], examples=[["ValidationError"]])
    """Names of exception classes that fail the activity at once, subclasses included."""


def _text_or_not(value: Any) -> str:
    return "<plain>" if isinstance(value, str) else "<mapping>"


RetryPolicyOrName = Annotated[
    Annotated[Name, Tag("<plain>")] | Annotated[RetryPolicy, Tag("<mapping>")],
    Discriminator(_text_or_not),
]


class ActivityOptions(Entry):
    """The options of an activity call, as in Temporal."""

    start_to_close_timeout: Maybe[OrExpression[PositiveDuration]] = None
    """Longest time for one attempt. This or `schedule_to_close_timeout` is required."""
    schedule_to_close_timeout: Maybe[OrExpression[PositiveDuration]] = None
    """Longest time for all attempts together, waits included."""
    schedule_to_start_timeout: Maybe[OrExpression[PositiveDuration]] = None
    """Longest time to wait for a worker to take the task."""
    heartbeat_timeout: Maybe[OrExpression[PositiveDuration]] = None
    """Longest time between two heartbeats; tqrun sends them by itself."""
    retry_policy: Maybe[RetryPolicyOrName] = Field(
        default=None, examples=[{"maximum_attempts": 3, "initial_interval": "1s"}]
    )
    """The name of an entry of `retry_policies`, or a policy. Temporal's default if not given."""
    cancellation_type: Literal["try_cancel", "wait_cancellation_completed", "abandon"] = (
        "try_cancel"
    )
    """What the workflow does about a running activity when it is cancelled."""
    on_error: Literal["fail", "continue"] = "fail"
    """`continue`: when the activity finally fails, log it, take null as its result and go on."""


class WorkflowOptions(Entry):
    """The options of starting a workflow, as in Temporal."""

    id_reuse_policy: Literal[
        "allow_duplicate", "allow_duplicate_failed_only", "reject_duplicate"
    ] = "allow_duplicate"
    """May the id of a finished run be used again?"""
    id_conflict_policy: Literal["fail", "use_existing", "terminate_existing"] = "fail"
    """What happens when a run of the same id is going: `fail` reports it as already running."""
    execution_timeout: Maybe[OrExpression[PositiveDuration]] = None
    """Longest time for the whole workflow."""
    start_delay: Maybe[OrExpression[Duration]] = None
    """Wait between the launch and the first step."""


class WorkerOptions(Entry):
    """The options of the worker that serves a queue, as in Temporal."""

    max_concurrent_activities: int = Field(default=100, ge=1, le=10_000)
    """Activities that one worker process runs at once."""
    max_concurrent_workflow_tasks: int = Field(default=100, ge=2, le=10_000)
    """Workflow tasks that one worker process handles at once."""
    max_cached_workflows: int = Field(default=1000, ge=0)
    """Running workflows kept in memory, so that they need no replay."""
    max_activities_per_second: Maybe[float] = Field(default=None, gt=0, examples=[10])
    """Limit for one worker process."""
    max_task_queue_activities_per_second: Maybe[float] = Field(default=None, gt=0, examples=[50])
    """Limit for all workers of the task queue together, kept by the server."""
    graceful_shutdown_timeout: Duration = timedelta(seconds=30)
    """Time that running activities have to finish when the worker is stopped."""
