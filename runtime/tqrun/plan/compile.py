"""A checked queues file to plans, and what a launch needs beside the plan.

Whatever is wrong with an expression or with a function becomes a finding, at the place in the
YAML that the user mends. Nothing here is particular to Temporal's SDK.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from tqrun.config import model, resolve
from tqrun.config.load import Loaded
from tqrun.diagnostics import Finding
from tqrun.plan.binding import BindingError, BoundFunction, arguments, bind
from tqrun.plan.expressions import ExpressionError, Template, compile_template
from tqrun.plan.inputs import Inputs
from tqrun.plan.model import CallPlan, Plan, RetryPlan

MAX_ID_BYTES = 1_000
"""Temporal's limit for workflow ids and task queue names (dynamic config `limit.maxIDLength`)."""

_UNSTABLE = re.compile(r"(?i)\b(now|today|time|timestamp|date|datetime|random|rand|uuid\d?|math)\b")
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
        search_attribute_schemas: JSON Schema per search attribute that is an input.
        plan: What the run does.
    """

    name: str
    description: str | None
    namespace: str
    workflow_type: str
    version: int
    inputs: Inputs
    options: model.WorkflowOptions
    workflow_id: Template
    task_queue: Template
    memo: Mapping[str, Any]
    search_attributes: Mapping[str, Any]
    search_attribute_schemas: Mapping[str, Mapping[str, Any]]
    summary: Template | None
    plan: Plan


class Compiler:
    """Compiles the workflows of one file, collecting findings on the way."""

    def __init__(self, loaded: Loaded, *, binding: bool = True) -> None:
        """Compile what is sound of *loaded*; without *binding*, import no user code."""
        assert loaded.draft.file is not None
        self.file = loaded.draft.file
        self.source = loaded.source
        self._draft = loaded.draft
        self.findings: list[Finding] = []
        self._binding = binding
        self._bound: dict[str, BoundFunction | None] = {}

    def queue(self, name: str) -> list[LaunchPlan]:
        """The workflows of queue *name*; one with findings is left out."""
        queue = self.file.queues[name]
        before = len(self.findings)
        for activity in queue.activities:
            self.function(name, activity)
        for version in queue.draining:
            self._draining(name, version)
        compiled = [
            self._workflow(name, workflow_name, workflow)
            for workflow_name, workflow in resolve.workflows(name, queue).items()
        ]
        return [] if len(self.findings) > before else [one for one in compiled if one is not None]

    def function(self, queue: str, activity: str) -> BoundFunction | None:
        """The function of an activity; None when it has findings or runs elsewhere."""
        declared = self.file.queues[queue].activities[activity]
        location = ("queues", queue, "activities", activity)
        if declared.task_queue is not None:
            return None
        if declared.function is not None:
            return self._bind(declared.function, (*location, "function"))
        path = resolve.function_path(self.file, queue, activity)
        return self._bind(path, location, key=True)

    def bind(self, path: str) -> BoundFunction | None:
        """The function at *path* of an entry that was compiled; None when it has findings."""
        return self._bound.get(path)

    def _draining(self, queue: str, version: int) -> None:
        entry = self.file.queues[queue].draining[version]
        if isinstance(entry, model.DrainingVersion):
            for activity, path in entry.activities.items():
                location = ("queues", queue, "draining", version, "activities", activity)
                self._bind(path, location)

    def _bind(self, path: str, location: Location, *, key: bool = False) -> BoundFunction | None:
        if not self._binding:
            return None
        if path not in self._bound:
            try:
                self._bound[path] = bind(path)
            except BindingError as error:
                self._bound[path] = None
                self._report(error.code, error.message, location, key=key)
        return self._bound[path]

    def _workflow(self, queue_name: str, name: str, workflow: model.Workflow) -> LaunchPlan | None:
        before = len(self.findings)
        queue = self.file.queues[queue_name]
        location: Location = ("queues", queue_name)
        if queue.workflows:
            location = (*location, "workflows", name)
        scope = workflow.input
        workflow_id = self._workflow_id(workflow, location)
        task_queue = self._task_queue(queue_name, workflow, location)
        memo = self._values(workflow.memo, scope, (*location, "memo"))
        attributes = self._values(
            workflow.search_attributes, scope, (*location, "search_attributes")
        )
        summary = self._template(workflow.summary, scope, (*location, "summary"))
        calls = tuple(self._calls(queue_name, workflow, location))
        if len(self.findings) > before or workflow_id is None or task_queue is None:
            return None
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
            search_attribute_schemas=_schemas(workflow),
            summary=summary,
            plan=Plan(queue_name, queue.version, name, calls, memo=_plain_memo(workflow)),
        )

    def _workflow_id(self, workflow: model.Workflow, location: Location) -> Template | None:
        location = (*location, "workflow_id")
        text = workflow.workflow_id
        if text is None:
            return None
        try:
            template = compile_template(text, workflow.input)
        except ExpressionError as error:
            self._report_expression(_unstable(text, error), location)
            return None
        if workflow.input and not template.names() & set(workflow.input):
            first = next(iter(workflow.input))
            message = f'"{text}" is the same id for every input; put ${{{first}}} in it'
            self._report("constant-id", message, location)
        longest = len(template.literal.encode()) + sum(
            _max_length(workflow.input[name]) for name in template.names() & set(workflow.input)
        )
        if longest > MAX_ID_BYTES:
            message = f"an id from this template can have {longest} bytes; Temporal's limit is 1000"
            self._report("id-too-long", message, location)
        return template

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
                self._report("open-task-queue", message, location)
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
            for name, value in declared.items()
        }

    def _template(
        self, text: str | None, scope: Mapping[str, Any], location: Location
    ) -> Template | None:
        if text is None:
            return None
        try:
            return compile_template(text, scope)
        except ExpressionError as error:
            self._report_expression(error, location)
            return None

    def _calls(
        self, queue_name: str, workflow: model.Workflow, location: Location
    ) -> Iterator[CallPlan]:
        queue = self.file.queues[queue_name]
        names = list(queue.activities) if workflow.steps is None else workflow.steps
        for index, name in enumerate(names):
            if name not in queue.activities:
                continue
            here: Location = ("queues", queue_name, "activities", name)
            self._template(queue.activities[name].summary, workflow.input, (*here, "summary"))
            if workflow.steps is not None:
                here = (*location, "steps", index)
            yield self._call(queue_name, name, workflow, here)

    def _call(
        self, queue_name: str, name: str, workflow: model.Workflow, location: Location
    ) -> CallPlan:
        activity = self.file.queues[queue_name].activities[name]
        options = resolve.activity_options(self.file, activity)
        passed = self._arguments(queue_name, name, workflow, location)
        memo = _plain_memo(workflow)
        return CallPlan(
            activity=name,
            arguments=passed,
            task_queue=self._elsewhere(activity),
            bound=activity.task_queue is None,
            context=tuple(field for field in memo if field not in passed),
            start_to_close=_seconds(options.start_to_close_timeout),
            schedule_to_close=_seconds(options.schedule_to_close_timeout),
            schedule_to_start=_seconds(options.schedule_to_start_timeout),
            heartbeat=_seconds(options.heartbeat_timeout),
            retry=_retry(resolve.retry_policy(self.file, options)),
            cancellation_type=options.cancellation_type,
            on_error=options.on_error,
            summary=activity.summary,
        )

    def _arguments(
        self, queue_name: str, name: str, workflow: model.Workflow, location: Location
    ) -> tuple[str, ...]:
        """The inputs that the call passes: those that the function's parameters name."""
        activity = self.file.queues[queue_name].activities[name]
        if activity.task_queue is not None:
            return tuple(workflow.input)
        function = self._bound.get(resolve.function_path(self.file, queue_name, name))
        if function is None:
            return ()
        passed, problems = arguments(function, workflow.input)
        for code, message in problems:
            self._report(code, message, location, key=location[-2] != "steps")
        return passed

    def _elsewhere(self, activity: model.Activity) -> str | None:
        """The task queue of an activity that does not run on its workflow's own."""
        if activity.queue is not None and activity.queue in self.file.queues:
            queue = self.file.queues[activity.queue]
            text = queue.task_queue or resolve.default_task_queue(activity.queue)
            return text.replace("${version}", str(queue.version))
        return activity.task_queue

    def _report_expression(self, error: ExpressionError, location: Location) -> None:
        if self._draft.shadows(location, ("input",)):
            return
        place = self.source.inside(location, error.offset, error.width)
        self.findings.append(Finding(place, error.code, error.message))

    def _report(self, code: str, message: str, location: Location, *, key: bool = False) -> None:
        if self._draft.shadows(location, ("input", "function", "activities_package")):
            return
        self.findings.append(Finding(self.source.place(location, key=key), code, message))


