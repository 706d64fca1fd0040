"""The end of a worker process: within its time, and without the processes that it started.

A function may leave behind what the interpreter would wait for without a limit: a thread, a task
that takes no cancellation, a `multiprocessing.Process` that nobody joined.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing import resource_tracker
from pathlib import Path
from threading import Thread

CHILD_SECONDS = 2.0
"""How long a child may take to end after SIGTERM, before SIGKILL."""
POLL_SECONDS = 0.02

_logger = logging.getLogger("tqrun.worker")


def end_within(seconds: float, status: int) -> None:
    """Let this process end with *status* after *seconds*, unless it has ended by itself."""

    def end() -> None:
        time.sleep(seconds)
        _logger.error("the process does not end by itself and is ended", extra={"status": status})
        end_children(patience=0)
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(status)

    Thread(target=end, name="tqrun-end", daemon=True).start()


def end_children(*, patience: float = CHILD_SECONDS) -> None:
    """End what functions have started and not waited for: SIGTERM, after *patience* SIGKILL.

    These are the processes of `multiprocessing`, and on Linux all children that have stayed in the
    process group of this one: a process with a group of its own was meant to stay.
    """
    deadline = time.monotonic() + patience
    processes = multiprocessing.active_children()
    others = _others() - {process.pid for process in processes}
    for process in processes:
        process.terminate()
    _signal(others, signal.SIGTERM)
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
    while (running := {pid for pid in others if _runs(pid)}) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    _signal(running, signal.SIGKILL)


def _others() -> set[int]:
    """The children of this process, where Linux lists them."""
    found: set[int] = set()
    for thread in Path("/proc/self/task").glob("*"):
        with suppress(OSError):
            found.update(map(int, (thread / "children").read_text().split()))
    # It cleans up what the others leave, and ends by itself after this process.
    tracker = resource_tracker._resource_tracker._pid  # type: ignore[attr-defined] # noqa: SLF001
    return {child for child in found if child != tracker and _is_of_our_group(child)}


def _is_of_our_group(process: int) -> bool:
    with suppress(OSError):
        return os.getpgid(process) == os.getpgrp()
    return False


def _runs(child: int) -> bool:
    """Whether *child* has not ended; its status stays for whoever waits for it."""
    with suppress(ChildProcessError):
        return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    return False


def _signal(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(OSError):
            os.kill(process, number)
