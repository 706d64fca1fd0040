"""The plan: what one run of a workflow does, in the form that the run keeps.

This is the wire format. A plan travels in a header or a marker of the run's history and is read
again by whatever worker has the run, perhaps months later; a change here that an older worker
would misread needs a new `FORMAT`, and replay of the recorded histories.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any

FORMAT = 1
COMPRESS_ABOVE = 1_000
"""Bytes; a smaller plan is easier to read in the Temporal UI than it is large."""


class UnreadablePlan(Exception):
    """The plan is of a newer format than this worker knows, or is no plan at all."""


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """How often one activity call is tried again; the units are seconds.

    Attributes:
        maximum_attempts: Attempts in all, the first one included; 0 means no limit.
        backoff_coefficient: Factor from one wait to the next; at least 1.
        maximum_interval: None means 100 times the first wait.
    """

    initial_interval: float = 1.0
    backoff_coefficient: float = 2.0
    maximum_interval: float | None = None
    maximum_attempts: int = 0
    non_retryable_error_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One activity call; the units are seconds, and None leaves an option to Temporal.

    Attributes:
        activity: The name that the worker registers it under.
        arguments: Names of the inputs that are passed, each as the parameter of its name.
        task_queue: Where it runs, if not on the workflow's own task queue.
        bound: The activity is a function of this queues file, so that a worker of `task_queue`
            (or of the workflow's own) must know it.
        context: Inputs that its log lines carry and its arguments do not.
    """

    activity: str
    arguments: tuple[str, ...] = ()
    task_queue: str | None = None
    bound: bool = True
    context: tuple[str, ...] = ()
    start_to_close: float | None = None
    schedule_to_close: float | None = None
    schedule_to_start: float | None = None
    heartbeat: float | None = None
    retry: RetryPlan = RetryPlan()
    cancellation_type: str = "try_cancel"
    on_error: str = "fail"
    summary: str | None = None


@dataclass(frozen=True)
class Plan:
    """What a run does: its calls in order.

    Attributes:
        queue: The entry of the queues file that it was compiled from.
        version: Of that entry.
        workflow: Its name within the queue.
        calls: One after the other; the last one's result is the workflow's.
        memo: Inputs that every log line of the run carries.
    """

    queue: str
    version: int
    workflow: str
    calls: tuple[CallPlan, ...]
    memo: tuple[str, ...] = ()

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
        UnreadablePlan: The format is newer than this worker knows, or *data* is no plan.
    """
    try:
        raw = data if data.startswith(b"{") else zlib.decompress(data)
        content = json.loads(raw)
        number = content.pop("format")
        if number == FORMAT:
            calls = tuple(_call(call) for call in content.pop("calls"))
            memo = tuple(content.pop("memo", ()))
            return Plan(calls=calls, memo=memo, **content)
    except (ValueError, TypeError, KeyError, AttributeError, zlib.error) as error:
        raise UnreadablePlan(f"the run's plan cannot be read: {error!r}") from None
    raise UnreadablePlan(
        f"the run's plan has format {number}, this worker knows {FORMAT}; a newer worker runs it"
    )


def _call(content: dict[str, Any]) -> CallPlan:
    retry = content.pop("retry", {})
    types = tuple(retry.pop("non_retryable_error_types", ()))
    for key in ("arguments", "context"):
        content[key] = tuple(content.get(key, ()))
    return CallPlan(retry=RetryPlan(non_retryable_error_types=types, **retry), **content)


def _compact(value: Any) -> Any:
    """Dataclasses as mappings without the fields that keep their default."""
    if isinstance(value, tuple):
        return [_compact(item) for item in value]
    if not isinstance(value, RetryPlan | CallPlan | Plan):
        return value
    return {
        entry.name: _compact(current)
        for entry in fields(value)
        if (current := getattr(value, entry.name)) != entry.default
    }
