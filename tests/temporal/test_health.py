"""`/livez` and `/readyz` answer whoever asks, whatever else arrives at their port."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tqrun.temporal import health

Ask = Callable[[bytes], Awaitable[tuple[int, Any]]]


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A health server that waits for one task queue."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        number: int = chosen.getsockname()[1]

    async def waiting_for() -> list[str]:
        return ["orders-v1"]

    async with health.health_server(f"127.0.0.1:{number}", waiting_for):
        yield number


async def ask(port: int, request: bytes) -> tuple[int, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /livez HTTP/1.1", 200),
        (b"GET /readyz HTTP/1.1", 503),
        (b"GET /" + b"x" * 100_000 + b" HTTP/1.1", 414),
        (b"GET", 404),
        (b"\x16\x03\x01\x02\x00", 404),  # TLS
        (b"\xff\x00\xfe", 404),
    ],
)
async def test_every_request_has_an_answer_and_no_traceback(
    port: int, request_line: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    found, _ = await ask(port, request_line + b"\r\n\r\n")
    assert (found, caplog.records) == (status, [])


async def test_many_connections_that_ask_for_nothing_leave_the_port_free(
    port: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "REQUEST_SECONDS", 0.5)
    async with AsyncExitStack() as stack:
        readers = []
        for _ in range(health.MAX_CONNECTIONS + 50):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            readers.append(reader)
        # All are closed: some at once, the others when they have had their time.
        assert await asyncio.gather(*(reader.read() for reader in readers)) == [b""] * len(readers)
        assert await ask(port, b"GET /livez HTTP/1.1\r\n\r\n") == (200, {"status": "alive"})
    assert [line for line in caplog.records if line.levelno >= logging.WARNING] == []


async def test_it_answers_where_the_temporal_server_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "REQUEST_SECONDS", 0.2)
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        number: int = chosen.getsockname()[1]

    async def waiting_for() -> list[str]:
        await asyncio.Event().wait()
        raise AssertionError

    async with health.health_server(f"127.0.0.1:{number}", waiting_for):
        status, body = await ask(number, b"GET /readyz HTTP/1.1\r\n\r\n")
    assert (status, body["error"]) == (503, "the Temporal server does not answer")
