"""A thread beside a worker's event loop that logs when functions keep the worker from working.

An `async` function that blocks stops every run of the process; functions that never return hold
the threads of their queue. Neither raises anything, so nobody would know.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tqrun import logs
from tqrun.temporal import activity
from tqrun.temporal.running import Running

CHECK_SECONDS = 0.25
BLOCKED_SECONDS = 1.0
"""How long one callback of the loop may take before it is reported."""
CONTENTION = 20
"""How much more patience there is per second that this thread itself is kept from running."""

_NOT_A_FUNCTION = frozenset(("asyncio", "concurrent", "contextlib", "temporalio", "threading"))

_logger = logging.getLogger("tqrun.worker")


@contextmanager
def reported(workers: Sequence[Running], beat: Callable[[], None]) -> Iterator[None]:
    """Report what blocks the running loop and the threads of *workers* meanwhile.

    The loop calls *beat* several times a second.
    """
    watchdog = _Watchdog(asyncio.get_running_loop(), workers, beat)
    thread = threading.Thread(target=watchdog.run, name="tqrun-watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watchdog.ended.set()
        watchdog.answered.set()


class _Watchdog:
    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        workers: Sequence[Running],
        beat: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._loop_thread = threading.get_ident()
        self._beat = beat
        self._workers = workers
        self._stuck: set[Running] = set()
        self.ended = threading.Event()
        self.answered = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(CHECK_SECONDS):
            self._check_loop()
            for worker in self._workers:
                self._check_threads(worker)

    def _answer(self) -> None:
        self._beat()
        self.answered.set()

    def _check_loop(self) -> None:
        """Ask the loop for an answer; say so when one callback keeps it from giving one."""
        self.answered.clear()
        asked = checked = time.monotonic()
        try:
            self._loop.call_soon_threadsafe(self._answer)
        except RuntimeError:
            return  # it has ended
        callback, since, patience, told = None, asked, BLOCKED_SECONDS, False
        while not self.answered.wait(CHECK_SECONDS):
            now = time.monotonic()
            # Where threads compete for the interpreter, or the machine stood still, all is slow.
            patience += CONTENTION * max(0.0, now - checked - 2 * CHECK_SECONDS)
            checked = now
            frames = _frames(self._loop_thread)
            current = next((_handle(frame) for frame in frames if _handle(frame)), None)
            if current is not callback:
                callback, since = current, now
            elif not told and callback is not None and now - since >= patience:
                told = True
                _logger.warning(
                    "the event loop is blocked and all runs wait",
                    extra={**_run_of(callback), **_function(frames)},
                )
        if told:
            seconds = {"seconds": round(time.monotonic() - asked, 1)}
            _logger.info("the event loop goes on", extra=seconds)

    def _check_threads(self, worker: Running) -> None:
        """Say when no thread of *worker* is left, and when there is one again."""
        stuck = worker.stuck()
        if bool(stuck) == (worker in self._stuck):
            return
        service = worker.service
        fields: dict[str, Any] = {
            "queue": service.queue,
            "version": service.version,
            "task_queue": service.task_queue,
        }
        if not stuck:
            self._stuck.remove(worker)
            _logger.info("a thread is free again", extra=fields)
            return
        self._stuck.add(worker)
        places = [one["place"] for one in _in_threads_of(service.task_queue)]
        fields |= {"activities": _counted(stuck), "places": _counted(places)}
        _logger.warning("all threads are held by activities that have timed out", extra=fields)


def _frames(thread: int | None) -> list[FrameType]:
    """The frames of *thread*, outermost first."""
    frames: list[FrameType] = []
    frame = sys._current_frames().get(thread or 0)  # noqa: SLF001 - public, but for its name
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames[::-1]


def _handle(frame: FrameType) -> asyncio.Handle | None:
    """What the loop runs, where *frame* is the one in which it does."""
    if frame.f_globals.get("__name__") != "asyncio.events" or frame.f_code.co_name != "_run":
        return None
    handle = frame.f_locals.get("self")
    return handle if isinstance(handle, asyncio.Handle) else None


def _in_threads_of(task_queue: str) -> Iterator[dict[str, str]]:
    """The functions that are called in the threads of one worker."""
    for thread in threading.enumerate():
        if thread.name.rpartition("_")[0] == task_queue:
            frames = _frames(thread.ident)
            if any(frame.f_globals.get("__name__") == activity.__name__ for frame in frames):
                yield _function(frames)


def _counted(names: Iterable[str]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in Counter(names).most_common())


def _run_of(callback: Any) -> Mapping[str, Any]:
    """The fields of the run that the loop's *callback* works for."""
    return logs.fields_in(callback._context)  # noqa: SLF001 - a task has none before Python 3.12


def _function(frames: Sequence[FrameType]) -> dict[str, str]:
    """The function of the project among *frames*, and the line that it is at."""
    begun = next((at for at, frame in enumerate(frames) if _handle(frame)), -1)
    for frame in [*frames[begun + 1 :], *frames[-1:]]:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in _NOT_A_FUNCTION and package != __name__.partition(".")[0]:
            break
    path = Path(frame.f_code.co_filename)
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return {"function": frame.f_code.co_qualname, "place": f"{path}:{frame.f_lineno}"}
