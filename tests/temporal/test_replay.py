"""Every later interpreter replays what this one has recorded, in every process alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("replay.py")
HISTORIES = sorted(SCRIPT.with_name("histories").glob("*.json"))


@pytest.mark.parametrize("seed", range(10))
def test_histories_replay_with_any_hash_seed(seed: int) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == str(len(HISTORIES)), done.stderr


def test_a_run_started_otherwise_has_one_marker_more() -> None:
    kinds = {file.stem: [event_kind(event) for event in events(file)] for file in HISTORIES}
    launched, otherwise = kinds["calls"], kinds["started_otherwise"]
    assert otherwise.count("MARKER_RECORDED") == 1
    assert sorted(otherwise) == sorted([*launched, "MARKER_RECORDED"])


def events(file: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(file.read_text())["events"]
    return found


def event_kind(event: dict[str, str]) -> str:
    return event["eventType"].removeprefix("EVENT_TYPE_")
