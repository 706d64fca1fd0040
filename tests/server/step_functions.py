"""What the workflows of the step tests call."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from temporalio import activity

CALLS: list[str] = []
"""One entry per call, in order; a test looks for those of its own run."""


def echo(value: str) -> str:
    CALLS.append(value)
    return value


def slow(value: str, seconds: float) -> str:
    time.sleep(seconds)
    CALLS.append(value)
    return value


def number(value: int) -> int:
    return value


def refuse(value: int) -> int:
    if value % 2:
        raise ValueError(f"{value} is odd")
    return value


def attempt(value: str, **others: object) -> int:
    CALLS.append(value)
    raise RuntimeError(f"attempt {activity.info().attempt}")


def large(size: int) -> str:
    return "x" * size


def length(text: str, index: int) -> int:
    return len(text)


async def waiting(value: str) -> str:
    CALLS.append(value)
    try:
        await activity.wait_for_cancelled()
    finally:
        CALLS.append(f"{value} cancelled")
    return value


async def stubborn(value: str) -> str:
    CALLS.append(value)
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    return value


async def failing(value: str) -> str:
    await stubborn(value)
    raise LookupError(f"{value} was interrupted")


def counting(value: str) -> str:
    CALLS.append(value)
    raise RuntimeError(f"attempt {activity.info().attempt}")


def resuming(value: str) -> object:
    """Beats once, is kept alive by tqrun through an attempt without a beat, and gives details."""
    attempt = activity.info().attempt
    if attempt == 3:
        return list(activity.info().heartbeat_details)
    if attempt == 1:
        activity.heartbeat({"at": [41]}, "more")
    time.sleep(0.7)
    raise RuntimeError(f"attempt {attempt}")


def handing_over(value: str) -> object:
    CALLS.append(value)
    details = activity.info().heartbeat_details
    if not details:
        activity.heartbeat(41)
        raise RuntimeError("once")
    return list(details)


@dataclass
class Rates:
    rate: float
    others: list[float]


def rate() -> Rates:
    return Rates(3, [3])
