"""What `launch --wait` says of a run that did not complete."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.project import TQRUN, Project
from tests.server.support import eventually
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{seconds}}
        input: {{seconds: integer}}
        execution_timeout: 20s
        activities:
          sleep:
            function: activities.work:sleep
            start_to_close_timeout: 1s
            retry_policy: {{maximum_attempts: {attempts}, initial_interval: 10ms}}
"""
SLEEP = """
    import time

    def sleep(seconds: int) -> None:
        time.sleep(seconds)
"""


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path, unique: Callable[[str], str]) -> Project:
    made = Project(tmp_path, server.address)
    made.write(QUEUES.format(queue=unique("end").replace("-", "_"), attempts=1), work=SLEEP)
    return made


def test_a_timeout_is_told_once_and_in_words(project: Project) -> None:
    with project.worker():
        shown = project.launch(project.queue, "--seconds", "3", "--wait")
    wanted = f"{project.queue}-3 failed: sleep: Activity task timed out <- start_to_close timeout"
    assert shown["error"] == wanted


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("terminate", "--reason", "enough"), "was terminated: enough"),
        (("cancel",), "was cancelled"),
    ],
)
async def test_a_run_that_was_ended_from_outside_says_so(
    project: Project, command: tuple[str, ...], told: str
) -> None:
    workflow_id = f"{project.queue}-1"
    errors = project.folder / "errors.txt"
    with errors.open("w") as output:
        launch = subprocess.Popen(  # noqa: ASYNC220 - it outlives this line
            [*TQRUN, "launch", project.queue, "--seconds", "1", "--wait"],
            cwd=project.folder,
            env=project.environment,
            stdout=subprocess.DEVNULL,
            stderr=output,
        )
    await eventually(lambda: "no worker polls" in errors.read_text())
    project.temporal("workflow", *command, "--workflow-id", workflow_id)
    with project.worker():
        assert launch.wait(timeout=60) == 1
    assert errors.read_text().splitlines()[1:] == [f"error: {workflow_id} {told}"]
