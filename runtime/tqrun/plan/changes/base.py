"""Which revision a comparison starts from, and the command that brings one that is not here."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tqrun.errors import UnreadableFile
from tqrun.plan.changes.git import GitFailed, git
from tqrun.plan.changes.revision import Revision

DEFAULT_REMOTE = "origin"
_DEFAULT_BRANCHES = (f"{DEFAULT_REMOTE}/HEAD", f"{DEFAULT_REMOTE}/main", f"{DEFAULT_REMOTE}/master")
_EVERY_BRANCH = f"+refs/heads/*:refs/remotes/{DEFAULT_REMOTE}/*"


def base(against: str | None, queues: str) -> Revision:
    """The revision that *against* means: `REF`, `REF:PATH`, a path, or the merge base.

    Args:
        against: As given by the user; None: where the current branch left the remote's default
            branch.
        queues: The queues file on disk that is compared with it.

    Raises:
        UnreadableFile: There is no such revision; the text has the command that brings it.
    """
    if against is not None and Path(against).is_file():
        return Revision(against, against)
    if against is not None and Path(against).suffix in (".yaml", ".yml") and ":" not in against:
        raise UnreadableFile(
            f"{against}: no such file; a git reference is given as REF or REF:PATH"
        )
    file = Path(queues).resolve()
    try:
        top = Path(git(file.parent, "rev-parse", "--show-toplevel"))
    except (GitFailed, NotADirectoryError):
        message = f"{queues} is in no git repository; name a file with --against"
        raise UnreadableFile(message) from None
    reference, _, path = (against or "").partition(":")
    path = path or file.relative_to(top.resolve()).as_posix()
    if not reference:
        return _merge_base(top, path)
    commit = _commit(top, reference)
    if commit is None:
        raise UnreadableFile(f'no revision "{reference}" here; {_way_to(top, reference)}')
    return Revision(reference, path, commit, top)


def _merge_base(top: Path, path: str) -> Revision:
    """Where the current branch left the remote's default branch."""
    branch = next((one for one in _DEFAULT_BRANCHES if _commit(top, one)), None)
    if branch is None:
        message = f"the default branch of {DEFAULT_REMOTE} is not here"
        if DEFAULT_REMOTE not in _remotes(top):
            raise UnreadableFile(
                f"the repository has no remote {DEFAULT_REMOTE}; name a base with --against"
            )
        raise UnreadableFile(
            f"{message}; run: {_fetch(top, _EVERY_BRANCH)} && "
            f"git remote set-head {DEFAULT_REMOTE} --auto"
        )
    try:
        found = git(top, "merge-base", "HEAD", branch)
    except GitFailed:
        message = f"where this branch left {branch} is not known here"
        if not _is_shallow(top):
            raise UnreadableFile(f"{message}; name a base with --against") from None
        raise UnreadableFile(f"{message}; run: {_fetch(top, _EVERY_BRANCH)}") from None
    return Revision(f"{branch} at {found[:10]}", path, found, top)


def _way_to(top: Path, reference: str) -> str:
    """What brings *reference* here, as the tail of a message."""
    remotes = _remotes(top)
    remote, _, branch = re.split(r"[~^@]", reference)[0].partition("/")
    if branch and remote in remotes:
        command = _fetch(top, f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}", remote)
        return f"run: {command}"
    if not remotes:
        return "git log shows what is there"
    return (
        f"bring it with: {_fetch(top, _EVERY_BRANCH)}; then it may be {DEFAULT_REMOTE}/{reference}"
    )


def _fetch(top: Path, refspec: str, remote: str = DEFAULT_REMOTE) -> str:
    """The command that fetches *refspec*, and the history that a shallow clone lacks."""
    depth = ["--unshallow"] if _is_shallow(top) else []
    return shlex.join(["git", "fetch", *depth, remote, refspec])


def _remotes(top: Path) -> list[str]:
    return git(top, "remote").split()


def _is_shallow(top: Path) -> bool:
    return git(top, "rev-parse", "--is-shallow-repository") == "true"


def _commit(top: Path, reference: str) -> str | None:
    try:
        return git(top, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    except GitFailed:
        return None
