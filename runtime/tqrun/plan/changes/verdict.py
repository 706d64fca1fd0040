"""A whole comparison: from two revisions to what a reviewer is told."""

from __future__ import annotations

from dataclasses import dataclass

from tqrun.diagnostics import errors
from tqrun.errors import InvalidQueuesFile, UnreadableFile
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.compare import compare
from tqrun.plan.changes.ignores import Acknowledged, acknowledged
from tqrun.plan.changes.revision import Revision
from tqrun.plan.changes.side import Side, side
from tqrun.plan.changes.table import ORDER, Severity

_ORDERED = frozenset(
    {
        *("activity-added", "input-added", "parameter-added", "queue-added"),
        *("search-attribute-added", "schedule-changed", "task-queue-added"),
        *("version-bumped", "workflow-added"),
    }
)
"""Rows that matter during a roll-out."""


@dataclass(frozen=True)
class Verdict:
    """What a comparison came to.

    Attributes:
        changes: All that were found and not acknowledged, in file order.
        acknowledged: The others, each with its reason.
        changed: Queues with a change, acknowledged or not.
        safe: Of those, the ones with nothing above `info`.
    """

    before: Side
    after: Side
    changes: tuple[Change, ...]
    acknowledged: tuple[Acknowledged, ...] = ()

    @property
    def _all(self) -> list[Change]:
        return [*self.changes, *(one.change for one in self.acknowledged)]

    @property
    def changed(self) -> list[str]:
        return list(dict.fromkeys(name for change in self._all for name in change.queues))

    @property
    def safe(self) -> list[str]:
        grave = {
            name for change in self._all for name in change.queues if change.severity != "info"
        }
        return [queue for queue in self.changed if queue not in grave]

    @property
    def summary(self) -> str:
        """One line: how much changed, and how much of it is safe."""
        changed, safe = len(self.changed), len(self.safe)
        base = self.before.revision.name
        if not self._all:
            return f"no changes against {base}"
        count = len(self.acknowledged)
        meant = f", {count} acknowledged" if count else ""
        if not changed:
            return f"no queues changed against {base}{meant}"
        queues = f"{changed} queue{'' if changed == 1 else 's'}"
        return f"{queues} changed against {base}, {safe} safe{meant}"

    @property
    def deploy_order(self) -> str | None:
        """In which order to deploy, where it matters."""
        if not {change.code for change in self._all} & _ORDERED:
            return None
        return "deploy in this order: workers, then tqrun apply, then launchers"

    def at_least(self, severity: Severity) -> list[Change]:
        """The changes of *severity* or graver."""
        grave = ORDER[: ORDER.index(severity) + 1]
        return [change for change in self.changes if change.severity in grave]

    def worst_first(self) -> list[Change]:
        """The changes, the gravest first, else in file order."""
        return sorted(self.changes, key=lambda change: ORDER.index(change.severity))


def judge(before: Revision, after: Revision) -> Verdict:
    """Compare two revisions.

    Raises:
        InvalidQueuesFile: The new one has findings; they are mended first.
        UnreadableFile: One of them has no queues file, or the old one has findings.
    """
    new = side(after)
    if faults := errors(new.findings):
        raise InvalidQueuesFile(faults)
    try:
        old = side(before, new)
        found = errors(old.findings)
    except InvalidQueuesFile as error:
        found = [*error.findings]
    if found:
        raise UnreadableFile(
            f"the queues file is invalid at {before.name}: {found[0]}; "
            "name a base where it was valid with --against"
        )
    changes, meant = acknowledged(compare(old, new), new.loaded.source)
    return Verdict(old, new, tuple(changes), tuple(meant))
