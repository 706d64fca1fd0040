"""The watchdog of a worker's event loop: what it reports, and what it leaves alone."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

import pytest

from tqrun.temporal import blocked


def block(seconds: float) -> None:
    time.sleep(seconds)


def compute(until: Callable[[], bool]) -> None:
    while not until():
        sum(range(1000))


async def test_it_names_a_callback_that_blocks_and_its_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "tqrun.worker"), blocked.reported((), lambda: None):
        asyncio.get_running_loop().call_soon(block, 3)
        await asyncio.sleep(3.5)
    assert [(line.levelname, line.message) for line in caplog.records] == [
        ("WARNING", "the event loop is blocked and all runs wait"),
        ("INFO", "the event loop goes on"),
    ]
    line = caplog.records[0]
    place = f"tests/temporal/test_blocked.py:{block.__code__.co_firstlineno + 1}"
    assert (vars(line)["function"], vars(line)["place"]) == ("block", place)


async def test_a_loop_that_only_has_much_to_do_is_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Many short steps, beside a thread that computes: each pass takes seconds."""
    ended = threading.Event()

    async def steps() -> None:
        for _ in range(2):
            block(0.02)
            await asyncio.sleep(0)

    with blocked.reported((), lambda: None):
        threading.Thread(target=compute, args=(ended.is_set,)).start()
        try:
            await asyncio.gather(*(steps() for _ in range(80)))
        finally:
            ended.set()
    assert caplog.records == []


async def test_it_ends_with_the_loop_that_it_watches() -> None:
    def watchdogs() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name == "tqrun-watchdog"}

    before = watchdogs()
    with blocked.reported((), lambda: None):
        [watchdog] = watchdogs() - before
    watchdog.join(5)
    assert not watchdog.is_alive()
