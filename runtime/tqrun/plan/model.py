"""The plan: what one run of a workflow does, in the form that the run keeps.

This is the wire format. A plan travels in a header or a marker of the run's history and is read
again by whatever worker has the run, perhaps months later; a change here that an older worker
would misread needs a new `FORMAT`, and replay of the recorded histories: docs/plan-format.md.

A *value* is JSON whose texts may hold `${…}`; it is evaluated when the run gets there.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

FORMAT = 1
COMPRESS_ABOVE = 1_000
"""Bytes; a smaller plan is easier to read in the Temporal UI than it is large."""
MAX_TEXT_BYTES = 4_000_000
"""Uncompressed; a plan that compresses to what may be sent is far smaller."""

Seconds = float | str
"""A number of seconds, or a text with `${…}` that gives a duration such as `5m`."""
Steps = tuple["Step", ...]


class UnreadablePlan(Exception):
    """The plan is of a newer format than this worker knows, or is no plan at all.

    Raised in workflow code it fails the workflow task, not the run: the server offers the task
    again, and a worker that can read the plan goes on.
    """


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """How often one activity call is tried again.

    Attributes:
        maximum_attempts: Attempts in all, the first one included; 0 means no limit.
        backoff_coefficient: Factor from one wait to the next; at least 1.
        maximum_interval: None means 100 times the first wait.
    """

    initial_interval: Seconds = 1.0
    backoff_coefficient: float | str = 2.0
    maximum_interval: Seconds | None = None
    maximum_attempts: int | str = 0
    non_retryable_error_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One activity call; an option that is None is left to Temporal.

    Attributes:
        activity: The name that the worker registers it under.
        arguments: Names in scope that are passed, each as the parameter of its name.
        given: Values by parameter, besides those.
        result: The name that keeps the result.
        task_queue: Where it runs, if not on the workflow's own task queue; a value.
        bound: The activity is a function of this queues file, so that a worker of `task_queue`
            (or of the workflow's own) must know it.
        context: Names in scope that its log lines carry and its arguments do not.
    """

    kind: ClassVar[str] = "activity"
    activity: str
    arguments: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    result: str | None = None
    task_queue: str | None = None
    bound: bool = True
    context: tuple[str, ...] = ()
    start_to_close: Seconds | None = None
    schedule_to_close: Seconds | None = None
    schedule_to_start: Seconds | None = None
    heartbeat: Seconds | None = None
    retry: RetryPlan = RetryPlan()
    cancellation_type: str = "try_cancel"
    on_error: str = "fail"
    summary: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """One child workflow.

    Attributes:
        workflow: As a launch names it.
        arguments: Names in scope that are passed, each as the input of its name.
        given: Values by input, besides those.
        workflow_id: A value over the child's input, or over the scope where `own_id` is set.
        task_queue: A value over the child's input and `version`.
        memo: A value over the child's input, by field.
        search_attributes: The type and a value over the child's input, by name.
        numbers: The JSON Schema of each input that has numbers in it.
    """

    kind: ClassVar[str] = "workflow"
    workflow: str
    workflow_type: str
    workflow_id: str
    task_queue: str
    version: int
    own_id: bool = False
    arguments: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    memo: Mapping[str, Any] = field(default_factory=dict)
    search_attributes: Mapping[str, Any] = field(default_factory=dict)
    id_reuse_policy: str = "allow_duplicate"
    execution_timeout: Seconds | None = None
    result: str | None = None
    wait: bool = True
    parent_close_policy: str = "terminate"
    numbers: Mapping[str, Any] = field(default_factory=dict)
    on_already_started: str = "fail"
    on_error: str = "fail"


@dataclass(frozen=True, slots=True, eq=False)
class If:
    """A branch."""

    kind: ClassVar[str] = "if"
    condition: Any
    then: Steps
    otherwise: Steps = ()


