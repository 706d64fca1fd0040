"""A server and the workers of one queues file on this machine, restarted as the file changes.

The workers are a process of their own: fresh code needs a fresh interpreter. This module knows
when that process starts and ends; it prints nothing itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from watchfiles import Change, awatch

from tqrun.config import model, resolve
from tqrun.config.load import load
from tqrun.errors import UnreadableFile
from tqrun.temporal import keeper
from tqrun.temporal.server import EmbeddedServer, ServerOptions, embedded_server

_TQRUN = (sys.executable, "-m", "tqrun.cli.main")


class Development:
    """One session of `tqrun dev`, from the start of the server to its end."""

    def __init__(
        self,
        file: str,
        data: Path,
        worker_options: Sequence[str],
        *,
        ready: Callable[[EmbeddedServer], None],
        say: Callable[[str], None],
    ) -> None:
        """Serve *file* on a server that keeps its data in *data*.

        Args:
            file: The queues file; it need not be sound yet.
            data: SQLite file of the server.
            worker_options: Passed on to `tqrun worker`.
            ready: Called once, when the server answers.
            say: Called with a line for the person at the terminal.
        """
        self._file = file
        self._data = data
        self._options = worker_options
        self._ready = ready
        self._say = say
        self._changes = _Changes(Path(file).absolute())
        self._workers: _Workers | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C, then drain the workers and stop the server.

        A second signal ends the workers at once.

        Raises:
            ServerUnavailable: The server did not start, or ended by itself.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        options = ServerOptions(data=self._data, namespaces=_namespaces(self._file))
        async with embedded_server(options) as server:
            self._ready(server)
            try:
                await _first(self._stopping.wait(), server.watch(), self._serve(server.address))
            except BaseException:
                if self._workers is not None:
                    self._workers.kill()  # without a server they could not drain
                raise
            finally:
                await self._end_workers()

    def _stop(self) -> None:
        if self._stopping.is_set() and self._workers is not None:
            self._workers.kill()
        self._stopping.set()

    async def _serve(self, address: str) -> None:
        try:
            while True:
                self._changes.follow(_package(self._file))
                if await _is_sound(self._file):
                    await self._end_workers()
                    self._workers = await _Workers.start(self._file, address, self._options)
                    self._say("workers started")
                elif self._workers is None:
                    self._say("no workers run; waiting for a change")
                else:
                    self._say("the workers run on as they were; waiting for a change")
                await self._next_change()
        finally:
            self._changes.stop()

    async def _next_change(self) -> None:
        if self._workers is not None:
            status = await _first(self._changes.next(), self._workers.ended())
            if status is None:
                return
            self._workers = None
            self._say(f"the workers ended with exit code {status}; waiting for a change")
        await self._changes.next()

    async def _end_workers(self) -> None:
        if self._workers is not None:
            await self._workers.stop()
            self._workers = None


class _Workers:
    """The process `tqrun worker all`, beside a keeper that ends it should this process die.

    It has a session of its own: Ctrl-C reaches it once, from here, and it drains.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._told = False

    @classmethod
    async def start(cls, file: str, address: str, options: Sequence[str]) -> _Workers:
        command = [*_TQRUN, "worker", "all", "--file", file, "--address", address, *options]
        keep = [sys.executable, "-I", "-S", keeper.__file__, *command]
        return cls(await asyncio.create_subprocess_exec(*keep, stdin=PIPE, start_new_session=True))

    async def ended(self) -> int:
        return await self._process.wait()

    async def stop(self) -> None:
        """Drain; a second SIGTERM would end the process at once, so it gets one."""
        if not self._told:
            self._told = True
            with suppress(ProcessLookupError):
                self._process.terminate()
        await self._process.wait()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class _Changes:
    """What was edited since it was last asked: the queues file, or a module of activities."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._changed = asyncio.Event()
        self._package = Path()
        self._tasks: dict[Path, asyncio.Task[None]] = {}

    def follow(self, package: str) -> None:
        """Watch the file and the folder of *package*, which may not exist yet."""
        root = self._file.parent
        self._package = root.joinpath(*package.split("."))
        for folder in (root, self._package):
            task = self._tasks.get(folder)
            if folder.is_dir() and (task is None or task.done()):
                self._tasks[folder] = asyncio.ensure_future(self._watch(folder))

    async def next(self) -> None:
        """Wait for a change; one that came before counts."""
        await self._changed.wait()
        self._changed.clear()

    def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def _watch(self, folder: Path) -> None:
        # The project's own folder holds data and environments: only its first level is watched.
        recursive = folder == self._package
        async for _ in awatch(folder, watch_filter=self._counts, recursive=recursive):
            self._changed.set()

    def _counts(self, change: Change, path: str) -> bool:
        changed = Path(path)
        if changed.name == self._package.name:
            return change is Change.added
        return changed.name == self._file.name or (
            changed.suffix == ".py" and changed.is_relative_to(self._package)
        )


async def _is_sound(file: str) -> bool:
    """Check *file* in a fresh process, which shows what it finds."""
    process = await asyncio.create_subprocess_exec(*_TQRUN, "check", file, stdout=sys.stderr)
    try:
        return await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _first(*waits: Coroutine[Any, Any, Any]) -> Any:
    """What the first of *waits* to end gives or raises; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _sound(file: str) -> model.QueuesFile | None:
    try:
        return load(file).file
    except UnreadableFile:
        return None


def _package(file: str) -> str:
    sound = _sound(file)
    return "activities" if sound is None else sound.activities_package


def _namespaces(file: str) -> tuple[str, ...]:
    """What the server must register besides `default`."""
    sound = _sound(file)
    if sound is None:
        return ()
    named = (resolve.namespace(sound, queue) for queue in sound.queues.values())
    return tuple(dict.fromkeys(name for name in named if name != "default"))
