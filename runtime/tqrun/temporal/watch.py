"""What is edited while `tqrun dev` runs: the queues file, and the project's own Python code."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from watchfiles import Change, awatch


class Changes:
    """Reports that something was edited since it was last asked."""

    def __init__(self, file: Path) -> None:
        """Watch *file* and what is beside it, once `follow` is called."""
        self._file = file.parent.resolve() / file.name
        self._changed = asyncio.Event()
        self._followed: set[Path] = set()
        self._tasks: dict[tuple[Path, bool], asyncio.Task[None]] = {}

    def follow(self, paths: Iterable[Path]) -> None:
        """Watch the file, and from now on the packages and modules *paths*; they need not exist.

        What was followed before stays so: where an import fails, it is not known what else is
        imported.
        """
        self._followed |= {path.resolve() for path in paths}
        self._watch(self._file.parent, recursive=False)
        for path in self._followed:
            if path.is_dir():
                self._watch(path, recursive=True)
            elif path.parent.is_dir():
                self._watch(path.parent, recursive=False)

    async def next(self) -> None:
        """Wait for a change; one that came before counts."""
        await self._changed.wait()
        self._changed.clear()

    def stop(self) -> None:
        """Watch no more."""
        for task in self._tasks.values():
            task.cancel()

    def _watch(self, folder: Path, *, recursive: bool) -> None:
        task = self._tasks.get((folder, recursive))
        if task is None or task.done():
            watching = asyncio.ensure_future(self._report(folder, recursive=recursive))
            self._tasks[folder, recursive] = watching

    async def _report(self, folder: Path, *, recursive: bool) -> None:
        async for _ in awatch(folder, watch_filter=self._counts, recursive=recursive):
            self._changed.set()

    def _counts(self, change: Change, name: str) -> bool:
        path = Path(name)
        if path == self._file or path in self._followed:
            return True
        if path.suffix != ".py":
            return False
        # The project's own folder holds scripts and data, too; a new module may be a missing one.
        is_new = change is Change.added and path.parent == self._file.parent
        return is_new or not self._followed.isdisjoint(path.parents)