@dataclass(frozen=True, slots=True, eq=False)
class Foreach:
    """The same steps for each item of a list."""

    kind: ClassVar[str] = "foreach"
    items: Any
    steps: Steps
    item: str = "item"
    index: str | None = None
    max_concurrent: int | str = 1
    collect: Any = None
    result: str | None = None
    on_error: str = "fail"


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """The same steps again and again.

    Attributes:
        condition: Before each pass it must hold; with `until`, after a pass it ends the loop.
    """

    kind: ClassVar[str] = "loop"
    condition: Any
    steps: Steps
    until: bool = False
    index: str | None = None
    max_iterations: int | str | None = None
    on_limit: str = "fail"


@dataclass(frozen=True, slots=True, eq=False)
class Parallel:
    """Several lists of steps at once."""

    kind: ClassVar[str] = "parallel"
    branches: Mapping[str, Steps]


@dataclass(frozen=True, slots=True, eq=False)
class Sleep:
    """A durable timer: for a duration, or until a moment."""

    kind: ClassVar[str] = "sleep"
    duration: Seconds | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Wait:
    """A wait for signals; `single` is set where one name was written, not a list."""

    kind: ClassVar[str] = "wait"
    signals: tuple[str, ...]
    single: bool = True
    timeout: Seconds | None = None
    all: bool = False
    result: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Set:
    """Values for names, all computed before the first name changes."""

    kind: ClassVar[str] = "set"
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """What is done about some errors."""

    kind: ClassVar[str] = "clause"
    error_types: tuple[str, ...] = ("any",)
    when: Any = True
    name: str = "error"
    steps: Steps = ()


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    """Steps that may fail, and what is done then."""

    kind: ClassVar[str] = "try"
    body: Steps
    clauses: tuple[Clause, ...] = ()
    cleanup: Steps = ()


@dataclass(frozen=True, slots=True, eq=False)
class Fail:
    """A failure of the run; with `error`, that of a caught error again."""

    kind: ClassVar[str] = "fail"
    message: str = ""
    type: str = "failed"
    non_retryable: bool = True
    error: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Return:
    """The end of the workflow, with a result."""

    kind: ClassVar[str] = "return"
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """One log line."""

    kind: ClassVar[str] = "log"
    text: str
    level: str = "info"
    fields: tuple[str, ...] = ()


Step = (
    Call | Child | If | Foreach | Loop | Parallel | Sleep | Wait | Set | Try | Fail | Return | Log
)


@dataclass(frozen=True)
class Plan:
    """What a run does.

    Attributes:
        queue: The entry of the queues file that it was compiled from.
        version: Of that entry.
        workflow: Its name within the queue.
        steps: One after the other.
        inputs: All names of the input, which a launcher has given a value each.
        memo: Inputs that every log line of the run carries.
        returns_last: Without `return`, the last call's result is the workflow's.
        signals: JSON Schema per field, by signal.
        queries: Values by query.
    """

    queue: str
    version: int
    workflow: str
    steps: Steps
    inputs: tuple[str, ...] = ()
    memo: tuple[str, ...] = ()
    returns_last: bool = False
    signals: Mapping[str, Any] = field(default_factory=dict)
    queries: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def encoded(self) -> bytes:
        """The wire form: the text, compressed where that is worth it."""
        raw = self.text.encode()
        return raw if len(raw) <= COMPRESS_ABOVE else zlib.compress(raw, 9)

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits that name the plan in memos, logs and reports."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @cached_property
    def text(self) -> str:
        """The plan as JSON; equal plans have equal text, in every process."""
        content = {"format": FORMAT, **_compact(self)}
        return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=1024)
