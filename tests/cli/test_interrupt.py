"""Ctrl-C ends a command without a traceback, however little of it has been loaded."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPTED_AT = """
import os, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
sys.argv = ["tqrun", *{arguments!r}]
from tqrun.cli.__main__ import main
main()
"""
QUEUES = """
queues:
  q:
    version: 1
    workflow_id: q
    activities:
      call: {task_queue: elsewhere, start_to_close_timeout: 10s}
"""


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("tqrun.cli.main", ["check"]),
        ("typer", ["check"]),
        ("tqrun.diagnostics", ["check"]),
        ("tqrun.cli.check", ["check"]),
        ("tqrun.config.load", ["check"]),
        ("temporalio.client", ["launch", "q", "--dry-run"]),
        ("tqrun.temporal.worker", ["worker", "all", "--wait-for-server", "0s"]),
    ],
)
def test_it_ends_in_silence(tmp_path: Path, module: str, arguments: list[str]) -> None:
    (tmp_path / "queues.yaml").write_text(QUEUES)
    code = INTERRUPTED_AT.format(module=module, arguments=arguments)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode in (-signal.SIGINT, 130)  # which is 130 to a shell as well


def test_next_to_nothing_is_loaded_before_that() -> None:
    """Until then it is the interpreter that shows a traceback."""
    loaded = "import tqrun.cli.__main__; print(sorted(sys.modules))"
    code = f"import sys; sys.path[:0] = {sys.path!r}; {loaded}"
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not [name for name in ("re", "typing", "typer") if f"'{name}'" in done.stdout]


def test_it_stays_ignored_where_it_is() -> None:
    """As in the background of a script, which gets the Ctrl-C of the terminal too."""
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + INTERRUPTED_AT.format(
        module="typer", arguments=["--version"]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
