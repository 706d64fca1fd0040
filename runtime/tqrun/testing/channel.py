"""The conversation with the process that has the Temporal server, from the side of pytest.

A line of JSON per message; each side asks the other and answers, in any order.
"""

from __future__ import annotations

import itertools
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Lock, Thread
from typing import Any

from tqrun.errors import RehearsalFailed

START_SECONDS = 120.0
STOP_SECONDS = 20.0
MAX_CALLS = 64
"""Stand-ins that run at once."""


class Channel:
    """A started process and the socket to it; it may be used by several threads.

    Attributes:
        address: Of the server, `host:port`.
    """

    def __init__(self) -> None:
        """Start the process, and wait until its server answers."""
        here, there = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tqrun.temporal.rehearsal", str(there.fileno())],
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=sys.__stderr__,
            start_new_session=True,  # Ctrl-C is pytest's to handle
        )
        there.close()
        self._socket = here
        self._lines = here.makefile("rb")
        self._sending = Lock()
        self._numbers = itertools.count()
        self._asked: dict[int, Future[Any]] = {}
        self._calls: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self._pool = ThreadPoolExecutor(MAX_CALLS, thread_name_prefix="tqrun-stand-in")
        self._ready: Future[str] = Future()
        self._reader = Thread(target=self._read, name="tqrun-rehearsal", daemon=True)
        self._reader.start()
        try:
            self.address = self._ready.result(START_SECONDS)
        except BaseException:
            self.close()
            raise

    def serve(self, stage: str, call: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Let *call* say what the activity calls of *stage* come to."""
        self._calls[stage] = call

    def ask(self, what: str, stage: str, /, **fields: Any) -> Any:
        """The answer to a question.

        Raises:
            RehearsalFailed: It was refused, or the process has ended.
        """
        number = next(self._numbers)
        answer: Future[Any] = Future()
        self._asked[number] = answer
        self._send({"ask": number, "what": what, "stage": stage, **fields})
        return answer.result()

    def close(self) -> None:
        """End the process; it ends its server."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(STOP_SECONDS)
        self._pool.shutdown(cancel_futures=True)
        self._lines.close()
        self._socket.close()

    def _send(self, message: Any) -> None:
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._sending:
                self._socket.sendall(line)
        except OSError:
            self._lost()

    def _read(self) -> None:
        """Take what comes until the process ends."""
        with suppress(OSError):
            for line in self._lines:
                self._take(json.loads(line))
        self._lost()

    def _take(self, message: dict[str, Any]) -> None:
        if "log" in message:
            record = logging.makeLogRecord(message["log"])
            logger = logging.getLogger(record.name)
            if logger.isEnabledFor(record.levelno):
                logger.handle(record)
        elif "ready" in message:
            self._ready.set_result(message["ready"])
        elif "failed" in message:
            self._ready.set_exception(RehearsalFailed(message["failed"]))
        elif "refused" in message:
            answer = self._asked.pop(message["answer"])
            answer.set_exception(RehearsalFailed(message["refused"]))
        elif "answer" in message:
            self._asked.pop(message["answer"]).set_result(message["value"])
        else:
            self._pool.submit(self._call, message)

    def _call(self, message: dict[str, Any]) -> None:
        value = self._calls[message["stage"]](message)
        self._send({"answer": message["ask"], "value": value})

    def _lost(self) -> None:
        """Let nobody wait for a process that has ended."""
        lost = RehearsalFailed("the process with the Temporal server has ended; see its output")
        waiting = [*self._asked.values(), self._ready]
        self._asked.clear()
        for answer in waiting:
            if not answer.done():
                answer.set_exception(lost)
