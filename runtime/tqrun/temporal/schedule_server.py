"""The schedules of one namespace: looked at, made, changed in place and deleted.

An update that another one overtook is dropped by the server, in some versions silently, so that
every write is followed by a look.
"""

from __future__ import annotations

import asyncio
from typing import Any
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

from tqrun.errors import ApplyFailed
from tqrun.temporal.schedule_form import Wanted, fields

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


async def delete(client: Client, name: str) -> bool:
    """Delete the schedule *name*; False if there is none.

    Raises:
        ApplyFailed: The server refused.
    """
    request = DeleteScheduleRequest(namespace=client.namespace, schedule_id=name)
    try:
        # The server takes a deletion of one that is deleted for done.
        there = await described(client, name) is not None
        await client.workflow_service.delete_schedule(request)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise ApplyFailed(f"schedule {name} was not deleted: {error.message}") from error
    return there


async def put(client: Client, one: Wanted) -> None:
    """Make the server have the schedule *one*, until a look at it says so.

    Raises:
        ApplyFailed: The server refused, or something else changes it all the time.
    """
    reason = "it is changed by something else all the time"
    for _ in range(_ATTEMPTS):
        found = await described(client, one.id)
        if not await differences(client, one, found) and found is not None:
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


async def described(client: Client, name: str) -> DescribeScheduleResponse | None:
    """The schedule *name* as it is now; None if there is none.

    Raises:
        ApplyFailed: The server does not tell.
    """
    request = DescribeScheduleRequest(namespace=client.namespace, schedule_id=name)
    try:
        return await client.workflow_service.describe_schedule(request, retry=True)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise ApplyFailed(f"schedule {name} cannot be looked at: {error.message}") from error


async def differences(
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
