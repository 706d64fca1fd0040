"""The functions that running plans call: still there, and still called the same way?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tqrun.config import resolve
from tqrun.config.source import Location
from tqrun.plan.binding import BoundFunction
from tqrun.plan.changes import origin
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.narrowing import narrowed, unclear
from tqrun.plan.changes.pair import Pair
from tqrun.plan.changes.results import changed_result
from tqrun.plan.model import Call, every_step
from tqrun.plan.types import Schema, taken


@dataclass(frozen=True)
class _Use:
    """What a plan makes of a function.

    Attributes:
        passed: The parameters that it may pass.
        sure: Those of them that it passes in any case.
        inputs: What those hold that are inputs.
        result: How it keeps the result, in words; None if it does not.
    """

    activity: str
    passed: Collection[str]
    sure: Collection[str]
    inputs: Mapping[str, Schema] = field(default_factory=dict)
    result: str | None = None


def bound(pair: Pair, old_name: str, name: str) -> Iterator[Change]:
    """Whether every call of the plans of queue *old_name* can still be made."""
    for version in pair.served(old_name, name):
        own = _own(pair, old_name, version)
        for call, inputs in _calls(pair, old_name):
            if call.activity in own:
                continue  # told by `_drained`: plans of that version are not those of the base
            home = pair.before.file.queues[old_name].activities[call.activity].queue
            yield from _call(pair, old_name, name, version, call, inputs, home)
    yield from _drained(pair, old_name, name)
    yield from _declared(pair, old_name, name)


def _own(pair: Pair, queue: str, version: int) -> Mapping[str, str]:
    """The functions that the base binds for a draining *version* alone."""
    entry = pair.before.file.queues[queue].draining.get(version, "external")
    return {} if entry == "external" else entry.activities


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
        passed = {*call.arguments, *call.given}
        known = {name: inputs[name] for name in call.arguments if name in inputs}
        kept = None if call.result is None else f', kept as "{call.result}",'
        use = _Use(call.activity, passed, passed, known, kept)
        yield from _signature(pair, location, name, use, was, now)


def _drained(pair: Pair, old_name: str, name: str) -> Iterator[Change]:
    """Old functions that the base binds for a draining version, whose plans nobody has here."""
    for version in pair.before.file.queues[old_name].draining:
        if version not in pair.served(old_name, name):
            continue
        for activity, path in _own(pair, old_name, version).items():
            location = ("queues", name, "draining", str(version), "activities", activity)
            was = pair.before.bound(old_name, activity, version)
            now = pair.after.bound(name, activity, version)
            if now is None:
                message = f'"{activity}" ({path}), which plans of version {version} call, is gone'
                yield pair.change(location, "activity-removed", message, name)
            elif was is not None:
                passed = [one.name for one in was.parameters]
                sure = [one.name for one in was.parameters if one.required]
                use = _Use(activity, passed, sure, result="")
                yield from _signature(pair, location, name, use, was, now)


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
    pair: Pair, location: Location, queue: str, use: _Use, was: BoundFunction, now: BoundFunction
) -> Iterator[Change]:
    """What calls that were made of *was* may miss in *now*."""
    place = f"{use.activity} ({now.file}:{now.first_line})"
    for name, code, text in _parameters(use, was, now, place):
        change = pair.change(location, code, text, queue)
        yield replace(change, python=origin.of_parameter(pair, was, now, name))
    for code, text in _result(use, was, now, place):
        change = pair.change(location, code, text, queue)
        yield replace(change, python=origin.of_result(pair, was, now))


def _parameters(
    use: _Use, was: BoundFunction, now: BoundFunction, place: str
) -> Iterator[tuple[str, str, str]]:
    """The name of each parameter, and what is said about it."""
    old = {one.name: taken(one.annotation) for one in was.parameters}
    new = {one.name: taken(one.annotation) for one in now.parameters}
    for parameter in now.parameters:
        name = parameter.name
        where = f'parameter "{name}" of {place}'
        if parameter.required and name not in use.sure:
            yield name, "parameter-required", f"{where} is now required"
        elif name in old and name in use.passed:
            text = narrowed(old[name], new[name], where)
            known = use.inputs.get(name)
            if text is not None and (known is None or narrowed(known, new[name], where)):
                yield name, "parameter-narrowed", text
            elif text is None and (parts := unclear(old[name], new[name])):
                text = f"{', '.join(parts)} of {where} cannot be compared"
                yield name, "not-compared", text
    for name in sorted(use.passed):
        if name in old and name not in new and not now.accepts_any:
            yield name, "parameter-removed", f'parameter "{name}" of {place} is gone'


def _result(
    use: _Use, was: BoundFunction, now: BoundFunction, place: str
) -> Iterator[tuple[str, str]]:
    if use.result is None:
        return
    subject = f"the result of {place}{use.result}"
    text = changed_result(taken(was.returns), taken(now.returns), subject)
    if text is not None:
        yield "result-narrowed", text
