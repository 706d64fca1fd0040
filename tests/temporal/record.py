"""Records the histories that every later interpreter replays: `python -m tests.temporal.record`.

It writes anew only what is missing; a recorded history stays as it is.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from tests.server.project import Project
from tqrun.plan.registry import Registry
from tqrun.temporal.server import ServerOptions, embedded_server

FOLDER = Path(__file__).parent
RECORDED = FOLDER / "recorded"
HISTORIES = FOLDER / "histories"


async def record(project: Project, folder: Path) -> list[Path]:
    """Run every workflow of *project*, launched and one started otherwise; write the histories."""
    client = await Client.connect(project.address, data_converter=pydantic_data_converter)
    registry = Registry(project.folder / "queues.yaml")
    written = []
    for launch in registry.queue(project.queue):
        file = folder / f"{launch.name.partition('.')[2]}.json"
        shown = project.launch(launch.name, "--entity-id", "X", "--wait")
        _write(await client.get_workflow_handle(shown["workflow_id"]).fetch_history(), file)
        written.append(file)
    start = ("--type", "calls", "--task-queue", "recorded-v1", "--workflow-id", "otherwise")
    project.temporal("workflow", "start", *start, "--input", '{"entity_id":"X"}')
    await client.get_workflow_handle("otherwise").result()
    file = folder / "started_otherwise.json"
    _write(await client.get_workflow_handle("otherwise").fetch_history(), file)
    return [*written, file]


def _write(history: WorkflowHistory, file: Path) -> None:
    if not file.exists():
        file.write_text(json.dumps(history.to_json_dict(), indent=1) + "\n")


async def main() -> None:
    with TemporaryDirectory() as data:
        options = ServerOptions(data=Path(data) / "temporal.db", port=0, headless=True)
        async with embedded_server(options) as server:
            project = Project(RECORDED, server.address, Path(data) / "worker.log")
            with project.worker():
                for file in await record(project, HISTORIES):
                    print(file.name)


if __name__ == "__main__":
    asyncio.run(main())
