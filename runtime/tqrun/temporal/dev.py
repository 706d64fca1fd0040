"""A server and the workers of one queues file on this machine, restarted as the file changes.

The workers are a process of their own: fresh code needs a fresh interpreter. This module knows
when that process starts and ends; it prints nothing itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from temporalio.client import Client

from tqrun.config import model, resolve
from tqrun.config.load import load
from tqrun.errors import ApplyFailed, AttributeConflict, UnreadableFile
from tqrun.plan.compile import Compiler, LaunchPlan
from tqrun.temporal import attributes, keeper
from tqrun.temporal.claims import HOST, choose_ports
from tqrun.temporal.server import EmbeddedServer, ServerOptions, embedded_server
from tqrun.temporal.watch import Changes

POLL_SECONDS = 0.1

_TQRUN = (sys.executable, "-m", "tqrun.cli.main")


class Development:
    """One session of `tqrun dev`, from the start of the server to its end."""

    def __init__(
        self,
        file: str,
        server: ServerOptions,
        worker_options: Sequence[str],
        *,
        ready: Callable[[EmbeddedServer], None],
        say: Callable[[str], None],
    ) -> None:
        """Serve *file* on an embedded server.

        Args:
            file: The queues file; it need not be sound yet.
            server: Which one; the namespaces are those of *file*.
            worker_options: Passed on to `tqrun worker`.
            ready: Called once, when the server answers.
            say: Called with a line for the person at the terminal.
        """
        self._file = file
        self._server = server
        self._options = self._started_with = tuple(worker_options)
        self._ready = ready
        self._say = say
        self._changes = Changes(Path(file))
        self._workers: _Workers | None = None
        self._stopping = asyncio.Event()
        self._hurried = False

    async def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C, then drain the workers and stop the server.

        A second signal ends the workers at once.

        Raises:
            ServerUnavailable: The server did not start, or ended by itself.
            KeyboardInterrupt: There was a second signal.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        options = replace(self._server, namespaces=_namespaces(self._file))
        async with embedded_server(options) as server:
            self._ready(server)
            try:
                await _first(self._stopping.wait(), server.watch(), self._serve(server))
            except BaseException:
                if self._workers is not None:
                    self._workers.kill()  # without a server they could not drain
                raise
            finally:
                await self._end_workers()
        if self._hurried:
            raise KeyboardInterrupt

    def _stop(self) -> None:
        if self._stopping.is_set():
            self._hurried = True
            if self._workers is not None:
                self._workers.kill()
        self._stopping.set()

    async def _serve(self, server: EmbeddedServer) -> None:
        try:
            while True:
                self._changes.follow(_packages(self._file))
                is_sound, imported = await _checked(self._file)
                self._changes.follow(imported)
                if is_sound:
                    await self._end_workers()
                    await server.register(_namespaces(self._file))
                    await self._register_attributes(server)
                    self._workers = await _Workers.start(
                        self._file, server.address, self._started_with
                    )
                elif self._workers is None:
                    self._say("no workers run; waiting for a change")
                else:
                    self._say("the workers run on as they were; waiting for a change")
                await self._next_change()
        finally:
            self._changes.stop()

    async def _register_attributes(self, server: EmbeddedServer) -> None:
        """Do for the session's own server what `tqrun apply` does for others."""
        launches = _launches(self._file)
        for namespace in dict.fromkeys(launch.namespace for launch in launches):
            client = await Client.connect(server.address, namespace=namespace)
            try:
                wanted = attributes.declared(
                    launch for launch in launches if launch.namespace == namespace
                )
                lacking = await attributes.missing(client, wanted)
                if lacking:
                    await attributes.register(client, lacking)
            except (AttributeConflict, ApplyFailed) as error:
                self._say(str(error))

    async def _next_change(self) -> None:
        if self._workers is not None:
            ended = self._workers.ended()
            status = await _first(self._changes.next(), ended, self._tell_when_ready(self._workers))
            if status is None:
                return
            self._workers = None
            self._say(f"the workers {_ending(status)}; waiting for a change")
        await self._changes.next()

    async def _tell_when_ready(self, workers: _Workers) -> None:
        await workers.ready()
        self._say("workers ready")
        self._started_with = (*self._options, "--no-table")  # one is enough for a session
        await asyncio.Event().wait()  # for as long as it is waited for

    async def _end_workers(self) -> None:
        if self._workers is not None:
            await self._workers.stop()
            self._workers = None


