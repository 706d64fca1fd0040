"""Every later interpreter replays what this one has recorded, in every process alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from temporalio.client import WorkflowHistory

from tqrun.plan.model import Step, Try, every_step
from tqrun.temporal.headers import BOUNDED, PLAN_HEADER
from tqrun.temporal.runs import pinned

FOLDER = Path(__file__).parent
HISTORIES = sorted((FOLDER / "histories").glob("*.json"))
BUDGETS = ("before", "within")
QUEUES = FOLDER / "recorded" / "queues.yaml"


@pytest.mark.parametrize("seed", range(10))
def test_histories_replay_with_any_hash_seed(seed: int) -> None:
    command = [sys.executable, "-m", "tqrun.cli.main", "replay", str(FOLDER / "histories")]
    done = subprocess.run(
        [*command, "--file", str(QUEUES), "--output", "json", "--jobs", "1"],
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"], told["failures"]) == (0, len(HISTORIES), []), done.stderr


def test_a_run_started_otherwise_has_one_marker_more() -> None:
    kinds = {file.stem: [event_kind(event) for event in events(file)] for file in HISTORIES}
    launched, otherwise = kinds["calls"], kinds["started_otherwise"]
    assert otherwise.count("MARKER_RECORDED") == 1
    assert sorted(otherwise) == sorted([*launched, "MARKER_RECORDED"])


def test_a_run_keeps_the_budget_that_it_was_started_with() -> None:
    before, within = (FOLDER / "histories" / f"{name}_the_budget.json" for name in BUDGETS)
    assert BOUNDED not in _header(before)["metadata"]
    assert BOUNDED in _header(within)["metadata"]
    ended = [{event_kind(event) for event in events(file)} for file in (before, within)]
    assert "ACTIVITY_TASK_COMPLETED" in ended[0] - ended[1]
    assert "TIMER_FIRED" in ended[1] - ended[0]


def _header(file: Path) -> dict[str, Any]:
    started = events(file)[0]["workflowExecutionStartedEventAttributes"]
    found: dict[str, Any] = started["header"]["fields"][PLAN_HEADER]
    return found


def test_every_kind_of_step_has_been_recorded() -> None:
    plans = [pinned(WorkflowHistory.from_json("", events).events) for events in told().values()]
    steps = [step for one in plans if one for step in every_step(one.plan().steps)]
    assert {type(step) for step in steps} == set(get_args(Step))
    assert any(step.clauses for step in steps if isinstance(step, Try))


def test_every_end_of_a_run_has_been_recorded() -> None:
    kinds = {event_kind(event) for history in told().values() for event in history["events"]}
    assert kinds >= {
        "WORKFLOW_EXECUTION_CANCEL_REQUESTED",
        "WORKFLOW_EXECUTION_COMPLETED",
        "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
        "WORKFLOW_EXECUTION_FAILED",
        "WORKFLOW_EXECUTION_SIGNALED",
    }


def told() -> dict[str, dict[str, Any]]:
    return {file.stem: json.loads(file.read_text()) for file in HISTORIES}


def events(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text())["events"]
    return found


def event_kind(event: dict[str, Any]) -> str:
    kind: str = event["eventType"]
    return kind.removeprefix("EVENT_TYPE_")
