"""What a workflow does, line by line: each step, and where each parameter's value comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tqrun.config import resolve
from tqrun.config.model import Workflow
from tqrun.config.values import format_duration
from tqrun.plan import model as plan
from tqrun.plan.binding import BoundFunction
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.cost import cost, longest_call
from tqrun.plan.registry import Registry
from tqrun.plan.signatures import signature_of

_LONGEST = 60
_DEFAULT = "left out; default of the function"


@dataclass(frozen=True, slots=True)
class Line:
    """A step, or one parameter of the step above it.

    Attributes:
        depth: How many steps it stands in.
        step: What the step does; empty for a parameter.
        why: Where the value of the parameter comes from.
    """

    depth: int
    step: str = ""
    parameter: str = ""
    value: str = ""
    why: str = ""


def explained(registry: Registry, launch: LaunchPlan) -> list[Line]:
    """The lines of the workflow that *launch* starts."""
    if launch.workflow_class is not None:
        return list(_by_hand(launch, launch.workflow_class))
    return list(_Explanation(registry, launch.plan).steps(launch.plan.steps, 0, {}))


def costs(launch: LaunchPlan) -> str:
    """What a run of *launch* costs, in one line."""
    if launch.workflow_class is not None:
        return "what a run does and costs is decided by its code"
    return str(cost(launch.plan))


def _by_hand(launch: LaunchPlan, workflow: type) -> Iterator[Line]:
    yield Line(0, f"class {workflow.__module__}:{workflow.__qualname__}, written by hand")
    if launch.parameters is None:
        yield Line(1, "run takes one object with all inputs")
    else:
        yield Line(1, f"run takes {', '.join(launch.parameters) or 'nothing'}")


class _Explanation:
    """Walks one plan; `owners` says what the names of the bodies around a step are."""

    def __init__(self, registry: Registry, compiled: plan.Plan) -> None:
        self._registry, self._queue = registry, compiled.queue
        queue = registry.file.queues[compiled.queue]
        workflow = resolve.workflows(compiled.queue, queue)[compiled.workflow]
        self._inputs = frozenset(workflow.input)

    def steps(self, steps: plan.Steps, depth: int, owners: Mapping[str, str]) -> Iterator[Line]:
        for step in steps:
            yield Line(depth, self._title(step))
            if isinstance(step, plan.Call):
                yield from self._call(step, depth + 1, owners)
            elif isinstance(step, plan.Child):
                yield from self._child(step, depth + 1, owners)
            for label, inner, names in _bodies(step):
                if label:
                    yield Line(depth, label)
                yield from self.steps(inner, depth + 1, {**owners, **names})

    def _title(self, step: plan.Step) -> str:
        if isinstance(step, plan.Call):
            function = self._function(step)
            where = f", {function.place()}" if function else ""
            where = f", on {step.task_queue}" if step.task_queue else where
            return f"activity {step.activity}{_kept(step.result)}{where}{_at_most(step)}"
        return _title(step)

    def _function(self, step: plan.Call) -> BoundFunction | None:
        return self._registry.function(self._queue, step.activity) if step.bound else None

    def _call(self, step: plan.Call, depth: int, owners: Mapping[str, str]) -> Iterator[Line]:
        function = self._function(step)
        signature = signature_of(function.function) if function else None
        named = [parameter.name for parameter in function.parameters] if function else []
        for name in dict.fromkeys((*named, *step.given, *step.arguments)):
            if name in step.given:
                yield Line(depth, "", name, _shown(step.given[name]), 'given under "with"')
            elif name in step.arguments:
                yield Line(depth, "", name, f"${{{name}}}", self._owner(name, owners))
            elif signature is not None:
                default = repr(signature.parameters[name].default)
                yield Line(depth, "", name, _cut(default), _DEFAULT)

    def _child(self, step: plan.Child, depth: int, owners: Mapping[str, str]) -> Iterator[Line]:
        for name, schema in self._child_workflow(step).input.items():
            if name in step.arguments:
                yield Line(depth, "", name, f"${{{name}}}", self._owner(name, owners))
                continue
            value = step.given.get(name)
            is_default = "default" in schema and schema["default"] == value
            why = "left out; default of the input" if is_default else 'given under "with"'
            yield Line(depth, "", name, _shown(value), why)

    def _child_workflow(self, step: plan.Child) -> Workflow:
        queue, _, name = step.workflow.partition(".")
        workflows = resolve.workflows(queue, self._registry.file.queues[queue])
        return workflows[name or next(iter(workflows))]

    def _owner(self, name: str, owners: Mapping[str, str]) -> str:
        if name in owners:
            return f"{owners[name]}, by name"
        return "input, by name" if name in self._inputs else "local, by name"


def _at_most(call: plan.Call) -> str:
    longest = longest_call(call)
    return "" if longest is None else f", {format_duration(longest)} at most"


def _title(step: Any) -> str:
    match step:
        case plan.Child():
            wait = "" if step.wait else ", not waited for"
            return f"workflow {step.workflow}{_kept(step.result)}{wait}"
        case plan.If():
            return f"if {_shown(step.condition)}"
        case plan.Foreach():
            at_once = f", {step.max_concurrent} at once" if step.max_concurrent != 1 else ""
            return f"foreach {_shown(step.items)} as {step.item}{at_once}{_kept(step.result)}"
        case plan.Loop():
            key = "repeat_until" if step.until else "while"
            return f"{key} {_shown(step.condition)}"
    return _simple_title(step)


def _simple_title(step: Any) -> str:
    match step:
        case plan.Sleep():
            until = f"sleep_until {step.until}"
            return until if step.until is not None else f"sleep {_duration(step.duration)}"
        case plan.Wait():
            within = f", {_duration(step.timeout)} at most" if step.timeout is not None else ""
            return f"wait_for {', '.join(step.signals)}{_kept(step.result)}{within}"
        case plan.Set():
            return f"set {', '.join(step.values)}"
        case plan.Fail():
            return f"fail {_cut(step.error or step.message)}"
        case plan.Return():
            return f"return {_shown(step.value)}"
        case plan.Log():
            return f"log {_cut(step.text)}"
    return str(step.kind)


def _bodies(step: Any) -> Iterator[tuple[str, plan.Steps, dict[str, str]]]:
    """The lists of steps in *step*: a label, the steps, and the names that they alone know."""
    match step:
        case plan.If():
            yield "then", step.then, {}
            if step.otherwise:
                yield "else", step.otherwise, {}
        case plan.Foreach():
            index = {step.index: "index of the loop"} if step.index else {}
            yield "", step.steps, {step.item: "item of the loop", **index}
        case plan.Loop():
            yield "", step.steps, {step.index: "index of the loop"} if step.index else {}
        case plan.Parallel():
            for name, steps in step.branches.items():
                yield f"branch {name}", steps, {}
        case plan.Try():
            yield "", step.body, {}
            for clause in step.clauses:
                types = ", ".join(clause.error_types)
                yield f"catch {types} as {clause.name}", clause.steps, {clause.name: "caught error"}
            if step.cleanup:
                yield "finally", step.cleanup, {}


def _kept(result: str | None) -> str:
    return f" as {result}" if result else ""


def _duration(seconds: Any) -> str:
    return seconds if isinstance(seconds, str) else format_duration(timedelta(seconds=seconds))


def _shown(value: Any) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
