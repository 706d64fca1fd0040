"""The benchmarks run, and compare workers that do and log the same."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.contenders import RUN_SECONDS, contenders
from tests.benchmarks.measure import Setting

ROOT = Path(__file__).parents[2]
OWN = ("time", "logger", "workflow_id", "run_id", "entity_id", "duration_ms")
"""What differs from run to run, and the names that each side gives its loggers."""


def test_the_command_measures_what_it_is_told() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "history", "--rounds", "1"]
    done = subprocess.run([*command, "--output", "json"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["figures"]
    assert [(figure["line"], figure["verdict"]) for figure in figures] == [
        ("hand-written", None),
        ("tqrun launch", None),
        ("tqrun launch, more than hand-written", "met"),
        ("started otherwise, more than hand-written", "met"),
    ]


def test_an_unknown_measure_is_refused() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert 'no measure "nothing"' in done.stderr


async def test_all_workers_log_the_same_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", sys.path[:])
    async with contenders(Setting(tmp_path, runs=1)) as (_, workers):
        for worker in workers.values():
            async with asyncio.timeout(RUN_SECONDS):
                await worker.run()
    logged = {name: [*map(_comparable, _lines(worker.log))] for name, worker in workers.items()}
    assert [line["message"] for line in logged["tqrun"]] == [
        "activity started",
        "processed",
        "activity completed",
    ]
    assert logged["sandboxed"] == logged["tqrun"]
    assert logged["unsandboxed"] == logged["tqrun"]


def _lines(log: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    return [line for line in found if "activity" in line]


def _comparable(line: dict[str, Any]) -> dict[str, Any]:
    return {name: ... if name in OWN else value for name, value in line.items()}
