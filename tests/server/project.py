"""A user's project in a folder of its own, worked on through the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

TQRUN = (sys.executable, "-m", "tqrun.cli.main")


@dataclass(frozen=True)
class Project:
    """A queues file and its activities, and the server that they are run on."""

    folder: Path
    address: str
    worker_log: Path | None = None

    def write(self, queues: str, **modules: str) -> None:
        """Write queues.yaml and `activities/NAME.py` for each of *modules*."""
        (self.folder / "queues.yaml").write_text(dedent(queues))
        package = self.folder / "activities"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
        for name, text in modules.items():
            (package / f"{name}.py").write_text(dedent(text))

    @property
    def _log_file(self) -> Path:
        return self.worker_log or self.folder / "worker.log"

    @property
    def queue(self) -> str:
        """The first queue of the file."""
        name: str = next(iter(yaml.safe_load((self.folder / "queues.yaml").read_text())["queues"]))
        return name

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "TEMPORAL_ADDRESS": self.address, "PYTHONDONTWRITEBYTECODE": "1"}

    def tqrun(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [*TQRUN, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def launch(self, *arguments: str) -> dict[str, Any]:
        """Launch and read what `--output json` prints."""
        done = self.tqrun("launch", *arguments, "--output", "json")
        assert done.stdout, done.stderr
        shown: dict[str, Any] = json.loads(done.stdout)
        return shown

    def temporal(self, *arguments: str) -> str:
        """Run Temporal's own command line."""
        binary = Path(sys.executable).parent / "temporal"
        command = [str(binary), *arguments, "--address", self.address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def log(self) -> list[dict[str, Any]]:
        """What the workers have logged, oldest first."""
        lines = self._log_file.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    @contextmanager
    def worker(self, queues: Sequence[str] = ("all",)) -> Iterator[subprocess.Popen[bytes]]:
        """A worker process, stopped by SIGTERM at the end."""
        with self._log_file.open("ab") as log:
            process = subprocess.Popen(
                [*TQRUN, "worker", *queues], cwd=self.folder, env=self.environment, stderr=log
            )
            try:
                yield process
            finally:
                process.terminate()
                process.wait(timeout=60)
