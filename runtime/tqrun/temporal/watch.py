"""What is edited while `tqrun dev` runs: the queues file, and the modules of its activities."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from watchfiles import Change, awatch


class Changes:
    """Tells that something was edited since it was last asked."""

    def __init__(self, file: Path) -> None:
        """Watch *file* and what is beside it, once `follow` is called."""
        self._file = file.parent.resolve() / file.name
        self._changed = asyncio.Event()
        self._names: Collection[str] = ()
        self._tasks: dict[Path, asyncio.Task[None]] = {}

    def follow(self, names: Collection[str]) -> None:
        """Watch the file and the top-level packages or modules *names*; they need not exist."""
        root = self._file.parent
        self._names = names
        for folder in (root, *(root / name for name in names)):
            task = self._tasks.get(folder)
            if folder.is_dir() and (task is None or task.done()):
                self._tasks[folder] = asyncio.ensure_future(self._watch(folder))

    async def next(self) -> None:
        """Wait for a change; one that came before counts."""
        await self._changed.wait()
        self._changed.clear()

    def stop(self) -> None:
        """Watch no more."""
        for task in self._tasks.values():
            task.cancel()

    async def _watch(self, folder: Path) -> None:
        # The project's own folder holds data and environments: only its first level is watched.
        recursive = folder != self._file.parent
        async for _ in awatch(folder, watch_filter=self._counts, recursive=recursive):
            self._changed.set()

    def _counts(self, change: Change, path: str) -> bool:
        changed = Path(path)
        if changed == self._file:
            return True
        name = changed.relative_to(self._file.parent).parts[0]
        if name in self._names and changed.suffix != ".py":
            return change is Change.added and changed.parent == self._file.parent
        return changed.suffix == ".py" and name.removesuffix(".py") in self._names
