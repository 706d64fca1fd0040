"""A checked queues file to plans, and what a launch needs beside the plan.

Whatever is wrong with an expression or with a function becomes a finding, at the place in the
YAML that the user mends. Nothing here is particular to Temporal's SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

from tqrun.config import model, resolve
from tqrun.config.load import Loaded
from tqrun.config.options import WorkflowOptions
from tqrun.config.steps import FaultyStep, walk
from tqrun.diagnostics import Finding, errors
from tqrun.plan import classes, cost, ids, schedules
from tqrun.plan.binding import BindingError, BoundFunction, bind
from tqrun.plan.calls import Calls, attribute_type, by_field
from tqrun.plan.expressions import ExpressionError, Template, compile_template
from tqrun.plan.functions import Functions, remembered
from tqrun.plan.inputs import Inputs
from tqrun.plan.model import MAX_TEXT_BYTES, Call, Child, Plan
from tqrun.plan.report import Report
from tqrun.plan.schedules import DeclaredSchedule
from tqrun.plan.steps import StepCompiler

LARGE_PLAN_BYTES = 16_000
MAX_PLAN_BYTES = 64_000
"""On the wire, compressed. A header is part of a run's first event, which every worker that takes
the run over reads."""

_FEW_CALLS = 20
"""So many of a queue's activities, each called once, are no large plan."""
_VERSION = {"version": {"type": "integer"}}

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """Everything that starting one declared workflow takes.

    Attributes:
        name: `queue`, or `queue.workflow` where a queue has several.
        workflow_type: The name Temporal knows it by.
        options: Start options, with the file's defaults filled in.
        workflow_id: Template over the inputs.
        task_queue: Template over the inputs and the version.
        memo: Template or constant per memo field.
        search_attributes: Template or constant per search attribute.
        attribute_types: The JSON type per search attribute.
        schedules: When runs start by themselves, by key.
        workflow_class: The hand-written class that runs in place of the plan, if there is one.
        parameters: The inputs that the class takes one by one, in order; None where all are in
            one object, as for every plan.
        plan: What the run does.
    """

    name: str
    description: str | None
    namespace: str
    workflow_type: str
    version: int
    inputs: Inputs
    options: WorkflowOptions
    workflow_id: Template
    task_queue: Template
    memo: Mapping[str, Any]
    search_attributes: Mapping[str, Any]
    attribute_types: Mapping[str, str]
    debounce: model.Debounce | None
    summary: Template | None
    schedules: Mapping[str, DeclaredSchedule]
    workflow_class: type | None
    parameters: tuple[str, ...] | None
    plan: Plan

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """What a run with the input *values* is started with, one payload each."""
        if self.parameters is None:
            return [values]
        return [values.get(name) for name in self.parameters]

    def values(self, arguments: Sequence[Any]) -> Any:
        """The input of a run that was started with *arguments*."""
        if self.parameters is None:
            return arguments[0] if arguments else {}
        return dict(zip(self.parameters, arguments, strict=False))


@dataclass(frozen=True, slots=True)
class Compiled:
    """One queue of a file, compiled.

    Attributes:
        launches: Its workflows; none of them if there is an error among the findings.
        findings: What is wrong with it, and with nothing else.
    """

    launches: tuple[LaunchPlan, ...]
    findings: tuple[Finding, ...]


class Compiler:
    """Compiles the queues of one file, each when it is first asked for."""

    def __init__(
        self, loaded: Loaded, binder: Callable[[str], BoundFunction] | None = bind
    ) -> None:
        """Compile what is sound of *loaded*; functions are had from *binder*, if there is one."""
        assert loaded.draft.file is not None
        self.file, self._draft = loaded.draft.file, loaded.draft
        self._classes = binder is bind
        self._binder = None if binder is None else remembered(binder)
        self._compiled: dict[str, Compiled] = {}
        self.functions = Functions(self.file, Report(self._draft), self._binder)

    def queue(self, name: str) -> Compiled:
        """Queue *name* as it is in every order of asking."""
        if name not in self._compiled:
            report = Report(self._draft)
            functions = Functions(self.file, report, self._binder, imports=self._classes)
            compiler = _QueueCompiler(self.file, report, functions, binds_classes=self._classes)
            self._compiled[name] = compiler.compiled(name)
        return self._compiled[name]

    def queues(self) -> list[Compiled]:
        """Every queue, in file order."""
        return [self.queue(name) for name in self.file.queues]


