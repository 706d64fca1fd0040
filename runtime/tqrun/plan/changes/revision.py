"""A queues file and its project as they were at one git revision, or as they stand on disk.

Nothing of the project is imported or checked out: files are read, one by one, when asked for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from tqrun.config.load import read_bytes
from tqrun.errors import UnreadableFile
from tqrun.plan.changes.git import Commit


@dataclass(frozen=True)
class Revision:
    """One state of a project.

    Attributes:
        name: As messages call it: the git reference, or the path.
        path: The queues file; relative to the repository where *commit* is set.
        commit: Its git commit; None for the files on disk.
    """

    name: str
    path: str
    commit: str | None = None
    repository: Path = Path()
    _files: dict[str, bytes | None] = field(default_factory=dict, compare=False)

    def text(self) -> bytes:
        """The queues file.

        Raises:
            UnreadableFile: It is not there.
        """
        if self.commit is None:
            return read_bytes(self.path)
        found = self._commit.file(self.path)
        if found is None:
            way_out = f"name where it was with --against {self.name.partition(' ')[0]}:PATH"
            raise UnreadableFile(f"{self.name} has no {self.path}; {way_out}")
        return found

    def file(self, relative: str) -> bytes | None:
        """A file beside the queues file, by its path from there; None if there is none."""
        if relative not in self._files:
            self._files[relative] = self._read(relative)
        return self._files[relative]

    def names(self, folder: str) -> list[str]:
        """The files below *folder*, which is given as seen from the queues file, as they are."""
        start = str(PurePosixPath(self.path).parent)
        top = self._top(folder)
        if self.commit is not None:
            paths = self._commit.names(top)
        else:
            found = Path(top).rglob("*") if Path(top).is_dir() else ()
            paths = [one.as_posix() for one in found if one.is_file()]
        return sorted(os.path.relpath(one, start).replace(os.sep, "/") for one in paths)

    def beside(self, folder: str, inner: Sequence[str]) -> list[str]:
        """The files in *folder*, as seen from the queues file, and below its folders *inner*."""
        here = [] if self.commit is None else self._commit.entries(self._top(folder))
        if self.commit is None:
            found = Path(self._top(folder))
            here = [one.name for one in found.iterdir() if one.is_file()] if found.is_dir() else []
        more = [path for one in inner for path in self.names(f"{folder}{one}")]
        return [*(f"{folder}{name}" for name in sorted(here)), *more]

    def _top(self, folder: str) -> str:
        joined = PurePosixPath(self.path).parent / folder
        return os.path.normpath(joined).replace(os.sep, "/")

    @property
    def folders_above(self) -> list[str]:
        """The folder of the queues file and those above it in its repository, seen from there."""
        if self.commit is not None:
            levels = len(PurePosixPath(self.path).parent.parts)
        else:
            folder = Path(self.path).resolve().parent
            above = (folder, *folder.parents)
            levels = next((n for n, one in enumerate(above) if (one / ".git").exists()), 0)
        return ["../" * level for level in range(levels + 1)]

    def _read(self, relative: str) -> bytes | None:
        folder = PurePosixPath(self.path).parent
        if self.commit is not None:
            return self._commit.file(os.path.normpath(folder / relative).replace(os.sep, "/"))
        found = Path(folder, relative)
        return found.read_bytes() if found.is_file() else None

    @cached_property
    def _commit(self) -> Commit:
        assert self.commit is not None
        return Commit(self.repository, self.commit)
