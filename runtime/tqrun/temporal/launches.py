"""Launches of a debounced workflow that no round of its steps has answered yet.

A launch arrives as a signal and carries its input and its window. Arriving never waits for
anything, and none is dropped: what is pending when a round ends causes one more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeGuard

from temporalio import workflow

LAUNCH = "tqrun.launch"
"""The signal that a launch sends, with the workflow started by it if need be."""


class Launch(NamedTuple):
    """One launch, as it is carried from run to run; the times are seconds.

    Attributes:
        input: The workflow's input.
        window: How long no launch must follow before the steps begin.
        max_wait: How long the first launch of a round may have to wait; None: without limit.
        at: When it arrived, in seconds since 1970.
    """

    input: dict[str, Any]
    window: float
    max_wait: float | None
    at: float


class Launches:
    """The pending launches of one run."""

    def __init__(self) -> None:
        self.pending: list[Launch] = []

    def restore(self, pending: Sequence[Any]) -> None:
        """Put what an earlier run has left before what has arrived since."""
        self.pending[:0] = [Launch(*one) for one in pending]

    def receive(self, payloads: Sequence[Any]) -> bool:
        """Take one launch that arrives; False if it is none."""
        launch = _launch(payloads[0] if len(payloads) == 1 else None)
        if launch is not None:
            self.pending.append(launch)
        return launch is not None

    async def settle(self, is_time_to_stop: Callable[[], bool]) -> bool:
        """Wait until no launch has come for its window; False if the run must be continued."""
        has_waited = False
        while True:
            newest, oldest = self.pending[-1], self.pending[0]
            until = newest.at + newest.window
            if newest.max_wait is not None:
                until = min(until, oldest.at + newest.max_wait)
            left = until - workflow.now().timestamp()
            if left <= 0:
                return True
            if has_waited and is_time_to_stop():
                return False
            await workflow.sleep(left)
            has_waited = True

    def take(self) -> dict[str, Any]:
        """The input of the newest launch, which answers for all that are pending."""
        newest = self.pending[-1]
        self.pending.clear()
        return newest.input


def _launch(given: Any) -> Launch | None:
    """The launch that a signal's payload describes, arriving now; None if it describes none."""
    if not isinstance(given, dict) or not isinstance(given.get("input"), dict):
        return None
    window, max_wait = given.get("window"), given.get("max_wait")
    if not _is_duration(window) or not (max_wait is None or _is_duration(max_wait)):
        return None
    return Launch(given["input"], window, max_wait, workflow.now().timestamp())


def _is_duration(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and value >= 0
