"""The functions that running plans call: still there, and still called the same way?"""

from __future__ import annotations

from collections.abc import Iterator

from tqrun.config import model, resolve
from tqrun.config.source import Location
from tqrun.plan.binding import BoundFunction
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.narrowing import narrowed, removed_fields
from tqrun.plan.changes.side import Side
from tqrun.plan.model import Call, every_step
from tqrun.plan.types import taken


def bound(before: Side, after: Side, old_name: str, name: str) -> Iterator[Change]:
    """Whether every call of the plans of queue *old_name* can still be made."""
    queue = after.file.queues[name]
    old = before.file.queues[old_name]
    for version in (old.version, *old.draining):
        entry = queue.draining.get(version)
        if version == queue.version or isinstance(entry, model.DrainingVersion):
            moved = entry.activities if isinstance(entry, model.DrainingVersion) else {}
            yield from _version(before, after, old_name, name, version, moved)
    for activity, declared in queue.activities.items():
        location = ("queues", name, "activities", activity)
        if activity not in old.activities:
            if old.version == queue.version:
                message = f'activity "{activity}" is new'
                yield _change(after, location, "activity-added", message, name)
            continue
        was = old.activities[activity]
        if (was.task_queue, was.queue) != (declared.task_queue, declared.queue):
            message = f'activity "{activity}" runs on another task queue'
            yield _change(after, location, "activity-task-queue-changed", message, name)


def _version(
    before: Side, after: Side, old_name: str, name: str, version: int, moved: dict[str, str]
) -> Iterator[Change]:
    calls = {
        step.activity: step
        for launch in before.workflows[old_name].values()
        for step in every_step(launch.plan.steps)
        if isinstance(step, Call)
    }
    for activity, call in calls.items():
        was = before.function(old_name, activity)
        declared = after.file.queues[name].activities
        if before.file.queues[old_name].activities[activity].task_queue is not None:
            continue
        location: Location = ("queues", name, "activities", activity)
        if activity in moved:
            now = after.at(moved[activity])
        elif activity in declared:
            now = after.function(name, activity)
            if declared[activity].task_queue is not None:
                continue
        else:
            now = None
            location = ("queues", name, "activities")
        if now is None:
            path = resolve.function_path(before.file, old_name, activity)
            message = f'"{activity}" ({path}), which plans of version {version} call, is gone'
            yield _change(after, location, "activity-removed", message, name)
        elif was is not None:
            yield from _signature(after, location, name, call, was, now)


def _signature(
    after: Side, location: Location, queue: str, call: Call, was: BoundFunction, now: BoundFunction
) -> Iterator[Change]:
    passed = {*call.arguments, *call.given}
    old = {one.name: one for one in was.parameters}
    new = {one.name: one for one in now.parameters}
    for name, parameter in new.items():
        where = f'parameter "{name}" of {call.activity} ({now.file}:{now.first_line})'
        if parameter.required and name not in passed:
            yield _change(after, location, "parameter-required", f"{where} is now required", queue)
        if name in old and name in passed:
            text = narrowed(taken(old[name].annotation), taken(parameter.annotation), where)
            if text is not None:
                yield _change(after, location, "parameter-narrowed", text, queue)
    for name in sorted(passed):
        if name in old and name not in new and not now.accepts_any:
            message = f'parameter "{name}" of {call.activity} ({now.file}:{now.first_line}) is gone'
            yield _change(after, location, "parameter-removed", message, queue)
    if call.result is not None:
        yield from _result(after, location, queue, call, was, now)


def _result(
    after: Side, location: Location, queue: str, call: Call, was: BoundFunction, now: BoundFunction
) -> Iterator[Change]:
    """A result that is kept: a plan may read any field of what it was."""
    old, new = taken(was.returns), taken(now.returns)
    gone = removed_fields(old, new)
    subject = f'the result of {call.activity}, kept as "{call.result}",'
    if gone:
        message = f"{subject} has no field {', '.join(gone)} any more"
        yield _change(after, location, "result-narrowed", message, queue)
    elif (text := narrowed(new, old, subject)) is not None:
        message = f"{subject} is of another type: {text.removeprefix(subject).strip()}"
        yield _change(after, location, "result-narrowed", message, queue)


def _change(after: Side, location: Location, code: str, message: str, queue: str) -> Change:
    return Change(after.place(location, key=True), code, message, queue)
