"""The functions of the recorded workflows."""

import asyncio
from contextlib import suppress


def one(entity_id: str) -> str:
    return entity_id


def two() -> str:
    return "two"


def double(number: int) -> int:
    return 2 * number


def fail_once() -> None:
    raise ValueError("it fails")


async def outlive() -> str:
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    return "outlived"
