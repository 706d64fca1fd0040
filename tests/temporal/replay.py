"""Replays every recorded history through the installed interpreter, and says how many.

Its own process, so that the hash seed of the environment is in force.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tqrun.temporal.workflow import PlanSender, workflow_classes

HISTORIES = Path(__file__).with_name("histories")
ACTIVITIES = ("one", "two", "double", "fail_once")
TYPES = ("calls", "branches", "loops", "lists", "at_once", "errors", "signals", "family")


async def main() -> None:
    replayer = Replayer(
        workflows=workflow_classes(TYPES, ACTIVITIES, "recorded-v1"),
        interceptors=[PlanSender()],
        data_converter=pydantic_data_converter,
    )
    files = sorted(HISTORIES.glob("*.json"))
    for file in files:
        await replayer.replay_workflow(WorkflowHistory.from_json(file.stem, file.read_text()))
    print(len(files))


if __name__ == "__main__":
    asyncio.run(main())
