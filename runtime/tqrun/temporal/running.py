"""The activities that one worker runs at this moment, and how long they may take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from temporalio import activity

from tqrun.plan.registry import Service

LATE_SECONDS = 1.0
"""How far past its timeout an activity must run to be overdue; the server has given it up then."""


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    activity: str
    deadline: float  # of `time.monotonic`


class Running:
    """What a worker of *service* runs; other threads may ask."""

    def __init__(self, service: Service) -> None:
        """Nothing yet."""
        self.service = service
        self._calls: dict[_Call, None] = {}

    @contextmanager
    def call(self, info: activity.Info) -> Iterator[None]:
        """Count the activity of *info* meanwhile."""
        limit = info.start_to_close_timeout
        longest = limit.total_seconds() + LATE_SECONDS if limit else float("inf")
        call = _Call(info.activity_type, time.monotonic() + longest)
        self._calls[call] = None
        try:
            yield
        finally:
            del self._calls[call]

    def stuck(self) -> list[str]:
        """The activities that hold all of the worker's threads and are all past their timeouts.

        Empty while a thread is free or holds one that may still complete.
        """
        if len(self._calls) < self.service.options.max_concurrent_activities:
            return []
        calls, now = list(self._calls), time.monotonic()
        if any(now < call.deadline for call in calls):
            return []
        return [call.activity for call in calls]
