"""The activities of queues that a test works on in its own process, where it can see them run."""

from __future__ import annotations

import asyncio
from collections import defaultdict

began: dict[str, list[int]] = defaultdict(list)
"""The numbers that each entity's rounds began with, in order."""
gates: dict[str, asyncio.Event] = {}
"""Rounds of an entity that has one do not end before it is set."""


async def prepare(entity: str, number: int) -> int:
    return await work(entity, number)


async def work(entity: str, number: int) -> int:
    began[entity].append(number)
    if entity in gates:
        await gates[entity].wait()
    if number < 0:
        raise LookupError("below zero")
    return number
