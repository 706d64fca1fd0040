"""What a lock file beside the queues file has of another version, and takes part in workflows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tqrun.plan.changes.change import Change
from tqrun.plan.changes.pair import Pair
from tqrun.plan.changes.side import Side

_LOCK_FILES = ("requirements.txt", "uv.lock", "poetry.lock", "pdm.lock")
_PACKAGES = r"(tqrun|cel[-_.]expr[-_.]python)"
_LOCKED = re.compile(
    rf"^{_PACKAGES}(?:\[[^\]]*\])?\s*==\s*([\w.!+-]+)|"
    rf'^name = "{_PACKAGES}"\r?\nversion = "([^"]+)"',
    re.MULTILINE | re.IGNORECASE,
)


def upgrades(pair: Pair) -> Iterator[Change]:
    """The packages of the interpreter that are locked to another version than before."""
    old = _locked(pair.before)
    for name, (version, file) in _locked(pair.after).items():
        if name in old and old[name][0] != version:
            message = f"{name} goes from {old[name][0]} to {version} in {file}"
            yield pair.change(("queues",), "runtime-upgraded", message)


def _locked(side: Side) -> dict[str, tuple[str, str]]:
    """The version and the file by package; the nearest folder counts."""
    found: dict[str, tuple[str, str]] = {}
    for folder in reversed(side.revision.folders_above):
        for file in _LOCK_FILES:
            text = (side.revision.file(folder + file) or b"").decode(errors="replace")
            for match in _LOCKED.finditer(text):
                name = re.sub(r"[-_.]+", "-", match[1] or match[3]).lower()
                found[name] = (match[2] or match[4], file)
    return found
