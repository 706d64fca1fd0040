"""A worker of the debounced queue under stress, in a process that may be killed: QUEUE.

Each end of a function is told to the launcher at LAUNCHER_PORT, so that it can aim. The runs go on
in new ones between any two steps once their history has some length.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

from temporalio import workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from tests.server.declared import Declared
from tqrun.cli.main import leave

EVENTS_BEFORE_CONTINUATION = 14


def is_time_to_stop() -> bool:
    return workflow.info().get_current_history_length() > EVENTS_BEFORE_CONTINUATION


def tell(step: str, entity: str, number: int) -> None:
    port = int(os.environ["LAUNCHER_PORT"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to_launcher:
        to_launcher.sendto(json.dumps([step, entity, number]).encode(), ("127.0.0.1", port))


async def prepare(entity: str, number: int) -> None:
    tell("prepare", entity, number)


async def work(entity: str, number: int) -> None:
    tell("work", entity, number)
    if number % 3 == 1:
        raise LookupError("every third launch asks for what there is not")


async def main(queue: str, text: str) -> None:
    client = await Client.connect(
        os.environ["TEMPORAL_ADDRESS"], data_converter=pydantic_data_converter
    )
    queues = Declared(Path.cwd(), text, client)
    await queues.restless_worker(queue, is_time_to_stop).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path("queues.yaml").read_text()))
    leave(0)
