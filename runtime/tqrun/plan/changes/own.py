"""What steps say for themselves of a call: the id of a child, the task queue of an activity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tqrun.config import model, resolve
from tqrun.config.source import Location
from tqrun.config.steps import ActivityStep, WorkflowStep, walk
from tqrun.plan import model as plan
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.ids import other_text
from tqrun.plan.changes.pair import Pair
from tqrun.plan.compile import LaunchPlan

_Found = dict[Any, list[tuple[Location, str | None]]]


def edited(
    pair: Pair,
    queue: str,
    location: Location,
    entries: tuple[model.Workflow, model.Workflow],
    launches: tuple[LaunchPlan, LaunchPlan],
) -> Iterator[Change]:
    """Steps of *queue* that give a child another id, or an activity another task queue."""
    before, after = entries
    old_queue = launches[0].plan.queue
    names = renamed(*(one.plan for one in launches))

    def activity(step: Any) -> Any:
        return step.activity if isinstance(step, ActivityStep) else None

    def old_child(step: Any) -> Any:
        found = isinstance(step, WorkflowStep) and resolve.child(
            pair.before.file, old_queue, step.workflow
        )
        return (pair.new_name(found[0]) or found[0], found[1]) if found else None

    def new_child(step: Any) -> Any:
        found = isinstance(step, WorkflowStep) and resolve.child(
            pair.after.file, queue, step.workflow
        )
        return found or None

    bumped = launches[0].version != launches[1].version
    code = "workflow-id-bumped" if bumped else "workflow-id-changed"
    ids = _by_key(before, old_child, "workflow_id"), _by_key(after, new_child, "workflow_id")
    for where, old, new in _differences(*ids, names):
        message = f"the child started here has id {_shown(new)} instead of {_shown(old)}"
        yield pair.change((*location, "steps", *where), code, message, queue)
    queues = _by_key(before, activity, "task_queue"), _by_key(after, activity, "task_queue")
    for where, old, new in _differences(*queues, names):
        message = f"the call is sent to task queue {_shown(new)} instead of {_shown(old)}"
        here = (*location, "steps", *where)
        yield pair.change(here, "activity-task-queue-changed", message, queue)


def renamed(before: plan.Plan, after: plan.Plan) -> Mapping[str, str]:
    """What each name that steps give values was called before, in the order of its first use."""
    old, new = (list(dict.fromkeys(_bound(one))) for one in (before, after))
    return dict(zip(new, old, strict=True)) if len(old) == len(new) else {}


def _bound(of: plan.Plan) -> Iterator[str]:
    for step in plan.every_step(of.steps):
        match step:
            case plan.Set():
                yield from step.values
            case plan.Foreach() | plan.Loop():
                names = (getattr(step, key, None) for key in ("item", "index", "result"))
                yield from (name for name in names if name)
            case plan.Try():
                yield from (clause.name for clause in step.clauses)
            case _:
                if name := getattr(step, "result", None):
                    yield name


def _by_key(entry: model.Workflow, key: Callable[[Any], Any], option: str) -> _Found:
    """What the steps of *entry* say as *option*, and where, by what they call."""
    found: _Found = defaultdict(list)
    for where, step in walk(entry.steps or (), ()):
        called = step if isinstance(step, str) and option == "task_queue" else key(step)
        if called is not None:
            found[called].append((where, getattr(step, option, None)))
    return found


def _differences(
    before: _Found, after: _Found, names: Mapping[str, str]
) -> Iterator[tuple[Location, str | None, str | None]]:
    """Calls of one thing that say something else; one that is new or gone is no difference."""
    for called, new in after.items():
        old = before.get(called, [])
        strange = [(where, text) for where, text in new if not _among(text, old, names)]
        lost = [text for _, text in old if all(other_text(text, one, names) for _, one in new)]
        if lost and strange:
            where, text = strange[0]
            yield where, lost[0], text


def _among(
    text: str | None, known: list[tuple[Location, str | None]], names: Mapping[str, str]
) -> bool:
    return any(not other_text(one, text, names) for _, one in known)


def _shown(text: str | None) -> str:
    return "its own" if text is None else f'"{text}"'
