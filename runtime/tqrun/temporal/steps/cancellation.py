"""Cancellations that were requested and that no step has raised yet.

asyncio raises a cancellation once, at an await, and what is awaited may end normally all the same:
an activity with `wait_cancellation_completed`, a child that completes, an answer that arrives in
the same workflow task. The steps must not go on then.
"""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import workflow

_PATCH = "tqrun.cancelled"
"""Asked only where a cancellation is pending: histories of before have gone on there."""


class Cancellation:
    """The cancellations of one run: its own, and those of its concurrent parts."""

    def __init__(self) -> None:
        """Watch the run whose task this is called in."""
        self._main = asyncio.current_task()
        self._requested: set[asyncio.Task[Any] | None] = set()
        self._is_caught = False

    def request(self, task: asyncio.Task[Any]) -> None:
        """Cancel a concurrent part of the run."""
        # The SDK takes the request off a task that is starting a child: it is noted here too.
        self._requested.add(task)
        task.cancel()

    def is_pending(self) -> bool:
        """Whether the current task was to stop, and no clause has caught that."""
        task = asyncio.current_task()
        asked = task in self._requested or bool(task and task.cancelling())
        return (asked or self._is_on_its_way(task)) and workflow.patched(_PATCH)

    async def heed(self) -> None:
        """Raise the cancellation that is pending, if there is one.

        Raises:
            asyncio.CancelledError: The current task was to stop.
        """
        if not self.is_pending():
            return
        if self._is_on_its_way(asyncio.current_task()):
            await asyncio.sleep(0)  # which it interrupts
        raise asyncio.CancelledError

    def catch(self) -> None:
        """Take the current task's cancellation as dealt with: its steps go on."""
        task = asyncio.current_task()
        self._requested.discard(task)
        while task and task.cancelling():
            task.uncancel()
        if task is self._main and workflow.cancellation_reason() is not None:
            self._is_caught = True

    def _is_on_its_way(self, task: asyncio.Task[Any] | None) -> bool:
        """Whether the run's own was requested in this workflow task and has not arrived yet."""
        if task is not self._main or self._is_caught or (task and task.cancelling()):
            return False
        return workflow.cancellation_reason() is not None
