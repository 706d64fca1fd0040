"""The embedded Temporal server: the real one with its UI, as a child process on this machine.

This module alone knows where the binary is, which flags make it quick and when it is ready. It
knows nothing of queues, prints nothing, and is not for production.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from tqrun.errors import ServerUnavailable
from tqrun.temporal.child import Child
from tqrun.temporal.claims import HOST, Ports, choose_ports, lock_beside, open_for_append

START_ATTEMPTS = 5
START_SECONDS = 60.0
POLL_SECONDS = 0.05
WATCH_SECONDS = 1.0
QUOTED_LINES = 5

_RETENTION = timedelta(days=1)
"""Of finished runs, as in the namespaces that the server registers at its start."""

_SQLITE_PRAGMAS = ("journal_mode=wal", "synchronous=normal")
_DYNAMIC_CONFIG = (
    # The defaults spare a production database: they look for due work 20 times a second and fire
    # a timer up to a second late. With these a one-activity workflow takes a third of the time.
    "history.transferProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollRPS=2000",
    'history.timerProcessorMaxTimeShift="20ms"',
    # A run that is continued at once would begin its next one a second later.
    'history.continueAsNewMinInterval="10ms"',
    # Every wait for a result counts as one, and 1,000 runs at once come near the default of 1,200.
    "frontend.namespaceCount=100000",
    "frontend.WorkflowTimeSkippingEnabled=true",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Which server to start.

    Attributes:
        data: SQLite file that keeps everything, made when missing; without one nothing is kept.
        port: Exactly this one, 0 for any free one; without one 7233, or any free one if taken.
        headless: Leave out the UI.
        ui_port: As `port`; without one 1000 above the server's, or any free one if taken.
        namespaces: Registered in addition to `default`, which always exists.
        search_attributes: Custom ones, name to Temporal type: `Keyword`, `Datetime` and so on.
        log: File to which the server's own output is appended.
        dynamic_config: More of the server's settings, each `name=JSON`.
    """

    data: Path | None = None
    port: int | None = None
    headless: bool = False
    ui_port: int | None = None
    namespaces: tuple[str, ...] = ()
    search_attributes: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    dynamic_config: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A server that answers.

    Attributes:
        address: Host and port for clients, such as `127.0.0.1:7233`.
        ui_url: Where a browser finds the UI; None when headless.
        namespaces: `default` and those that were asked for.
        data: The SQLite file; None when nothing is kept.
        process_group: Id of the group that the server and its keeper are alone in.
    """

    address: str
    ui_url: str | None
    namespaces: tuple[str, ...]
    data: Path | None
    process_group: int
    _child: Child = field(repr=False)

    async def watch(self) -> NoReturn:
        """Wait for as long as the server lives.

        Raises:
            ServerUnavailable: It ended although nobody had asked it to.
        """
        while True:
            if self._child.ended:
                raise _failure(self._child, "ended")
            await asyncio.sleep(WATCH_SECONDS)

    async def register(self, namespaces: Sequence[str]) -> None:
        """Register those of *namespaces* that it does not have yet.

        Raises:
            ServerUnavailable: It refuses one.
        """
        client = await Client.connect(self.address)
        for name in namespaces:
            request = RegisterNamespaceRequest(namespace=name)
            request.workflow_execution_retention_period.FromTimedelta(_RETENTION)
            try:
                await client.workflow_service.register_namespace(request)
            except RPCError as error:
                if error.status is not RPCStatusCode.ALREADY_EXISTS:
                    raise ServerUnavailable(f'namespace "{name}": {error.message}') from error


@asynccontextmanager
async def embedded_server(options: ServerOptions) -> AsyncIterator[EmbeddedServer]:
    """Run a Temporal server for the length of the block, and never longer than this process.

    Ctrl-C in the terminal does not reach the server, so that workers can drain inside the block.

    Raises:
        ServerUnavailable: There is no binary, a port or file cannot be used, another server has
            the data file, or the server did not start; the text then quotes its output.
    """
    binary = temporal_binary()
    async with AsyncExitStack() as stack:
        output = stack.enter_context(open_for_append(options.log))
        locks = await stack.enter_async_context(lock_beside(options.data))
        for _ in range(START_ATTEMPTS):
            ports = choose_ports(options.port, options.ui_port, headless=options.headless)
            child = Child([str(binary), *_arguments(options, ports)], output, held_open=locks)
            stack.push_async_callback(child.stop)
            if await _answers(child, ports.server):
                break
        else:
            raise _failure(child, f"lost its ports to others {START_ATTEMPTS} times")
        yield EmbeddedServer(
            address=f"{HOST}:{ports.server}",
            ui_url=None if ports.ui is None else f"http://{HOST}:{ports.ui}",
            namespaces=("default", *options.namespaces),
            data=options.data,
            process_group=child.process_group,
            _child=child,
        )


def temporal_binary() -> Path:
    """Find the `temporal` of the wheel beside this Python, else the one on PATH.

    Raises:
        ServerUnavailable: There is none.
    """
    # In a virtual environment this is its own folder, not that of the Python it links to.
    beside = Path(sys.executable).parent
    found = shutil.which("temporal", path=beside) or shutil.which("temporal")
    if found is None:
        raise ServerUnavailable(
            f"no program temporal in {beside} or on PATH; "
            'install it with: pip install "tqrun[server]"'
        )
    return Path(found)


def _arguments(options: ServerOptions, ports: Ports) -> Sequence[str]:
    """What follows the binary on its command line."""
    arguments = ["server", "start-dev", "--ip", HOST, "--port", str(ports.server)]
    arguments += ["--log-level", "warn"]
    if ports.ui is None:
        arguments += ["--headless"]
    else:
        arguments += ["--ui-port", str(ports.ui), "--ui-disable-news-fetch"]
    if options.data is not None:
        arguments += ["--db-filename", str(options.data)]
    attributes = [f"{name}={kind}" for name, kind in options.search_attributes.items()]
    for flag, values in (
        ("--sqlite-pragma", _SQLITE_PRAGMAS),
        ("--dynamic-config-value", (*_DYNAMIC_CONFIG, *options.dynamic_config)),
        ("--namespace", options.namespaces),
        ("--search-attribute", attributes),
    ):
        for value in values:
            arguments += [flag, value]
    return arguments


async def _answers(child: Child, port: int) -> bool:
    """Wait until the server answers on *port*; False if somebody else took one of its ports."""
    # While our server is about to lose the port, the winner answers there: what counts is the
    # line that our own prints once it listens everywhere.
    announcement = re.compile(rf"Server:\s+\S+:{port}$", re.MULTILINE)
    try:
        async with asyncio.timeout(START_SECONDS):
            while not announcement.search(child.text):
                if child.ended:
                    if "address already in use" in child.text:
                        return False
                    raise _failure(child, "did not start")
                await asyncio.sleep(POLL_SECONDS)
            await Client.connect(f"{HOST}:{port}")
    except (TimeoutError, RuntimeError) as error:
        raise _failure(child, "does not answer") from error
    return True


def _failure(child: Child, what: str) -> ServerUnavailable:
    """The error that says *what* became of the server, with its last words."""
    # A Go program that panics says why before pages of goroutines.
    words, _, _ = child.text.partition("\ngoroutine ")
    lines = [f"  {line}" for line in words.splitlines() if line.strip()][-QUOTED_LINES:]
    return ServerUnavailable(
        "\n".join([f"the Temporal server {what}; its last words:", *(lines or ["  none"])])
    )
