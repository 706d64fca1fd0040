"""Launches of a debounced workflow that no round of its steps has answered yet.

A launch arrives as a signal and carries its input and its window. Arriving never waits for
anything, and none is dropped: what is pending when a round ends causes one more. A round answers
for every launch before it, so only the newest one is kept, when the oldest one came, and how many
there are: what a run hands on has one size, however many arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeGuard

from temporalio import workflow

LAUNCH = "tqrun.launch"
"""The signal that a launch sends, with the workflow started by it if need be."""
_PATCH = "tqrun.hot"
"""Asked only where a window would be cut short: histories of before have waited for its end."""


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
    """The pending launches of one run.

    Attributes:
        newest: The launch that the next round is for; None: there is none pending.
        count: How many are pending.
    """

    def __init__(self) -> None:
        self.newest: Launch | None = None
        self.count = 0
        self._oldest_at = 0.0

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put what an earlier run has left before what has arrived since."""
        carried = [Launch(*one) for one in state.get("launches", ())]
        if not carried:
            return
        self._oldest_at = carried[0].at
        self.newest = self.newest or carried[-1]
        # Older workers hand on every launch, and no count.
        self.count += state.get("launch_count", len(carried))

    def kept(self) -> dict[str, Any]:
        """What a later run needs to go on; an older worker reads it as one launch or two."""
        if self.newest is None:
            return {"launches": []}
        oldest = Launch({}, 0.0, None, self._oldest_at)
        carried = [self.newest] if self.count == 1 else [oldest, self.newest]
        return {"launches": carried, "launch_count": self.count}

    def receive(self, payloads: Any) -> bool:
        """Take one launch that arrives; False if it is none."""
        launch = _launch(payloads[0] if len(payloads) == 1 else None)
        if launch is None:
            return False
        if self.newest is None:
            self._oldest_at = launch.at
        self.newest = launch
        self.count += 1
        return True

    async def settle(self, is_time_to_stop: Callable[[], bool]) -> bool:
        """Wait until no launch has come for its window; False if the run must be continued."""
        has_waited = False
        while (left := self._left()) > 0:
            if has_waited and is_time_to_stop():
                return False
            if not await self._wait(left, is_time_to_stop):
                return False
            has_waited = True
        return True

    def _left(self) -> float:
        """Seconds until the next round begins, if no launch comes."""
        assert self.newest is not None
        until = self.newest.at + self.newest.window
        if self.newest.max_wait is not None:
            until = min(until, self._oldest_at + self.newest.max_wait)
        return until - workflow.now().timestamp()

    async def _wait(self, duration: float, is_time_to_stop: Callable[[], bool]) -> bool:
        """Wait for *duration* seconds; False if so many came meanwhile that the run must go on."""
        before = self.count

        def is_full() -> bool:
            return self.count > before and is_time_to_stop()

        timer = asyncio.create_task(workflow.sleep(duration))
        try:
            await workflow.wait_condition(lambda: timer.done() or is_full())
        except asyncio.CancelledError:
            timer.cancel()
            await workflow.wait([timer])  # so that the server is told of the timer first
            raise
        if timer.done() or not workflow.patched(_PATCH):
            await timer
            return True
        timer.cancel()
        return False

    def take(self) -> dict[str, Any]:
        """The input of the newest launch, which answers for all that are pending."""
        assert self.newest is not None
        newest, self.newest, self.count = self.newest, None, 0
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
