"""Servers that are not what a Temporal client expects: TLS or none, gRPC or none, refusals."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

CERTIFICATES = Path(__file__).parent / "tls"
"""`server.pem` and `client.pem` are for `temporal.test` ; `other.pem` is of another CA."""

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_SETTINGS, _HEADERS, _DATA = 4, 1, 0
_STATUS, _CONTENT_TYPE = 8, 31  # in the static table of HPACK


@asynccontextmanager
async def serving(
    handler: Handler, *, tls: bool = False, client_ca: str | None = None
) -> AsyncIterator[str]:
    """The address at which *handler* answers meanwhile."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "server.pem")
        context.set_alpn_protocols(["h2"])
    if context is not None and client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(CERTIFICATES / client_ca)
    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def closes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    writer.close()


def page(status: bytes) -> Handler:
    """Answers all with *status* and a page, as a proxy of Temporal Cloud does."""
    return _http2(_field(_STATUS, status) + _field(_CONTENT_TYPE, b"text/html"), b"<html></html>")


def refuses(code: bytes, message: bytes) -> Handler:
    """Answers all with a gRPC status."""
    head = _field(_STATUS, b"200") + _field(_CONTENT_TYPE, b"application/grpc")
    return _http2(head + _named(b"grpc-status", code) + _named(b"grpc-message", message), b"")


def _http2(head: bytes, body: bytes) -> Handler:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readexactly(24)  # the preface
            writer.write(_frame(_SETTINGS, 0, 0, b""))
            while True:
                begin = await reader.readexactly(9)
                await reader.readexactly(int.from_bytes(begin[:3], "big"))
                kind, flags, stream = begin[3], begin[4], int.from_bytes(begin[5:], "big")
                if kind == _SETTINGS and not flags & 1:
                    writer.write(_frame(_SETTINGS, 1, 0, b""))
                if kind == _HEADERS:
                    writer.write(_frame(_HEADERS, 4 | (not body), stream, head))
                    writer.write(_frame(_DATA, 1, stream, body) if body else b"")
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    return serve


def _frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + body


def _field(index: int, value: bytes) -> bytes:
    name = bytes((index,)) if index < 15 else bytes((15, index - 15))
    return name + bytes((len(value),)) + value


def _named(name: bytes, value: bytes) -> bytes:
    return b"\0" + bytes((len(name),)) + name + bytes((len(value),)) + value
