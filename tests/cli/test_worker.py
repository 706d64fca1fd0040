"""What `tqrun worker` says at its start, before it has a server."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

QUEUES = """
queues:
  relocation:
    version: 12
    draining: [11]
    task_queue: relocation-${cell}-v${version}
    workflow_id: relocation-${workspace_id}
    input: {workspace_id: string, cell: {enum: [europe-west-1, us-central-1]}}
    max_concurrent_activities: 8
    activities:
      copy_the_database_of_one_workspace: {function: activities:call}
      move_the_files: {function: activities:call}
      switch_over: {function: activities:call}
  count:
    version: 1
    workflow_id: count-${workspace_id}
    input: {workspace_id: string}
    activities:
      count: {function: activities:call}
defaults: {activity: {start_to_close_timeout: 1m}}
"""
CALL = "def call(workspace_id: str) -> None: ..."
WORKER = (sys.executable, "-m", "tqrun.cli.main", "worker", "all", "--wait-for-server", "0s")
TABLE = """\
queue       version  task queue                activities                at once
relocation       12  relocation-europe-west-1  copy_the_database_of_one        8
                     -v12                      _workspace
                     relocation-us-central-1-  move_the_files
                     v12                       switch_over
relocation       11  relocation-europe-west-1  copy_the_database_of_one        8
                     -v11                      _workspace
                     relocation-us-central-1-  move_the_files
                     v11                       switch_over
count             1  count-v1                  count                         100
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "queues.yaml").write_text(QUEUES)
    (tmp_path / "activities.py").write_text(CALL)
    return tmp_path


def on_a_terminal(project: Path, columns: int, rows: int = 30) -> str:
    """What is seen of a worker that finds no server, without colours."""
    terminal, end = os.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    own = {"COLUMNS", "LINES"}
    environment = {name: value for name, value in os.environ.items() if name not in own}
    try:
        command = [*WORKER, "--address", "127.0.0.1:1"]
        subprocess.run(command, cwd=project, env=environment, stdin=end, stdout=end, stderr=end)
        seen = os.read(terminal, 100_000).decode()
    finally:
        os.close(end)
        os.close(terminal)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", seen).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def test_the_table_tells_every_name_in_full_at_80_columns(project: Path) -> None:
    table, _, last_words = on_a_terminal(project, 80).partition("error: ")
    assert (table, last_words[:18]) == (TABLE, "no Temporal server")


def test_the_table_leaves_half_of_a_small_screen_free(project: Path) -> None:
    queue = QUEUES[QUEUES.index("  count:") : QUEUES.index("defaults:")]
    many = "".join(queue.replace("count", f"count{at}", 2) for at in range(30))
    defaults = QUEUES[QUEUES.index("defaults:") :]
    (project / "queues.yaml").write_text(f"queues:\n{many}{defaults}")
    table, _, _ = on_a_terminal(project, 80, 24).partition("error: ")
    lines = table.splitlines()
    assert len(lines) == 13
    assert lines[0].startswith("queue ")
    assert lines[-1] == "and 19 more"


def test_a_queue_with_many_activities_is_one_short_row(project: Path) -> None:
    many = "".join(f"      call_{at}: {{function: activities:call}}\n" for at in range(30))
    text = QUEUES.replace("      count: {function: activities:call}\n", many)
    (project / "queues.yaml").write_text(text)
    table = on_a_terminal(project, 80, 60)
    assert "call_3" in table
    assert "call_4" not in table
    assert "and 26 more" in table


def test_without_a_terminal_there_is_no_table(project: Path) -> None:
    command = [*WORKER, "--address", "127.0.0.1:1"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        "error: no Temporal server at 127.0.0.1:1: Connection refused; "
        'start one with "tqrun dev", or say where it is with --address\n'
    )


def test_a_host_that_nobody_knows_is_told_in_one_line(project: Path) -> None:
    command = [*WORKER, "--address", "no-such-host.invalid:7233"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert (done.returncode, len(done.stderr.splitlines())) == (4, 1)
    assert "failed to lookup address" in done.stderr
