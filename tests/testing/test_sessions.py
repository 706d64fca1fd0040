"""The plugin in sessions of its own: what it costs, how it ends, what it leaves behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.support import eventually

pytest_plugins = ["pytester"]

SESSIONS = int(os.environ.get("TQRUN_SESSIONS", "3"))
"""One after the other; 200 of them take ten minutes."""
PROJECT = Path(__file__).parent / "project"


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose tests are yet to be written."""
    shutil.copytree(PROJECT, pytester.path, dirs_exist_ok=True)
    return pytester


def test_sessions_end_well_one_after_the_other(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import sys

        def test_race(queues):
            queues.fake("run_slowly", returns="slow")
            queues.fake("run_quickly", returns="quick")
            assert queues.run("race", order_id="A").result == ["slow", "quick"]
            assert "temporalio" not in sys.modules
        """
    )
    statuses = [project.runpytest_subprocess("-q").ret for _ in range(SESSIONS)]
    assert statuses == [0] * SESSIONS


def test_a_session_that_does_not_use_it_loads_next_to_nothing(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import sys

        def test_modules():
            ours = [name for name in sys.modules if name.startswith("tqrun")]
            assert sorted(ours) == ["tqrun", "tqrun.testing", "tqrun.testing.plugin"]
        """
    )
    project.runpytest_subprocess("-q").assert_outcomes(passed=1)


async def test_a_killed_session_leaves_no_server(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import threading
        from pathlib import Path

        def test_forever(tqrun_rehearsal):
            Path("address").write_text(tqrun_rehearsal.address)
            threading.Event().wait()
        """
    )
    command = [sys.executable, "-m", "pytest", "-q"]
    with subprocess.Popen(command, cwd=project.path) as session:  # noqa: ASYNC220
        address = project.path / "address"
        await eventually(lambda: address.exists() and bool(address.read_text()))
        host, _, port = address.read_text().partition(":")
        assert _listens(host, int(port))
        session.send_signal(signal.SIGKILL)
    await eventually(lambda: not _listens(host, int(port)))


def _listens(host: str, port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex((host, port)) == 0
