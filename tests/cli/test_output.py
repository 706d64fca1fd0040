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


QUEUES = """
queues:
  q:
    version: 1
    workflow_id: q-${x}
    input: {x: string}
    activities:
      call: {task_queue: elsewhere, start_to_close_timeout: 10s}
"""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("<&-", "--input -: standard input is closed"),
        ("< /dev/null", "--input: not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        ("< latin-1", "--input: the text is not UTF-8"),
        ("< deep", "--input: not valid JSON: nested too deep"),
    ],
)
@pytest.mark.parametrize("locale", ["C", "en_US.UTF-8"])
def test_an_input_that_cannot_be_read_is_told(
    tmp_path: Path, given: str, told: str, locale: str
) -> None:
    (tmp_path / "queues.yaml").write_text(QUEUES)
    (tmp_path / "latin-1").write_bytes(b'{"x": "\xe9"}')
    (tmp_path / "deep").write_text("[" * 100_000)
    line = f"LC_ALL={locale} {TQRUN} launch q --dry-run --input - {given}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {told}\n")
