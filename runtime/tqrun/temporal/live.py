"""The rows of a comparison that the server settles: what loses workers, and is still open."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from tqrun.config import model
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.table import Severity
from tqrun.plan.changes.verdict import Verdict
from tqrun.temporal.client import Connection
from tqrun.temporal.status import Server, Version, versions


class Empty(Change):
    """A removal that hurts nobody."""

    @property
    def severity(self) -> Severity:
        return "info"


class Open(Change):
    """A removal that runs are in the way of."""

    @property
    def severity(self) -> Severity:
        return "error"

    @property
    def mend(self) -> str:
        return "keep it until tqrun status says that it may go"


def settled(changes: Sequence[Change], open_runs: Mapping[Change, int]) -> tuple[Change, ...]:
    """*changes* with those that *open_runs* counts as an error if any is open, else as an info."""
    return tuple(
        _settled(change, open_runs[change]) if change in open_runs else change for change in changes
    )


def _settled(change: Change, count: int) -> Change:
    kind = Open if count else Empty
    runs = f"{count or 'no'} run{'' if count == 1 else 's'} of it {'is' if count == 1 else 'are'}"
    return kind(change.place, change.code, f"{change.message}, {runs} open", change.queues)


async def settle(verdict: Verdict, connection: Connection) -> Verdict:
    """*verdict* with the queues and versions that lose workers judged by what the server has.

    A queue whose functions other queues call stays a warning: their runs are not counted here.

    Raises:
        ServerUnavailable: The server cannot be reached, or refused.
    """
    server = Server(connection)
    removed = list(_removed(verdict))
    counts = await asyncio.gather(*(_count(server, gone) for _, gone in removed))
    found = {
        change: count
        for (change, gone), count in zip(removed, counts, strict=True)
        if count or not any(one.callers for one in gone)
    }
    return dataclasses.replace(verdict, changes=settled(verdict.changes, found))


async def _count(server: Server, gone: Sequence[Version]) -> int:
    counts = [await server.open_runs(one.namespace, one.task_queues) for one in gone]
    return sum(counts)


def _removed(verdict: Verdict) -> Iterator[tuple[Change, list[Version]]]:
    """What each removal takes away, as the base has it."""
    before, after = verdict.before.file, verdict.after.file
    for change in verdict.changes:
        if change.code == "queue-removed":
            yield change, _listed(before, change.queues[0])
    left: dict[tuple[str, str], Iterator[Version]] = {}
    for change in verdict.changes:
        if change.code in _LEAVING:
            [queue] = change.queues
            key = change.code, queue
            if key not in left:
                left[key] = iter(_LEAVING[change.code](before, after, queue))
            yield change, [next(left[key])]


def _listed(file: model.QueuesFile, queue: str) -> list[Version]:
    return [one for one in versions(file, [queue]) if one.state != "removed"]


def _before(before: model.QueuesFile, after: model.QueuesFile, queue: str) -> dict[int, Version]:
    """The versions that the base has of *queue*, the current one first."""
    name = queue if queue in before.queues else after.queues[queue].renamed_from or queue
    return {one.version: one for one in _listed(before, name)}


def _current(before: model.QueuesFile, after: model.QueuesFile, queue: str) -> list[Version]:
    """The version of the base, which nobody serves any more."""
    return [*_before(before, after, queue).values()][:1]


def _dropped(before: model.QueuesFile, after: model.QueuesFile, queue: str) -> list[Version]:
    """The draining versions that are gone, in the order in which they are told."""
    kept = {after.queues[queue].version, *after.queues[queue].draining}
    found = [*_before(before, after, queue).values()][1:]
    return [one for one in _in_order(before, after, queue, found) if one.version not in kept]


def _left(before: model.QueuesFile, after: model.QueuesFile, queue: str) -> list[Version]:
    """The draining versions that are external now, in the order in which they are told."""
    now = after.queues[queue].draining
    found = [one for one in _before(before, after, queue).values() if one.state == "draining"]
    return [
        one for one in _in_order(before, after, queue, found) if now.get(one.version) == "external"
    ]


def _in_order(
    before: model.QueuesFile, after: model.QueuesFile, queue: str, found: Sequence[Version]
) -> list[Version]:
    name = queue if queue in before.queues else after.queues[queue].renamed_from or queue
    places = [*before.queues[name].draining]
    return sorted(found, key=lambda one: places.index(one.version))


_LEAVING: Mapping[str, Callable[[model.QueuesFile, model.QueuesFile, str], Sequence[Version]]] = {
    "version-removed": _dropped,
    "version-external": _left,
    "version-not-draining": _current,
    "version-lowered": _current,
}
