"""Functions that keep the worker from working are named, once, and do not keep it from ending."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.project import Project
from tests.server.support import eventually
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    defaults: {{activity: {{retry_policy: {{maximum_attempts: 1}}}}}}
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}
        graceful_shutdown_timeout: 0s
        activities:
          blocks: {{function: activities.work:blocks, start_to_close_timeout: 30s}}
      {queue}_stuck:
        version: 1
        workflow_id: {queue}-stuck-${{number}}
        input: {{number: integer}}
        max_concurrent_activities: 2
        graceful_shutdown_timeout: 0s
        activities:
          hangs: {{function: activities.work:hangs, start_to_close_timeout: 1s}}
      {queue}_stays:
        version: 1
        workflow_id: {queue}-stays
        graceful_shutdown_timeout: 0s
        activities:
          stays: {{function: activities.work:stays, start_to_close_timeout: 10m}}
"""
WORK = """
    import asyncio
    import time
    from pathlib import Path

    async def blocks() -> None:
        later()

    def later() -> None:
        time.sleep(3)

    def hangs(number: int) -> None:
        open(f"pipe{number}").close()

    async def stays() -> None:
        while True:
            try:
                Path("stays").touch()
                await asyncio.to_thread(time.sleep, 600)
            except asyncio.CancelledError:
                pass
"""
BLOCKED = "the event loop is blocked and all runs wait"
STUCK = "all threads are held by activities that have timed out"


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path, unique: Callable[[str], str]) -> Project:
    made = Project(tmp_path, server.address)
    made.write(QUEUES.format(queue=unique("blocked").replace("-", "_")), work=WORK)
    return made


def lines(project: Project, message: str) -> list[dict[str, Any]]:
    return [line for line in project.log() if line["message"] == message]


async def test_a_function_that_blocks_the_loop_is_named(project: Project) -> None:
    with project.worker():
        project.launch(project.queue, "--wait")
        await eventually(lambda: bool(lines(project, "the event loop goes on")))
    [warned] = lines(project, BLOCKED)
    assert (warned["level"], warned["activity"]) == ("warning", "blocks")
    assert (warned["workflow_id"], warned["function"]) == (project.queue, "blocks")
    assert warned["place"] == "activities/work.py:7"
    [over] = lines(project, "the event loop goes on")
    assert 2 < over["seconds"] < 10


async def test_threads_that_are_all_stuck_are_named(project: Project) -> None:
    for number in (1, 2):
        os.mkfifo(project.folder / f"pipe{number}")
    with project.worker():
        for number in (1, 2):
            project.launch(f"{project.queue}_stuck", "--number", str(number))
        await eventually(lambda: bool(lines(project, STUCK)))
        (project.folder / "pipe1").open("w").close()
        await eventually(lambda: bool(lines(project, "a thread is free again")))
        (project.folder / "pipe2").open("w").close()
    [warned] = lines(project, STUCK)
    assert (warned["level"], warned["queue"]) == ("warning", f"{project.queue}_stuck")
    assert (warned["activities"], warned["places"]) == ("hangs (2)", "activities/work.py:13 (2)")


async def test_an_activity_that_takes_no_end_does_not_keep_the_process(project: Project) -> None:
    with project.worker() as worker:
        project.launch(f"{project.queue}_stays")
        await eventually(lambda: (project.folder / "stays").exists())
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=30) == 0
    messages = [line["message"] for line in project.log()]
    assert messages[-2:] == [
        "activities did not end in time",
        "the process does not end by itself and is ended",
    ]
