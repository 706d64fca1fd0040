"""The worker process as its platform sees it: ready, draining, and its exit status."""

from __future__ import annotations

import json
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.project import Project
from tests.server.support import eventually
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {name}:
        version: 1
        workflow_id: "{name}"
        activities:
          sleep: {{function: activities.work:sleep, start_to_close_timeout: 1m}}
"""
SLEEP = """
    import time
    from pathlib import Path

    def sleep() -> str:
        Path("begun").touch()
        time.sleep(2)
        return "slept"
"""


@pytest.fixture
def project(server: EmbeddedServer, tmp_path: Path) -> Project:
    made = Project(tmp_path, server.address)
    made.write(QUEUES.format(name=f"w_{tmp_path.name[-12:]}"), work=SLEEP)
    return made


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
    return port


def get(port: int, path: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, None


async def test_it_is_ready_once_every_queue_is_polled(project: Project) -> None:
    port = free_port()
    with project.worker(("all", "--health", f"127.0.0.1:{port}")):
        await eventually(lambda: get(port, "/readyz") == (200, {"status": "ready"}))
        assert get(port, "/livez") == (200, {"status": "alive"})


async def test_search_attributes_that_the_server_lacks_are_named(
    project: Project, unique: Callable[[str], str]
) -> None:
    names = sorted(unique("attribute").replace("-", "_") for _ in range(2))
    text = (project.folder / "queues.yaml").read_text()
    declared = f"search_attributes: {{{names[1]}: 1, {names[0]}: a}}"
    text = text.replace("    activities:", f"    {declared}\n    activities:")
    (project.folder / "queues.yaml").write_text(text)
    with project.worker():
        await eventually(lambda: any(one["message"] == "ready" for one in project.log()))
    [line] = [one for one in project.log() if one["level"] == "warning"]
    assert line["message"] == "launches need search attributes that are missing; run tqrun apply"
    assert (line["namespace"], line["search_attributes"]) == ("default", ", ".join(names))
    assert project.tqrun("apply").returncode == 0
    (project.folder / "worker.log").unlink()
    with project.worker():
        await eventually(lambda: any(one["message"] == "ready" for one in project.log()))
    assert not [one for one in project.log() if one["level"] == "warning"]


async def test_without_a_server_it_is_alive_and_names_what_is_not_polled(tmp_path: Path) -> None:
    project = Project(tmp_path, f"127.0.0.1:{free_port()}")
    project.write(QUEUES.format(name="lonely"), work=SLEEP)
    port = free_port()
    with project.worker(("all", "--health", f"127.0.0.1:{port}")):
        await eventually(lambda: get(port, "/livez")[0] == 200)
        waiting = {"status": "waiting", "not_polling": ["lonely-v1"]}
        assert get(port, "/readyz") == (503, waiting)
        await eventually(lambda: bool(project.log()))
        line = project.log()[0]
        assert line["message"] == "waiting for the Temporal server"
        assert "Connection refused" in line["error"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
async def test_a_signal_ends_the_wait_for_a_server(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    project = Project(tmp_path, f"127.0.0.1:{free_port()}")
    project.write(QUEUES.format(name="lonely"), work=SLEEP)
    with project.worker() as worker:
        await eventually(lambda: bool(project.log()))
        worker.send_signal(number)
        assert worker.wait(timeout=10) == status
    assert [line["message"] for line in project.log()] == ["waiting for the Temporal server"]


async def test_it_logs_what_it_serves_and_when_it_is_ready(project: Project) -> None:
    with project.worker():
        await eventually(lambda: "ready" in [line["message"] for line in project.log()])
    serving, ready, *_ = project.log()
    queue = project.queue
    assert {name: serving[name] for name in list(serving)[3:]} == {
        "message": "serving",
        "queue": queue,
        "version": 1,
        "task_queue": f"{queue.replace('_', '-')}-v1",
        "max_concurrent_activities": 100,
    }
    assert (ready["message"], ready["task_queues"]) == ("ready", 1)
    assert [line["message"] for line in project.log()][2:] == ["draining"]


def test_a_namespace_that_does_not_exist_is_told_in_one_line(project: Project) -> None:
    done = project.tqrun("worker", "all", "--namespace", "nope", "--log-level", "error")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        'error: the Temporal server has no namespace "nope"; '
        "register it, or name another with --namespace\n"
    )


@pytest.mark.parametrize("command", ["launch", "query", "cancel", "terminate"])
def test_nor_is_it_taken_for_a_run_that_is_not_there(project: Project, command: str) -> None:
    done = project.tqrun(command, project.queue, "--namespace", "nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        'error: the Temporal server has no namespace "nope"; '
        "register it, or name another with --namespace\n"
    )


LARGE = """
    def sleep() -> str:
        return "x" * 700_000
