"""Projects that exist in memory only: a base, and what an edit makes of it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqrun.plan.changes.revision import Revision

BASES = Path(__file__).parent / "bases"
QUEUES = "queues.yaml"

Files = Mapping[str, str]


@dataclass(frozen=True)
class InMemory(Revision):
    """A revision whose files are in *contents*, by their path from the top."""

    contents: Files = field(default_factory=dict)

    def text(self) -> bytes:
        """The queues file."""
        return self.contents[self.path].encode()

    @property
    def folders_above(self) -> list[str]:
        """As in a repository."""
        return ["../" * level for level in range(self.path.count("/") + 1)]

    def names(self, folder: str) -> list[str]:
        """The files below *folder*, seen from the queues file."""
        top = self._normal(folder)
        inside = [one for one in self.contents if top == "." or one.startswith(f"{top}/")]
        return sorted(posixpath.relpath(one, self._normal("")) for one in inside)

    def beside(self, folder: str, inner: Sequence[str]) -> list[str]:
        """The files in *folder* and below its folders *inner*."""
        here = [one for one in self.names(folder) if "/" not in one.removeprefix(folder)]
        return [*here, *(path for one in inner for path in self.names(f"{folder}{one}"))]

    def _read(self, relative: str) -> bytes | None:
        text = self.contents.get(self._normal(relative))
        return None if text is None else text.encode()

    def _normal(self, relative: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.path), relative))


def base(name: str) -> dict[str, str]:
    """The files of a base project."""
    folder = BASES / name
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
