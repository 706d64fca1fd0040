"""Whatever a function does to its process, the worker reports its outcome and serves on."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError

from tests.server import process_functions
from tests.server.project import Project
from tests.server.support import eventually
from tqrun.temporal.queues import cause_chain
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    defaults: {{activity: {{start_to_close_timeout: 30s, retry_policy: {{maximum_attempts: 1}}}}}}
    queues:
      {queue}:
        version: 1
        graceful_shutdown_timeout: 2s
        activities:
          in_thread: {{function: activities.work:in_thread}}
          in_loop: {{function: activities.work:in_loop}}
        workflows:
          thread:
            workflow_id: {queue}-thread-${{kind}}
            workflow_type: {queue}-thread
            input: {{kind: string}}
            steps: [in_thread]
          loop:
            workflow_id: {queue}-loop-${{kind}}
            workflow_type: {queue}-loop
            input: {{kind: string}}
            steps: [in_loop]
"""
OUTCOMES: dict[str, Any] = {
    "pool": [2, 4],
    "terminate": -signal.SIGTERM,
    "kill_by_id": -signal.SIGTERM,
    "interrupt_by_id": True,
    "exit_of_process": 3,
    "spawn": [2, 4],
    "forkserver": [2, 4],
    "executor": [2, 4],
    "broken_executor": "BrokenProcessPool: A process in the process pool was terminated abruptly "
    "while the future was running or pending.",
    "fork_and_exit": 3,
    "fork_and_return": "parent",
    "fork_and_raise": "parent",
    "fork_and_leave": 3,
    "run_command": 3,
    "terminate_command": -signal.SIGTERM,
    "leave": "SystemExit: enough",
    "interrupt": "KeyboardInterrupt",
    "close_generator": "GeneratorExit",
    "cancel": "CancelledError",
    "leave_behind": None,
}


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path, unique: Callable[[str], str]) -> Project:
    made = Project(tmp_path, server.address)
    work = Path(process_functions.__file__).read_text()
    made.write(QUEUES.format(queue=unique("functions").replace("-", "_")), work=work)
    return made


async def outcome(client: Client, project: Project, where: str, kind: str) -> Any:
    """What the function *kind* came to, called in the thread or in the loop."""
    queue = project.queue
    try:
        return await client.execute_workflow(
            f"{queue}-{where}",
            {"kind": kind},
            id=f"{queue}-{where}-{kind}",
            task_queue=f"{queue.replace('_', '-')}-v1",
        )
    except WorkflowFailureError as error:
        return cause_chain(error).rpartition(" <- ")[2]


async def test_the_worker_serves_on(project: Project, client: Client) -> None:
    with project.worker() as worker:
        for where in ("thread", "loop"):
            async with asyncio.timeout(60):
                found = {kind: await outcome(client, project, where, kind) for kind in OUTCOMES}
            assert found == OUTCOMES, where
        assert await outcome(client, project, "thread", "ignore_signals") == "main"
        assert await outcome(client, project, "loop", "ignore_signals") == "ignored"
        replaced = "a function has replaced the worker's signal handlers; they are back"
        await eventually(lambda: replaced in [line["message"] for line in project.log()])
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=20) == 0
    left = (project.folder / process_functions.LEFT_BEHIND).read_text().split()
    await eventually(lambda: not any(_is_there(int(child)) for child in left), within=5)


def _is_there(process: int) -> bool:
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True
    )
    return shown.stdout.strip() not in ("", "Z")  # the end of a zombie is its new parent's to see
