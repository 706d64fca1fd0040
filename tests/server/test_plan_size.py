"""A plan travels in a header of its run, which has room for 64 kB."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.project import Project
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{number}}
        input: {{number: integer}}
        activities:
          call:
            function: activities.work:call
            start_to_close_timeout: 10s
            summary: {summary}
"""
CALL = """
    def call(number: int) -> int:
        return number
"""


@pytest.fixture
def launched(
    server: EmbeddedServer, tmp_path: Path, unique: Callable[[str], str]
) -> Callable[[int], tuple[int, str, str]]:
    """Launch a plan with so many bytes that do not compress; status, output and errors."""
    project = Project(tmp_path, server.address)
    queue = unique("plan").replace("-", "_")

    def launch(size: int) -> tuple[int, str, str]:
        summary = random.Random(0).randbytes(size).hex()
        project.write(QUEUES.format(queue=queue, summary=summary), work=CALL)
        done = project.tqrun("launch", queue, "--number", str(size))
        return done.returncode, done.stdout, done.stderr.replace(queue, "QUEUE")

    return launch


Launch = Callable[[int], tuple[int, str, str]]


def test_a_plan_of_some_size_is_not_spoken_of(launched: Launch) -> None:
    status, output, errors = launched(10_000)
    assert (status, output.split()[0]) == (0, "started")
    assert "large" not in errors


def test_a_large_plan_is_warned_of(launched: Launch) -> None:
    status, output, errors = launched(20_000)
    assert (status, output.split()[0]) == (0, "started")
    assert " warning the plan is large; split the workflow  queue=QUEUE bytes=2" in errors


def test_a_plan_that_no_header_takes_is_refused(launched: Launch) -> None:
    status, output, errors = launched(80_000)
    assert (status, output) == (1, "")
    assert errors.startswith("queues.yaml:3:3: the plan has ")
    assert errors.endswith(" kB, the limit is 64 kB; split the workflow [plan-too-large]\n")
