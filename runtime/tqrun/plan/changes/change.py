"""One judged change, and the table of everything that a change may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tqrun.diagnostics import Place

Severity = Literal["error", "warning", "info"]
ORDER: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that an edit does to work that is going, to callers or to duplicates.

    Attributes:
        place: Where the user mends it, in the new file.
        code: Its row of `TABLE`; `tqrun explain CODE` prints its page.
        message: What changed, in the user's words.
        queue: The queue that it concerns.
    """

    place: Place
    code: str
    message: str
    queue: str

    @property
    def severity(self) -> Severity:
        return TABLE[self.code].severity

    @property
    def why(self) -> str:
        return TABLE[self.code].why

    @property
    def mend(self) -> str:
        return TABLE[self.code].mend

    def __str__(self) -> str:
        place = f"{self.place.path}:{self.place.line}:{self.place.column}"
        return f"{place}: {self.severity}: {self.message} [{self.code}]"


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of change: how grave it is, why, and what makes it right."""

    severity: Severity
    why: str
    mend: str


_DRAIN = "keep it until they have drained, or bump version and bind the old one under draining"
TABLE: dict[str, Row] = {
    "activity-removed": Row("error", "running plans that call it wait for ever", _DRAIN),
    "parameter-required": Row("error", "running plans do not pass it, so that they fail", _DRAIN),
    "parameter-removed": Row("error", "running plans still pass it, so that they fail", _DRAIN),
    "parameter-narrowed": Row("error", "values of running plans no longer fit", _DRAIN),
    "result-narrowed": Row("error", "running plans read what is no longer there", _DRAIN),
    "version-not-draining": Row(
        "error", "runs of the old version lose their workers", "list the old one under draining"
    ),
    "version-lowered": Row(
        "error", "runs of the newer version lose their workers", "versions only go up"
    ),
    "version-removed": Row(
        "warning", "its open runs stall", "see with --live that none is open any more"
    ),
    "queue-removed": Row(
        "warning", "its open runs stall", "see with --live that none is open any more"
    ),
    "workflow-removed": Row(
        "error", "callers and schedules fail", "keep it until nobody starts it any more"
    ),
    "workflow-id-changed": Row(
        "error",
        "open runs keep their old id, so that the same entity may now run twice",
        "bump version, or acknowledge it with an ignore comment",
    ),
    "id-policy-changed": Row(
        "warning", "duplicates are treated differently", "see that it is meant"
    ),
    "debounce-changed": Row("warning", "launches are gathered differently", "see that it is meant"),
    "input-removed": Row("error", "callers and schedules that give it fail", "keep it, optional"),
    "input-required": Row(
        "error", "callers and schedules that do not give it fail", "give it a default"
    ),
    "input-narrowed": Row(
        "error", "callers and schedules may give what no longer fits", "add another input instead"
    ),
    "input-added": Row("info", "new launches may give it", "workers first, then launchers"),
    "signal-removed": Row(
        "error",
        "its sender is told nothing, and a run that waits for it waits for ever",
        "keep it until no run waits for it",
    ),
    "signal-narrowed": Row(
        "error", "what its senders send is dropped", "add an optional field instead"
    ),
    "query-removed": Row("error", "its callers fail", "keep it until nobody asks"),
    "activity-added": Row(
        "info",
        "new plans may reach old workers during the roll-out, and wait there",
        "workers first, then apply, then launchers",
    ),
    "task-queue-changed": Row(
        "error",
        "open runs lose their workers",
        "bump version, and list the old one under draining",
    ),
    "activity-task-queue-changed": Row(
        "warning", "somebody must poll the new one", "start its workers first"
    ),
    "search-attribute-added": Row(
        "warning", "unregistered, it fails launches and hangs parents", "run tqrun apply first"
    ),
    "class-changed": Row("error", "another history: open runs cannot be replayed", "bump version"),
    "class-edited": Row(
        "warning", "replay of its open runs may fail", "run tqrun replay before the deployment"
    ),
    "workflow-type-changed": Row(
        "error", "callers by type name fail", "add a second workflow of the new type"
    ),
    "binding-changed": Row(
        "warning", "a call silently gets another value", "give the parameter under with"
    ),
    "runtime-upgraded": Row(
        "warning", "the interpreter is workflow code", "run tqrun replay before the deployment"
    ),
    "plan-changed": Row("info", "new launches only", "nothing to do"),
    "options-changed": Row("info", "workers that start from now on", "nothing to do"),
    "not-compared": Row(
        "warning",
        "its type cannot be found in the source text",
        "use types that the project itself declares, or look at the change yourself",
    ),
    "unused-ignore": Row("warning", "it silences nothing", "remove the comment"),
    "ignore-without-reason": Row(
        "error", "nobody can tell later why it was meant", "write the reason after the bracket"
    ),
}
"""Every kind of change by its code."""
