"""The functions that running plans call: still there, and still called the same way?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tqrun.config import resolve
from tqrun.config.source import Location
from tqrun.plan.binding import BoundFunction
from tqrun.plan.changes import origin, raised
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.narrowing import converts, narrowed, unclear
from tqrun.plan.changes.pair import Pair
from tqrun.plan.changes.results import changed_result
from tqrun.plan.model import Call, Plan, every_step
from tqrun.plan.types import Schema, named, taken


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
        for launch, call, inputs in _calls(pair, old_name):
            if call.activity in own:
                continue  # told by `_drained`: plans of that version are not those of the base
            yield from _call(pair, old_name, name, version, launch, call, inputs)
        yield from _by_hand(pair, old_name, name, version, own)
    yield from _drained(pair, old_name, name)
    yield from _declared(pair, old_name, name)


def _own(pair: Pair, queue: str, version: int) -> Mapping[str, str]:
    """The functions that the base binds for a draining *version* alone."""
    entry = pair.before.file.queues[queue].draining.get(version, "external")
    return {} if entry == "external" else entry.activities


def _calls(pair: Pair, queue: str) -> Iterator[tuple[Plan, Call, Mapping[str, Schema]]]:
    """The calls of the plans of a queue, each with its plan and the inputs that it may pass."""
    for workflow, launch in pair.before.workflows[queue].items():
        entry = pair.before.workflow(queue, workflow)
        if entry.workflow_class is not None:
            continue
        inputs = entry.input
        for step in every_step(launch.plan.steps):
            if isinstance(step, Call) and step.bound:
                yield launch.plan, step, inputs


def _call(
    pair: Pair,
    old_name: str,
    name: str,
    version: int,
    launch: Plan,
    call: Call,
    inputs: Mapping[str, Schema],
) -> Iterator[Change]:
    sides = _sides(pair, old_name, name, version, call.activity)
    if sides is None:
        return  # the queue itself is gone, which is told already
    was, now = sides
    location = ("queues", name, "activities", call.activity)
    if now is None:
        yield _gone(pair, old_name, name, version, call.activity, was)
    elif was is not None:
        yield from _callable(pair, location, name, call.activity, version, was, now)
        passed = {*call.arguments, *call.given}
        known = {name: inputs[name] for name in call.arguments if name in inputs}
        kept = None if call.result is None else f', kept as "{call.result}",'
        use = _Use(call.activity, passed, passed, known, kept)
        yield from _signature(pair, location, name, use, was, now)
        readers = pair.before.reader, pair.after.reader
        for error in raised.gone(readers, launch, call, (was.path, now.path)):
            message = f'"{call.activity}" ({now.path}) no longer raises "{error}", which plans name'
            change = pair.change(location, "error-type-removed", message, name)
            yield replace(change, python=origin.of_definition(pair, was.path, now.path))


_Sides = tuple[BoundFunction | None, BoundFunction | None]


def _sides(pair: Pair, old_name: str, name: str, version: int, activity: str) -> _Sides | None:
    """What workers ran for *activity* of the base, and run now; None if its queue is gone."""
    home = pair.before.file.queues[old_name].activities[activity].queue
    here = home is None or home == old_name
    old_home = old_name if here else str(home)
    new_home = name if here else pair.new_name(old_home)
    if new_home is None:
        return None
    served = version if here else pair.before.file.queues[old_home].version
    return (
        pair.before.bound(old_home, activity, served),
        pair.after.bound(new_home, activity, served),
    )


def _gone(
    pair: Pair, old_name: str, name: str, version: int, activity: str, was: BoundFunction | None
) -> Change:
    path = was.path if was else resolve.function_path(pair.before.file, old_name, activity)
    declared = activity in pair.after.file.queues[name].activities
    what = "is no longer run by the workers of this queue" if declared else "is gone"
    message = f'"{activity}" ({path}), which plans of version {version} call, {what}'
    location = ("queues", name, "activities", activity)
    return pair.change(location, "activity-removed", message, name)


def _by_hand(
    pair: Pair, old_name: str, name: str, version: int, own: Collection[str]
) -> Iterator[Change]:
    """What hand-written workflows may call: by name, with arguments in order."""
    workflows = resolve.workflows(old_name, pair.before.file.queues[old_name]).values()
    paths = [one.workflow_class for one in workflows if one.workflow_class is not None]
    if not paths:
        return
    for activity, declared in pair.before.file.queues[old_name].activities.items():
        if declared.task_queue is not None or activity in own:
            continue
        sides = _sides(pair, old_name, name, version, activity)
        if sides is None:
            continue
        was, now = sides
        if now is None:
            yield _gone(pair, old_name, name, version, activity, was)
        elif was is not None:
            location = ("queues", name, "activities", activity)
            yield from _callable(pair, location, name, activity, version, was, now)
            yield from _in_order(pair, location, name, activity, was, now)


def _in_order(
    pair: Pair,
    location: Location,
    queue: str,
    activity: str,
    was: BoundFunction,
    now: BoundFunction,
) -> Iterator[Change]:
    """What calls of *was* with arguments in order may miss in *now*."""
    if is_opaque(pair, was, now):
        return
    use = _Use(activity, (), (), result="")
    old, new = was.parameters, now.parameters
    names = [one.name for one in new]
    place = f"{activity} ({now.file}:{now.first_line})"
    for index, parameter in enumerate(new):
        where = f'parameter "{parameter.name}" of {place}'
        twin = old[index] if index < len(old) else None
        found = None
        if twin is None or (parameter.required and not twin.required):
            if parameter.required:
                found = "parameter-required", f"{where} is now required"
        elif twin.name != parameter.name and twin.name in names:
            found = "parameter-moved", f'{where} stands where "{twin.name}" stood'
        elif text := narrowed(taken(twin.annotation), taken(parameter.annotation), where):
            found = "parameter-narrowed", text
        if found is not None:
            change = pair.change(location, *found, queue)
            yield replace(change, python=origin.of_parameter(pair, was, now, parameter.name))
    for parameter in old[len(new) :]:
        message = f'parameter "{parameter.name}" of {place} is gone'
        yield pair.change(location, "parameter-removed", message, queue)
    for code, text in _result(use, was, now, place):
        change = pair.change(location, code, text, queue)
        yield replace(change, python=origin.of_result(pair, was, now))


def is_opaque(pair: Pair, was: BoundFunction, now: BoundFunction) -> bool:
    """Whether nothing is known of one of them, which `unread` reports."""
    return was.path in pair.before.reader.opaque or now.path in pair.after.reader.opaque


def _callable(
    pair: Pair,
    location: Location,
    queue: str,
    activity: str,
    version: int,
    was: BoundFunction,
    now: BoundFunction,
) -> Iterator[Change]:
    """Whether workers can still call what the base could."""
    readers = pair.before.reader, pair.after.reader
    fault = readers[1].faults.get(now.path)
    if fault is not None and was.path not in readers[0].faults and pair.is_ours(was.path, now.path):
        message = f'"{activity}" ({now.path}), which plans of version {version} call, {fault}'
        change = pair.change(location, "activity-removed", message, queue)
        yield replace(change, python=origin.of_definition(pair, was.path, now.path))
    elif now.path in readers[1].uncertain and was.path not in readers[0].uncertain:
        message = f'"{activity}" ({now.path}) {readers[1].uncertain[now.path]}'
        change = pair.change(location, "activity-conditional", message, queue)
        yield replace(change, python=origin.of_definition(pair, was.path, now.path))


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
                yield from _callable(pair, location, name, activity, version, was, now)
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
    if is_opaque(pair, was, now):
        return
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
            elif text is None:
                yield from ((name, *one) for one in _unclear(old[name], new[name], where))
            if converts(old[name]) and named(parameter.annotation) == "":
                text = f"{where} has no annotation any more, so that it gets plain JSON"
                yield name, "annotation-removed", text
    for name in sorted(use.passed):
        if (name in old or was.accepts_any) and name not in new and not now.accepts_any:
            yield name, "parameter-removed", f'parameter "{name}" of {place} is gone'


def _unclear(before: Schema, after: Schema, where: str) -> Iterator[tuple[str, str]]:
    """What can only be told to differ: code that reads a value, or a keyword."""
    parts = unclear(before, after)
    code = [one for one in parts if one[0] != '"']
    keywords = [one for one in parts if one[0] == '"']
    if code:
        yield "conversion-changed", f"{', '.join(code)} of {where} has changed"
    if keywords:
        yield "not-compared", f"{', '.join(keywords)} of {where} cannot be compared"


def _result(
    use: _Use, was: BoundFunction, now: BoundFunction, place: str
) -> Iterator[tuple[str, str]]:
    if use.result is None:
        return
    subject = f"the result of {place}{use.result}"
    text = changed_result(taken(was.returns), taken(now.returns), subject)
    if text is not None:
        yield "result-narrowed", text
        return
    code = [one for one in unclear(taken(was.returns), taken(now.returns)) if one[0] != '"']
    if code:
        yield "conversion-changed", f"{', '.join(code)} of {subject} has changed"
