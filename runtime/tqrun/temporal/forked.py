"""What a process that a function forks keeps of its worker: neither its signals nor its work.

A forked child would share the pipe that wakes the worker's event loop, so that a signal to the
child drained the worker; and one that returns from the function would go on as a second worker.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import thread
from contextlib import contextmanager
from functools import cache
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""Those that the worker handles itself."""

_held = threading.local()
_worker: int | None = None
"""The process id of the worker, in it and in all that is forked from it."""


@cache
def release_children() -> None:
    """Let the processes that are forked from this one, a worker, have signals of their own."""
    global _worker
    _worker = os.getpid()
    os.register_at_fork(before=_hold, after_in_child=_release, after_in_parent=_resume)


def _hold() -> None:
    """Keep signals from the child until they are its own."""
    _held.mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def _resume() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _held.mask)


def _release() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # At its end a child of `multiprocessing` would wait for the thread that it was forked in, which
    # is the only one it has, and exit with 1 in place of its own status.
    waited_for: Any = thread._threads_queues  # noqa: SLF001
    waited_for.pop(threading.current_thread(), None)
    _resume()
    # Not before: a KeyboardInterrupt would be lost here.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def ends_here() -> Iterator[None]:
    """End a process that was forked inside, with the status that a script would have."""
    try:
        yield
    except BaseException as error:
        if is_child():
            _end(error)
        raise
    if is_child():
        _end(None)


def is_child() -> bool:
    """Whether this process was forked from a worker."""
    return _worker is not None and os.getpid() != _worker


def _end(error: BaseException | None) -> None:
    status = 0
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None:
        traceback.print_exception(error)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
