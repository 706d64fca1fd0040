"""Scripts that use the Python API end as they should, with `async with` and without."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.project import Project
from tqrun.temporal.server import EmbeddedServer

SCRIPTS = int(os.environ.get("TQRUN_SESSIONS", "2"))
"""One after the other, of each kind."""
QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{number}}
        input: {{number: integer}}
        activities:
          call: {{task_queue: elsewhere, start_to_close_timeout: 10s}}
"""
SLOW = """
import threading, time
from asyncio.selector_events import BaseSelectorEventLoop

wake = BaseSelectorEventLoop._write_to_self

def and_wait(self):
    wake(self)
    if threading.current_thread() is not threading.main_thread():
        time.sleep(0.2)

BaseSelectorEventLoop._write_to_self = and_wait
"""
"""Keeps a thread of the SDK in Python, where it may be for as long as the machine has no time."""
PLAIN = """
import asyncio, sys
from tqrun import open_queues

async def main():
    await open_queues().launch("{queue}", number=int(sys.argv[1]))

asyncio.run(main())
"""
CLOSED = """
import asyncio, atexit, sys
from tqrun import open_queues

async def main():
    async with open_queues() as queues:
        await queues.launch("{queue}", number=int(sys.argv[1]))

atexit.register = lambda call: call
asyncio.run(main())
"""
FAILING = PLAIN + "sys.exit(3)"


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path, unique: Callable[[str], str]) -> Project:
    made = Project(tmp_path, server.address)
    made.write(QUEUES.format(queue=unique("scripts").replace("-", "_")))
    return made


@pytest.mark.parametrize("before", ["", SLOW], ids=["as-it-is", "slow"])
@pytest.mark.parametrize(
    ("script", "status"), [(PLAIN, 0), (CLOSED, 0), (FAILING, 3)], ids=["plain", "closed", "fails"]
)
def test_it_ends_with_its_own_status(
    project: Project, before: str, script: str, status: int
) -> None:
    (project.folder / "script.py").write_text(before + script.format(queue=project.queue))
    for number in range(SCRIPTS):
        done = subprocess.run(
            [sys.executable, "script.py", str(number)],
            cwd=project.folder,
            env=project.environment,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout, done.stderr) == (status, "", "")
