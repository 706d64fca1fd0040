"""One edit of a base project with the verdict that it has by construction, and what diff says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from tests.diff.edits import projects
from tests.diff.edits.projects import QUEUES, InMemory
from tqrun.errors import InvalidQueuesFile
from tqrun.plan.changes.verdict import judge

Verdict = Literal["safe", "breaking"]
Outcome = Literal["hit", "miss", "quiet", "false alarm", "not compared"]

_NOT_COMPARED = "not-compared"
_INVALID = "invalid"


@dataclass(frozen=True)
class Edit:
    """What a pull request changes.

    Attributes:
        name: Says it in words; unique.
        verdict: Whether it hurts what is open, callers or duplicates.
        files: The new text of each changed file; None where it is deleted.
        codes: Of which one must be reported; any finding counts where there are none.
    """

    name: str
    verdict: Verdict
    base: str
    files: Mapping[str, str | None]
    codes: tuple[str, ...] = ()
    before: Mapping[str, str] | None = None

    def reported(self) -> list[str]:
        """The codes of everything that is graver than an info, each with its message."""
        old = dict(_base(self.base)) | dict(self.before or {})
        new = {path: text for path, text in (old | dict(self.files)).items() if text is not None}
        revisions = [
            InMemory(name, QUEUES, contents=files) for name, files in (("base", old), ("head", new))
        ]
        try:
            changes = judge(*revisions).changes
        except InvalidQueuesFile as error:
            return [f"{_INVALID}: {one}" for one in error.findings]
        return [f"{one.code}: {one.message}" for one in changes if one.severity != "info"]

    def outcome(self) -> Outcome:
        """Whether what is reported is right."""
        codes = [text.partition(":")[0] for text in self.reported()]
        certain = [code for code in codes if code != _NOT_COMPARED]
        if self.verdict == "breaking" and codes[:1] == [_INVALID]:
            return "hit"  # nobody can deploy it
        if self.verdict == "safe":
            return "false alarm" if certain else "not compared" if codes else "quiet"
        if self.codes:
            certain = [code for code in certain if code in self.codes]
        return "hit" if certain else "not compared" if codes else "miss"


@cache
def _base(name: str) -> Mapping[str, str]:
    return projects.base(name)


def edit(
    name: str,
    verdict: Verdict,
    *replacements: tuple[str, str, str],
    codes: tuple[str, ...] = (),
    base: str = "shop",
    before: tuple[tuple[str, str, str], ...] = (),
    delete: tuple[str, ...] = (),
) -> Edit:
    """An edit of *base* by replacing text: file, old text (all of it if empty) and new text."""
    files = dict(_base(base))
    _replace(name, files, before)
    old = dict(files)
    _replace(name, files, replacements)
    changed: dict[str, str | None] = {
        path: text for path, text in files.items() if text != old.get(path)
    }
    return Edit(name, verdict, base, {**changed, **dict.fromkeys(delete)}, codes, old)


def _replace(
    name: str, files: dict[str, str], replacements: tuple[tuple[str, str, str], ...]
) -> None:
    for path, old, new in replacements:
        if not old:
            files[path] = new
            continue
        assert old in files[path], f"{name}: {path} has no {old!r}"
        files[path] = files[path].replace(old, new, 1)
