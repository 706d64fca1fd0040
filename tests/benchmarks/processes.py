"""Processes that are measured: their CPU, memory and wall time, as Linux counts them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tqrun.temporal.server import ServerOptions, embedded_server

STOP_SECONDS = 60

TQRUN = (str(Path(sys.executable).with_name("tqrun")),)


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[str]:
    """The address of an embedded server that keeps its data in *folder*, as the tests start it."""
    options = ServerOptions(data=folder / "temporal.db", port=0, headless=True)
    async with embedded_server(options) as running:
        yield running.address


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command*, whose stderr is appended to *log*, until the end of the block."""
    with (
        log.open("ab") as sink,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sink) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=STOP_SECONDS)


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """User and system time that *process* has used so far, all threads together."""
    # What clock_getcpuclockid(3) gives for another process; /proc/PID/stat counts in 10 ms.
    return time.clock_gettime(~process.pid << 3 | 2)


def resident_megabytes(process: subprocess.Popen[bytes]) -> float:
    """Memory of *process* that is in RAM, shared libraries included."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1000


def wall_seconds(command: Sequence[str], folder: Path) -> float:
    """Time that *command* takes from start to end; it must succeed."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=_with_bytecode(), capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return seconds


def _with_bytecode() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
