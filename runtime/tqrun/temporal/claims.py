"""What an embedded server claims for itself on this machine: its ports and its data file."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tqrun.errors import ServerUnavailable

HOST = "127.0.0.1"
DEFAULT_PORT = 7233
UI_PORT_OFFSET = 1000
LOCK_SECONDS = 5.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports that were free a moment ago; somebody quicker may still take them.

    Attributes:
        server: Of the gRPC address.
        ui: None when headless.
    """

    server: int
    ui: int | None


def choose_ports(port: int | None, ui_port: int | None, *, headless: bool) -> Ports:
    """Choose free ports: exactly the wanted ones, any for 0, Temporal's defaults for None.

    A default that is taken gives way to any free port.

    Raises:
        ServerUnavailable: A wanted port cannot be used.
    """
    server = _choose(port, DEFAULT_PORT)
    return Ports(server, None if headless else _choose(ui_port, server + UI_PORT_OFFSET))


def _choose(wanted: int | None, default: int) -> int:
    if wanted is not None:
        return _free_port(wanted)
    try:
        return _free_port(default)
    except ServerUnavailable:
        return _free_port(0)


def _free_port(port: int) -> int:
    """*port* if a server can have it; for 0, one that it can have."""
    with socket.socket() as probe:
        # As the server does it: a port whose last connections are still fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OverflowError:
            raise ServerUnavailable(f"port {port}: not between 0 and 65535") from None
        except OSError as error:
            raise ServerUnavailable(f"port {port} of {HOST}: {error.strerror}") from error
        free: int = probe.getsockname()[1]
        return free


@asynccontextmanager
async def lock_beside(data: Path | None) -> AsyncIterator[Sequence[IO[bytes]]]:
    """Hold the lock file of *data*, if any; two servers on one file take work from each other.

    Yields the locked files: the lock lasts until the last process that has them open has ended.

    Raises:
        ServerUnavailable: Another server has the lock, or the file cannot be made.
    """
    if data is None:
        yield []
        return
    with open_for_append(data.with_name(f"{data.name}.lock")) as file:
        try:
            # The server of an owner that was killed a moment ago needs a second to end.
            async with asyncio.timeout(LOCK_SECONDS):
                await _lock(file)
        except TimeoutError:
            raise ServerUnavailable(f"{data}: another embedded server uses this file") from None
        yield [file]


async def _lock(file: IO[bytes]) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(POLL_SECONDS)
        else:
            return


def open_for_append(path: Path | None) -> IO[bytes]:
    """Open *path*, in a folder that is made when missing; without one, a nameless file.

    A folder that is made is left out of git: it holds a server's data.

    Raises:
        ServerUnavailable: The file or its folder cannot be made.
    """
    if path is None:
        return tempfile.TemporaryFile()
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        return path.open("ab+")
    except OSError as error:
        raise ServerUnavailable(f"{error.filename}: {error.strerror}") from error
