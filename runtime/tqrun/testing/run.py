"""One run of a rehearsal: what a test does to it, and what it reads of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from tqrun.config.values import parse_duration
from tqrun.errors import RehearsalFailed, TqrunError

Ask = Callable[..., Any]


def span(what: str, given: str | timedelta) -> timedelta:
    """The duration that was *given* for *what*.

    Raises:
        RehearsalFailed: It is none.
    """
    try:
        return parse_duration(given)
    except ValueError as error:
        raise RehearsalFailed(f"{what}: {error}") from None


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt of an activity call.

    Attributes:
        arguments: By parameter, as JSON.
        attempt: 1 for the first.
        workflow_id: Of the run; two calls are equal without it.
        task_queue: Where it would go in production; two calls are equal without it.
        queue: Whose workflow made it; two calls are equal without it.
    """

    activity: str
    arguments: Mapping[str, Any]
    attempt: int = 1
    workflow_id: str = field(default="", compare=False)
    task_queue: str = field(default="", compare=False)
    queue: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that was started.

    Attributes:
        fired: It came to its end; a wait that a signal ended cancels its timer.
    """

    duration: timedelta
    fired: bool


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the run's history.

    Attributes:
        type: Temporal's name, such as `ActivityTaskScheduled`.
        time: On the run's own clock, which skips.
        attributes: As in Temporal's JSON; input and result are values.
    """

    id: int
    type: str
    time: datetime
    attributes: Mapping[str, Any]


class RunError(TqrunError):
    """A run failed, was cancelled, terminated or timed out.

    Attributes:
        type: As `catch` would see it: an exception class, `timeout`, `cancelled` and so on.
        message: Of the innermost error.
        activity: The activity that failed, if one did.
        retry_state: Why it was not tried again.
        timeout_type: Which timeout it was.
        non_retryable: It was not to be tried again.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        """Take what the run failed with."""
        super().__init__(f"{fields['type']}: {fields['message']}")
        self.type: str = fields["type"]
        self.message: str = fields["message"]
        self.activity: str | None = fields["activity"]
        self.retry_state: str | None = fields["retry_state"]
        self.timeout_type: str | None = fields["timeout_type"]
        self.non_retryable: bool = fields["non_retryable"]


class Run:
    """A started run. Its clock is a real one until it is waited for or `skip` moves it.

    Attributes:
        status: `started`, or what stood in the way, as a launch says it.
        input: With the defaults filled in.
        memo: As the launch gave it.
    """

    def __init__(
        self, ask: Ask, started: Mapping[str, Any], calls: Callable[[], list[Call]]
    ) -> None:
        """Follow the run that a launch has *started*."""
        self._ask, self._calls = ask, calls
        self.status: str = started["status"]
        self.workflow_id: str = started["workflow_id"]
        self.run_id: str = started["run_id"]
        self.task_queue: str = started["task_queue"]
        self.input: Mapping[str, Any] = started["input"]
        self.memo: Mapping[str, Any] = started["memo"]

    def signal(self, name: str, /, **payload: Any) -> None:
        """Send a signal.

        Raises:
            RehearsalFailed: It is not declared, or the payload does not fit.
        """
        self._ask("signal", workflow_id=self.workflow_id, name=name, payload=payload)

    def query(self, name: str) -> Any:
        """What the run answers now.

        Raises:
            RehearsalFailed: The query is not declared.
        """
        return self._ask("query", workflow_id=self.workflow_id, name=name)

    def skip(self, duration: str | timedelta) -> bool:
        """Move the run's clock, firing the timers on the way; False if it ended before.

        Raises:
            RehearsalFailed: This is no duration.
        """
        moved = span("skip", duration)
        skipped: bool = self._ask(
            "skip", workflow_id=self.workflow_id, seconds=moved.total_seconds()
        )
        return skipped

    def cancel(self) -> None:
        """Ask the run to end."""
        self._ask("cancel", workflow_id=self.workflow_id)

    def terminate(self, reason: str = "") -> None:
        """End the run at once."""
        self._ask("terminate", workflow_id=self.workflow_id, reason=reason)

    @cached_property
    def _ended(self) -> Mapping[str, Any]:
        ended: Mapping[str, Any] = self._ask("wait", workflow_id=self.workflow_id)
        return ended

    @property
    def error(self) -> RunError | None:
        """What the run failed with; None if it completed. Skips to its end."""
        return RunError(self._ended["error"]) if "error" in self._ended else None

    @property
    def result(self) -> Any:
        """The workflow's result, as JSON. Skips to the end of the run.

        Raises:
            RunError: The run did not complete.
        """
        if (error := self.error) is not None:
            raise error
        return self._ended["result"]

    @property
    def calls(self) -> list[Call]:
        """Every attempt so far, of all runs of the test, in the order that they were due."""
        return self._calls()

    @property
    def events(self) -> list[Event]:
        """The run's history so far, with that of the runs that continue it."""
        return [event for event, _ in self._history()]

    def _history(self) -> list[tuple[Event, bool]]:
        """The events, and whether each is of the workflow; others only pass the time of a child."""
        found = self._ask("history", workflow_id=self.workflow_id, run_id=self.run_id)
        return [
            (
                Event(
                    one["id"], one["type"], datetime.fromisoformat(one["time"]), one["attributes"]
                ),
                one["is_own"],
            )
            for one in found
        ]

    @property
    def timers(self) -> list[Timer]:
        """The timers that the run has started, in order."""
        timers: list[Timer] = []
        open_timers: dict[str, int] = {}
        for event, is_own in self._history():
            if not is_own:
                continue
            if event.type == "TimerStarted":
                length = float(event.attributes["startToFireTimeout"].rstrip("s"))
                open_timers[event.attributes["timerId"]] = len(timers)
                timers.append(Timer(timedelta(seconds=length), fired=False))
            elif event.type == "TimerFired" and event.attributes["timerId"] in open_timers:
                number = open_timers[event.attributes["timerId"]]
                timers[number] = replace(timers[number], fired=True)
        return timers
