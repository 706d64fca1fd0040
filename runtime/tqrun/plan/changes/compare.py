"""Two sides, compared: what happens to runs that are going, to callers and to duplicates.

It compares what is in force, not text: a default or a named policy that changed shows in every
plan that it reaches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby

from tqrun.config import model, resolve
from tqrun.config.options import WorkerOptions
from tqrun.config.source import Location
from tqrun.plan.changes import functions, lock, schedules
from tqrun.plan.changes.change import Change, shown
from tqrun.plan.changes.pair import Pair
from tqrun.plan.changes.side import Side
from tqrun.plan.changes.unread import not_compared
from tqrun.plan.changes.workflows import Workflows
from tqrun.plan.compile import task_queues

_MOST_NAMED = 12
"""Queues that a message names; programs find all in the JSON."""


def compare(before: Side, after: Side) -> list[Change]:
    """Every change between two sides, in the order of the new file."""
    pair = Pair(before, after)
    renamed = _renamed(pair)
    changes = [*_removed(pair, renamed)]
    for name in after.file.queues:
        old_name = pair.old_name(name)
        if old_name is not None and before.workflows[old_name] is after.workflows[name]:
            continue  # the same in all that it rests on
        if old_name is not None:
            changes += _by_cause(pair, old_name, name, [*_Queue(pair, old_name, name).changes()])
        elif name not in renamed.values():
            changes += _added(pair, name)
    changes += [*not_compared(pair), *lock.upgrades(pair)]
    return _gathered(changes)


def _renamed(pair: Pair) -> dict[str, str]:
    """New queues that look like one that is gone, by its name, and do not say so."""
    queues = pair.before.file.queues, pair.after.file.queues
    gone = [name for name in queues[0] if pair.new_name(name) is None]
    new = [name for name in queues[1] if pair.old_name(name) is None]
    pairs = [
        (SequenceMatcher(None, old, name).ratio(), old, name)
        for old in gone
        for name in new
        if _alike(queues[0][old], queues[1][name])
    ]
    found: dict[str, str] = {}
    for _, old, name in sorted(pairs, reverse=True):
        if old not in found and name not in found.values():
            found[old] = name
    return found


def _removed(pair: Pair, renamed: dict[str, str]) -> Iterator[Change]:
    for name in pair.before.file.queues:
        if name in renamed:
            twin = renamed[name]
            message = f'"{twin}" looks like "{name}", which is gone'
            yield pair.change(("queues", twin), "queue-renamed", message, twin)
        elif pair.new_name(name) is None:
            yield pair.change(("queues",), "queue-removed", f'queue "{name}" is gone', name)
            yield from _unscheduled(pair, name)


def _unscheduled(pair: Pair, name: str) -> Iterator[Change]:
    """The schedules of a queue that is gone."""
    for entry in resolve.workflows(name, pair.before.file.queues[name]).values():
        for key in entry.schedules:
            message = (
                f'schedule "{key}" of queue "{name}" is gone with it; '
                f"--prune needs --removed-queue {name}"
            )
            yield pair.change(("queues",), "schedule-removed", message, name)


def _alike(one: model.Queue, other: model.Queue) -> bool:
    """Whether two entries are one under two names."""
    names = set(one.activities), set(other.activities)
    inputs = (
        {field for entry in _workflows(queue) for field in entry.input} for queue in (one, other)
    )
    old, new = inputs
    return bool(names[0]) and names[0] == names[1] and old == new


def _workflows(queue: model.Queue) -> list[model.Workflow]:
    return [*queue.workflows.values()] or [queue]


def _added(pair: Pair, name: str) -> Iterator[Change]:
    yield pair.change(("queues", name), "queue-added", f'queue "{name}" is new', name)
    yield from _new_attributes(pair, name, [*pair.after.workflows[name]])


def _new_attributes(pair: Pair, queue: str, workflows: list[str]) -> Iterator[Change]:
    """Search attributes of *workflows*, which are new, that no workflow had before."""
    if not workflows:
        return
    known = {
        attribute
        for entries in pair.before.workflows.values()
        for launch in entries.values()
        for attribute in launch.search_attributes
    }
    for workflow in workflows:
        here = (*pair.after.location(queue, workflow), "search_attributes")
        for attribute in pair.after.workflows[queue][workflow].search_attributes:
            if attribute not in known:
                message = f'search attribute "{attribute}" is new'
                yield pair.change((*here, attribute), "search-attribute-added", message, queue)


@dataclass(frozen=True)
class _Queue:
    """A queue and its twin of before."""

    pair: Pair
    old_name: str
    name: str

    @property
    def _before(self) -> model.Queue:
        return self.pair.before.file.queues[self.old_name]

    @property
    def _after(self) -> model.Queue:
        return self.pair.after.file.queues[self.name]

    def _change(self, way: Location, code: str, message: str) -> Change:
        return self.pair.change(("queues", self.name, *way), code, message, self.name)

    def changes(self) -> Iterator[Change]:
        yield from self._versions()
        yield from functions.bound(self.pair, self.old_name, self.name)
        yield from self._where()
        yield from self._options()
        yield from self._workflows()

    def _versions(self) -> Iterator[Change]:
        old, new = self._before.version, self._after.version
        served = self.pair.served(self.old_name, self.name)
        if new < old:
            message = f"version goes from {old} down to {new}"
            yield self._change(("version",), "version-lowered", message)
        elif new > old and not {*self._after.draining, *served} & {old}:
            message = f"version goes from {old} to {new}, and {old} is not under draining"
            yield self._change(("version",), "version-not-draining", message)
        elif new > old:
            message = f"version goes from {old} to {new}"
            yield self._change(("version",), "version-bumped", message)
        for version in self._before.draining:
            if version not in self._after.draining and version != new:
                message = f"draining version {version} is gone"
                yield self._change(("draining",), "version-removed", message)
            elif self._after.draining.get(version) == "external" != self._before.draining[version]:
                message = (
                    f"draining version {version} is external: no worker of this file serves it"
                )
                yield self._change(("draining", str(version)), "version-external", message)

    def _where(self) -> Iterator[Change]:
        """Whether the versions with open runs are served where those runs are."""
        served = self.pair.served(self.old_name, self.name)
        for version in served:
            old = task_queues(self.pair.before.file, self.old_name, version)
            new = task_queues(self.pair.after.file, self.name, version)
            lost = [one for one in old if one not in new]
            if lost:
                message = f"no worker serves {', '.join(lost)} any more, but {', '.join(new)}"
                yield self._change(("task_queue",), "task-queue-changed", message)
            elif version == self._after.version and len(new) > len(old):
                added = ", ".join(one for one in new if one not in old)
                message = f"{added} beside {', '.join(old)} is new"
                yield self._change(("task_queue",), "task-queue-added", message)
        old_namespace = resolve.namespace(self.pair.before.file, self._before)
        new_namespace = resolve.namespace(self.pair.after.file, self._after)
        if old_namespace != new_namespace and served:
            way = ("queues", self.name, "namespace")
            here = way if self._after.namespace is not None else ("namespace",)
            message = f'namespace goes from "{old_namespace}" to "{new_namespace}"'
            yield self.pair.change(here, "task-queue-changed", message, self.name)

    def _options(self) -> Iterator[Change]:
        old = resolve.worker_options(self.pair.before.file, self._before)
        new = resolve.worker_options(self.pair.after.file, self._after)
        for key in WorkerOptions.model_fields:
            values = getattr(old, key), getattr(new, key)
            if values[0] != values[1]:
                own = key in self._after.model_fields_set
                defaults = self.pair.after.file.defaults.queue.model_fields_set
                here = ("defaults", "queue", key)
                way = here if key in defaults and not own else ("queues", self.name, key)
                message = f"{key} goes from {shown(values[0])} to {shown(values[1])}"
                yield self.pair.change(way, "options-changed", message, self.name)

    def _twin(self, workflow: str) -> str:
        """What *workflow* is called now: of the same name, in place, or of the same type."""
        new = self.pair.after.workflows[self.name]
        if not self._before.workflows and not self._after.workflows:
            return self.name
        if workflow in new:
            return workflow
        kind = self.pair.before.workflows[self.old_name][workflow].workflow_type
        others = (one for one in new if one not in self.pair.before.workflows[self.old_name])
        return next((one for one in others if new[one].workflow_type == kind), workflow)

    def _workflows(self) -> Iterator[Change]:
        old = self.pair.before.workflows[self.old_name]
        new = self.pair.after.workflows[self.name]
        twins = {one: self._twin(one) for one in old}
        for workflow, twin in twins.items():
            if twin not in new:
                message = f'workflow "{workflow}" of "{self.name}" is gone'
                yield self._change(("workflows",), "workflow-removed", message)
                entry = self.pair.before.workflow(self.old_name, workflow)
                for _, code, text in schedules.changed(entry.schedules, {}):
                    yield self._change(("workflows",), code, text)
                continue
            yield from Workflows(
                self.pair,
                self.name,
                self.pair.after.location(self.name, twin),
                self.pair.before.workflow(self.old_name, workflow),
                self.pair.after.workflow(self.name, twin),
                old[workflow],
                new[twin],
            ).changes()
        added = [one for one in new if one not in twins.values()]
        for workflow in added:
            message = f'workflow "{workflow}" is new'
            yield self._change(("workflows", workflow), "workflow-added", message)
        yield from _new_attributes(self.pair, self.name, added)


def _by_cause(pair: Pair, old_name: str, name: str, changes: list[Change]) -> list[Change]:
    """*changes*, with other plans of an entry that nobody touched put to what was touched."""
    if not any(one.code == "plan-changed" for one in changes):
        return changes
    cause = _cause(pair, old_name, name)
    if cause is None:
        return changes
    what = ".".join(str(step) for step in cause)
    return [
        replace(
            one, place=pair.after.place(cause), message=f"{what} has changed, and the plans with it"
        )
        if one.code == "plan-changed"
        else one
        for one in changes
    ]


def _cause(pair: Pair, old_name: str, name: str) -> Location | None:
    """The shared entry whose change reaches a queue that is written as it was."""
    entries = [
        side.loaded.source.node(("queues", one)).plain()
        for side, one in ((pair.before, old_name), (pair.after, name))
    ]
    if entries[0] != entries[1]:
        return None
    old, new = pair.before.file, pair.after.file
    text = json.dumps(entries[1])
    for policy, declared in new.retry_policies.items():
        if declared != old.retry_policies.get(policy) and f'"{policy}"' in text:
            return ("retry_policies", policy)
    for level in ("activity", "workflow"):
        if getattr(old.defaults, level) != getattr(new.defaults, level):
            return ("defaults", level)
    return None


def _gathered(changes: list[Change]) -> list[Change]:
    """In file order, each one once, and one for all the queues that one line reaches."""

    def key(change: Change) -> tuple[object, ...]:
        return change.place, change.code, change.message

    gathered = []
    for _, group in groupby(sorted(changes, key=key), key):
        same = [*group]
        queues = tuple(dict.fromkeys(name for change in same for name in change.queues))
        message = same[0].message
        if len(queues) > 1:
            more = f", and {len(queues) - _MOST_NAMED} more" if len(queues) > _MOST_NAMED else ""
            message += f", in {len(queues)} queues: {', '.join(queues[:_MOST_NAMED])}{more}"
        gathered.append(replace(same[0], queues=queues, message=message))
    return gathered
