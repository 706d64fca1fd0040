"""Many runs of one queue at once: what they share stays as it was."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from temporalio.client import Client

from tests.server.project import Project

RUNS = 250
QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{number}}
        input: {{number: integer}}
        activities:
          call:
            function: activities.work:call
            start_to_close_timeout: 30s
            summary: Number ${{number}}
            retry_policy:
              initial_interval: 10ms
              maximum_attempts: 3
              non_retryable_error_types: [LookupError]
"""
CALL = """
    FAILED = set()

    def call(number: int) -> int:
        if number % 50 == 0 and number not in FAILED:
            FAILED.add(number)
            raise RuntimeError("once")
        return number
"""


async def test_many_runs_at_once_leave_their_plan_unchanged(
    client: Client, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    project = Project(tmp_path, client.service_client.config.target_host)
    queue = unique("many").replace("-", "_")
    project.write(QUEUES.format(queue=queue), work=CALL)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("shared_plan.py")),
        queue,
        str(RUNS),
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    told = json.loads(output)
    assert told["results"] == list(range(RUNS))
    assert told["after"] == [told["before"]]
    first, last = [await kept(client, f"{queue}-{number}") for number in (0, RUNS - 1)]
    assert first == last
    assert first[0].hex() == told["before"]


async def kept(client: Client, workflow_id: str) -> tuple[bytes, dict[str, Any]]:
    """The plan that a run was started with, and what its call was scheduled with."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    plan = started.header.fields["tq_plan"].data
    (scheduled,) = (
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    )
    fields = ("start_to_close_timeout", "heartbeat_timeout", "retry_policy", "task_queue")
    return plan, {name: str(getattr(scheduled, name)) for name in fields}
