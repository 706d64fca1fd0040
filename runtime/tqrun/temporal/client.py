"""A connection to the Temporal server, from the options, the environment and the profile."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput
from temporalio.client import WorkflowHandle as Handle
from temporalio.service import RPCError

from tqrun.diagnostics import quote
from tqrun.errors import ServerUnavailable, UsageError
from tqrun.temporal.configuration import configured
from tqrun.temporal.converter import DATA_CONVERTER
from tqrun.temporal.headers import PLAN_HEADER, plan_payload, plan_to_send
from tqrun.temporal.leaving import settle_at_exit
from tqrun.temporal.refusals import NEVER, impossible, reason, silent

DEFAULT_ADDRESS = "localhost:7233"
MAX_PORT = 65_535
CONNECT_SECONDS = 10.0
"""A server that accepts and stays silent would hang the SDK's own connect."""

_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the server; what is None comes from `TEMPORAL_*`, the profile, the file.

    Attributes:
        address: `host:port`.
        namespace: Overrides the file's.
        profile: A profile of Temporal's TOML configuration.
    """

    address: str | None = None
    namespace: str | None = None
    profile: str | None = None


class PlanHeader(Interceptor):
    """Sends the plan of the workflow that is being started along, in its header."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return _SendPlan(next)


class _SendPlan(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> Handle[Any, Any]:  # noqa: A002
        plan = plan_to_send.get()
        if plan is not None:
            input.headers = {**input.headers, PLAN_HEADER: plan_payload(plan)}
        return await super().start_workflow(input)


def settings(connection: Connection) -> dict[str, Any]:
    """Keyword arguments for `Client.connect`, the first source that says a thing winning.

    Raises:
        UsageError: The configuration file, profile or environment cannot be used.
    """
    found = configured(connection.profile)
    found.setdefault("target_host", DEFAULT_ADDRESS)
    if connection.address is not None:
        found["target_host"] = connection.address
    if connection.namespace is not None:
        found["namespace"] = connection.namespace
    _refuse_impossible(found)
    return found


def _refuse_impossible(found: Mapping[str, Any]) -> None:
    address = found["target_host"]
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[1]) <= MAX_PORT:
        example = 'write host:port, for example "localhost:7233"'
        raise UsageError(f"{quote(address)} is no address of a server; {example}")


async def connect(connection: Connection, namespace: str, **options: Any) -> Client:
    """Connect to *namespace*, unless options, environment or profile name another.

    Raises:
        ServerUnavailable: There is no answer within ten seconds, or it is a refusal.
        UsageError: As `settings`.
    """
    found = {"namespace": namespace, **settings(connection), **options}
    address = found["target_host"]
    settle_at_exit()
    try:
        return await asyncio.wait_for(
            Client.connect(**found, data_converter=DATA_CONVERTER, interceptors=[PlanHeader()]),
            CONNECT_SECONDS,
        )
    except TimeoutError:
        raise ServerUnavailable(f"{address} {silent(found)}") from None
    except (RuntimeError, RPCError, ValueError, TypeError) as error:
        text = str(error)
        if any(sign in text for sign in NEVER):
            message = f"Temporal's client configuration cannot be used: {impossible(text)}"
            raise UsageError(message) from None
        message = f"no Temporal server at {address}: {reason(text, found)}"
        raise ServerUnavailable(message) from None
