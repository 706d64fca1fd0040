"""`make demo`: a Temporal server, the workers of all example queues, and real work for them.

It runs the commands that a user would, echoes each one, and stops what it started.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tqrun.errors import ServerUnavailable
from tqrun.temporal.server import EmbeddedServer, ServerOptions, embedded_server

TQRUN = Path(sys.executable).with_name("tqrun")
DATA = Path(".data")
LAUNCHES = (
    "launch your_queue --entity-id entity-1 --workspace-id 1 --wait",
    "launch package_index --package typer --wait",
    "launch usage_report --day 2026-03-03 --wait",
)


async def demo() -> int:
    print("starting a Temporal server")
    async with embedded_server(ServerOptions(data=DATA / "demo.sqlite3")) as server:
        print(f"  at {server.address}, UI at {server.ui_url}\n")
        os.environ["TEMPORAL_ADDRESS"] = server.address
        log = DATA / "worker.log"
        print(f"$ tqrun worker all   (its log: {log})\n")
        with log.open("wb") as stream:
            worker = await asyncio.create_subprocess_exec(TQRUN, "worker", "all", stderr=stream)
        try:
            status = await work(server)
        finally:
            print("stopping the workers, then the server")
            worker.terminate()
            await worker.wait()
    return status


async def work(server: EmbeddedServer) -> int:
    for command in ("check", *LAUNCHES):
        print(f"$ tqrun {command}", flush=True)
        process = await asyncio.create_subprocess_exec(TQRUN, *command.split())
        if await process.wait() != 0:
            return 1
        print(flush=True)
    print(f"every run is in the UI: {server.ui_url}/namespaces/default/workflows")
    if sys.stdin.isatty():
        await asyncio.to_thread(input, "press Enter to stop ")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(demo()))
    except ServerUnavailable as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