class _Workers:
    """The process `tqrun worker all`, beside a keeper that ends it should this process die.

    It has a session of its own: Ctrl-C reaches it once, from here, and it drains.
    """

    def __init__(self, process: Process, health: int) -> None:
        self._process = process
        self._health = health
        self._told = False

    @classmethod
    async def start(cls, file: str, address: str, options: Sequence[str]) -> _Workers:
        health = choose_ports(0, None, headless=True).server
        command = [*_TQRUN, "worker", "all", "--file", file, "--address", address, *options]
        command += ["--health", f"{HOST}:{health}"]
        keep = [sys.executable, "-I", "-S", keeper.__file__, *command]
        process = await asyncio.create_subprocess_exec(
            *keep, stdin=PIPE, start_new_session=True, env=_without_temporal(os.environ)
        )
        return cls(process, health)

    async def ended(self) -> int:
        return await self._process.wait()

    async def ready(self) -> None:
        """Wait until they poll every task queue, as the server sees it."""
        while True:
            try:
                reader, writer = await asyncio.open_connection(HOST, self._health)
                writer.write(b"GET /readyz HTTP/1.1\r\n\r\n")
                status = await reader.readline()
                writer.close()
            except OSError:
                status = b""
            if status.split()[1:2] == [b"200"]:
                return
            await asyncio.sleep(POLL_SECONDS)

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


def _without_temporal(environment: Mapping[str, str]) -> dict[str, str]:
    """*environment* without what it says about another server than the one of this session."""
    kept = {name: text for name, text in environment.items() if not name.startswith("TEMPORAL_")}
    return kept | {"TEMPORAL_CONFIG_FILE": os.devnull}


async def _checked(file: str) -> tuple[bool, list[Path]]:
    """Check *file* in a fresh process, which shows what it finds; also what code it imported."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as imported:
        command = [*_TQRUN, "check", file, "--imported", imported.name]
        process = await asyncio.create_subprocess_exec(*command, stdout=sys.stderr)
        try:
            status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return status == 0, [Path(line) for line in imported.read().splitlines()]


def _ending(status: int) -> str:
    """What the exit *status* of the keeper says in words."""
    number = -status if status < 0 else status - keeper.SIGNALLED
    if number in signal.valid_signals():
        return f"were ended by {signal.Signals(number).name}"
    return f"ended with exit status {status}"


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


def _launches(file: str) -> list[LaunchPlan]:
    """The workflows of *file*, compiled without its functions: those are the workers' to import."""
    try:
        loaded = load(file)
    except UnreadableFile:
        return []
    if loaded.file is None:
        return []
    compiler = Compiler(loaded, None)
    return [launch for queue in compiler.queues() for launch in queue.launches]


def _packages(file: str) -> list[Path]:
    """Where the packages or modules lie beside *file* that hold its functions."""
    names = _package_names(_sound(file))
    folder = Path(file).parent
    return [place for name in names for place in (folder / name, folder / f"{name}.py")]


def _package_names(sound: model.QueuesFile | None) -> set[str]:
    if sound is None:
        return {"activities"}
    functions = [
        resolve.function_path(sound, name, activity)
        for name, queue in sound.queues.items()
        for activity in queue.activities
    ]
    for queue in sound.queues.values():
        for version in queue.draining.values():
            if isinstance(version, model.DrainingVersion):
                functions += version.activities.values()
    return {path.partition(":")[0].partition(".")[0] for path in functions}


def _namespaces(file: str) -> tuple[str, ...]:
    """What the server must register besides `default`."""
    sound = _sound(file)
    if sound is None:
        return ()
    named = (resolve.namespace(sound, queue) for queue in sound.queues.values())
    return tuple(dict.fromkeys(name for name in named if name != "default"))
