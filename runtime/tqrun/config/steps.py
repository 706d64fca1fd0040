"""The shape of steps: what a workflow does, one kind of step per class.

A step is the bare name of an activity, or a mapping with exactly one of the kinds in `KINDS`. What
its expressions and names mean is checked where steps are compiled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag
from pydantic.json_schema import SkipJsonSchema

from tqrun.config.options import ActivityOptions, Entry
from tqrun.config.source import Location
from tqrun.config.values import (
    Duration,
    Maybe,
    Name,
    OrExpression,
    Text,
)

_Count = Annotated[int, Field(ge=1, le=10_000)]
_Passes = Annotated[int, Field(ge=1)]


class ActivityStep(ActivityOptions):
    """Call an activity of the queue."""

    activity: Name = Field(examples=["your_activity"])
    """The activity's name."""
    arguments: dict[Name, Any] = Field(
        default={}, alias="with", examples=[{"entity_id": "${row.id}"}]
    )
    """Arguments by parameter; the others are bound by name from what is in scope."""
    result: Maybe[Name] = Field(default=None, alias="as", examples=["page"])
    """Keeps the result under this name."""
    summary: Maybe[Text] = Field(default=None, examples=["Row ${row.id}"])
    """Shown in the Temporal UI; may contain `${…}`."""
    task_queue: Maybe[Text] = Field(default=None, examples=["relocation-${cell}-v2"])
    """A task queue served by other workers, in any language; may contain `${…}`."""


class WorkflowStep(Entry):
    """Start a declared workflow as a child."""

    workflow: Text = Field(examples=["billing.charge"])
    """`queue.workflow`, a queue with one workflow, or a workflow of the same queue."""
    arguments: dict[Name, Any] = Field(default={}, alias="with")
    """Inputs of the child; the others are bound by name from what is in scope."""
    result: Maybe[Name] = Field(default=None, alias="as", examples=["receipt"])
    """Keeps the child's result under this name."""
    workflow_id: Maybe[Text] = Field(default=None, examples=["charge-${order.id}"])
    """Used instead of the declared id; may contain `${…}`."""
    wait: bool = True
    """`false`: go on when the child has started."""
    parent_close_policy: Maybe[Literal["terminate", "abandon", "request_cancel"]] = None
    """What happens to the child when this run ends; `abandon` if it is not waited for."""
    on_already_started: Literal["fail", "skip"] = "fail"
    """`skip`: a running child of this id is fine, and null the result."""
    on_error: Literal["fail", "continue"] = "fail"
    """`continue`: when the child fails, log it, take null as its result and go on."""


class IfStep(Entry):
    """Branch."""

    condition: OrExpression[bool] = Field(alias="if", examples=["${page.has_more}"])
    """What decides."""
    then: Steps = Field(examples=[["your_activity"]])
    """Steps if it holds."""
    otherwise: Steps = Field(default=[], alias="else")
    """Steps if it does not."""


class ForeachStep(Entry):
    """Do the same for each item of a list."""

    foreach: OrExpression[list[Any]] = Field(examples=["${ids}"])
    """The list."""
    item: Name = "item"
    """What the steps call the item."""
    index: Maybe[Name] = Field(default=None, examples=["position"])
    """What the steps call its position, counted from 0."""
    max_concurrent: OrExpression[_Count] = 1
    """Items worked on at once."""
    steps: Steps = Field(examples=[["your_activity"]])
    """What is done for each."""
    collect: Any = Field(default=None, examples=["${page.count}"])
    """A value per item, in the order of the items, kept under `as`."""
    result: Maybe[Name] = Field(default=None, alias="as", examples=["counts"])
    """Keeps what `collect` gathers under this name."""
    on_error: Literal["fail", "continue"] = "fail"
    """`continue`: a failed item is logged and left out of what is collected."""


class _Loop(Entry):
    index: Maybe[Name] = Field(default=None, examples=["attempt"])
    """What the steps call the pass, counted from 0."""
    max_iterations: Maybe[OrExpression[_Passes]] = Field(default=None, examples=[100])
    """Passes after which the loop ends."""
    on_limit: Literal["fail", "continue"] = "fail"
    """Whether `max_iterations` fails the run, with error type `loop_limit`, or ends the loop."""
    steps: Steps = Field(examples=[["your_activity"]])
    """What is done in each pass."""


class WhileStep(_Loop):
    """Repeat while a condition holds, tested before each pass."""

    condition: OrExpression[bool] = Field(alias="while", examples=["${page.has_more}"])
    """What keeps it going."""


class RepeatStep(_Loop):
    """Repeat until a condition holds, tested after each pass."""

    condition: OrExpression[bool] = Field(alias="repeat_until", examples=["${job.done}"])
    """What ends it."""


class ParallelStep(Entry):
    """Do several things at once, and wait for all."""

    parallel: dict[Name, Steps] = Field(
        min_length=1, examples=[{"left": ["your_activity"], "right": ["your_activity"]}]
    )
    """The branches by name; what they name is visible after them."""


class SleepStep(Entry):
    """Wait, durably."""

    sleep: OrExpression[Duration] = Field(examples=["10m", "${days - 3}d"])
    """How long."""


class SleepUntilStep(Entry):
    """Wait until a moment, durably."""

    sleep_until: Text = Field(examples=["${retention.ends_at}"])
    """The moment, as RFC 3339 text; one that has passed does not wait."""


class WaitStep(Entry):
    """Wait for a signal."""

    wait_for: Name | list[Name] = Field(examples=["approve", ["approve", "reject"]])
    """A signal, or several of which the first to arrive counts."""
    timeout: Maybe[OrExpression[Duration]] = None
    """Longest wait; `0s` only looks whether one is there."""
    all: bool = False
    """Take every one that is there instead of the oldest one."""
    result: Maybe[Name] = Field(default=None, alias="as", examples=["approval"])
    """Keeps the payload under this name; of several signals, one nullable field each."""


