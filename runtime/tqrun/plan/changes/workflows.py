"""One workflow of two revisions: its callers, its duplicates, its runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tqrun.config import model, resolve
from tqrun.config.source import Location
from tqrun.plan.changes import own, reach, returned, schedules
from tqrun.plan.changes.bindings import rebound
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.ids import other_id
from tqrun.plan.changes.narrowing import narrowed, unclear
from tqrun.plan.changes.origin import of_definition
from tqrun.plan.changes.pair import Pair
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.cost import Cost, cost

_MOST_NAMED = 3
_POLICIES = ("id_reuse_policy", "id_conflict_policy")


@dataclass(frozen=True)
class Workflows:
    """A workflow and its twin of before.

    Attributes:
        queue: The name of its queue now.
        location: Where it stands in the new file.
    """

    pair: Pair
    queue: str
    location: Location
    before: model.Workflow
    after: model.Workflow
    was: LaunchPlan
    is_: LaunchPlan

    def changes(self) -> Iterator[Change]:
        """Everything that became of it."""
        yield from self._names()
        yield from self._start()
        yield from self._inputs()
        yield from self._signals()
        yield from self._schedules()
        yield from self._class()
        yield from rebound(self.pair, self.queue, self.location, self.was, self.is_)
        entries, launches = (self.before, self.after), (self.was, self.is_)
        yield from own.edited(self.pair, self.queue, self.location, entries, launches)
        yield from self._plan()
        yield from self._result()

    def _change(self, way: Location, code: str, message: str) -> Change:
        return self.pair.change((*self.location, *way), code, message, self.queue)

    @property
    def _is_bumped(self) -> bool:
        return self.was.version != self.is_.version

    def _names(self) -> Iterator[Change]:
        old, new = self.was.workflow_type, self.is_.workflow_type
        if old != new:
            message = f'workflow type goes from "{old}" to "{new}"'
            yield self._change(("workflow_type",), "workflow-type-changed", message)
        old, new = self.was.name, self.is_.name
        if self.pair.launch_name(old) != new:
            message = f'a launch names it "{new}" instead of "{old}"'
            yield self._change((), "launch-name-changed", message)
        if other_id(self.was, self.is_):
            code = "workflow-id-bumped" if self._is_bumped else "workflow-id-changed"
            old, new = self.was.workflow_id.text, self.is_.workflow_id.text
            message = f'workflow_id goes from "{old}" to "{new}"'
            if old == new:
                message = f'workflow_id "{new}" gives different ids: {self._other_inputs()}'
            yield self._change(("workflow_id",), code, message)

    def _other_inputs(self) -> str:
        names = sorted(self.is_.workflow_id.names() & self.before.input.keys())
        fields = self.before.input, self.after.input
        changed = [one for one in names if fields[0][one] != fields[1].get(one)]
        return f"{', '.join(changed)} has another default or type"

    def _start(self) -> Iterator[Change]:
        for key in _POLICIES:
            old, new = getattr(self.was.options, key), getattr(self.is_.options, key)
            if old != new:
                message = f"{key} goes from {old} to {new}"
                way = self._stated("workflow", key)
                yield self.pair.change(way, "id-policy-changed", message, self.queue)
        if self.was.debounce != self.is_.debounce:
            old, new = (_debounced(one.debounce) for one in (self.was, self.is_))
            message = f"debounce goes from {old} to {new}"
            yield self._change(("debounce",), "debounce-changed", message)
        for attribute in self.is_.search_attributes:
            if attribute not in self.was.search_attributes:
                message = f'search attribute "{attribute}" is new'
                way = ("search_attributes", attribute)
                yield self._change(way, "search-attribute-added", message)
                continue
            old, new = (one.attribute_types[attribute] for one in (self.was, self.is_))
            if old != new:
                message = f'search attribute "{attribute}" has type {new} instead of {old}'
                way = ("search_attributes", attribute)
                yield self._change(way, "search-attribute-changed", message)
        changed = [name for name, old, new in self._sent() if old != new]
        if changed:
            message = f'launches of "{self.is_.name}" have another {", ".join(changed)}'
            yield self._change(tuple(changed[0].split()), "launch-changed", message)

    def _sent(self) -> Iterator[tuple[str, Any, Any]]:
        """What a launch sends besides the plan, before and after, by key."""
        was, is_ = self.was, self.is_
        yield "memo", _texts(was.memo), _texts(is_.memo)
        known = {
            name: is_.search_attributes[name]
            for name in was.search_attributes
            if name in is_.search_attributes
        }
        yield "search_attributes", _texts(was.search_attributes), _texts(known)
        for key in ("execution_timeout", "start_delay"):
            yield key, getattr(was.options, key), getattr(is_.options, key)
        yield "summary", was.summary and was.summary.text, is_.summary and is_.summary.text
        old, new = self.before.input, self.after.input
        both = [name for name in old if "default" in old[name] and "default" in new.get(name, {})]
        for name in both:
            yield f"input {name}", old[name]["default"], new[name]["default"]

    def _stated(self, level: str, key: str) -> Location:
        """Where *key* is written that holds for the workflow: in it, or under `defaults`."""
        defaults = getattr(self.pair.after.file.defaults, level)
        if key not in self.after.model_fields_set and key in defaults.model_fields_set:
            return ("defaults", level, key)
        return (*self.location, key)

    # What callers rely on

    def _inputs(self) -> Iterator[Change]:
        for field, declared in self.before.input.items():
            way = ("input", field)
            if field not in self.after.input:
                yield self._change(way, "input-removed", f'input "{field}" is gone')
                continue
            new = self.after.input[field]
            if "default" in declared and "default" not in new:
                message = f'input "{field}" is now required'
                yield self._change(way, "input-required", message)
            text = narrowed(declared, new, f'input "{field}"')
            if text is not None:
                yield self._change(way, "input-narrowed", text)
            elif parts := unclear(declared, new):
                message = f'{", ".join(parts)} of input "{field}" cannot be compared'
                yield self._change(way, "not-compared", message)
        for field, declared in self.after.input.items():
            if field not in self.before.input:
                code = "input-added" if "default" in declared else "input-required"
                kind = "optional" if "default" in declared else "required"
                yield self._change(("input", field), code, f'{kind} input "{field}" is new')

    def _signals(self) -> Iterator[Change]:
        for signal, fields in self.before.signals.items():
            way = ("signals", signal)
            if signal not in self.after.signals:
                yield self._change(way, "signal-removed", f'signal "{signal}" is gone')
                continue
            for code, text in _narrowed_fields(fields, self.after.signals[signal]):
                yield self._change(way, code, f'signal "{signal}": {text}')
        for query in self.before.queries:
            if query not in self.after.queries:
                message = f'query "{query}" is gone'
                yield self._change(("queries", query), "query-removed", message)

    def _schedules(self) -> Iterator[Change]:
        for key, code, message in schedules.changed(self.before.schedules, self.after.schedules):
            yield self._change(("schedules", key), code, message)
        old, new = self.was.name, self.is_.name
        for key in self.before.schedules if old != new else ():
            if key in self.after.schedules:
                message = f'schedule "{old}.{key}" is "{new}.{key}" now, so that both start runs'
                yield self._change(("schedules", key), "schedule-removed", message)

    # What runs are made of

    def _class(self) -> Iterator[Change]:
        old, new = self.before.workflow_class, self.after.workflow_class
        way = ("workflow_class" if new else "steps",)
        if not self.pair.served(self.was.plan.queue, self.queue):
            return  # the open runs are those of other workers
        if bool(old) != bool(new):
            message = "steps are exchanged for a class" if new else "a class is exchanged for steps"
            yield self._change(way, "class-changed", message)
        elif old and new:
            text = self._edited(old, new)
            if text is not None:
                change = self._change(way, "class-edited", text)
                yield replace(change, python=of_definition(self.pair, old, new))

    def _edited(self, old: str, new: str) -> str | None:
        """What became of a hand-written class and of the code that it uses, in words."""
        texts = [
            reach.text(side.reader.lookup(path), path, _activities(side.file))
            for side, path in ((self.pair.before, old), (self.pair.after, new))
        ]
        contents = [sorted(one for one in text.values() if one) for text in texts]
        if contents[0] == contents[1]:
            return None  # as it was, if perhaps elsewhere
        if old != new:
            return f'the class goes from "{old}" to "{new}"'
        changed = [one for one in texts[0] | texts[1] if texts[0].get(one) != texts[1].get(one)]
        if changed[0] == new:
            return f'"{new}" is edited'
        return f'{", ".join(changed[:_MOST_NAMED])}, which "{new}" uses, is edited'

    def _plan(self) -> Iterator[Change]:
        old, new = self.was.plan, self.is_.plan
        if _body(self.was) == _body(self.is_) or (self.before.workflow_class or not new.steps):
            return
        message = f'"{self.is_.name}" has another plan; {_in_words(cost(old), cost(new))}'
        way = ("steps",) if self.after.steps is not None else ("activities",)
        yield self._change(way, "plan-changed", message)

    def _result(self) -> Iterator[Change]:
        """What parents that are open will get from a child that they have yet to start."""
        if self._is_bumped:
            return
        parents = returned.readers(self.pair, self.was.name)
        text = returned.changed(self.pair, self.was, self.is_) if parents else None
        if text is not None:
            message = f"{text}, and {', '.join(parents)} reads it"
            way = ("steps",) if self.after.steps is not None else ("activities",)
            queues = [self.pair.new_name(queue) or queue for queue in parents.values()]
            here, code = (*self.location, *way), "child-result-changed"
            yield self.pair.change(here, code, message, *dict.fromkeys([*queues, self.queue]))


def _activities(file: model.QueuesFile) -> list[str]:
    """The paths of all functions that workers run as activities."""
    return [
        resolve.function_path(file, queue, activity)
        for queue, entry in file.queues.items()
        for activity in entry.activities
    ]


def _narrowed_fields(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for field, declared in before.items():
        if field not in after:
            yield "signal-narrowed", f'field "{field}" is gone'
            continue
        text = narrowed(declared, after[field], f'field "{field}"')
        if text is not None:
            yield "signal-narrowed", text
        elif parts := unclear(declared, after[field]):
            yield "not-compared", f'{", ".join(parts)} of field "{field}" cannot be compared'
        if "default" in declared and "default" not in after[field]:
            yield "signal-narrowed", f'field "{field}" is now required'
    for field, declared in after.items():
        if field not in before and "default" not in declared:
            yield "signal-narrowed", f'required field "{field}" is new'


def _debounced(debounce: model.Debounce | None) -> str:
    if debounce is None:
        return "none"
    from tqrun.config.values import format_duration

    shown = [one if isinstance(one, str) else format_duration(one) for one in _durations(debounce)]
    return " of at most ".join(shown)


def _durations(debounce: model.Debounce) -> list[Any]:
    return [one for one in (debounce.window, debounce.max_wait) if one is not None]


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: getattr(value, "text", str(value)) for name, value in values.items()}


def _body(launch: LaunchPlan) -> str:
    """What a plan does, whatever it is called."""
    inputs = json.dumps(launch.plan.inputs, separators=(",", ":"), ensure_ascii=False)
    # Cut from the text, which is there already; writing it anew takes a fifth of a comparison.
    return launch.plan.text.partition('"steps":')[2].replace(f',"inputs":{inputs}', "", 1)


def _in_words(old: Cost, new: Cost) -> str:
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in old.FIELDS]
    shown = [f"{label} {a} to {b}" if a != b else f"{label} {b}" for label, a, b in pairs]
    return ", ".join(text.replace("_", " ") for text in shown)
