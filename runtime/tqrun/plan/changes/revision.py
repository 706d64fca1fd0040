"""A queues file and its project as they were at one git revision, or as they stand on disk.

Nothing of the project is imported or checked out: files are read, one by one, when asked for.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from tqrun.config.load import read_bytes
from tqrun.errors import UnreadableFile, UsageError

DEFAULT_REMOTE = "origin"


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

    def text(self) -> bytes:
        """The queues file.

        Raises:
            UnreadableFile: It is not there.
        """
        if self.commit is None:
            return read_bytes(self.path)
        found = self._blob(self.path)
        if found is None:
            raise UnreadableFile(f"{self.name} has no {self.path}; name another base or path")
        return found

    def file(self, relative: str) -> bytes | None:
        """A file beside the queues file, by its path from there; None if there is none."""
        folder = PurePosixPath(self.path).parent
        if self.commit is not None:
            return self._blob(str(folder / relative))
        found = Path(folder, relative)
        return found.read_bytes() if found.is_file() else None

    @cached_property
    def _paths(self) -> frozenset[str]:
        """Every path of the commit, asked for once."""
        assert self.commit is not None
        names = _git(self.repository, "ls-tree", "-r", "-z", "--name-only", self.commit)
        return frozenset(names.decode(errors="replace").split("\0"))

    def _blob(self, path: str) -> bytes | None:
        if path not in self._paths:
            return None
        return _git(self.repository, "cat-file", "blob", f"{self.commit}:{path}")


def base(against: str | None, queues: str) -> Revision:
    """The revision that *against* means: `REF`, `REF:PATH`, a path, or the merge base.

    Args:
        against: As given by the user; None: where the current branch left the remote's default
            branch.
        queues: The queues file on disk that is compared with it.

    Raises:
        UsageError: There is no such revision; the text has the command that brings it.
    """
    if against is not None and Path(against).is_file():
        return Revision(against, against)
    folder = Path(queues).resolve().parent
    try:
        top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    except _GitFailed:
        way_out = "name a file with --against, or run inside a git repository"
        raise UsageError(f"{folder.name} is in no git repository; {way_out}") from None
    reference, _, path = (against or "").partition(":")
    path = path or Path(queues).resolve().relative_to(top).as_posix()
    if not reference:
        return _merge_base(top, path)
    commit = _commit(top, reference)
    if commit is None:
        raise UsageError(f'no revision "{reference}" here; bring it with: {_fetch(reference)}')
    return Revision(reference, path, commit, top)


def _merge_base(top: Path, path: str) -> Revision:
    """Where the current branch left the remote's default branch."""
    reference = f"{DEFAULT_REMOTE}/HEAD"
    for candidate in (reference, f"{DEFAULT_REMOTE}/main", f"{DEFAULT_REMOTE}/master"):
        if _commit(top, candidate) is not None:
            try:
                found = _git(top, "merge-base", "HEAD", candidate).decode().strip()
            except _GitFailed:
                break
            return Revision(f"{candidate} at {found[:10]}", path, found, top)
    raise UsageError(
        "the base cannot be found: the remote's default branch is not here; "
        f"run: git fetch --unshallow {DEFAULT_REMOTE} main, or name a base with --against"
    )


def _fetch(reference: str) -> str:
    remote, _, branch = reference.partition("/")
    if branch:
        return f"git fetch {remote} {branch}:refs/remotes/{reference}"
    return f"git fetch --unshallow {DEFAULT_REMOTE} {reference}"


def _commit(top: Path, reference: str) -> str | None:
    try:
        found = _git(top, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    except _GitFailed:
        return None
    return found.decode().strip()


class _GitFailed(Exception):
    """git said no; the text is its own."""


def _git(folder: Path, *arguments: str) -> bytes:
    command: Sequence[str] = ("git", "-C", str(folder), *arguments)
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not installed, and --against names no file") from None
    if done.returncode:
        raise _GitFailed(done.stderr.decode(errors="replace").strip())
    return done.stdout
