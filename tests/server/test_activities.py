"""Plain functions as activities: their types, their errors, their heartbeats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.project import Project
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{amount}}
        input:
          amount: {{type: string, default: "1.50"}}
          at: {{type: string, format: date-time, default: "2026-03-01T12:00:00Z"}}
          colour: {{type: string, enum: [red, blue], default: red}}
        activities:
          call:
            function: activities.work:{function}
            start_to_close_timeout: 20s
            heartbeat_timeout: 1s
            retry_policy:
              initial_interval: 100ms
              maximum_attempts: 3
              non_retryable_error_types: [LookupError]
"""
WORK = """
    import asyncio
    import time
    from dataclasses import dataclass
    from datetime import datetime, timedelta
    from decimal import Decimal
    from enum import Enum

    class Colour(Enum):
        RED = "red"
        BLUE = "blue"

    @dataclass
    class Answer:
        amount: Decimal
        at: datetime
        colour: Colour

    def typed(amount: Decimal, at: datetime, colour: Colour) -> Answer:
        return Answer(amount * 2, at + timedelta(days=1), colour)

    async def waits(amount: str) -> str:
        await asyncio.sleep(2.5)
        return amount

    def blocks(amount: str) -> str:
        time.sleep(2.5)
        return amount

    def fails_with_subclass(amount: str) -> None:
        raise KeyError("a subclass of LookupError")

    def returns_too_much(amount: str) -> str:
        return "x" * 3_000_000

    def returns_no_json(amount: str) -> object:
        return object()

    def says_too_much(amount: str) -> None:
        raise LookupError("x" * 100_000)
"""


@pytest.fixture
def run(
    server: EmbeddedServer, tmp_path: Path, unique: Callable[[str], str]
) -> Callable[[str], tuple[Project, dict[str, object]]]:
    """Launch a workflow that calls one function, and wait for it."""
    project = Project(tmp_path, server.address)
    queue = unique("activity").replace("-", "_")

    def of(function: str) -> tuple[Project, dict[str, object]]:
        project.write(QUEUES.format(queue=queue, function=function), work=WORK)
        with project.worker():
            return project, project.launch(queue, "--wait")

    return of


Run = Callable[[str], tuple[Project, dict[str, object]]]


def attempts(project: Project) -> int:
    return sum(line["message"] == "activity started" for line in project.log())


def test_arguments_and_results_have_the_annotated_types(run: Run) -> None:
    _, shown = run("typed")
    assert shown["result"] == {"amount": "3.00", "at": "2026-03-02T12:00:00Z", "colour": "red"}


@pytest.mark.parametrize("function", ["waits", "blocks"])
def test_heartbeats_keep_a_long_call_alive(run: Run, function: str) -> None:
    project, shown = run(function)
    assert shown["result"] == "1.50"
    assert attempts(project) == 1


def test_a_subclass_of_a_listed_error_is_not_tried_again(run: Run) -> None:
    project, shown = run("fails_with_subclass")
    assert "KeyError" in str(shown["error"])
    assert attempts(project) == 1


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("returns_too_much", "the result has 3.0 MB, Temporal's limit is 2 MB"),
        ("returns_no_json", "the result cannot be written as JSON"),
    ],
)
def test_a_result_that_cannot_be_kept_fails_once(run: Run, function: str, message: str) -> None:
    project, shown = run(function)
    assert message in str(shown["error"])
    assert attempts(project) == 1


def test_the_text_of_an_error_is_bounded(run: Run) -> None:
    _, shown = run("says_too_much")
    assert len(str(shown["error"])) < 3_000
