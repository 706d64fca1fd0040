"""How many runs of each queue and version are open, and whether a draining one may go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from temporalio.client import Client
from temporalio.service import RPCError

from tqrun.config import model, resolve
from tqrun.diagnostics import did_you_mean
from tqrun.errors import ServerUnavailable, UnknownQueue
from tqrun.plan.compile import task_queues
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.described import OPEN
from tqrun.temporal.pollers import Tasks, pollers

State = Literal["current", "draining", "external", "removed"]

ASKED_AT_ONCE = 16
REMOVED_VERSIONS = 10
"""How many versions below the lowest listed one are asked for runs that were left behind."""
POLLED_WITHIN = timedelta(seconds=90)
"""A worker that lives: an idle one polls once a minute, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a queue, as the file has it.

    Attributes:
        state: `draining` by workers of this file, `external` by others, `removed` from it.
        callers: Queues whose runs call functions on the task queues of this one.
    """

    queue: str
    version: int
    state: State
    namespace: str
    task_queues: tuple[str, ...]
    callers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """What the server says of one version.

    Attributes:
        open: Runs on its task queues that have not ended, paused ones included.
        workers: Processes that have polled them within the last minute and a half.
        calling: Open runs of the queues that call its functions, of whatever version.
    """

    version: Version
    open: int
    workers: int
    calling: int

    @property
    def may_go(self) -> bool | None:
        """Whether the version can be taken out of the file; None where that is not known."""
        if self.version.state not in ("draining", "external") or self.open:
            return False
        return None if self.calling else True

    @property
    def advice(self) -> str:
        """What to do, if there is anything."""
        listed, runs = self.version, f"{self.open} open run{'' if self.open == 1 else 's'}"
        if listed.state == "removed":
            return f"{runs}, not listed: list version {listed.version} under draining again"
        if self.open and not self.workers:
            return f"no worker polls it: {runs} wait"
        if listed.state == "current":
            return "" if self.workers else "no worker polls it"
        if self.open:
            return f"keep it: {runs}"
        if self.calling:
            names = ", ".join(listed.callers)
            return f"may go when the runs of {names} that began before the bump have ended"
        return f"may go: take {listed.version} out of draining"


def versions(file: model.QueuesFile, names: Sequence[str]) -> list[Version]:
    """Every version of the queues called *names*, the current one first.

    Raises:
        UnknownQueue: The file declares no such queue.
    """
    for name in names:
        if name not in file.queues:
            hint = did_you_mean(name, file.queues)
            raise UnknownQueue(f'there is no queue "{name}"{hint}')
    return [one for name in names or file.queues for one in _versions(file, name)]


def _versions(file: model.QueuesFile, name: str) -> Iterator[Version]:
    queue = file.queues[name]
    states: dict[int, State] = {queue.version: "current"}
    for version, entry in queue.draining.items():
        states[version] = "external" if entry == "external" else "draining"
    lowest = min(states)
    gone = range(max(1, lowest - REMOVED_VERSIONS), queue.version)
    states = {**dict.fromkeys(gone, "removed"), **states}
    served: set[str] = set()
    for version in sorted(states, reverse=True):
        found = tuple(one for one in task_queues(file, name, version) if one not in served)
        served.update(found)
        if found:
            yield Version(
                queue=name,
                version=version,
                state=states[version],
                namespace=resolve.namespace(file, queue),
                task_queues=found,
                callers=_callers(file, name),
            )


def _callers(file: model.QueuesFile, name: str) -> tuple[str, ...]:
    return tuple(
        caller
        for caller, queue in file.queues.items()
        if caller != name and any(one.queue == name for one in queue.activities.values())
    )


class Server:
    """What is asked of the server, once for each thing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._clients: dict[str, asyncio.Future[Client]] = {}
        self._free = asyncio.Semaphore(ASKED_AT_ONCE)

    async def open_runs(self, namespace: str, names: Sequence[str]) -> int:
        """How many runs on the task queues called *names* have not ended.

        Raises:
            ServerUnavailable: The server cannot be reached, or refused.
        """
        among = ", ".join(f'"{name}"' for name in names)
        client = await self.client(namespace)
        query = f"{OPEN} AND TaskQueue IN ({among})"
        try:
            async with self._free:
                return (await client.count_workflows(query)).count
        except RPCError as error:
            raise ServerUnavailable(f"the server did not count runs: {error.message}") from None

    async def workers(self, namespace: str, names: Sequence[str]) -> int:
        """How many processes have polled the task queues called *names* lately.

        Raises:
            ServerUnavailable: The server cannot be reached, or refused.
        """
        client = await self.client(namespace)
        found: set[str] = set()
        since = datetime.now(UTC) - POLLED_WITHIN
        try:
            for name in names:
                for half in Tasks:
                    async with self._free:
                        found |= await pollers(client, name, half, since=since)
        except RPCError as error:
            raise ServerUnavailable(f"the server did not say who polls: {error.message}") from None
        return len(found)

    async def client(self, namespace: str) -> Client:
        """The SDK's client for *namespace*, connected once."""
        if namespace not in self._clients:
            self._clients[namespace] = asyncio.ensure_future(connect(self._connection, namespace))
        return await self._clients[namespace]


async def status(
    file: model.QueuesFile, names: Sequence[str], connection: Connection
) -> list[VersionStatus]:
    """What the server says of every version of the queues called *names*, or of all.

    A version that the file does not list is told only where it has open runs.

    Raises:
        UnknownQueue: The file declares no such queue.
        ServerUnavailable: The server cannot be reached, or refused.
    """
    server = Server(connection)
    wanted = versions(file, names)
    called = {name for one in wanted if one.state != "current" for name in one.callers}
    own = versions(file, sorted(called)) if called else []
    counts = await asyncio.gather(
        *(server.open_runs(one.namespace, one.task_queues) for one in wanted)
    )
    polled = await asyncio.gather(
        *(server.workers(one.namespace, one.task_queues) for one in wanted)
    )
    by_caller: dict[str, int] = {}
    for one in own:
        runs = await server.open_runs(one.namespace, one.task_queues)
        by_caller[one.queue] = by_caller.get(one.queue, 0) + runs
    found = [
        VersionStatus(one, count, workers, _calling(one, by_caller))
        for one, count, workers in zip(wanted, counts, polled, strict=True)
    ]
    return [one for one in found if one.open or one.version.state != "removed"]


def _calling(version: Version, by_caller: Mapping[str, int]) -> int:
    return sum(by_caller.get(name, 0) for name in version.callers)
