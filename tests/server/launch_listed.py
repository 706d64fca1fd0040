"""Launches what is listed as JSON, `[[queue, {input}], …]`, and prints what became of each.

A process binds the functions of one project; a test has several.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from tqrun import Queues, open_queues
from tqrun.cli.main import leave
from tqrun.errors import TqrunError


async def launched(queues: Queues, queue: str, values: dict[str, Any]) -> str:
    try:
        return (await queues.launch(queue, **values)).status
    except TqrunError as error:
        return f"error: {error}"


async def main(listed: list[tuple[str, dict[str, Any]]]) -> None:
    queues = open_queues()
    found = [await launched(queues, queue, values) for queue, values in listed]
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
    leave(0)
