"""The few questions that a comparison asks git, without a work tree of its own."""

from __future__ import annotations

import subprocess
import weakref
from pathlib import Path
from typing import IO

from tqrun.errors import UnreadableFile


class GitFailed(Exception):
    """git said no; the text is its own."""


def git(folder: Path, *arguments: str) -> str:
    """What git prints, run in *folder*.

    Raises:
        GitFailed: Its exit status is not 0.
        UnreadableFile: It is not installed.
    """
    try:
        done = subprocess.run(_command(folder, *arguments), capture_output=True, check=False)
    except FileNotFoundError:
        message = "git is not installed; name a file with --against"
        raise UnreadableFile(message) from None
    if done.returncode:
        raise GitFailed(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode(errors="replace").strip()


class Commit:
    """The files of one commit, read by one process of git, which is ended with this object."""

    def __init__(self, repository: Path, commit: str) -> None:
        """Read from *commit* of *repository*; nothing is read before it is asked for."""
        self._repository, self._commit = repository, commit
        self._process: subprocess.Popen[bytes] | None = None

    def file(self, path: str) -> bytes | None:
        """The file at *path* of the repository; None if there is none."""
        if "\n" in path:
            return None
        asked, answered = self._streams()
        asked.write(f"{self._commit}:{path}\n".encode())
        asked.flush()
        head = answered.readline().split()
        if len(head) < 3 or not head[-1].isdigit():
            return None
        content = answered.read(int(head[-1]) + 1)[:-1]
        return content if head[-2] == b"blob" else None

    def names(self, folder: str) -> list[str]:
        """The files below *folder* of the repository."""
        arguments = (
            "ls-tree",
            "-r",
            "-z",
            "--name-only",
            "--full-tree",
            self._commit,
            "--",
            folder,
        )
        try:
            return [one for one in git(self._repository, *arguments).split("\0") if one]
        except GitFailed:
            return []

    def entries(self, folder: str) -> list[str]:
        """The names of the files directly in *folder* of the repository."""
        tree = f"{self._commit}:{'' if folder == '.' else folder}"
        try:
            found = git(self._repository, "ls-tree", "-z", tree).split("\0")
        except GitFailed:
            return []
        return [one.partition("\t")[2] for one in found if " blob " in one]

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None:
            self._process = subprocess.Popen(
                _command(self._repository, "cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            weakref.finalize(self, _end, self._process)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


def _command(folder: Path, *arguments: str) -> list[str]:
    return ["git", "-C", str(folder), *arguments]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.communicate()
