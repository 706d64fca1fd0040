"""Runs that are there: their address, their history, and the plan that each is pinned to."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from tqrun.errors import ServerUnavailable, UsageError
from tqrun.plan.model import Plan, decode
from tqrun.temporal.described import listed
from tqrun.temporal.headers import PLAN_HEADER
from tqrun.temporal.workflow import RESOLVE

LOCAL_ACTIVITY = "core_local_activity"
"""The marker in which the SDK records a local activity."""


@dataclass(frozen=True)
class Pinned:
    """The plan that a run keeps, as its history has it.

    Attributes:
        by: `header` of the first event, or `marker` of the worker that resolved it.
        encoded: The plan's wire form, which this tqrun may be too old to read.
    """

    by: Literal["header", "marker"]
    encoded: bytes

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The plan as JSON, whatever its format number is; empty when it is no plan at all."""
        try:
            content = json.loads(self._text)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def hash(self) -> str:
        """Twelve hex digits, as the memo of a launched run has them."""
        return hashlib.sha256(self._text).hexdigest()[:12]

    def plan(self) -> Plan:
        """The plan, decoded.

        Raises:
            UnreadablePlan: A newer tqrun has written it.
        """
        return decode(self.encoded)

    @cached_property
    def _text(self) -> bytes:
        try:
            return self.encoded if self.encoded[:1] == b"{" else zlib.decompress(self.encoded)
        except zlib.error:
            return self.encoded


def pinned(events: Sequence[HistoryEvent]) -> Pinned | None:
    """The plan of the run with this history, the latest of a debounced one; None without any."""
    if not events:
        return None
    header = events[0].workflow_execution_started_event_attributes.header.fields
    if PLAN_HEADER in header:
        return Pinned("header", header[PLAN_HEADER].data)
    for event in reversed(events):
        encoded = _resolved(event)
        if encoded is not None:
            return Pinned("marker", encoded)
    return None


def _resolved(event: HistoryEvent) -> bytes | None:
    """The plan that a marker of the worker's own local activity records."""
    if event.event_type != EventType.EVENT_TYPE_MARKER_RECORDED:
        return None
    marker = event.marker_recorded_event_attributes
    if marker.marker_name != LOCAL_ACTIVITY or not marker.details["result"].payloads:
        return None
    about = marker.details["data"].payloads
    if not about or json.loads(about[0].data).get("activity_type") != RESOLVE:
        return None
    found = json.loads(marker.details["result"].payloads[0].data)["plan"]
    return str(found).encode()


async def history_of(client: Client, workflow_id: str, run_id: str | None) -> WorkflowHistory:
    """All events of a run; of the latest one with the id, without *run_id*.

    Raises:
        UsageError: There is no such run.
        ServerUnavailable: The server refused.
    """
    try:
        return await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
    except RPCError as error:
        raise refusal(error, workflow_id) from None


async def matching(client: Client, query: str) -> AsyncIterator[tuple[str, str]]:
    """Workflow id and run id of every run that the list filter *query* finds.

    Raises:
        UsageError: The server does not understand the query.
        ServerUnavailable: It refused.
    """
    try:
        async for found in listed(client, query):
            yield found
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            raise UsageError(f"the server does not understand the query: {error.message}") from None
        raise ServerUnavailable(f"the server did not list runs: {error.message}") from None


def refusal(error: RPCError, workflow_id: str) -> UsageError | ServerUnavailable:
    """What *error*, about one run, is for the person who asked."""
    if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
        return UsageError(f'there is no run "{workflow_id}" in the namespace: {error.message}')
    return ServerUnavailable(f"{workflow_id}: the server refused: {error.message}")
