"""Launches many runs of one queue at once, in a process of its own: QUEUE COUNT.

A process binds the functions of one project; a test has several.
"""

from __future__ import annotations

import asyncio
import sys

from tqrun import open_queues
from tqrun.cli.main import leave


async def main(queue: str, count: int) -> None:
    queues = open_queues()
    launched = await asyncio.gather(
        *(queues.launch(queue, number=number) for number in range(count))
    )
    print(sorted({one.status for one in launched}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
    leave(0)
