"""`/livez` and `/readyz` over HTTP, for the platform that runs the worker.

Alive: the process answers. Ready: the server has seen every chosen task queue polled by this
process, for workflows and for activities.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from temporalio.client import Client
from temporalio.service import RPCError

from tqrun.errors import UsageError
from tqrun.plan.registry import Service
from tqrun.temporal.pollers import Tasks, pollers

REQUEST_SECONDS = 5.0
MAX_CONNECTIONS = 100
"""Answered at once; those above it are closed, so that the worker keeps its open files."""


async def not_polling(clients: Mapping[str, Client], services: Sequence[Service]) -> list[str]:
    """The task queues of *services* that this process does not poll, as the server sees it."""
    polled = await asyncio.gather(
        *(_is_polled(clients[service.namespace], service.task_queue) for service in services)
    )
    return [
        one.task_queue for one, is_polled in zip(services, polled, strict=True) if not is_polled
    ]


async def _is_polled(client: Client, task_queue: str) -> bool:
    try:
        for tasks in Tasks:
            if client.identity not in await pollers(client, task_queue, tasks):
                return False
    except RPCError:
        return False
    return True


@asynccontextmanager
async def health_server(
    address: str, waiting_for: Callable[[], Awaitable[list[str]]]
) -> AsyncIterator[None]:
    """Answer at *address*, `host:port`; ready when *waiting_for* gives an empty list.

    Raises:
        UsageError: The address cannot be listened on.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f'--health {address}: write for example "127.0.0.1:8080"')

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(answering) < MAX_CONNECTIONS:
                answering.add(writer)
                async with asyncio.timeout(REQUEST_SECONDS):
                    line = await _request_line(reader)
                writer.write(_response(*await _respond(line, waiting_for)))
                async with asyncio.timeout(REQUEST_SECONDS):
                    await writer.drain()
        except OSError:
            pass  # whoever asked has gone, or asks for nothing
        finally:
            answering.discard(writer)
            writer.close()

    answering: set[asyncio.StreamWriter] = set()
    try:
        server = await asyncio.start_server(answer, host.strip("[]"), int(port))
    except (OSError, OverflowError) as error:
        raise UsageError(f"--health {address}: cannot listen: {error}") from None
    async with server:
        yield


async def _request_line(reader: asyncio.StreamReader) -> bytes | None:
    """The first line of a request; None if it is longer than any that is answered."""
    try:
        return await reader.readline()
    except ValueError:
        return None


async def _respond(
    request: bytes | None, waiting_for: Callable[[], Awaitable[list[str]]]
) -> tuple[str, dict[str, object]]:
    if request is None:
        return "414 URI Too Long", {"error": "there are /livez and /readyz"}
    path = request.split(b" ")[1:2]
    if path == [b"/livez"]:
        return "200 OK", {"status": "alive"}
    if path != [b"/readyz"]:
        return "404 Not Found", {"error": "there are /livez and /readyz"}
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            waiting = await waiting_for()
    except TimeoutError:
        error = "the Temporal server does not answer"
        return "503 Service Unavailable", {"status": "waiting", "error": error}
    if waiting:
        return "503 Service Unavailable", {"status": "waiting", "not_polling": waiting}
    return "200 OK", {"status": "ready"}


def _response(status: str, body: dict[str, object]) -> bytes:
    content = json.dumps(body).encode() + b"\n"
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
