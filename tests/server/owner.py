"""A process that owns an embedded server, for tests that interrupt or kill it.

`python owner.py DATA` prints the server's address, waits for SIGINT, and then prints whether the
server still answers.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from temporalio.client import Client

from tqrun.cli.main import leave
from tqrun.temporal.server import ServerOptions, embedded_server


async def own(data: Path) -> None:
    interrupted = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    async with embedded_server(ServerOptions(data=data, port=0, headless=True)) as server:
        print(server.address, flush=True)
        await interrupted.wait()
        client = await Client.connect(server.address)
        print(await client.service_client.check_health(), flush=True)


if __name__ == "__main__":
    asyncio.run(own(Path(sys.argv[1])))
    leave(0)