def decode(data: bytes) -> Plan:
    """Read a plan's wire form; the same bytes give the same shared, immutable plan.

    Raises:
        UnreadablePlan: The plan is newer or older than this worker reads, or *data* is no plan.
    """
    try:
        content = json.loads(data if data.startswith(b"{") else _decompressed(data))
        number = content.pop("format")
    except (ValueError, TypeError, KeyError, AttributeError, zlib.error) as error:
        raise UnreadablePlan(f"the run's plan cannot be read: {error!r}; reset the run") from None
    if number != FORMAT:
        raise UnreadablePlan(_other_format(number))
    try:
        return Plan(**_fields(content))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        # Of the same format, with a key or a kind of step that has been added since.
        raise UnreadablePlan(
            f"the run's plan holds what this worker does not know: {error}; a newer worker runs it"
        ) from None


def _decompressed(data: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    raw = unpacking.decompress(data, MAX_TEXT_BYTES)
    if not unpacking.eof:
        # Whoever may start a workflow may write its headers: a few bytes can stand for gigabytes.
        raise ValueError(f"it is cut off, or has more than {MAX_TEXT_BYTES / 1e6:.0f} MB")
    return raw


def _other_format(number: Any) -> str:
    if isinstance(number, int) and number < FORMAT:
        return f"the run's plan has format {number}, the oldest that is read is {FORMAT}; reset it"
    return f"the run's plan has format {number}, this worker knows {FORMAT}; a newer worker runs it"


def every_step(steps: Steps) -> Iterator[Any]:
    """Each of *steps* and of those inside them."""
    for step in steps:
        yield step
        for _, inside in inner(step):
            yield from every_step(inside)


def inner(step: Any) -> Iterator[tuple[str, Steps]]:
    """The lists of steps directly inside *step* that are not empty, each with what it is called."""
    match step:
        case If():
            parts = {"then": step.then, "else": step.otherwise}
        case Foreach():
            parts = {"each": step.steps}
        case Loop():
            parts = {"pass": step.steps}
        case Parallel():
            parts = dict(step.branches)
        case Try():
            clauses = {",".join(one.error_types): one.steps for one in step.clauses}
            parts = {"try": step.body, **clauses, "finally": step.cleanup}
        case _:
            return
    yield from ((name, steps) for name, steps in parts.items() if steps)


def step_text(step: Any) -> str:
    """A step as the plan's text has it; equal steps have equal text."""
    return json.dumps(_compact(step), separators=(",", ":"), ensure_ascii=False)


def _step(content: Any) -> Any:
    return _STEPS[content.pop("kind")](**_fields(content))


def _steps(content: Any) -> Steps:
    return tuple(_step(step) for step in content)


def _fields(content: dict[str, Any]) -> dict[str, Any]:
    """The fields of a part of the plan, each in the type that its name stands for."""
    return {name: _READ.get(name, _same)(value) for name, value in content.items()}


def _same(value: Any) -> Any:
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("steps", "then", "otherwise", "body", "cleanup", "clauses"), _steps),
    **dict.fromkeys(("arguments", "inputs", "context", "fields", "error_types"), tuple),
    "memo": lambda memo: tuple(memo) if isinstance(memo, list) else memo,
    "signals": lambda signals: tuple(signals) if isinstance(signals, list) else signals,
    "branches": lambda branches: {name: _steps(steps) for name, steps in branches.items()},
    "retry": lambda retry: RetryPlan(**_fields(retry)),
    "non_retryable_error_types": tuple,
}
_STEPS: dict[str, Callable[..., Any]] = {
    one.kind: one
    for one in (
        *(Call, Child, If, Foreach, Loop, Parallel, Sleep, Wait, Set, Try, Clause),
        *(Fail, Return, Log),
    )
}


def _compact(value: Any) -> Any:
    """Dataclasses as mappings without the fields that keep their default."""
    if isinstance(value, tuple | list):
        return [_compact(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _compact(inner) for name, inner in value.items()}
    if not is_dataclass(value):
        return value
    kind = {"kind": value.kind} if hasattr(value, "kind") else {}
    return kind | {
        entry.name: _compact(current)
        for entry in fields(value)
        if (current := getattr(value, entry.name)) != _default(entry)
    }


def _default(entry: Any) -> Any:
    if entry.default_factory is not MISSING:
        return entry.default_factory()
    return entry.default
