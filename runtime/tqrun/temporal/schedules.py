"""From the schedules that a file declares to those that the server has: compared, then made equal.

Everything is safe to do twice and from several processes at once: what another one has done
meanwhile is looked at again, and a run that ended half-way is mended by the next one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from temporalio.client import Client
from temporalio.service import RPCError

from tqrun.errors import ApplyFailed, InvalidInput
from tqrun.plan.compile import LaunchPlan
from tqrun.temporal import attributes
from tqrun.temporal.queues import Queues
from tqrun.temporal.schedule_form import Wanted, schedule_id, wanted
from tqrun.temporal.schedule_server import MARK, delete, described, differences, put

Action = Literal[
    "register", "create", "update", "unchanged", "delete", "keep", "undeclared", "stuck"
]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about one schedule or search attribute.

    Attributes:
        action: `keep` is a schedule of a queue that the file does not have; `undeclared` one
            that would be deleted if that were asked for; `stuck` one that cannot be brought up to
            date.
        fields: What is now and what will be, by field; for a new one only what is not null.
        reason: Of `keep`, `undeclared` and `stuck`.
        target: What to make of it; None where nothing is made.
    """

    action: Action
    kind: Literal["schedule", "search_attribute"]
    namespace: str
    id: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    reason: str = ""
    target: Wanted | None = None


async def planned(
    queues: Queues, *, prune: bool = False, removed: Collection[str] = ()
) -> list[Change]:
    """Everything that the file declares, held against the server; nothing is changed.

    Args:
        queues: The file.
        prune: Schedules that tqrun has made and the file no longer declares are to be deleted.
        removed: Queues that the file had once, whose schedules are to be deleted too.

    Raises:
        AttributeConflict: A search attribute has another type already.
        ServerUnavailable: The server cannot be reached, or refuses.
    """
    launches = queues.registry.workflows()
    changes = []
    for namespace in dict.fromkeys(launch.namespace for launch in launches):
        client = await queues.client(namespace)
        here = {launch.name: launch for launch in launches if launch.namespace == namespace}
        lacking = await attributes.missing(client, attributes.declared(here.values()))
        changes += [
            Change("register", "search_attribute", namespace, name, {"type": (None, kind)})
            for name, kind in lacking.items()
        ]
        declared = [
            await wanted(launch, key, {}, client.data_converter)
            for launch in here.values()
            for key, one in launch.schedules.items()
            if not one.named_by
        ]
        changes += [await compared(client, one) for one in declared]
        known = {one.id for one in declared}
        gone = set(removed) if prune else None
        changes += [one async for one in _others(client, namespace, here, known, gone)]
    return changes


async def compared(client: Client, one: Wanted) -> Change:
    """What is to be done so that the server has the schedule *one*."""
    found = await described(client, one.id)
    changed = await differences(client, one, found)
    action: Action = "create" if found is None else "update" if changed else "unchanged"
    if found is None and one.schedule.state.paused:
        # Afterwards that is the server's own.
        changed = {**changed, "paused": (None, True)}
    return Change(action, "schedule", one.namespace, one.id, changed, target=one)


async def carry_out(queues: Queues, change: Change) -> None:
    """Do what *change* says.

    Raises:
        AttributeConflict: Another process has registered the attribute with another type.
        ApplyFailed: The server refused.
    """
    client = await queues.client(change.namespace)
    if change.action == "register":
        await attributes.register(client, {change.id: change.fields["type"][1]})
    elif change.action == "delete":
        await delete(client, change.id)
    elif change.action in ("create", "update") and change.target is not None:
        await put(client, change.target)


async def _others(
    client: Client,
    namespace: str,
    launches: Mapping[str, LaunchPlan],
    known: Collection[str],
    removed: Collection[str] | None,
) -> AsyncIterator[Change]:
    """Schedules that tqrun has made besides those *known*; deletes none if *removed* is None."""
    queues = {launch.plan.queue for launch in launches.values()}
    async for name, workflow, key in _marked(client):
        launch = launches.get(workflow)
        queue = workflow.partition(".")[0]
        if name in known:
            continue
        if launch is not None and key in launch.schedules and launch.schedules[key].named_by:
            change = await _of_an_entity(client, launch, key, name)
            if change is not None:
                yield change
        elif removed is not None and queue in {*queues, *removed}:
            yield Change("delete", "schedule", namespace, name)
        elif removed is not None:
            reason = f'queue "{queue}" is not in this file; --removed-queue {queue} deletes it'
            yield Change("keep", "schedule", namespace, name, reason=reason)
        elif queue in queues:
            yield Change("undeclared", "schedule", namespace, name, reason="no longer declared")


async def _marked(client: Client) -> AsyncIterator[tuple[str, str, str]]:
    """Id, workflow and key of each schedule of the namespace that tqrun has made."""
    try:
        async for entry in await client.list_schedules(page_size=1000):
            mark = (await entry.memo()).get(MARK)
            if isinstance(mark, dict):
                yield entry.id, str(mark.get("workflow")), str(mark.get("schedule"))
    except RPCError as error:
        raise ApplyFailed(f"schedules cannot be listed: {error.message}") from error


async def _of_an_entity(client: Client, launch: LaunchPlan, key: str, name: str) -> Change | None:
    """The schedule *name*, declared as a template, brought up to date with its own input."""
    found = await described(client, name)
    if found is None:
        return None
    payloads = found.schedule.action.start_workflow.input.payloads
    given = launch.values(await client.data_converter.decode(payloads))
    own = launch.schedules[key].entry.input
    kept = given if isinstance(given, dict) else {}
    values = {one: kept[one] for one in launch.inputs.fields if one in kept and one not in own}
    try:
        one = await wanted(launch, key, values, client.data_converter)
    except InvalidInput as error:
        return Change("stuck", "schedule", launch.namespace, name, reason=str(error))
    if one.id != name:
        reason = f"its input belongs to {one.id}"
        return Change("stuck", "schedule", launch.namespace, name, reason=reason)
    return await compared(client, one)


async def ensure(queues: Queues, launch: LaunchPlan, key: str, values: Mapping[str, Any]) -> Change:
    """Make the server have the schedule *key* for the inputs *values*; what was done.

    Raises:
        InvalidInput: The input does not fit.
        ApplyFailed: The server refused.
    """
    client = await queues.client(launch.namespace)
    change = await compared(client, await wanted(launch, key, values, client.data_converter))
    await carry_out(queues, change)
    return change


async def remove(
    queues: Queues, launch: LaunchPlan, key: str, values: Mapping[str, Any]
) -> tuple[str, bool]:
    """Delete the schedule *key* for the inputs that name it; its id, and whether it was there.

    Raises:
        InvalidInput: An input of its name is missing.
        ApplyFailed: The server refused.
    """
    declared = launch.schedules[key]
    missing = [one for one in declared.named_by if values.get(one) is None]
    if missing:
        raise InvalidInput("; ".join(f'input "{one}" is missing' for one in missing))
    name = schedule_id(launch, declared, values)
    return name, await delete(await queues.client(launch.namespace), name)