class _QueueCompiler:
    """Compiles one queue; its report has the findings of that queue only."""

    def __init__(
        self, file: model.QueuesFile, report: Report, functions: Functions, *, binds_classes: bool
    ) -> None:
        self.file, self._report, self.functions = file, report, functions
        self._binding = binds_classes

    def compiled(self, name: str) -> Compiled:
        queue = self.file.queues[name]
        for activity in queue.activities:
            self.functions.of(name, activity)
        for version in queue.draining:
            self._draining(name, version)
        launches = [
            self._workflow(name, workflow_name, workflow)
            for workflow_name, workflow in resolve.workflows(name, queue).items()
        ]
        findings = tuple(self._report.findings)
        sound = () if errors(findings) else (one for one in launches if one is not None)
        return Compiled(tuple(sound), findings)

    def _draining(self, queue: str, version: int) -> None:
        entry = self.file.queues[queue].draining[version]
        if isinstance(entry, model.DrainingVersion):
            for activity, path in entry.activities.items():
                location = ("queues", queue, "draining", version, "activities", activity)
                self.functions.at(path, location)

    def _workflow(self, queue_name: str, name: str, workflow: model.Workflow) -> LaunchPlan | None:
        mark = len(self._report.findings)
        queue = self.file.queues[queue_name]
        location: Location = ("queues", queue_name)
        if queue.workflows:
            location = (*location, "workflows", name)
        scope = workflow.input
        workflow_id = ids.template(workflow, location, self._report)
        task_queue = self._task_queue(queue_name, workflow, location)
        memo = self._values(workflow.memo, scope, (*location, "memo"))
        attributes = self._values(
            workflow.search_attributes, scope, (*location, "search_attributes")
        )
        summary = self._template(workflow.summary, scope, (*location, "summary"))
        scheduled = schedules.compiled(workflow, location, self._report)
        hand_written = self._class(name, workflow, location)
        self._durations(workflow, location)
        calls = Calls(self.file, queue_name, self.functions, self._report, plain_memo(workflow))
        steps, queries = StepCompiler(calls, self._report, workflow, location).compile()
        found = errors(self._report.findings[mark:])
        if found or workflow_id is None or task_queue is None:
            return None
        if any(isinstance(step, FaultyStep) for _, step in walk(workflow.steps or (), ())):
            return None
        compiled = Plan(
            queue=queue_name,
            version=queue.version,
            workflow=name,
            steps=steps,
            inputs=tuple(workflow.input),
            memo=plain_memo(workflow),
            returns_last=bool(steps) and isinstance(steps[-1], Call | Child),
            signals=dict(workflow.signals),
            queries=queries,
        )
        self._size(compiled, workflow, location)
        self._overlap(compiled, workflow, location)
        return LaunchPlan(
            name=f"{queue_name}.{name}" if queue.workflows else queue_name,
            description=queue.description,
            namespace=resolve.namespace(self.file, queue),
            workflow_type=workflow.workflow_type or name,
            version=queue.version,
            inputs=Inputs(scope),
            options=resolve.workflow_options(self.file, workflow),
            workflow_id=workflow_id,
            task_queue=task_queue,
            memo=memo,
            search_attributes=attributes,
            attribute_types={name: attribute_type(workflow, name) for name in attributes},
            debounce=workflow.debounce,
            summary=summary,
            schedules=scheduled,
            workflow_class=hand_written,
            parameters=classes.parameters(hand_written, scope) if hand_written else None,
            plan=compiled,
        )

    def _size(self, plan: Plan, workflow: model.Workflow, location: Location) -> None:
        # To write down every small plan would cost a check a tenth of its time.
        if workflow.steps is None and len(plan.steps) < _FEW_CALLS and not plan.queries:
            texts = (call.summary or "" for call in plan.steps if isinstance(call, Call))
            if sum(map(len, texts)) < LARGE_PLAN_BYTES // 4:
                return
        if len(plan.text) <= LARGE_PLAN_BYTES:
            return
        size = f"the plan has {len(plan.encoded) / 1000:.0f} kB"
        if len(plan.text) > MAX_TEXT_BYTES // 4:  # a character is four bytes at most
            message = f"the plan has {len(plan.text):,} characters; split the workflow"
            self._report.add("plan-too-large", message, location, key=True)
        elif len(plan.encoded) > MAX_PLAN_BYTES:
            message = f"{size}, the limit is {MAX_PLAN_BYTES // 1000} kB; split the workflow"
            self._report.add("plan-too-large", message, location, key=True)
        elif len(plan.encoded) > LARGE_PLAN_BYTES:
            message = (
                f"{size}, which every run carries; "
                "move data into an activity, or steps into a child workflow"
            )
            self._report.add("large-plan", message, location, key=True)

    def _overlap(self, plan: Plan, workflow: model.Workflow, location: Location) -> None:
        if not workflow.schedules:
            return
        limits = [
            cost.longest(plan),
            resolve.workflow_options(self.file, workflow).execution_timeout,
        ]
        known = [limit for limit in limits if isinstance(limit, timedelta)]
        schedules.check_overlap(
            workflow.schedules, min(known, default=None), location, self._report
        )

    def _class(self, name: str, workflow: model.Workflow, location: Location) -> type | None:
        """The hand-written class of *workflow*; None when it has none, or one with findings."""
        if workflow.workflow_class is None or not self._binding:
            return None
        try:
            return classes.bind(
                workflow.workflow_class, workflow.workflow_type or name, workflow.input
            )
        except BindingError as error:
            self._report.add(error.code, error.message, (*location, "workflow_class"))
            return None

    def _task_queue(
        self, queue_name: str, workflow: model.Workflow, location: Location
    ) -> Template | None:
        queue = self.file.queues[queue_name]
        location = ("queues", queue_name, "task_queue")
        text = queue.task_queue or resolve.default_task_queue(queue_name)
        scope = dict(workflow.input) | _VERSION
        template = self._template(text, scope, location)
        if template is None:
            return None
        for name in sorted(template.names() & set(workflow.input) - {"version"}):
            if "enum" not in workflow.input[name]:
                message = (
                    f'input "{name}" names the task queue and may be anything; '
                    "declare it with an enum, so that workers know which names to serve"
                )
                self._report.add("open-task-queue", message, location)
        return template

    def _values(
        self, declared: list[str] | dict[str, Any], scope: Mapping[str, Any], location: Location
    ) -> dict[str, Any]:
        """Memo or search attributes: input names, or a mapping whose values may be templates."""
        if isinstance(declared, list):
            known = [name for name in declared if name in scope]
            return {name: compile_template(f"${{input.{name}}}", scope) for name in known}
        return {
            name: self._template(value, scope, (*location, name))
            if isinstance(value, str)
            else value
            for name, value in by_field(declared).items()
        }

    def _durations(self, workflow: model.Workflow, location: Location) -> None:
        """Check the durations of a start that are expressions over the input."""
        options, debounce = resolve.workflow_options(self.file, workflow), workflow.debounce
        shared = ("defaults", "workflow")
        for key in ("execution_timeout", "start_delay"):
            place = location if key in workflow.model_fields_set else shared
            self._duration(getattr(options, key), workflow, (*place, key))
        if debounce is not None:
            self._duration(debounce.window, workflow, (*location, "debounce", "window"))
            self._duration(debounce.max_wait, workflow, (*location, "debounce", "max_wait"))

    def _duration(self, value: Any, workflow: model.Workflow, location: Location) -> None:
        if isinstance(value, str):
            template = self._template(value, workflow.input, location)
            if template is not None:
                self._report.duration(value, template.schema, location)

    def _template(
        self, text: str | None, scope: Mapping[str, Any], location: Location
    ) -> Template | None:
        if text is None:
            return None
        try:
            return compile_template(text, scope)
        except ExpressionError as error:
            self._report.expression(error, location)
            return None


def task_queues(file: model.QueuesFile, name: str, version: int) -> list[str]:
    """The names of a queue's task queues at *version*: one, or one per enum value it is over."""
    queue = file.queues[name]
    text = queue.task_queue or resolve.default_task_queue(name)
    names: dict[str, None] = {}
    # A queue that only runs activities for others has no workflow, and still one task queue.
    for declared in [one.input for one in resolve.workflows(name, queue).values()] or [{}]:
        template = compile_template(text, dict(declared) | _VERSION)
        free = sorted(template.names() & set(declared))
        choices = [declared[field].get("enum", []) for field in free]
        for values in product(*choices):
            scope = dict(zip(free, values, strict=True)) | {"version": version}
            names[template.render(scope)] = None
    return list(names)


def plain_memo(workflow: model.Workflow) -> tuple[str, ...]:
    """The memo fields that are inputs under their own name, which log lines carry."""
    return tuple(name for name in workflow.memo if name in workflow.input)
