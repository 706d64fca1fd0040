"""The shape of queues.yaml: every key, its type, its default and what it means.

The one place where the file's shape is stated. The JSON Schema for editors and the reference page
are generated from here; what needs more than one value at a time is checked in `rules`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    TypeAdapter,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tqrun.config.values import (
    Duration,
    FunctionPath,
    InputField,
    Maybe,
    Name,
    PackagePath,
    PositiveDuration,
    Text,
)


class _Entry(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class RetryPolicy(_Entry):
    """How a failed activity is tried again. Temporal's names and defaults."""

    initial_interval: PositiveDuration = timedelta(seconds=1)
    """Wait before the second attempt."""
    backoff_coefficient: float = Field(default=2.0, ge=1)
    """Factor from one wait to the next."""
    maximum_interval: Maybe[PositiveDuration] = None
    """Longest wait between two attempts; 100 times the first wait if not given."""
    maximum_attempts: int = Field(default=0, ge=0, le=2**31 - 1)
    """Attempts in all, the first one included; 0 means no limit."""
    non_retryable_error_types: list[Text] = Field(default=[], examples=[["ValidationError"]])
    """Names of exception classes that fail the activity at once, subclasses included."""


def _kind(value: Any) -> str:
    """Which form of an entry with two forms is meant, so that one fault is one finding."""
    return "<mapping>" if isinstance(value, dict) else "<plain>"


def _text_or_not(value: Any) -> str:
    return "<plain>" if isinstance(value, str) else "<mapping>"


RetryPolicyOrName = Annotated[
    Annotated[Name, Tag("<plain>")] | Annotated[RetryPolicy, Tag("<mapping>")],
    Discriminator(_text_or_not),
]
Fields = Annotated[
    Annotated[list[Name], Tag("<plain>")] | Annotated[dict[Text, Any], Tag("<mapping>")],
    Discriminator(_kind),
]


class ActivityOptions(_Entry):
    """The options of an activity call, as in Temporal."""

    start_to_close_timeout: Maybe[PositiveDuration] = None
    """Longest time for one attempt. This or `schedule_to_close_timeout` is required."""
    schedule_to_close_timeout: Maybe[PositiveDuration] = None
    """Longest time for all attempts together, waits included."""
    schedule_to_start_timeout: Maybe[PositiveDuration] = None
    """Longest time to wait for a worker to take the task."""
    heartbeat_timeout: Maybe[PositiveDuration] = None
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


class Activity(ActivityOptions):
    """One plain Python function, called durably."""

    function: Maybe[FunctionPath] = Field(default=None, examples=["activities.mail:send"])
    """`module:name` of the function; `{activities_package}.{queue}:{activity}` if not given."""
    summary: Maybe[Text] = Field(default=None, examples=["One entity"])
    """Shown in the Temporal UI; may contain `${…}`."""
    queue: Maybe[Name] = Field(default=None, examples=["mail"])
    """Another queue of this file, whose workers run the activity."""
    task_queue: Maybe[Text] = Field(default=None, examples=["billing-v3"])
    """A task queue served by other workers, in any language."""


class WorkflowOptions(_Entry):
    """The options of starting a workflow, as in Temporal."""

    id_reuse_policy: Literal[
        "allow_duplicate", "allow_duplicate_failed_only", "reject_duplicate"
    ] = "allow_duplicate"
    """May the id of a finished run be used again?"""
    id_conflict_policy: Literal["fail", "use_existing", "terminate_existing"] = "fail"
    """What happens when a run of the same id is going: `fail` reports it as already running."""
    execution_timeout: Maybe[PositiveDuration] = None
    """Longest time for the whole workflow."""
    start_delay: Maybe[Duration] = None
    """Wait between the launch and the first step."""


class Workflow(WorkflowOptions):
    """One durable function: its id, its input and what it calls."""

    workflow_id: Maybe[Text] = Field(default=None, examples=["your-workflow-${entity_id}"])
    """Template of the workflow id; the same input gives the same id. Required."""
    workflow_type: Maybe[Text] = Field(default=None, examples=["YourWorkflow"])
    """The name Temporal knows it by; the workflow's name if not given."""
    input: dict[Name, InputField] = Field(
        default={}, examples=[{"entity_id": "string", "workspace_id": "integer?"}]
    )
    """What a launch must give, as JSON Schema per field."""
    memo: Fields = Field(default=[], examples=[["entity_id"]])
    """Inputs kept in the run's memo: shown in the UI and on every log line."""
    search_attributes: Fields = Field(default=[], examples=[["workspace_id"]])
    """Inputs by which runs can be searched; `tqrun apply` registers them."""
    summary: Maybe[Text] = Field(default=None, examples=["Entity ${entity_id}"])
    """Shown in the Temporal UI; may contain `${…}`."""
    steps: Maybe[list[Name]] = Field(default=None, min_length=1, examples=[["your_activity"]])
    """Activities in order; all of the queue's, in the order declared, if not given."""


