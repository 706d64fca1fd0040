"""Two sides, compared: what happens to runs that are going, to callers and to duplicates.

It compares what is in force, not text: a default or a named policy that changed shows in every
plan that it reaches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tqrun.config import model, resolve
from tqrun.config.options import WorkerOptions
from tqrun.config.source import Location
from tqrun.plan.changes import functions as functions_rules
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.cost import cost
from tqrun.plan.changes.narrowing import narrowed
from tqrun.plan.changes.side import Side
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.model import Call, every_step

_LOCK_FILES = ("requirements.txt", "uv.lock", "poetry.lock", "pdm.lock")
_LOCKED = re.compile(
    r"^(tqrun|cel-expr-python)==([\w.]+)|"
    r'^name = "(tqrun|cel-expr-python)"\r?\nversion = "([^"]+)"',
    re.MULTILINE,
)
_POLICIES = ("id_reuse_policy", "id_conflict_policy")


def compare(before: Side, after: Side) -> list[Change]:
    """Every change between two sides, in the order of the new file."""
    judge = _Judge(before, after)
    changes = [*judge.removed_queues()]
    for name in after.file.queues:
        if judge.old_name(name) is not None:
            changes += judge.queue(name)
    changes += [*judge.not_compared(), *judge.upgrades()]
    return sorted(dict.fromkeys(changes), key=lambda change: (change.place, change.code))


class _Judge:
    def __init__(self, before: Side, after: Side) -> None:
        self._before, self._after = before, after

    def old_name(self, name: str) -> str | None:
        """What queue *name* was called before; None if it is new."""
        if name in self._before.file.queues:
            return name
        renamed = self._after.file.queues[name].renamed_from
        return renamed if renamed in self._before.file.queues else None

    def removed_queues(self) -> Iterator[Change]:
        kept = {self.old_name(name) for name in self._after.file.queues}
        for name in self._before.file.queues:
            if name not in kept:
                yield self._change(("queues",), "queue-removed", f'queue "{name}" is gone', name)

    def queue(self, name: str) -> Iterator[Change]:
        old_name = self.old_name(name)
        assert old_name is not None
        before, after = self._before.file.queues[old_name], self._after.file.queues[name]
        yield from self._versions(name, before, after)
        yield from functions_rules.bound(self._before, self._after, old_name, name)
        yield from self._where(name, old_name, before, after)
        yield from self._options(name, before, after)
        old = self._before.workflows[old_name]
        new = self._after.workflows[name]
        same = {(old_name, name)} if not before.workflows and not after.workflows else set()
        for workflow in old:
            twin = name if (workflow, name) in same else workflow
            if twin in new:
                yield from self._workflow(name, old_name, workflow, twin)
            elif twin not in resolve.workflows(name, after):
                message = f'workflow "{workflow}" of "{name}" is gone'
                yield self._change(self._after.location(name), "workflow-removed", message, name)

    def _versions(self, name: str, before: model.Queue, after: model.Queue) -> Iterator[Change]:
        location = ("queues", name, "version")
        if after.version < before.version:
            message = f"version goes from {before.version} down to {after.version}"
            yield self._change(location, "version-lowered", message, name)
        elif after.version > before.version and before.version not in after.draining:
            message = f"version goes from {before.version} to {after.version}, the old one is not"
            yield self._change(location, "version-not-draining", f"{message} draining", name)
        for version in before.draining:
            if version not in after.draining and version != after.version:
                here = ("queues", name, "draining")
                message = f"draining version {version} is gone"
                yield self._change(here, "version-removed", message, name)

    def _where(
        self, name: str, old_name: str, before: model.Queue, after: model.Queue
    ) -> Iterator[Change]:
        if after.version != before.version:
            return
        pairs = {
            "task_queue": (
                before.task_queue or resolve.default_task_queue(old_name),
                after.task_queue or resolve.default_task_queue(name),
            ),
            "namespace": (
                resolve.namespace(self._before.file, before),
                resolve.namespace(self._after.file, after),
            ),
        }
        for key, (old, new) in pairs.items():
            if old != new:
                message = f'{key} goes from "{old}" to "{new}" without another version'
                here = ("queues", name, key)
                yield self._change(here, "task-queue-changed", message, name)

    def _options(self, name: str, before: model.Queue, after: model.Queue) -> Iterator[Change]:
        old = resolve.worker_options(self._before.file, before)
        new = resolve.worker_options(self._after.file, after)
        changed = [
            key for key in WorkerOptions.model_fields if getattr(old, key) != getattr(new, key)
        ]
        if changed:
            message = f'worker options of "{name}": {", ".join(changed)}'
            yield self._change(("queues", name, changed[0]), "options-changed", message, name)

    # Workflows

    def _workflow(self, name: str, old_name: str, old: str, new: str) -> Iterator[Change]:
        location = self._after.location(name, new)
        before, after = self._before.workflow(old_name, old), self._after.workflow(name, new)
        was, is_ = self._before.workflows[old_name][old], self._after.workflows[name][new]
        bumped = was.version != is_.version
        if was.workflow_type != is_.workflow_type:
            message = f'workflow type goes from "{was.workflow_type}" to "{is_.workflow_type}"'
            here = (*location, "workflow_type")
            yield self._change(here, "workflow-type-changed", message, name)
        if was.workflow_id.text != is_.workflow_id.text and not bumped:
            message = f'workflow_id goes from "{was.workflow_id.text}" to "{is_.workflow_id.text}"'
            here = (*location, "workflow_id")
            yield self._change(here, "workflow-id-changed", message, name)
        yield from self._start(name, location, was, is_)
        yield from self._interface(name, location, before, after)
        yield from self._class(name, location, before, after, bumped=bumped)
        yield from self._steps(name, location, was, is_)

    def _start(
        self, name: str, location: Location, was: LaunchPlan, is_: LaunchPlan
    ) -> Iterator[Change]:
        for key in _POLICIES:
            old, new = getattr(was.options, key), getattr(is_.options, key)
            if old != new:
                message = f"{key} goes from {old} to {new}"
                yield self._change((*location, key), "id-policy-changed", message, name)
        if was.debounce != is_.debounce:
            here = (*location, "debounce")
            yield self._change(here, "debounce-changed", "debounce is another", name)
        for attribute in is_.search_attributes:
            if attribute not in was.search_attributes:
                message = f'search attribute "{attribute}" is new'
                here = (*location, "search_attributes")
                yield self._change(here, "search-attribute-added", message, name)

    def _interface(
        self, name: str, location: Location, before: model.Workflow, after: model.Workflow
    ) -> Iterator[Change]:
        yield from self._inputs(name, location, before, after)
        for signal, fields in before.signals.items():
            here = (*location, "signals", signal)
            if signal not in after.signals:
                yield self._change(here, "signal-removed", f'signal "{signal}" is gone', name)
                continue
            for text in _narrowed_fields(fields, after.signals[signal]):
                yield self._change(here, "signal-narrowed", f'signal "{signal}": {text}', name)
        for query in before.queries:
            if query not in after.queries:
                here = (*location, "queries")
                yield self._change(here, "query-removed", f'query "{query}" is gone', name)

    def _inputs(
        self, name: str, location: Location, before: model.Workflow, after: model.Workflow
    ) -> Iterator[Change]:
        for field, declared in before.input.items():
            here = (*location, "input", field)
            if field not in after.input:
                yield self._change(here, "input-removed", f'input "{field}" is gone', name)
                continue
            new = after.input[field]
            if "default" in declared and "default" not in new:
                message = f'input "{field}" is now required'
                yield self._change(here, "input-required", message, name)
            text = narrowed(declared, new, f'input "{field}"')
            if text is not None:
                yield self._change(here, "input-narrowed", text, name)
        for field, declared in after.input.items():
            if field not in before.input:
                code = "input-added" if "default" in declared else "input-required"
                kind = "optional" if "default" in declared else "required"
                message = f'{kind} input "{field}" is new'
                yield self._change((*location, "input", field), code, message, name)

    def _class(
        self,
        name: str,
        location: Location,
        before: model.Workflow,
        after: model.Workflow,
        *,
        bumped: bool,
    ) -> Iterator[Change]:
        old, new = before.workflow_class, after.workflow_class
        here = (*location, "workflow_class")
        if bool(old) != bool(new) and not bumped:
            message = "steps are exchanged for a class" if new else "a class is exchanged for steps"
            yield self._change(here, "class-changed", message, name)
        elif old and new:
            module = f"{new.partition(':')[0].replace('.', '/')}.py"
            texts = self._before.revision.file(module), self._after.revision.file(module)
            if old != new or texts[0] != texts[1]:
                yield self._change(here, "class-edited", f"{new} is another", name)

    def _steps(
        self, name: str, location: Location, was: LaunchPlan, is_: LaunchPlan
    ) -> Iterator[Change]:
        yield from self._bindings(name, location, was, is_)
        old, new = _body(was), _body(is_)
        if old != new:
            costs = cost(was.plan), cost(is_.plan)
            message = f'"{is_.name}" has another plan; {_in_words(*costs)}'
            yield self._change((*location, "steps"), "plan-changed", message, name)

    def _bindings(
        self, name: str, location: Location, was: LaunchPlan, is_: LaunchPlan
    ) -> Iterator[Change]:
        """Calls that are written as before and yet get other names bound."""
        old = [step for step in every_step(was.plan.steps) if isinstance(step, Call)]
        new = [step for step in every_step(is_.plan.steps) if isinstance(step, Call)]
        for first, second in zip(old, new, strict=False):
            if first.activity != second.activity or first.given != second.given:
                continue
            gained = [one for one in second.arguments if one not in first.arguments]
            if gained and set(first.arguments) <= set(second.arguments):
                message = (
                    f'{first.activity} now gets "{gained[0]}" by its name, '
                    "which was left to the function's default"
                )
                yield self._change((*location, "steps"), "binding-changed", message, name)

    def not_compared(self) -> Iterator[Change]:
        for path, types in self._after.reader.not_compared.items():
            before = self._before.reader.not_compared.get(path, [])
            for text in dict.fromkeys([*types, *before]):
                message = f'"{text}" of {path} was not compared'
                yield self._change(("queues",), "not-compared", message, "")

    def upgrades(self) -> Iterator[Change]:
        """What the lock file has of another version, and takes part in workflow code."""
        old = _locked(self._before)
        for name, version in _locked(self._after).items():
            if name in old and old[name] != version:
                message = f"{name} goes from {old[name]} to {version}"
                yield self._change(("queues",), "runtime-upgraded", message, "")

    def _change(self, location: Location, code: str, message: str, queue: str) -> Change:
        return Change(self._after.place(location, key=True), code, message, queue)


def _locked(side: Side) -> dict[str, str]:
    """The versions that a lock file beside the queues file gives."""
    found: dict[str, str] = {}
    for file in _LOCK_FILES:
        text = (side.revision.file(file) or b"").decode(errors="replace")
        found |= {match[1] or match[3]: match[2] or match[4] for match in _LOCKED.finditer(text)}
    return found


def _narrowed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for field, declared in before.items():
        if field not in after:
            yield f'field "{field}" is gone'
            continue
        text = narrowed(declared, after[field], f'field "{field}"')
        if text is not None:
            yield text
    for field, declared in after.items():
        if field not in before and "default" not in declared:
            yield f'required field "{field}" is new'


def _body(launch: LaunchPlan) -> tuple[Any, ...]:
    """What only new launches see of a workflow."""
    plan = launch.plan
    values = {name: str(value) for name, value in launch.memo.items()}
    return plan.text.partition('"steps":')[2], values, launch.options.execution_timeout


def _in_words(old: Any, new: Any) -> str:
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in old.FIELDS]
    shown = [f"{label} {a} to {b}" if a != b else f"{label} {b}" for label, a, b in pairs]
    return ", ".join(text.replace("_", " ") for text in shown)
