"""From the schedules that a file declares to those that the server has: compared, then made equal.

Everything is safe to do twice and from several processes at once: what another one has done
meanwhile is looked at again, and a run that ended half-way is mended by the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from temporalio.api.common.v1 import Memo
from temporalio.api.workflowservice.v1 import (
    CreateScheduleRequest,
    DeleteScheduleRequest,
    DescribeScheduleRequest,
    DescribeScheduleResponse,
    UpdateScheduleRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from tqrun.errors import ApplyFailed, InvalidInput
from tqrun.plan.compile import LaunchPlan
from tqrun.temporal import attributes
from tqrun.temporal.queues import Queues
from tqrun.temporal.schedule_form import Wanted, fields, schedule_id, wanted

MARK = "tqrun_schedule"
"""The memo field of a schedule that tqrun has made: the workflow and the key it was declared as.

A schedule without it is never deleted.
"""
_ATTEMPTS = 50
_PAUSE_SECONDS = 0.1
_MEANWHILE = (
    RPCStatusCode.ALREADY_EXISTS,
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.ABORTED,
)
"""What the server answers where somebody else has changed the schedule since it was looked at."""

Action = Literal["register", "create", "update", "unchanged", "delete", "keep", "stuck"]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about one schedule or search attribute.

    Attributes:
        action: `keep` is a schedule of a queue that the file does not have; `stuck` one that
            cannot be brought up to date.
        fields: What is now and what will be, by field; for a new one only what is not null.
        reason: Of `keep` and `stuck`.
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
    found = await _described(client, one.id)
    differences = await _differences(client, one, found)
    action: Action = "create" if found is None else "update" if differences else "unchanged"
    return Change(action, "schedule", one.namespace, one.id, differences, target=one)


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
        await _put(client, change.target)


async def delete(client: Client, name: str) -> bool:
    """Delete the schedule *name*; False if there is none.

    Raises:
        ApplyFailed: The server refused.
    """
    request = DeleteScheduleRequest(namespace=client.namespace, schedule_id=name)
    try:
        # The server takes a deletion of one that is deleted for done.
        there = await _described(client, name) is not None
        await client.workflow_service.delete_schedule(request)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise ApplyFailed(f"schedule {name} was not deleted: {error.message}") from error
    return there


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
    found = await _described(client, name)
    if found is None:
        return None
    given = (await fields(found.schedule, client.data_converter))["input"]
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


async def _put(client: Client, one: Wanted) -> None:
    """Make the server have the schedule *one*, until a look at it says so.

    An update that another one overtook is dropped by the server, in some versions silently.
    """
    reason = "it is changed by something else all the time"
    for _ in range(_ATTEMPTS):
        found = await _described(client, one.id)
        if not await _differences(client, one, found) and found is not None:
            return
        try:
            await (_create(client, one) if found is None else _update(client, one, found))
        except RPCError as error:
            if error.status not in _MEANWHILE:
                raise ApplyFailed(f"schedule {one.id} was refused: {error.message}") from error
            reason = error.message
            await asyncio.sleep(_PAUSE_SECONDS)
    raise ApplyFailed(f"schedule {one.id} was not brought up to date: {reason}")


async def _create(client: Client, one: Wanted) -> None:
    mark = {"workflow": one.workflow, "schedule": one.key}
    [payload] = await client.data_converter.encode([mark])
    await client.workflow_service.create_schedule(
        CreateScheduleRequest(
            namespace=client.namespace,
            schedule_id=one.id,
            schedule=one.schedule,
            memo=Memo(fields={MARK: payload}),
            identity=client.identity,
            request_id=str(uuid4()),
        )
    )


async def _update(client: Client, one: Wanted, found: DescribeScheduleResponse) -> None:
    """Change what the file declares, and leave the state, the notes and the rest as they are."""
    schedule = found.schedule
    schedule.spec.CopyFrom(one.schedule.spec)
    schedule.action.CopyFrom(one.schedule.action)
    schedule.policies.overlap_policy = one.schedule.policies.overlap_policy
    schedule.policies.catchup_window.CopyFrom(one.schedule.policies.catchup_window)
    await client.workflow_service.update_schedule(
        UpdateScheduleRequest(
            namespace=client.namespace,
            schedule_id=one.id,
            schedule=schedule,
            conflict_token=found.conflict_token,
            identity=client.identity,
            request_id=str(uuid4()),
        )
    )
    await asyncio.sleep(_PAUSE_SECONDS)


async def _described(client: Client, name: str) -> DescribeScheduleResponse | None:
    request = DescribeScheduleRequest(namespace=client.namespace, schedule_id=name)
    try:
        return await client.workflow_service.describe_schedule(request, retry=True)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise ApplyFailed(f"schedule {name} cannot be looked at: {error.message}") from error


async def _differences(
    client: Client, one: Wanted, found: DescribeScheduleResponse | None
) -> dict[str, tuple[Any, Any]]:
    """What is and what will be, of each field in which they differ."""
    new = await fields(one.schedule, client.data_converter)
    old = {} if found is None else await fields(found.schedule, client.data_converter)
    return {
        name: (old.get(name), value)
        for name, value in new.items()
        if (old.get(name) or None) != (value or None)
    }