class SetStep(Entry):
    """Give names values."""

    values: dict[Name, Any] = Field(alias="set", min_length=1, examples=[{"cursor": None}])
    """By name; all values are computed before the first name changes."""


class Catch(Entry):
    """What to do about some errors."""

    error_types: list[Text] = Field(default=["any"], min_length=1, examples=[["timeout"]])
    """Types of errors, matched exactly; `any` is every error but `cancelled`."""
    when: OrExpression[bool] = True
    """Must hold too; sees the error."""
    name: Name = Field(default="error", alias="as")
    """What the steps call the error."""
    steps: list[Step] = []
    """What is done about it; afterwards the run goes on."""


class TryStep(Entry):
    """Do something about errors."""

    body: Steps = Field(alias="try", examples=[["your_activity"]])
    """What may fail."""
    catch: list[Catch] = []
    """The first clause that matches counts; if none does, the error is raised again."""
    cleanup: list[Step] = Field(default=[], alias="finally")
    """Done in any case, also when the run is cancelled."""


class Failure(Entry):
    """What a run fails with."""

    message: Text = Field(examples=["no table ${table}"])
    """May contain `${…}`."""
    type: Text = "failed"
    """The error's type, which callers and `catch` go by."""
    non_retryable: bool = True
    """Whether a retry of the workflow is of no use."""


class FailStep(Entry):
    """Fail."""

    fail: Annotated[
        Annotated[Text, Tag("<plain>")] | Annotated[Failure, Tag("<mapping>")],
        Discriminator(lambda value: "<plain>" if isinstance(value, str) else "<mapping>"),
    ] = Field(examples=["${error}", {"message": "no table ${table}", "type": "missing"}])
    """What with; `${error}` raises a caught error again."""


class ReturnStep(Entry):
    """End the workflow."""

    value: Any = Field(alias="return", examples=["${total}"])
    """The workflow's result."""


class LogStep(Entry):
    """Write one structured log line, once, not again on replay."""

    log: Text = Field(examples=["${count} rows written"])
    """The text; may contain `${…}`."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """How important it is."""
    fields: list[Name] = []
    """Names in scope that the line carries."""


class FaultyStep(Entry):
    """Stands for a step that cannot be read, in a file with findings: it may do anything."""

    words: list[str] = []
    """What it mentions, and may read, write, call or wait for."""


KINDS: dict[str, type[Entry]] = {
    "activity": ActivityStep,
    "workflow": WorkflowStep,
    "if": IfStep,
    "foreach": ForeachStep,
    "while": WhileStep,
    "repeat_until": RepeatStep,
    "parallel": ParallelStep,
    "sleep": SleepStep,
    "sleep_until": SleepUntilStep,
    "wait_for": WaitStep,
    "set": SetStep,
    "try": TryStep,
    "fail": FailStep,
    "return": ReturnStep,
    "log": LogStep,
}
"""The kinds of steps by the key that each one alone has."""


def _kind(value: Any) -> str:
    """The tag of a step: its kind, so that what is wrong in it is one finding."""
    if isinstance(value, dict):
        return next((f"<{kind}>" for kind in KINDS if kind in value), "<unknown>")
    return "<faulty>" if isinstance(value, FaultyStep) else "<name>"


Step = Annotated[
    Annotated[Name, Tag("<name>")]
    | Annotated[ActivityStep, Tag("<activity>")]
    | Annotated[WorkflowStep, Tag("<workflow>")]
    | Annotated[IfStep, Tag("<if>")]
    | Annotated[ForeachStep, Tag("<foreach>")]
    | Annotated[WhileStep, Tag("<while>")]
    | Annotated[RepeatStep, Tag("<repeat_until>")]
    | Annotated[ParallelStep, Tag("<parallel>")]
    | Annotated[SleepStep, Tag("<sleep>")]
    | Annotated[SleepUntilStep, Tag("<sleep_until>")]
    | Annotated[WaitStep, Tag("<wait_for>")]
    | Annotated[SetStep, Tag("<set>")]
    | Annotated[TryStep, Tag("<try>")]
    | Annotated[FailStep, Tag("<fail>")]
    | Annotated[ReturnStep, Tag("<return>")]
    | Annotated[LogStep, Tag("<log>")]
    | Annotated[SkipJsonSchema[FaultyStep], Tag("<faulty>")],
    Discriminator(_kind),
]
"""One step."""
Steps = Annotated[list[Step], Field(min_length=1)]
"""Steps, done one after the other."""


def walk(steps: Sequence[Any], location: Location) -> Iterator[tuple[Location, Any]]:
    """Each of *steps* and of those inside them, with its place, in the order of the file."""
    for index, step in enumerate(steps):
        here = (*location, index)
        yield here, step
        for way, inner in inner_steps(step):
            yield from walk(inner, (*here, *way))


def inner_steps(step: Any) -> Iterator[tuple[Location, list[Any]]]:
    """The lists of steps directly inside *step*, and the way from it to each."""
    match step:
        case IfStep():
            yield ("then",), step.then
            yield ("else",), step.otherwise
        case ForeachStep() | WhileStep() | RepeatStep():
            yield ("steps",), step.steps
        case ParallelStep():
            for name, steps in step.parallel.items():
                yield ("parallel", name), steps
        case TryStep():
            yield ("try",), step.body
            for index, clause in enumerate(step.catch):
                yield ("catch", index, "steps"), clause.steps
            yield ("finally",), step.cleanup
