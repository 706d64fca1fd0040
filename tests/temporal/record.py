"""Records the histories that every later interpreter replays: `python -m tests.temporal.record`.

It runs and writes only what is missing; a recorded history stays as it is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle

from tests.server.project import Project
from tests.server.support import POLL_SECONDS
from tqrun import open_queues
from tqrun.plan.registry import Registry
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.record import write
from tqrun.temporal.server import ServerOptions, embedded_server
from tqrun.temporal.workflow import STATE

FOLDER = Path(__file__).parent
RECORDED = FOLDER / "recorded"
HISTORIES = FOLDER / "histories"
LAUNCHES = {"debounced": 2, "hot": 45}
EVENTS = 40
"""After so many the server suggests to continue as new; by default it is 4,096."""

Run = WorkflowHandle[object, object]


async def _is_at(run: Run, step: str) -> None:
    """Return once the run is at *step*."""
    while step not in (await run.query(STATE))["steps"]:  # noqa: ASYNC110 - it is on the server
        await asyncio.sleep(POLL_SECONDS)


async def _wait_for_signals(run: Run) -> None:
    await run.signal("approve", {"by": "anne"})
    await _is_at(run, "steps[0]")
    await run.signal("go", {})
    await run.signal("reject", {"why": "no"})
    await run.signal("approve", {"by": "bert"})


async def _cancel(run: Run) -> None:
    await _is_at(run, "steps[0].try[0]")
    await run.cancel()


async def _leave_unread(run: Run) -> None:
    await run.signal("more", {"by": "anne"})


async def _is_calling(run: Run) -> bool:
    pending = (await run.describe()).raw_description.pending_activities
    return any(one.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED for one in pending)


async def _cancel_call(run: Run) -> None:
    """Cancel while an activity runs that ends normally all the same."""
    await _is_at(run, "steps[0].try[0].try[0]")
    while not await _is_calling(run):  # noqa: ASYNC110 - it is on the server
        await asyncio.sleep(POLL_SECONDS)
    await run.cancel()


async def _begin(run: Run) -> None:
    await run.query(STATE)


MEANWHILE: dict[str, Callable[[Run], Awaitable[None]]] = {
    "waits": _wait_for_signals,
    "cancelled": _cancel,
    "cancelled_in_vain": _cancel_call,
    "cancelled_late": _cancel_call,
    "continued": _leave_unread,
    "hot": _begin,
}
"""What happens to the run of a workflow, besides its launch."""


async def record(project: Project, folder: Path) -> list[Path]:
    """Run every workflow of *project* whose history *folder* lacks; write the histories."""
    client = await connect(Connection(project.address), "default")
    registry = Registry(project.folder / "queues.yaml")
    written = []
    for launch in registry.queue(project.queue):
        file = folder / f"{launch.name.partition('.')[2]}.json"
        if not file.exists():
            written += await _recorded(project, client, launch.name, file)
    file = folder / "started_otherwise.json"
    if not file.exists():
        start = ("--type", "calls", "--task-queue", "recorded-v1", "--workflow-id", "otherwise")
        project.temporal("workflow", "start", *start, "--input", '{"entity_id":"X"}')
        await client.get_workflow_handle("otherwise").result()
        write(await client.get_workflow_handle("otherwise").fetch_history(), file)
        written.append(file)
    return written


async def _recorded(project: Project, client: Client, name: str, file: Path) -> list[Path]:
    queues = open_queues(project.folder / "queues.yaml", address=project.address)
    launched = await queues.launch(name, entity_id="X")
    run = client.get_workflow_handle(launched.workflow_id, run_id=launched.run_id)
    await MEANWHILE.get(file.stem, _nothing)(run)
    for _ in range(LAUNCHES.get(file.stem, 1) - 1):
        await queues.launch(name, entity_id="X")
    try:
        await run.result()
    except WorkflowFailureError as error:
        print(f"{name}: {error.cause}")
    write(await run.fetch_history(), file)
    last = client.get_workflow_handle(launched.workflow_id)
    if (await last.describe()).run_id == launched.run_id:
        return [file]
    further = file.with_stem(f"{file.stem}_further")
    write(await last.fetch_history(), further)
    return [file, further]


async def _nothing(_: Run) -> None: ...


def _without_stack_traces(file: Path) -> None:
    """They name the folders of the machine, and replay does not look at them."""
    history = json.loads(file.read_text("utf-8"), object_hook=_without_stack_trace)
    file.write_text(json.dumps(history, indent=2) + "\n", "utf-8")


def _without_stack_trace(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "stackTrace"}


async def main() -> None:
    with TemporaryDirectory() as data:
        options = ServerOptions(
            data=Path(data) / "temporal.db",
            port=0,
            headless=True,
            dynamic_config=(f"limit.historyCount.suggestContinueAsNew={EVENTS}",),
        )
        async with embedded_server(options) as server:
            project = Project(RECORDED, server.address, Path(data) / "worker.log")
            with project.worker():
                async with asyncio.timeout(120):
                    for file in await record(project, HISTORIES):
                        _without_stack_traces(file)
                        print(file.name)


if __name__ == "__main__":
    asyncio.run(main())
