"""Replays the histories of generated programs in a folder, and says how many.

Its own process, so that the hash seed of the environment is in force. A history in `continued` is
of a run that was continued at every safe point.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.temporal.programs import ACTIVITIES
from tqrun.cli.main import leave
from tqrun.temporal.headers import PlanSender
from tqrun.temporal.workflow import workflow_classes


async def replay(files: Sequence[Path], *, stops: bool) -> int:
    """Replay the histories in *files*."""
    replayer = Replayer(
        workflows=workflow_classes(
            [], ACTIVITIES, "programs", is_time_to_stop=(lambda: True) if stops else None
        ),
        interceptors=[PlanSender()],
        data_converter=pydantic_data_converter,
    )
    for file in files:
        await replayer.replay_workflow(WorkflowHistory.from_json(file.stem, file.read_text()))
    return len(files)


def main() -> None:
    folder, share, shares = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for name in ("plain", "continued"):
        files = sorted((folder / name).glob("*.json"))[share::shares]
        print(asyncio.run(replay(files, stops=name == "continued")))


if __name__ == "__main__":
    main()
    leave(0)
