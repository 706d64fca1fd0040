"""Wall time of `tqrun diff` on a large file against a base in its repository."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.benchmarks.measure import Line, Measure, Round, Setting
from tests.benchmarks.processes import TQRUN, wall_seconds
from tests.benchmarks.projects import write_project

QUEUES = 1_000
_EDITS = {
    "none": ("", ""),
    "one": ("queue-0500-${entity_id}", "queue-0500-${workspace_id}-${entity_id}"),
    "all": ("maximum_interval: 5m", "maximum_interval: 6m"),
}


@asynccontextmanager
async def _begin(setting: Setting) -> AsyncIterator[Round]:
    for name, edit in _EDITS.items():
        await asyncio.to_thread(_project, setting.folder / name, *edit)

    async def seconds(name: str) -> float:
        command = (*TQRUN, "diff", "--against", "HEAD", "--exit-zero")
        return await asyncio.to_thread(wall_seconds, command, setting.folder / name)

    async def measure() -> Mapping[str, float]:
        return {name: await seconds(name) for name in _EDITS}

    await measure()
    yield measure


def _project(folder: Path, old: str, new: str) -> None:
    """A project that is committed, then edited."""
    write_project(folder, QUEUES)
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    for arguments in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "base")):
        subprocess.run(("git", *arguments), cwd=folder, check=True)
    file = folder / "queues.yaml"
    file.write_text(file.read_text().replace(old, new) if old else file.read_text())


MEASURE = Measure(
    "diff",
    "tqrun diff of 1,000 queues, 2,000 activities against a base in the same repository",
    (
        Line(text="one queue edited", quantity="one", unit="s", bar=3),
        Line(text="nothing edited", quantity="none", unit="s", bar=3),
        Line(text="a policy of all queues edited", quantity="all", unit="s", bar=3),
    ),
    _begin,
)
