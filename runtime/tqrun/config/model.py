"""The shape of queues.yaml: every key, its type, its default and what it means.

The one place where the file's shape is stated. The JSON Schema for editors and the reference page
are generated from here; what needs more than one value at a time is checked in `rules`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
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

from tqrun.config.options import (
    ActivityOptions,
    Entry,
    RetryPolicy,
    WorkerOptions,
    WorkflowOptions,
)
from tqrun.config.steps import Step
from tqrun.config.values import (
    FunctionPath,
    InputField,
    Maybe,
    Name,
    OrExpression,
    PackagePath,
    PositiveDuration,
    Text,
)


def _kind(value: Any) -> str:
    """Which form of an entry with two forms is meant, so that one fault is one finding."""
    return "<mapping>" if isinstance(value, dict) else "<plain>"


Fields = Annotated[
    Annotated[list[Name], Tag("<plain>")] | Annotated[dict[Text, Any], Tag("<mapping>")],
    Discriminator(_kind),
]


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


class Debounce(Entry):
    """A round of the steps begins when no launch has come for a while."""

    window: OrExpression[PositiveDuration] = Field(examples=["1s"])
    """How long no launch must come."""
    max_wait: Maybe[OrExpression[PositiveDuration]] = Field(default=None, examples=["1m"])
    """Longest postponement in all; equal to `window`: a fixed window."""


class Schedule(Entry):
    """When runs start by themselves: `cron` or `every`."""

    cron: Maybe[Text | list[Text]] = Field(default=None, examples=["0 17 * * 1-5"])
    """Minute, hour, day of month, month, day of week."""
    every: Maybe[PositiveDuration] = Field(default=None, examples=["24h"])
    """The interval, counted from 1970."""
    time_zone_name: Maybe[Text] = Field(default=None, examples=["Europe/Paris"])
    """Of `cron`, as in the IANA database; UTC if not given."""
    jitter: Maybe[PositiveDuration] = None
    """A random delay of at most this."""
    overlap: Literal[
        "skip", "buffer_one", "buffer_all", "cancel_other", "terminate_other", "allow_all"
    ] = "skip"
    """What happens when the run before is still going."""
    catchup_window: Maybe[PositiveDuration] = None
    """How late a missed start is still made up for; a year if not given."""
    paused: bool = False
    """Whether it is created paused; a schedule that exists keeps its state."""
    input: dict[Name, Any] = {}
    """The input of each run."""


class Workflow(WorkflowOptions):
    """One durable function: its id, its input and what it calls."""

    workflow_id: Maybe[Text] = Field(default=None, examples=["your-workflow-${entity_id}"])
    """Template of the workflow id; the same input gives the same id. Required."""
    workflow_type: Maybe[Text] = Field(default=None, examples=["YourWorkflow"])
    """The name Temporal knows it by, one per file; the workflow's name if not given."""
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
    signals: dict[Name, dict[Name, InputField]] = Field(
        default={}, examples=[{"approve": {"by": "string"}}]
    )
    """What may be sent to a run, with the fields of each payload."""
    queries: dict[Name, Any] = Field(default={}, examples=[{"progress": "${done}"}])
    """What a run answers: a value over its inputs and locals."""
    debounce: Maybe[Debounce] = None
    """Many launches of one id become one round of the steps."""
    schedules: dict[Text, Schedule] = {}
    """When runs start by themselves; `tqrun apply` creates them."""
    steps: Maybe[list[Step]] = Field(default=None, min_length=1, examples=[["your_activity"]])
    """What it does; if not given, all the queue's activities in the order declared."""
    workflow_class: Maybe[FunctionPath] = Field(default=None, examples=["agents.loop:AgentLoop"])
    """A hand-written Temporal workflow in place of `steps`."""


class DrainingVersion(Entry):
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
    renamed_from: Maybe[Name] = Field(default=None, examples=["old_queue"])
    """What the entry was called before; `tqrun diff` then knows it as the same queue."""
    activities: dict[Name, Activity] = {}
    """The functions that this queue's workers run."""
    workflows: dict[Name, Workflow] = {}
    """Several workflows on this task queue, instead of one workflow's keys in place."""


class Defaults(Entry):
    """Options for every entry of a kind that does not give its own."""

    queue: WorkerOptions = WorkerOptions()
    """Worker options of every queue."""
    workflow: WorkflowOptions = WorkflowOptions()
    """Start options of every workflow."""
    activity: ActivityOptions = ActivityOptions()
    """Call options of every activity."""


class QueuesFile(Entry):
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
