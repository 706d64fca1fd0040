"""What `tqrun replay` tells of histories in files, and with which status it ends."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).parents[1] / "temporal"
CALLS = RECORDED / "histories" / "calls.json"
OTHERWISE = RECORDED / "histories" / "started_otherwise.json"
QUEUES = RECORDED / "recorded" / "queues.yaml"
RUN = "01a20891-4cdd-784a-a2f7-48da3a3178b2"


def replay(folder: Path, *arguments: str, file: Path = QUEUES) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "tqrun.cli.main", "replay", *arguments, "-f", str(file)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def with_plan(change: Callable[[str], str]) -> str:
    """The history of a launched run, as if its plan had been another one."""
    history: dict[str, Any] = json.loads(CALLS.read_text())
    first = history["events"][0]["workflowExecutionStartedEventAttributes"]
    payload = first["header"]["fields"]["tq_plan"]
    plan = change(base64.b64decode(payload["data"]).decode())
    payload["data"] = base64.b64encode(plan.encode()).decode()
    return json.dumps(history)


def test_runs_are_counted_by_the_plan_that_they_are_pinned_to(tmp_path: Path) -> None:
    for name in ("a", "b", "deeper/c"):
        file = tmp_path / "histories" / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CALLS, file)
    shutil.copy(OTHERWISE, tmp_path / "one.json")
    assert replay(tmp_path, "histories", "one.json") == (
        0,
        "plan          workflow        version  pinned by  runs  ok  failed\n"
        "ef0b11fa4cb1  recorded.calls        1  header        3   3       0\n"
        "ef0b11fa4cb1  recorded.calls        1  marker        1   1       0\n"
        "4 runs replayed, 0 failed\n",
        "",
    )


def test_a_failure_names_the_run_the_event_and_the_way_out(tmp_path: Path) -> None:
    other = with_plan(lambda plan: plan.replace('"activity":"two"', '"activity":"double"'))
    (tmp_path / "one.json").write_text(other)
    assert replay(tmp_path, "one.json") == (
        1,
        "plan          workflow        version  pinned by  runs  ok  failed\n"
        "74717e5f9521  recorded.calls        1  header        1   0       1\n"
        f"calls-X run {RUN}: event 11 ActivityTaskScheduled: Nondeterminism error: Activity type "
        "of scheduled event 'two' does not match activity type of activity command 'double'\n"
        "    keep workers of the tqrun that ran it until it has ended, or: "
        "tqrun reset recorded.calls --workflow-id calls-X --plan current\n"
        "1 run replayed, 1 failed\n",
        "",
    )


def test_failures_and_unreadable_files_are_told_to_programs(tmp_path: Path) -> None:
    (tmp_path / "newer.json").write_text(
        with_plan(lambda plan: plan.replace('"format":1', '"format":2'))
    )
    (tmp_path / "torn.json").write_text('{"events": [')
    (tmp_path / "list.json").write_text("[]")
    status, out, err = replay(tmp_path, ".", "--output", "json")
    assert (status, err) == (1, "")
    plan = {"plan": "3b80c0b35b82", "pinned": "header", "name": "recorded.calls", "version": 1}
    assert json.loads(out) == {
        "version": 1,
        "runs": 1,
        "ok": 0,
        "failed": 1,
        "not_begun": 0,
        "plans": [{**plan, "runs": 1, "failed": 1, "not_begun": 0, "ok": 0}],
        "failures": [
            {
                **plan,
                "source": "newer.json",
                "workflow_id": "calls-X",
                "run_id": RUN,
                "workflow_type": "calls",
                "error": "the run's plan has format 2, this worker knows 1; a newer worker runs it",
                "event": "4 WorkflowTaskCompleted",
                "way_out": "replay it with the tqrun that has written its plan, or a newer one",
            }
        ],
        "unreadable": [
            {"source": "list.json", "error": "not a history: it is no JSON object"},
            {
                "source": "torn.json",
                "error": "not a history: Expecting value: line 1 column 13 (char 12)",
            },
        ],
    }


def with_events(*numbers: int) -> str:
    """The history of a launched run with only some of its events, numbered anew."""
    history: dict[str, Any] = json.loads(CALLS.read_text())
    kept = [history["events"][number - 1] for number in numbers]
    events = [{**event, "eventId": str(place)} for place, event in enumerate(kept, 1)]
    return json.dumps({**history, "events": events})


def test_a_run_that_has_not_begun_has_nothing_to_replay(tmp_path: Path) -> None:
    (tmp_path / "delayed.json").write_text(with_events(1))
    shutil.copy(CALLS, tmp_path / "one.json")
    assert replay(tmp_path, ".") == (
        0,
        "plan          workflow        version  pinned by  runs  ok  failed\n"
        "ef0b11fa4cb1  recorded.calls        1  header        2   2       0\n"
        "2 runs replayed, 0 failed, 1 not begun\n",
        "",
    )


def test_a_history_that_does_not_end_to_replay_is_a_failure_and_the_next_one_is_replayed(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.json").write_text(with_events(1, 2, 3, 5, 6, 8))
    shutil.copy(CALLS, tmp_path / "b.json")
    status, out, _ = replay(tmp_path, ".", "--jobs", "1", "--time-limit", "3s")
    assert (status, out) == (
        1,
        "plan          workflow        version  pinned by  runs  ok  failed\n"
        "ef0b11fa4cb1  recorded.calls        1  header        2   1       1\n"
        f"calls-X run {RUN}: event 6 WorkflowTaskScheduled: it has not replayed within 3 seconds\n"
        "    see whether it is not whole, or give it more time with --time-limit\n"
        "2 runs replayed, 1 failed\n",
    )


OTHER = """
queues:
  other: {version: 1, workflow_id: 'x-${a}', input: {a: string}, steps: [{return: "${a}"}]}
"""


def test_a_launched_run_of_an_undeclared_type_goes_on(tmp_path: Path) -> None:
    (tmp_path / "queues.yaml").write_text(OTHER)
    status, out, err = replay(tmp_path, str(CALLS), file=tmp_path / "queues.yaml")
    assert (status, err) == (0, ""), out


def test_a_type_that_the_file_does_not_declare_is_said(tmp_path: Path) -> None:
    (tmp_path / "queues.yaml").write_text(OTHER)
    shutil.copy(OTHERWISE, tmp_path / "one.json")
    status, out, _ = replay(tmp_path, "one.json", "-o", "json", file=tmp_path / "queues.yaml")
    [failure] = json.loads(out)["failures"]
    assert (status, failure["way_out"]) == (
        1,
        'the file declares no workflow type "calls": replay it with the file that does',
    )


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ((), 2, "error: name files or folders with histories, or give --query"),
        (("there", "--query", "x"), 2, "error: files and --query exclude each other: give one"),
        (("there",), 3, "error: there: no such file or folder"),
        ((".",), 3, "error: .: no history in it, that is, no file *.json"),
    ],
)
def test_what_cannot_be_replayed_has_a_status_and_one_line(
    arguments: tuple[str, ...], status: int, told: str, tmp_path: Path
) -> None:
    found, out, err = replay(tmp_path, *arguments)
    assert (found, out) == (status, "")
    assert err.startswith(told)
    assert err.count("\n") == 1


def test_an_unreadable_history_alone_has_its_own_status(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text("{}")
    assert replay(tmp_path, "empty.json") == (
        3,
        "empty.json: not a history: it has no list of events\n"
        "0 runs replayed, 0 failed, 1 unreadable\n",
        "",
    )
