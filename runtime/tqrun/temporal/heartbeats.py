"""The heartbeats of one attempt of an activity: those of its function, and those between them.

A heartbeat replaces the details of the one before, so tqrun's own send the function's last ones
again: what a later attempt goes on from is not lost.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.worker import ActivityOutboundInterceptor

from tqrun.temporal.not_bound import EARLIER_HEADER, Earlier

_BEATS_PER_TIMEOUT = 3


class Heartbeats(ActivityOutboundInterceptor):
    """What the function sees of its attempt, and what the server is sent of it."""

    def __init__(self, following: ActivityOutboundInterceptor) -> None:
        super().__init__(following)
        self._details: Sequence[Any] = ()
        self._info = following.info()

    def begin(self, headers: Mapping[str, Payload]) -> None:
        """Count what the call has used up before it was scheduled as this activity."""
        if EARLIER_HEADER in headers:
            convert = activity.payload_converter().from_payload
            earlier = Earlier(**convert(headers[EARLIER_HEADER]))
            self._info = dataclasses.replace(
                self._info,
                attempt=self._info.attempt + earlier.attempts,
                heartbeat_details=self._info.heartbeat_details or earlier.details,
            )
        self._details = _as_sent(self._info.heartbeat_details)

    def info(self) -> activity.Info:
        """What Temporal says of the attempt, with what came before."""
        return self._info

    def heartbeat(self, *details: Any) -> None:
        """Send a heartbeat of the function."""
        self._details = _as_sent(details)
        super().heartbeat(*self._details)

    async def keep_alive(self, longest: timedelta) -> None:
        """Send heartbeats until cancelled, with less than *longest* between two."""
        # Not `activity.heartbeat()`: beside a sync activity that blocks this loop for 10 s.
        with suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(longest.total_seconds() / _BEATS_PER_TIMEOUT)
                super().heartbeat(*self._details)


def _as_sent(details: Sequence[Any]) -> Sequence[Any]:
    """*details* as they are now: the function may change what it has handed over."""
    try:
        return [RawValue(one) for one in activity.payload_converter().to_payloads(details)]
    except Exception:  # noqa: BLE001 - the SDK says what is wrong with them
        return details
