from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.support import eventually

QUEUES = """\
schema_version: 1
queues:
  greeting:
    version: 1
    workflow_id: greeting-${name}
    input:
      name: string
    activities:
      greet:
        start_to_close_timeout: 10s
"""
TQRUN = (sys.executable, "-m", "tqrun.cli.main")


class Session:
    """`tqrun dev` in a folder of its own, and the command line beside it."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self._log = project / "dev.log"
        self._module = project / "activities" / "greeting.py"
        self._module.parent.mkdir()
        (project / "activities" / "__init__.py").touch()
        # Launches keep to a file of their own, which stays sound.
        (project / "launch.yaml").write_text(QUEUES)
        self.edit_queues(QUEUES)
        self.edit_greeting("Hello")
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*TQRUN, "dev"],
                cwd=project,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        lines = (self.process.stdout.readline() for _ in range(2))
        self.addresses = dict(line.split() for line in lines)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def edit_queues(self, text: str) -> None:
        (self.project / "queues.yaml").write_text(text)

    def edit_greeting(self, word: str) -> None:
        self._module.write_text(f"def greet(name: str) -> str:\n    return f'{word} {{name}}'\n")

    def greet(self, name: str) -> object:
        command = [*TQRUN, "launch", "--file", "launch.yaml", "greeting", "--name", name]
        command += ["--wait", "--output", "json"]
        environment = os.environ | {"TEMPORAL_ADDRESS": self.addresses["server"]}
        told = subprocess.run(
            command, cwd=self.project, env=environment, capture_output=True, text=True, timeout=60
        )
        assert told.returncode == 0, told.stderr + self.log
        return json.loads(told.stdout)["result"]

    def processes(self) -> set[str]:
        """Every process that works in the project's folder."""
        listed = subprocess.run(["ps", "-eo", "pid="], capture_output=True, text=True).stdout
        return {pid for pid in listed.split() if self._is_ours(pid)}

    def _is_ours(self, pid: str) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.project
        except OSError:
            return False


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    started = Session(tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.wait()
    assert started.process.stdout is not None
    started.process.stdout.close()


async def test_runs_what_was_last_sound_until_it_is_told_to_stop(session: Session) -> None:
    assert session.greet("a") == "Hello a"

    session.edit_greeting("Goodbye")
    await eventually(lambda: session.log.count("dev: workers started") == 2)
    assert session.greet("b") == "Goodbye b"

    session.edit_queues(QUEUES.replace("10s", "10"))
    await eventually(lambda: "the workers run on as they were" in session.log)
    assert "[bad-duration]" in session.log
    assert session.greet("c") == "Goodbye c"

    session.edit_queues(QUEUES)
    await eventually(lambda: session.log.count("dev: workers started") == 3)
    assert len(session.processes()) >= 4
    session.process.send_signal(signal.SIGINT)
    assert session.process.wait(60) == 0, session.log
    assert session.processes() == set(), session.log
