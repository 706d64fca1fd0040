from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.support import eventually
from tqrun.temporal.claims import choose_ports

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
        self.environment: dict[str, str] = {}
        self.options: tuple[str, ...] = ()
        self._log = project / "dev.log"
        self._module = project / "activities" / "greeting.py"
        self._module.parent.mkdir()
        (project / "activities" / "__init__.py").touch()
        # Launches keep to a file of their own, which stays sound.
        (project / "launch.yaml").write_text(QUEUES)
        self.edit_queues(QUEUES)
        self.edit_greeting("Hello")

    def spawn(self) -> None:
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*TQRUN, "dev", *self.options],
                cwd=self.project,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"} | self.environment,
            )

    async def start(self) -> None:
        self.spawn()
        await eventually(lambda: "\nserver " in self.log or self.process.poll() is not None)
        lines = (line.split() for line in self.log.splitlines()[:2])
        self.addresses: dict[str, str] = dict(lines)

    async def says(self, line: str, times: int = 1) -> None:
        await eventually(lambda: self.log.count(f"dev: {line}\n") == times)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def edit_queues(self, text: str) -> None:
        (self.project / "queues.yaml").write_text(text)

    def edit_greeting(self, word: str) -> None:
        self._module.write_text(f"def greet(name: str) -> str:\n    return f'{word} {{name}}'\n")

    def edit_blocking(self) -> None:
        self._module.write_text(
            "import time\n\n\ndef greet(name: str) -> str:\n    time.sleep(50)\n    return name\n"
        )

    def greet(self, name: str) -> object:
        return self.launch(name, "--wait")["result"]

    def launch(self, name: str, *options: str) -> dict[str, object]:
        command = [*TQRUN, "launch", "--file", "launch.yaml", "greeting", "--name", name]
        command += [*options, "--output", "json"]
        environment = os.environ | {"TEMPORAL_ADDRESS": self.addresses["server"]}
        environment |= {"PYTHONPATH": self.environment.get("PYTHONPATH", "")}
        told = subprocess.run(
            command, cwd=self.project, env=environment, capture_output=True, text=True, timeout=60
        )
        assert told.returncode == 0, told.stderr + self.log
        assert "no worker polls" not in told.stderr
        shown: dict[str, object] = json.loads(told.stdout)
        return shown

    def worker(self) -> str:
        """The process id of the worker itself."""
        listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True).stdout
        rows = (line.split(None, 1) for line in listed.splitlines())
        return next(
            pid
            for pid, command in rows
            if self._is_ours(pid) and "worker all" in command and "keeper" not in command
        )

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
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    made = Session(tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.wait()


async def test_it_keeps_to_its_own_server(session: Session) -> None:
    ports = choose_ports(0, 0, headless=False)
    session.options = ("--port", str(ports.server), "--ui-port", str(ports.ui))
    (session.project / "profiles.toml").write_text('[profile.default]\nnamespace = "staging"\n')
    session.environment = {
        "TEMPORAL_ADDRESS": "temporal.example:7233",
        "TEMPORAL_NAMESPACE": "prod",
        "TEMPORAL_API_KEY": "secret",
        "TEMPORAL_TLS": "true",
        "TEMPORAL_PROFILE": "prod",
        "TEMPORAL_CONFIG_FILE": "profiles.toml",
    }
    await session.start()
    await session.says("workers ready")
    assert session.greet("a") == "Hello a"
    assert session.addresses == {
        "server": f"127.0.0.1:{ports.server}",
        "UI": f"http://127.0.0.1:{ports.ui}",
    }
    assert (session.project / ".data/.gitignore").read_text() == "*\n"


async def test_runs_what_was_last_sound_until_it_is_told_to_stop(session: Session) -> None:
    await session.start()
    await session.says("workers ready")
    assert session.greet("a") == "Hello a"

    session.edit_greeting("Goodbye")
    await session.says("workers ready", 2)
    assert session.greet("b") == "Goodbye b"

    session.edit_queues(QUEUES.replace("10s", "10"))
    await session.says("the workers run on as they were; waiting for a change")
    assert "[bad-duration]" in session.log
    assert session.greet("c") == "Goodbye c"

    session.edit_queues(QUEUES)
    await session.says("workers ready", 3)
    assert len(session.processes()) >= 4
    session.process.send_signal(signal.SIGINT)
    assert session.process.wait(60) == 0, session.log
    assert session.processes() == set(), session.log


async def test_findings_at_the_start_are_shown_and_picked_up_when_mended(session: Session) -> None:
    session.edit_queues(QUEUES.replace("10s", "10"))
    await session.start()
    await session.says("no workers run; waiting for a change")
    assert "[bad-duration]" in session.log
    session.edit_queues(QUEUES)
    await session.says("workers ready")
    assert session.greet("a") == "Hello a"


async def test_a_namespace_and_a_module_elsewhere_are_taken_up(session: Session) -> None:
    await session.start()
    await session.says("workers ready")
    moved = QUEUES.replace("        start", "        function: letters:greet\n        start")
    moved += "namespace: later\n"
    (session.project / "letters.py").write_text("def greet(name: str) -> str:\n    return name\n")
    session.edit_queues(moved)
    (session.project / "launch.yaml").write_text(moved)
    await session.says("workers ready", 2)
    assert session.greet("a") == "a"
    with (session.project / "letters.py").open("a") as module:
        module.write("    ...\n")
    await session.says("workers ready", 3)


async def test_all_code_of_the_project_that_is_imported_is_watched(session: Session) -> None:
    """A package of a src layout, and a module beside the file that is there later only."""
    package = session.project / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    words = package / "words.py"
    words.write_text("WORD = 'Hi'\n")
    session.environment = {"PYTHONPATH": "src"}
    module = session.project / "activities" / "greeting.py"
    module.write_text(
        "from shop.words import WORD\n\n\n"
        "def greet(name: str) -> str:\n    return f'{WORD} {name}'\n"
    )
    await session.start()
    await session.says("workers ready")

    words.write_text("WORD = 'Ho'\n")
    await session.says("workers ready", 2)
    assert session.greet("a") == "Ho a"

    words.write_text("WORD = \n")
    await session.says("the workers run on as they were; waiting for a change")
    words.write_text("from letters import WORD\n")
    await session.says("the workers run on as they were; waiting for a change", 2)
    (session.project / "letters.py").write_text("WORD = 'Dear'\n")
    await session.says("workers ready", 3)
    assert session.greet("b") == "Dear b"


async def test_search_attributes_need_no_apply(session: Session) -> None:
    with_one = QUEUES.replace("    activities:", "    search_attributes: [name]\n    activities:")
    (session.project / "launch.yaml").write_text(with_one)
    session.edit_queues(with_one)
    await session.start()
    await session.says("workers ready")
    assert session.greet("a") == "Hello a"
    two = "    search_attributes: {name: '${name}', shout: '${size(name)}'}\n    activities:"
    with_two = QUEUES.replace("    activities:", two) + "namespace: later\n"
    (session.project / "launch.yaml").write_text(with_two)
    session.edit_queues(with_two)
    await session.says("workers ready", 2)
    assert session.greet("b") == "Hello b"
    assert "search attribute" not in session.log


async def test_workers_that_are_killed_are_told_of_in_words(session: Session) -> None:
    await session.start()
    await session.says("workers ready")
    os.kill(int(session.worker()), signal.SIGKILL)
    await session.says("the workers were ended by SIGKILL; waiting for a change")


async def test_a_second_signal_does_not_wait_for_the_workers(session: Session) -> None:
    session.edit_blocking()
    await session.start()
    await session.says("workers ready")
    session.launch("a")
    await eventually(lambda: "activity started" in session.log)
    session.process.send_signal(signal.SIGINT)
    await eventually(lambda: '"draining"' in session.log)
    session.process.send_signal(signal.SIGINT)
    assert session.process.wait(15) == 130, session.log
    assert session.processes() == set(), session.log


def test_without_a_server_program_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.executable = '/nowhere/python';"
        "from tqrun.cli.main import run; sys.exit(run(['dev']))"
    )
    (tmp_path / "queues.yaml").write_text(QUEUES)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PATH": ""},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (4, "")
    way_out = 'install it with: pip install "tqrun[server]"'
    assert done.stderr == f"error: no program temporal in /nowhere or on PATH; {way_out}\n"
