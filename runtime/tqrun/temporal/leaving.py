"""The end of a process that has used a Temporal client: no thread of the SDK is left in Python.

The SDK's threads wake the event loop from Python code of their own. Where the interpreter ends
before such a thread is out of it, the process crashes: github.com/temporalio/sdk-python/issues/300.
"""

from __future__ import annotations

import asyncio
import atexit
import sys
import threading
import time
from functools import cache
from threading import _DummyThread

POLL_SECONDS = 0.001
LONGEST_SECONDS = 2.0
"""How long a thread is waited for; it needs microseconds of its own, but may not be given them."""


@cache
def settle_at_exit() -> None:
    """Let the SDK's threads out of Python when this process ends, before the interpreter does."""
    atexit.register(_settle)


def _settle() -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while _is_any_inside() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


async def settled() -> None:
    """Return once the SDK's threads are out of Python."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while _is_any_inside() and time.monotonic() < deadline:  # noqa: ASYNC110 - it sets no event
        await asyncio.sleep(POLL_SECONDS)


def _is_any_inside() -> bool:
    """Whether a thread that Python has not started runs Python code."""
    # One that has logged is known to `threading` too, as a dummy.
    started = (one for one in threading.enumerate() if not isinstance(one, _DummyThread))
    known = {thread.ident for thread in started}
    return not sys._current_frames().keys() <= known  # noqa: SLF001 - public, but for its name
