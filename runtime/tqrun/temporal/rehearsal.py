"""The process behind `tqrun.testing`: a server, and workers whose activities are the tests' own.

The SDK's client lives here and not in the process of pytest, which it could crash at its exit
(github.com/temporalio/sdk-python/issues/300). The two talk over one socket, a line of JSON per
message; each side asks the other and answers. It ends when the socket does.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from temporalio.client import Client

from tqrun import logs
from tqrun.errors import InvalidQueuesFile, TqrunError
from tqrun.plan.registry import Registry
from tqrun.temporal.client import PlanHeader
from tqrun.temporal.converter import DATA_CONVERTER
from tqrun.temporal.server import ServerOptions, embedded_server
from tqrun.temporal.stage import Stage
from tqrun.temporal.stand_ins import BUSY
from tqrun.temporal.worker import quiet_sdk

MAX_LINE_BYTES = 64_000_000


class Rehearsal:
    """One conversation with a pytest session, from its first question to the end of its socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk over *reader* and *writer*."""
        self._reader, self._writer = reader, writer
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._stages: dict[str, Stage] = {}
        self._registries: dict[str, tuple[bytes, Registry]] = {}
        self._answering: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer until the other side is gone."""
        options = ServerOptions(port=0, headless=True)
        async with AsyncExitStack() as stack:
            self._server = await stack.enter_async_context(embedded_server(options))
            self._client = await Client.connect(
                self._server.address,
                data_converter=DATA_CONVERTER,
                interceptors=[PlanHeader()],
            )
            self.send({"ready": self._server.address})
            while line := await self._reader.readline():
                message = json.loads(line)
                if "answer" in message:
                    self._asked.pop(message["answer"]).set_result(message["value"])
                else:
                    task = asyncio.create_task(self._answer(message))
                    self._answering.add(task)
                    task.add_done_callback(self._answering.discard)
            for stage in self._stages.values():
                await stage.close()

    def send(self, message: Any) -> None:
        """Write one *message*; may be called by any thread."""
        line = json.dumps(message).encode() + b"\n"
        self._loop.call_soon_threadsafe(self._writer.write, line)

    async def ask(self, stage: str, call: dict[str, Any]) -> Any:
        """What the test makes of an activity *call*."""
        number = next(self._numbers)
        self._asked[number] = self._loop.create_future()
        self.send({"ask": number, "stage": stage, **call})
        return await self._asked[number]

    async def _answer(self, message: dict[str, Any]) -> None:
        number, what, name = (message.pop(key) for key in ("ask", "what", "stage"))
        try:
            if what == "open":
                self._stages[name] = await self._open(name, message["file"])
                value = None
            else:
                value = await getattr(self._stages[name], what)(**message)
        except InvalidQueuesFile as error:
            self.send({"answer": number, "refused": f"the queues file has findings\n{error}"})
        except TqrunError as error:
            self.send({"answer": number, "refused": str(error)})
        except Exception as error:  # the test is told whatever went wrong
            logging.getLogger(__name__).exception("the rehearsal of a test failed")
            self.send({"answer": number, "refused": f"{type(error).__name__}: {error}"})
        else:
            self.send({"answer": number, "value": value})

    async def _open(self, name: str, file: str) -> Stage:
        """A stage for one test: a namespace of its own, so that no id meets another test's."""
        await self._server.register([name])
        settings: Any = {**self._client.config(), "namespace": name}
        return Stage(self._registry(file), Client(**settings), lambda call: self.ask(name, call))

    def _registry(self, file: str) -> Registry:
        """The compiled file, compiled anew when its text has changed."""
        with open(file, "rb") as text:  # noqa: PTH123
            content = text.read()
        known = self._registries.get(file)
        if known is None or known[0] != content:
            known = self._registries[file] = (content, Registry(file))
        return known[1]


class _ToTests(logging.Handler):
    """Sends what is logged to the process of pytest, where `caplog` finds it."""

    def __init__(self, send: Callable[[Any], None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "error_type", None) == BUSY:
            return
        extra = {
            name: value if isinstance(value, str | int | float | bool | None) else str(value)
            for name, value in logs.fields_of(record).items()
        }
        text = {"name": record.name, "levelno": record.levelno, "msg": record.getMessage()}
        if record.exc_info:
            text["exc_text"] = logging.Formatter().formatException(record.exc_info)
        self._send({"log": {**extra, **text, "levelname": record.levelname}})


async def _talk(descriptor: int) -> None:
    connection = socket.socket(fileno=descriptor)
    reader, writer = await asyncio.open_connection(sock=connection, limit=MAX_LINE_BYTES)
    rehearsal = Rehearsal(reader, writer)
    logging.basicConfig(level=logging.INFO, handlers=[_ToTests(rehearsal.send)], force=True)
    quiet_sdk()
    try:
        await rehearsal.run()
    except TqrunError as error:
        rehearsal.send({"failed": str(error)})
        await asyncio.sleep(0)  # it is written by the loop's next turn
        await writer.drain()


def main(arguments: Sequence[str]) -> None:
    """Talk over the socket with the file descriptor given, and end without a clean-up."""
    try:
        asyncio.run(_talk(int(arguments[0])))
    except Exception:  # noqa: BLE001 - pytest shows what was printed
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
