"""A whole comparison: from two revisions to what a reviewer is told."""

from __future__ import annotations

from dataclasses import dataclass

from tqrun.diagnostics import Finding
from tqrun.errors import InvalidQueuesFile, UsageError
from tqrun.plan.changes.change import ORDER, Change, Severity
from tqrun.plan.changes.compare import compare
from tqrun.plan.changes.ignores import acknowledged
from tqrun.plan.changes.revision import Revision
from tqrun.plan.changes.side import Side, side


@dataclass(frozen=True)
class Verdict:
    """What a comparison came to.

    Attributes:
        changes: All that were found and not acknowledged, in file order.
        changed: Queues with a change.
        safe: Of those, the ones with nothing above `info`.
    """

    before: Side
    after: Side
    changes: tuple[Change, ...]

    @property
    def changed(self) -> list[str]:
        return list(dict.fromkeys(change.queue for change in self.changes if change.queue))

    @property
    def safe(self) -> list[str]:
        grave = {change.queue for change in self.changes if change.severity != "info"}
        return [queue for queue in self.changed if queue not in grave]

    @property
    def summary(self) -> str:
        """One line: how much changed, and how much of it is safe."""
        changed, safe = len(self.changed), len(self.safe)
        base = self.before.revision.name
        if not self.changes:
            return f"no changes against {base}"
        return f"{changed} queue{'' if changed == 1 else 's'} changed against {base}, {safe} safe"

    @property
    def deploy_order(self) -> str | None:
        """In which order to deploy, where it matters."""
        codes = {change.code for change in self.changes}
        if not codes & {"activity-added", "input-added", "search-attribute-added"}:
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
        UsageError: The old one was invalid, so that there is nothing to compare with.
        UnreadableFile: One of them has no queues file.
    """
    new = _sound(after)
    if isinstance(new, tuple):
        raise InvalidQueuesFile(new)
    old = side(before)
    if old is None or old.findings:
        first = f": {old.findings[0]}" if old is not None else ""
        raise UsageError(
            f"the queues file was invalid at {before.name}{first}; "
            "name a base where it was valid with --against"
        )
    changes = acknowledged(compare(old, new), new.loaded.source)
    return Verdict(old, new, tuple(changes))


def _sound(revision: Revision) -> Side | tuple[Finding, ...]:
    found = side(revision)
    if found is None:
        from tqrun.config import source
        from tqrun.config.load import examine

        return examine(source.read(revision.path, revision.text())).findings
    return found.findings or found