def task_queues(file: model.QueuesFile, name: str, version: int) -> list[str]:
    """The names of a queue's task queues at *version*: one, or one per enum value it is over."""
    queue = file.queues[name]
    text = queue.task_queue or resolve.default_task_queue(name)
    names: dict[str, None] = {}
    for workflow in resolve.workflows(name, queue).values():
        template = compile_template(text, dict(workflow.input) | _VERSION)
        free = sorted(template.names() & set(workflow.input))
        choices = [workflow.input[field].get("enum", []) for field in free]
        for values in product(*choices):
            scope = dict(zip(free, values, strict=True)) | {"version": version}
            names[template.render(scope)] = None
    return list(names)


def _plain_memo(workflow: model.Workflow) -> tuple[str, ...]:
    """The memo fields that are inputs under their own name, which log lines carry."""
    return tuple(name for name in workflow.memo if name in workflow.input)


def _schemas(workflow: model.Workflow) -> dict[str, Mapping[str, Any]]:
    fields = workflow.search_attributes
    return {name: workflow.input[name] for name in fields if name in workflow.input}


def _unstable(text: str, error: ExpressionError) -> ExpressionError:
    """An unknown name that means the time or chance gets a finding of its own."""
    match = _UNSTABLE.search(text, max(error.offset - 1, 0), error.offset + error.width)
    if error.code != "unknown-name" or match is None:
        return error
    message = (
        f'"{match[1]}" differs at every launch, '
        "so that the same input starts a second run; use inputs"
    )
    return ExpressionError("unstable-id", message, error.offset, error.width)


def _max_length(schema: Mapping[str, Any]) -> int:
    """The most characters that a value of *schema* is declared to have; 0 when it is open."""
    if "enum" in schema:
        return max((len(str(value)) for value in schema["enum"]), default=0)
    length = schema.get("maxLength", 0)
    return length if isinstance(length, int) else 0


def _seconds(duration: Any) -> float | None:
    return None if duration is None else duration.total_seconds()


def _retry(policy: model.RetryPolicy | None) -> RetryPlan:
    if policy is None:
        return RetryPlan()
    return RetryPlan(
        initial_interval=policy.initial_interval.total_seconds(),
        backoff_coefficient=policy.backoff_coefficient,
        maximum_interval=_seconds(policy.maximum_interval),
        maximum_attempts=policy.maximum_attempts,
        non_retryable_error_types=tuple(policy.non_retryable_error_types),
    )
