"""Every later interpreter replays what this one has recorded, in every process alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
HISTORIES = sorted((FOLDER / "histories").glob("*.json"))
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


def events(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text())["events"]
    return found


def event_kind(event: dict[str, Any]) -> str:
    kind: str = event["eventType"]
    return kind.removeprefix("EVENT_TYPE_")
