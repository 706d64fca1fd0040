"""Paths as a forge knows them: from the top of the repository."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tqrun.errors import UnreadableFile
from tqrun.plan.changes.git import GitFailed, git


def rooted(path: str) -> str:
    """*path* from the top of its repository; as it is where it lies in none."""
    file = Path(path).resolve()
    top = _top(file.parent)
    return path if top is None else file.relative_to(top).as_posix()


@lru_cache(maxsize=64)
def _top(folder: Path) -> Path | None:
    try:
        top = Path(git(folder, "rev-parse", "--show-toplevel")).resolve()
    except (GitFailed, UnreadableFile, NotADirectoryError):
        return None
    return top if folder.is_relative_to(top) else None
