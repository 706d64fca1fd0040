"""The table of everything that a change may be; `docs/changes.md` tells it to a reviewer.

Each row was shown on a real server where that can be (tests/server/test_changes.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
ORDER: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of change: how grave it is, why, and what makes it right."""

    severity: Severity
    why: str
    mend: str


_DRAIN = "keep it until they have drained, or bump version and bind the old function under draining"
_EXTERNAL = "keep the old name, or bump version and list the old one as draining: external"
_SEE = "see with --live that none is open any more"
_REPLAY = "run tqrun replay before the deployment"
_WORKERS_FIRST = "workers first, then tqrun apply, then launchers"

TABLE: dict[str, Row] = {
    # Running work
    "activity-removed": Row("error", "running plans that call it wait for ever", _DRAIN),
    "parameter-removed": Row("error", "running plans still pass it, so that they fail", _DRAIN),
    "parameter-moved": Row(
        "error",
        "a hand-written workflow passes its arguments in order, so that one gets another's",
        "keep the order, and add parameters at the end",
    ),
    "activity-conditional": Row(
        "warning",
        "where the condition does not hold, running plans wait for the function",
        "define it in any case",
    ),
    "parameter-required": Row("error", "running plans do not pass it, so that they fail", _DRAIN),
    "parameter-narrowed": Row("error", "values of running plans no longer fit", _DRAIN),
    "annotation-removed": Row(
        "warning",
        "without it the function gets a dict or text where it got an object",
        "keep the annotation, or read the JSON in the function",
    ),
    "conversion-changed": Row(
        "warning",
        "values of running plans may be refused now, or become others",
        "see that what fitted before still does",
    ),
    "error-type-removed": Row(
        "error",
        "running plans name it, and now retry it or do not catch it",
        "keep the class and its name, or bump version and bind the old function under draining",
    ),
    "result-narrowed": Row("error", "running plans read what may no longer be there", _DRAIN),
    "child-result-changed": Row(
        "warning",
        "a child takes the plan of the day it starts, and its parents keep theirs",
        "return what they read as well, or give it a new name until they have ended",
    ),
    "version-not-draining": Row(
        "error", "runs of the old version lose their workers", "list the old one under draining"
    ),
    "version-lowered": Row(
        "error", "runs of the newer version lose their workers", "give it a higher version instead"
    ),
    "version-removed": Row("warning", "its open runs stall", _SEE),
    "version-external": Row(
        "warning",
        "its open runs wait for workers that another deployment must keep",
        "see with --live that none is open any more, or keep workers of the old file until then",
    ),
    "queue-removed": Row("warning", "its open runs stall", _SEE),
    "queue-renamed": Row(
        "error",
        "for running work it is one queue removed and another one added",
        "write renamed_from, and keep task_queue, workflow_type and workflow_id as they were",
    ),
    "task-queue-changed": Row("error", "open runs lose their workers", _EXTERNAL),
    "activity-task-queue-changed": Row(
        "warning",
        "running plans call the old task queue, new ones the new one",
        "have workers for both until the old plans have drained",
    ),
    "class-changed": Row(
        "error",
        "another history: open runs cannot be replayed",
        "bump version and list the old one as draining: external",
    ),
    "class-edited": Row("warning", "replay of its open runs may fail", _REPLAY),
    "runtime-upgraded": Row("warning", "the interpreter is workflow code", _REPLAY),
    # Callers
    "workflow-removed": Row(
        "error",
        "callers and schedules fail, and so do open runs that they started",
        "keep it until nobody starts it and none is open any more",
    ),
    "workflow-type-changed": Row(
        "error",
        "callers by type name fail, and so do open runs that they started",
        "keep the type, or add a second workflow of the new one",
    ),
    "launch-name-changed": Row(
        "error",
        "launches and children by the old name fail, and its schedules start runs beside the new",
        "keep the name; a second workflow can have a queue of its own",
    ),
    "input-removed": Row("error", "callers and schedules that give it fail", "keep it, optional"),
    "input-required": Row(
        "error", "callers and schedules that do not give it fail", "give it a default"
    ),
    "input-narrowed": Row(
        "error", "callers and schedules may give what no longer fits", "add another input instead"
    ),
    "signal-removed": Row(
        "error",
        "new runs drop it, and its sender is told nothing",
        "keep it until nobody sends it any more",
    ),
    "signal-narrowed": Row(
        "error",
        "tqrun signal refuses what fitted before, and new runs drop what has another type",
        "add an optional field or another signal instead",
    ),
    "schedule-removed": Row(
        "warning",
        "it stays on the server and goes on starting runs",
        "delete it with tqrun apply --prune",
    ),
    "query-removed": Row("error", "its callers fail on new runs", "keep it until nobody asks"),
    # Duplicates
    "workflow-id-changed": Row(
        "error",
        "open runs keep their old id, so that the same entity may now run twice",
        "keep the id, bump version, or acknowledge it with an ignore comment",
    ),
    "workflow-id-bumped": Row(
        "info",
        "while the old version drains, an entity may run once per version",
        "if that hurts, launch it when its old run has ended",
    ),
    "id-policy-changed": Row(
        "warning", "duplicates are treated differently", "see that it is meant"
    ),
    "debounce-changed": Row(
        "warning",
        "launches that come close together are treated differently",
        "see that it is meant",
    ),
    # During the roll-out
    "parameter-added": Row(
        "warning",
        "old workers refuse it, so that new plans which get there fail",
        "deploy the parameter with its default first, and the plan that passes it afterwards",
    ),
    "search-attribute-added": Row(
        "warning", "unregistered, it fails launches and hangs parents", "run tqrun apply first"
    ),
    "search-attribute-changed": Row(
        "error",
        "the server keeps the type that it was registered with, and refuses launches",
        "give the attribute of the new type another name",
    ),
    "binding-changed": Row(
        "warning", "a call silently gets another value", "give the parameter under with"
    ),
    "activity-added": Row(
        "info", "new plans that reach old workers wait there for new ones", _WORKERS_FIRST
    ),
    "input-added": Row("info", "new launches may give it", _WORKERS_FIRST),
    "queue-added": Row("info", "it needs workers before it is launched", _WORKERS_FIRST),
    "task-queue-added": Row("info", "launches for it wait until workers serve it", _WORKERS_FIRST),
    "schedule-changed": Row("info", "it takes effect with tqrun apply", _WORKERS_FIRST),
    "workflow-added": Row("info", "old workers do not know its type", _WORKERS_FIRST),
    "version-bumped": Row("info", "new launches go to the new version's workers", _WORKERS_FIRST),
    # New launches only
    "plan-changed": Row(
        "info", "a run keeps the plan that it was started with", "it holds for new launches only"
    ),
    "launch-changed": Row(
        "info", "a run keeps what it was started with", "it holds for new launches only"
    ),
    "options-changed": Row(
        "info", "workers take their options when they start", "restart the workers"
    ),
    # The comparison itself
    "not-compared": Row(
        "warning",
        "whether it still fits cannot be told from the text",
        "look at the change yourself, or declare the type in the project",
    ),
    "unused-ignore": Row("warning", "it silences nothing", "remove the comment"),
    "ignore-without-reason": Row(
        "error", "nobody can tell later why it was meant", "write the reason after the bracket"
    ),
}
"""Every kind of change by its code."""
