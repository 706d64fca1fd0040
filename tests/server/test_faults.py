"""What a team lives through: killed workers, a restarted server, old and new code at once.

`TQRUN_FAULT_RUNS` sets how many runs each test starts; 200 is the full form.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from tests.server.project import TQRUN, Project
from tests.server.support import RestartableServer, eventually

RUNS = int(os.environ.get("TQRUN_FAULT_RUNS", "40"))

ONE = """
queues:
  {queue}:
    version: 1
    workflow_id: {queue}-${{number}}
    input: {{number: integer}}
    activities:
      one:
        function: activities.work:one
        start_to_close_timeout: 2s
        retry_policy: {{initial_interval: 100ms, backoff_coefficient: 1}}
"""
TWO = """
      two:
        function: activities.work:two
        start_to_close_timeout: 10s
        retry_policy: {maximum_attempts: 1}
"""
WORK_ONE = """
import time

def one(number: int) -> int:
    time.sleep(0.05)
    return number
"""
WORK_TWO = f"""{WORK_ONE}
def two(number: int) -> int:
    return number * 2
"""


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("fault").replace("-", "_")


def project(folder: Path, address: str, queue: str, *, with_two: bool) -> Project:
    folder.mkdir()
    made = Project(folder, address)
    if with_two:
        made.write(ONE.format(queue=queue) + TWO, work=WORK_TWO)
    else:
        made.write(ONE.format(queue=queue), work=WORK_ONE)
    return made


async def launch_all(made: Project, queue: str, numbers: range) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("launch_many.py")),
        queue,
        str(len(numbers)),
        cwd=made.folder,
        env=made.environment,
        stdout=subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert output.decode().strip() == "['started']"


async def results(
    client: Client, queue: str, numbers: range, *, within: float = 180.0
) -> list[int]:
    handles = [client.get_workflow_handle(f"{queue}-{number}") for number in numbers]
    async with asyncio.timeout(within):
        found: list[int] = await asyncio.gather(*(handle.result() for handle in handles))
    return found


async def has_logged(made: Project, lines: int) -> None:
    await eventually(lambda: len(made.log()) >= lines)


async def test_killed_workers_lose_and_repeat_no_run(
    client: Client, tmp_path: Path, queue: str
) -> None:
    made = project(tmp_path / "new", client.service_client.config.target_host, queue, with_two=True)
    # A killed worker uses up the one attempt of what it was running.
    file = made.folder / "queues.yaml"
    file.write_text(file.read_text().replace("maximum_attempts: 1", "maximum_attempts: 0"))
    numbers = range(RUNS)
    await launch_all(made, queue, numbers)
    for _ in range(max(RUNS // 10, 2)):
        with made.worker() as worker:
            before = len(made.log())
            await has_logged(made, before + 5)
            worker.send_signal(signal.SIGKILL)
    with made.worker():
        assert await results(client, queue, numbers) == [number * 2 for number in numbers]
    found = [run async for run in client.list_workflows(f'WorkflowType = "{queue}"')]
    assert len({run.id for run in found}) == len(found)


async def test_a_restarted_server_loses_no_run(
    restartable_server: Callable[[], RestartableServer], tmp_path: Path, queue: str
) -> None:
    restartable = restartable_server()
    server = await restartable.start()
    made = project(tmp_path / "new", server.address, queue, with_two=True)
    numbers = range(RUNS)
    await launch_all(made, queue, numbers)
    with made.worker():
        await has_logged(made, 10)
        await restartable.stop()
        await restartable.start()
        client = await Client.connect(server.address)
        assert await results(client, queue, numbers) == [number * 2 for number in numbers]


async def test_a_launch_that_waits_outlives_the_server(
    restartable_server: Callable[[], RestartableServer], tmp_path: Path, queue: str
) -> None:
    restartable = restartable_server()
    server = await restartable.start()
    made = project(tmp_path / "new", server.address, queue, with_two=False)
    command = [*TQRUN, "launch", queue, "--number", "7", "--wait", "--output", "json"]
    launch = await asyncio.create_subprocess_exec(
        *command,
        cwd=made.folder,
        env=made.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert launch.stderr is not None
    assert b"no worker polls" in await launch.stderr.readline()
    os.killpg(server.process_group, signal.SIGKILL)
    assert b"the server is away; waiting for it" in await launch.stderr.readline()
    await restartable.stop()
    await restartable.start()
    with made.worker():
        output, errors = await asyncio.wait_for(launch.communicate(), 120)
    assert (launch.returncode, errors) == (0, b"")
    assert json.loads(output)["result"] == 7


async def test_a_worker_without_the_function_leaves_the_run_waiting(
    client: Client, tmp_path: Path, queue: str
) -> None:
    address = client.service_client.config.target_host
    old = project(tmp_path / "old", address, queue, with_two=False)
    new = project(tmp_path / "new", address, queue, with_two=True)
    await launch_all(new, queue, range(1))

    def told() -> bool:
        return any("does not have; the run waits" in line["message"] for line in old.log())

    with old.worker():
        await eventually(told)
        described = await client.get_workflow_handle(f"{queue}-0").describe()
        assert described.status is WorkflowExecutionStatus.RUNNING
    with new.worker():
        assert await results(client, queue, range(1)) == [0]


# A limit turns eager activities off, which would not count against it.
@pytest.mark.parametrize(
    "limit", ["", "    max_activities_per_second: 5000\n"], ids=["eager", "not-eager"]
)
async def test_old_and_new_workers_together_fail_no_run(
    client: Client, tmp_path: Path, queue: str, limit: str
) -> None:
    address = client.service_client.config.target_host
    old = project(tmp_path / "old", address, queue, with_two=False)
    new = project(tmp_path / "new", address, queue, with_two=True)
    for made in (old, new):
        file = made.folder / "queues.yaml"
        file.write_text(file.read_text().replace("    activities:\n", f"{limit}    activities:\n"))
    numbers = range(RUNS)
    with new.worker():
        with old.worker():
            await launch_all(new, queue, numbers)
            await has_logged(old, 10)
        found = await results(client, queue, numbers, within=60)
    assert found == [number * 2 for number in numbers]
