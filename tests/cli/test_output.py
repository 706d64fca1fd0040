"""Output that cannot be written is told in one line, and never as a bug."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TQRUN = f"{sys.executable} -m tqrun.cli.main"


@pytest.mark.parametrize("command", ["schema", "explain", "--help", "--version"])
@pytest.mark.parametrize(
    ("output", "told"),
    [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")],
)
def test_it_is_told(command: str, output: str, told: str) -> None:
    if output == ">/dev/full" and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    line = f"{TQRUN} {command} {output}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, f"error: the output cannot be written: {told}\n")


def test_a_command_without_output_needs_none(tmp_path: Path) -> None:
    (tmp_path / "queues.yaml").write_text("queues: {}\n")
    line = f"{TQRUN} check >&- 2>&-"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode in (0, 1)


def test_a_file_without_a_name_is_told() -> None:
    done = subprocess.run(["sh", "-c", f"{TQRUN} check ''"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, "error: the name of the queues file is empty\n")