class WorkerOptions(_Entry):
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


class DrainingVersion(_Entry):
    """An older version whose runs are still open, and where its functions live now."""

    max_concurrent_activities: Maybe[int] = Field(default=None, ge=1, le=10_000, examples=[4])
    """Activities that one worker process runs at once for this version."""
    activities: dict[Name, FunctionPath] = {}
    """Where an activity of the old version lives now."""


_Version = Annotated[int, Field(ge=1)]
_VERSIONS = TypeAdapter(list[_Version], config=ConfigDict(strict=True))
_IS_VERSION = re.compile(r"[0-9]{1,9}\Z")


def _by_version(value: Any) -> Any:
    """Accept `[1, 2]` for `{1: {}, 2: {}}`; keys of a mapping arrive as text."""
    if isinstance(value, list):
        return {version: {} for version in _VERSIONS.validate_python(value)}
    if isinstance(value, dict):
        return {int(key) if _IS_VERSION.match(key) else key: item for key, item in value.items()}
    return value


class _ByVersion:
    """Tells the JSON Schema of both forms."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        entry = handler(schema)["additionalProperties"]
        versions = {"type": "array", "items": {"type": "integer", "minimum": 1}}
        by_version = {"type": "object", "patternProperties": {"^0*[1-9][0-9]*$": entry}}
        return {"oneOf": [versions, by_version], "examples": [[1], {"1": "external"}]}


Draining = Annotated[
    dict[
        _Version,
        Annotated[
            Annotated[Literal["external"], Tag("<plain>")]
            | Annotated[DrainingVersion, Tag("<mapping>")],
            Discriminator(_kind),
        ],
    ],
    BeforeValidator(_by_version),
    _ByVersion(),
]


class Queue(Workflow, WorkerOptions):
    """One queue: a task queue, its worker, its activities and its workflows."""

    version: int = Field(ge=1, examples=[1])
    """Names the task queue; bump it when functions change in a way that open runs cannot use."""
    draining: Draining = {}
    """Older versions that still have open runs; workers serve them too."""
    description: Maybe[Text] = Field(default=None, examples=["Sends the daily digest"])
    """What the queue is for."""
    owner: Maybe[Text] = Field(default=None, examples=["platform-team"])
    """Who answers for it."""
    namespace: Maybe[Text] = Field(default=None, examples=["production"])
    """Temporal namespace; the file's if not given."""
    task_queue: Maybe[Text] = Field(default=None, examples=["relocation-queue-${cell}-v${version}"])
    """Template of the task queue's name; the queue's name with dashes and `-v${version}` if not
    given. Over an input with an `enum` it names several, and workers serve them all."""
    activities: dict[Name, Activity] = {}
    """The functions that this queue's workers run."""
    workflows: dict[Name, Workflow] = {}
    """Several workflows on this task queue, instead of one workflow's keys in place."""


class Defaults(_Entry):
    """Options for every entry of a kind that does not give its own."""

    queue: WorkerOptions = WorkerOptions()
    """Worker options of every queue."""
    workflow: WorkflowOptions = WorkflowOptions()
    """Start options of every workflow."""
    activity: ActivityOptions = ActivityOptions()
    """Call options of every activity."""


class QueuesFile(_Entry):
    """The whole file."""

    schema_version: Literal[1] = 1
    """The version of this format."""
    namespace: Text = "default"
    """Temporal namespace of every queue that names none."""
    activities_package: PackagePath = "activities"
    """The Python package with one module of activity functions per queue."""
    defaults: Defaults = Defaults()
    """Options shared by all queues, by level."""
    retry_policies: dict[Name, RetryPolicy] = {}
    """Retry policies that activities refer to by name."""
    queues: dict[Name, Queue]
    """One entry per queue."""
