"""The functions that running plans call: still there, and still called the same way?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tqrun.config import resolve
from tqrun.config.source import Location
from tqrun.plan.binding import BoundFunction
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.narrowing import changed_result, narrowed
from tqrun.plan.changes.pair import Pair
from tqrun.plan.model import Call, every_step
from tqrun.plan.types import Schema, taken


def bound(pair: Pair, old_name: str, name: str) -> Iterator[Change]:
    """Whether every call of the plans of queue *old_name* can still be made."""
    for version in pair.served(old_name, name):
        for call, inputs in _calls(pair, old_name):
            home = pair.before.file.queues[old_name].activities[call.activity].queue
            yield from _call(pair, old_name, name, version, call, inputs, home)
    yield from _moved(pair, old_name, name)
    yield from _declared(pair, old_name, name)


def _calls(pair: Pair, queue: str) -> Iterator[tuple[Call, Mapping[str, Schema]]]:
    """The calls of the plans of a queue, with the inputs that they may pass."""
    for workflow, launch in pair.before.workflows[queue].items():
        inputs = pair.before.workflow(queue, workflow).input
        for step in every_step(launch.plan.steps):
            if isinstance(step, Call) and step.bound:
                yield step, inputs


def _call(
    pair: Pair,
    old_name: str,
    name: str,
    version: int,
    call: Call,
    inputs: Mapping[str, Schema],
    home: str | None,
) -> Iterator[Change]:
    here = home is None or home == old_name
    old_home = old_name if here else str(home)
    new_home = name if here else pair.new_name(old_home)
    if new_home is None:
        return  # the queue itself is gone, which is told already
    served = version if here else pair.before.file.queues[old_home].version
    was = pair.before.bound(old_home, call.activity, served)
    now = pair.after.bound(new_home, call.activity, served)
    location = ("queues", name, "activities", call.activity)
    if now is None:
        path = was.path if was else resolve.function_path(pair.before.file, old_name, call.activity)
        declared = call.activity in pair.after.file.queues[name].activities
        what = "is no longer run by the workers of this queue" if declared else "is gone"
        message = f'"{call.activity}" ({path}), which plans of version {version} call, {what}'
        yield pair.change(location, "activity-removed", message, name)
    elif was is not None:
        yield from _signature(pair, location, name, call, inputs, was, now)


def _moved(pair: Pair, old_name: str, name: str) -> Iterator[Change]:
    """Old functions that the base binds for a draining version, whose plans nobody has here."""
    for version, entry in pair.before.file.queues[old_name].draining.items():
        if version not in pair.served(old_name, name) or entry == "external":
            continue
        for activity, path in entry.activities.items():
            if pair.after.bound(name, activity, version) is None:
                location = ("queues", name, "draining", str(version), "activities", activity)
                message = f'"{activity}" ({path}), which plans of version {version} call, is gone'
                yield pair.change(location, "activity-removed", message, name)


def _declared(pair: Pair, old_name: str, name: str) -> Iterator[Change]:
    """Activities that are new, or run elsewhere."""
    before, after = pair.before.file.queues[old_name], pair.after.file.queues[name]
    for activity, declared in after.activities.items():
        location = ("queues", name, "activities", activity)
        was = before.activities.get(activity)
        if was is None:
            if before.version == after.version:
                message = f'activity "{activity}" is new'
                yield pair.change(location, "activity-added", message, name)
        elif (was.task_queue, was.queue) != (declared.task_queue, declared.queue):
            old, new = (_place_of(one.task_queue, one.queue) for one in (was, declared))
            message = f'activity "{activity}" goes from {old} to {new}'
            yield pair.change(location, "activity-task-queue-changed", message, name)


def _place_of(task_queue: str | None, queue: str | None) -> str:
    if task_queue is not None:
        return f'task queue "{task_queue}"'
    return "the queue's own workers" if queue is None else f'queue "{queue}"'


def _signature(
    pair: Pair,
    location: Location,
    queue: str,
    call: Call,
    inputs: Mapping[str, Schema],
    was: BoundFunction,
    now: BoundFunction,
) -> Iterator[Change]:
    passed = {*call.arguments, *call.given}
    old = {one.name: one for one in was.parameters}
    new = {one.name: one for one in now.parameters}
    place = f"{call.activity} ({now.file}:{now.first_line})"
    for name, parameter in new.items():
        where = f'parameter "{name}" of {place}'
        if parameter.required and name not in passed:
            yield pair.change(location, "parameter-required", f"{where} is now required", queue)
        elif name in old and name in passed:
            accepted = taken(parameter.annotation)
            text = narrowed(taken(old[name].annotation), accepted, where)
            known = inputs.get(name) if name in call.arguments else None
            if text is not None and (known is None or narrowed(known, accepted, where)):
                yield pair.change(location, "parameter-narrowed", text, queue)
    for name in sorted(passed):
        if name in old and name not in new and not now.accepts_any:
            message = f'parameter "{name}" of {place} is gone'
            yield pair.change(location, "parameter-removed", message, queue)
    if call.result is not None:
        subject = f'the result of {place}, kept as "{call.result}",'
        text = changed_result(taken(was.returns), taken(now.returns), subject)
        if text is not None:
            yield pair.change(location, "result-narrowed", text, queue)