"""


def test_what_the_sdk_warns_of_is_a_line_like_all_others(project: Project) -> None:
    project.write((project.folder / "queues.yaml").read_text(), work=LARGE)
    log = project.folder / "worker.log"
    with project.worker() as worker:
        assert worker.stdout is None
        launched = project.tqrun("launch", project.queue, "--wait")
    # The worker may not poll yet.
    told = launched.stderr.splitlines()
    assert [line for line in told if not line.startswith("no worker polls")] == []
    assert launched.stdout.count("\x1b") == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    warned = [line for line in lines if line["logger"] == "temporalio.core"]
    assert {line["core"]["target"] for line in warned} == {"temporalio_common::payload_limits"}


async def test_a_signal_drains_what_is_running(project: Project) -> None:
    queue = project.queue
    with project.worker() as worker:
        project.launch(queue)
        await eventually(lambda: (project.folder / "begun").exists())
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=60) == 0
    assert "activity completed" in [line["message"] for line in project.log()]


BLOCK = """
    import time
    from pathlib import Path

    def sleep() -> str:
        Path("begun").touch()
        time.sleep(50)
        return "slept"
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once(project: Project, number: signal.Signals) -> None:
    project.write((project.folder / "queues.yaml").read_text(), work=BLOCK)
    with project.worker() as worker:
        project.launch(project.queue)
        await eventually(lambda: (project.folder / "begun").exists())
        worker.send_signal(number)
        await eventually(lambda: "draining" in [line["message"] for line in project.log()])
        worker.send_signal(number)
        assert worker.wait(timeout=10) == 130


TWO_QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{number}}
        input: {{number: integer}}
        activities:
          meet: {{function: activities.work:meet, start_to_close_timeout: 1m}}
      {queue}_not:
        version: 1
        workflow_id: {queue}-not-${{number}}
        input: {{number: integer}}
        activities:
          meet: {{function: activities.work:meet, start_to_close_timeout: 1m}}
"""
MEET = """
    from threading import Barrier, BrokenBarrierError

    BOTH = Barrier(2)

    def meet(number: int) -> str:
        try:
            BOTH.wait({seconds})
        except BrokenBarrierError:
            return "alone"
        return "together"
"""


def test_all_queues_except_some(project: Project) -> None:
    queue = project.queue
    project.write(TWO_QUEUES.format(queue=queue), work=MEET.format(seconds=0.1))
    with project.worker(("all", "--except", f"{queue}_not")):
        assert project.launch(queue, "--number", "1", "--wait")["result"] == "alone"
        unserved = project.tqrun("launch", f"{queue}_not", "--number", "1")
    assert unserved.stderr == f"no worker polls {queue.replace('_', '-')}-not-v1\n"


@pytest.mark.parametrize(
    ("settings", "seconds", "result"),
    [((), 40, "together"), (("max_concurrent_activities=1",), 1, "alone")],
)
def test_an_option_set_for_an_environment_reaches_the_worker(
    project: Project, settings: tuple[str, ...], seconds: int, result: str
) -> None:
    queue = project.queue
    project.write(TWO_QUEUES.format(queue=queue), work=MEET.format(seconds=seconds))
    options = [part for one in settings for part in ("--set", f"{queue}.{one}")]
    with project.worker(("all", *options)):
        for number in ("1", "2"):
            project.launch(queue, "--number", number)
        for number in ("1", "2"):
            shown = project.temporal("workflow", "result", "--workflow-id", f"{queue}-{number}")
            assert f'"{result}"' in shown


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("worker", "nobody"), 2),
        (("worker", "all", "--file", "missing.yaml"), 3),
        (("worker", "all", "--set", "x.y=1"), 2),
        (("worker", "all", "--health", "nowhere"), 2),
        (("worker", "all", "--address", "127.0.0.1:1", "--wait-for-server", "0s"), 4),
        (("worker", "all", "--wait-for-server", "5"), 2),
    ],
)
def test_what_cannot_be_served_has_a_status_and_one_line(
    project: Project, arguments: tuple[str, ...], status: int
) -> None:
    done = project.tqrun(*arguments)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_module_that_does_not_import_has_a_status_of_its_own(project: Project) -> None:
    project.write((project.folder / "queues.yaml").read_text(), work="import no_such_module")
    done = project.tqrun("worker", "all")
    assert done.returncode == 6
    assert "no_such_module" in done.stderr


LANES = """
    queues:
      {queue}:
        version: 2
        draining: [1]
        task_queue: {queue}-${{lane}}-v${{version}}
        workflow_id: {queue}-${{lane}}
        input: {{lane: {{type: string, enum: [fast, slow]}}}}
        activities:
          lane: {{function: activities.work:lane, start_to_close_timeout: 10s}}
"""
LANE = """
    def lane(lane: str) -> str:
        return lane
"""


def test_a_templated_queue_is_served_by_name_and_by_draining_version(project: Project) -> None:
    queue = project.queue
    project.write(LANES.format(queue=queue), work=LANE)
    start = ("workflow", "start", "--type", queue, "--input", '{"lane":"slow"}')
    with project.worker(("all", "--task-queue", f"{queue}-fast-v2")):
        assert project.launch(queue, "--lane", "fast", "--wait")["result"] == "fast"
        launched = project.launch(queue, "--lane", "slow")
    assert launched["task_queue"] == f"{queue}-slow-v2"
    with project.worker():
        old = f"{queue}-old"
        project.temporal(*start, "--task-queue", f"{queue}-slow-v1", "--workflow-id", old)
        for workflow_id in (str(launched["workflow_id"]), old):
            assert '"slow"' in project.temporal("workflow", "result", "--workflow-id", workflow_id)


def test_an_unserved_task_queue_is_said_and_an_unknown_one_refused(project: Project) -> None:
    assert "no worker polls" in project.tqrun("launch", project.queue).stderr
    assert project.tqrun("worker", "all", "--task-queue", "nowhere").returncode == 2
