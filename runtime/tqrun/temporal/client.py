"""A connection to the Temporal server, from the options, the environment and the profile."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput
from temporalio.client import WorkflowHandle as Handle
from temporalio.envconfig import ClientConfigProfile
from temporalio.service import RPCError, TLSConfig

from tqrun.diagnostics import quote
from tqrun.errors import ServerUnavailable, UsageError
from tqrun.temporal.calls import plan_to_send
from tqrun.temporal.converter import DATA_CONVERTER
from tqrun.temporal.workflow import PLAN_HEADER, plan_payload

DEFAULT_ADDRESS = "localhost:7233"
MAX_PORT = 65_535
CONNECT_SECONDS = 10.0
"""A server that accepts and stays silent would hang the SDK's own connect."""

_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
_NEVER = ("invalid target URL", "Invalid headers", "KeyParseError", "CertificateParseError")
"""In what the SDK says about a configuration that no server could make good."""


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
    named = os.environ.get("TEMPORAL_CONFIG_FILE")
    if named and named != os.devnull and not Path(named).is_file():
        # The SDK takes a missing file for an empty one.
        what = "is a folder" if Path(named).is_dir() else "does not exist"
        raise UsageError(f"TEMPORAL_CONFIG_FILE names {named}, which {what}")
    try:
        profile = ClientConfigProfile.load(connection.profile, config_file_strict=True)
        found: dict[str, Any] = dict(profile.to_client_connect_config())
    except RuntimeError as error:
        raise UsageError(f"Temporal's client configuration cannot be used: {error}") from None
    except OSError as error:
        message = f"{error.filename}, which Temporal's client configuration names: {error.strerror}"
        raise UsageError(message) from None
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
    tls = found.get("tls")
    if isinstance(tls, TLSConfig) and bool(tls.client_cert) != bool(tls.client_private_key):
        raise UsageError("TLS needs both a client certificate and its private key, or neither")


async def connect(connection: Connection, namespace: str, **options: Any) -> Client:
    """Connect to *namespace*, unless options, environment or profile name another.

    Raises:
        ServerUnavailable: There is no answer within ten seconds, or it is a refusal.
        UsageError: As `settings`.
    """
    found = {"namespace": namespace, **settings(connection), **options}
    address = found["target_host"]
    try:
        return await asyncio.wait_for(
            Client.connect(**found, data_converter=DATA_CONVERTER, interceptors=[PlanHeader()]),
            CONNECT_SECONDS,
        )
    except TimeoutError:
        raise ServerUnavailable(f"{address} does not answer as a Temporal server") from None
    except (RuntimeError, RPCError, ValueError, TypeError) as error:
        if any(sign in str(error) for sign in _NEVER):
            message = f"Temporal's client configuration cannot be used: {_reason(str(error))}"
            raise UsageError(message) from None
        raise ServerUnavailable(
            f"no Temporal server at {address}: {_reason(str(error))}; "
            'start one with "tqrun dev", or say where it is with --address'
        ) from None


def _reason(text: str) -> str:
    """The innermost of the causes that the SDK nests in one line of Rust."""
    if "InvalidContentType" in text:
        return "it does not speak TLS, and the client is configured to"
    if match := re.search(r"\w*(?:Key|Certificate)ParseError", text):
        return f"the TLS files are not what they should be ({match[0]})"
    quoted = re.findall(r'"([^"\\]+)"', text)
    lines = [*text.splitlines(), "no reason given"]
    return (quoted[-1] if quoted else lines[0])[:200]
