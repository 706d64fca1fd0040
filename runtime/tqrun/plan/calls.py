"""The function behind an activity step, the workflow behind a child, and their arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tqrun.config import model, resolve, steps
from tqrun.config.options import ActivityOptions, RetryPolicy
from tqrun.config.source import Location
from tqrun.diagnostics import did_you_mean, nearest
from tqrun.plan import model as plan
from tqrun.plan.binding import BoundFunction, arguments, misfit
from tqrun.plan.expressions import Schema, types
from tqrun.plan.functions import Functions
from tqrun.plan.numbers import has_numbers
from tqrun.plan.report import Report
from tqrun.plan.scope import Scope
from tqrun.plan.types import described, refused, result_schema

_CALL_OPTIONS = frozenset(ActivityOptions.model_fields)


class Calls:
    """Binds the calls of one workflow."""

    def __init__(
        self,
        file: model.QueuesFile,
        queue: str,
        functions: Functions,
        report: Report,
        memo: tuple[str, ...],
    ) -> None:
        """Bind what the steps of a workflow of *queue* call; *memo* goes onto every log line."""
        self.queue, self.activities = queue, file.queues[queue].activities
        self._file = file
        self._functions, self._report, self._memo = functions, report, memo

    def fail_types(self) -> set[str]:
        """Every type of error that a `fail` of the file has; a child's reaches its parent."""
        return {
            step.fail.type
            for name, queue in self._file.queues.items()
            for workflow in resolve.workflows(name, queue).values()
            for _, step in steps.walk(workflow.steps or (), ())
            if isinstance(step, steps.FailStep) and isinstance(step.fail, steps.Failure)
        }

    def activity(
        self,
        step: steps.ActivityStep,
        visible: Mapping[str, Schema],
        scope: Scope,
        given: Mapping[str, Schema],
        location: Location,
    ) -> tuple[plan.Call, Schema] | None:
        """The call, and the type of its result; None if there is no such activity."""
        activity = self.activities.get(step.activity)
        if activity is None:
            return None
        options = _over(resolve.activity_options(self._file, activity), step)
        # A step that names a task queue means workers of the same function there.
        there = self._serving(step.task_queue or activity.task_queue)
        elsewhere = activity.task_queue is not None and there is None
        function = self._function(step.activity, there)
        inputs = [name for name in scope.inputs() if name not in given]
        passed: tuple[str, ...] = ()
        if function is not None:
            passed = self._bind(function, visible, inputs, given, location)
            items = [name for name in passed if scope.is_item(name)]
            self._check_optional(function, visible, (*passed, *given), items, location)
        elif elsewhere:
            passed = tuple(inputs)
        call = plan.Call(
            activity=step.activity,
            arguments=passed,
            given=dict(step.arguments),
            result=step.result,
            task_queue=step.task_queue or self._elsewhere(activity),
            bound=not elsewhere,
            context=tuple(name for name in self._memo if name not in passed and name not in given),
            start_to_close=seconds(options.start_to_close_timeout),
            schedule_to_close=seconds(options.schedule_to_close_timeout),
            schedule_to_start=seconds(options.schedule_to_start_timeout),
            heartbeat=seconds(options.heartbeat_timeout),
            retry=retry(resolve.retry_policy(self._file, options)),
            cancellation_type=options.cancellation_type,
            on_error=options.on_error,
            summary=step.summary or activity.summary,
        )
        return call, _returns(function)

    def misspelt_error(self, name: str, activity: str | None = None) -> str | None:
        """The class that a type of error was meant to be, of one *activity* or of all."""
        names = [activity] if activity in self.activities else list(self.activities)
        return self._functions.misspelt_error(name, self.queue, names)

    def binds_anything(self, activity: str) -> bool:
        """Whether what a call of *activity* takes is not known: there is no function to look at."""
        declared = self.activities.get(activity)
        if declared is None:
            return True
        there = self._serving(declared.task_queue)
        elsewhere = declared.task_queue is not None and there is None
        return not elsewhere and self._function(activity, there) is None

    def _serving(self, task_queue: str | None) -> tuple[str, int] | None:
        """The queue and version of this file that serve *task_queue*; None: workers elsewhere."""
        if task_queue is None:
            return None
        return resolve.serving(self._file, self.queue, task_queue)

    def _function(self, activity: str, there: tuple[str, int] | None) -> BoundFunction | None:
        """The function that a call reaches: of its own queue, or of the workers *there*."""
        if there is None:
            return self._functions.of(self.queue, activity)
        return self._functions.at_worker(*there, activity)

    def options(
        self, step: steps.ActivityStep, location: Location
    ) -> Iterator[tuple[str, Any, Location]]:
        """Each option of the call that *step* makes: the nearest one counts, and is named there."""
        levels: list[tuple[ActivityOptions, Location]] = [(step, location)]
        if step.activity in self.activities:
            declared = ("queues", self.queue, "activities", step.activity)
            levels.append((self.activities[step.activity], declared))
        levels.append((self._file.defaults.activity, ("defaults", "activity")))
        nearest_first = ((options, place, options.model_fields_set) for options, place in levels)
        seen: set[str] = set()
        for options, place, given in nearest_first:
            for name in sorted((given & _CALL_OPTIONS) - seen):
                seen.add(name)
                yield from self._option(name, getattr(options, name), (*place, name))

    def _option(
        self, name: str, value: Any, location: Location
    ) -> Iterator[tuple[str, Any, Location]]:
        if name == "retry_policy":
            if isinstance(value, str):
                location = ("retry_policies", value)
                value = self._file.retry_policies.get(value)
            for inner in value.model_fields_set if value is not None else ():
                yield inner, getattr(value, inner), (*location, inner)
        else:
            yield name, value, location

    def _bind(
        self,
        function: BoundFunction,
        visible: Mapping[str, Schema],
        inputs: list[str],
        given: Mapping[str, Schema],
        location: Location,
    ) -> tuple[str, ...]:
        """The names that are passed besides the *given* values; findings for what does not fit."""
        parameters = {parameter.name: parameter for parameter in function.parameters}
        named = {name: schema for name, schema in visible.items() if name in parameters}
        if function.accepts_any:
            named = {name: visible[name] for name in inputs} | named
        rest = {name: schema for name, schema in named.items() if name not in given}
        call = arguments(function, rest, given=given, inputs=inputs)
        for problem in call.problems:
            if not self._report.is_explained([problem.parameter], location):
                self._report.add(
                    problem.code, problem.message, location, key=location[-2] == "activities"
                )
        for name, schema in given.items():
            here = (*location, "with", name)
            if name not in parameters:
                if not function.accepts_any:
                    hint = did_you_mean(name, parameters)
                    message = (
                        f'{function.name} ({function.place()}) has no parameter "{name}"{hint}'
                    )
                    self._report.add("unknown-parameter", message, here, key=True)
            elif misfits := misfit(function, parameters[name], schema, subject="the value"):
                self._report.add(misfits.code, misfits.message, here)
        return call.passed

    def _check_optional(
        self,
        function: BoundFunction,
        visible: Mapping[str, Schema],
        bound: Iterable[str],
        items: Iterable[str],
        location: Location,
    ) -> None:
        """Tell of a parameter with a default that a name is, or is not, bound to by accident."""
        others = set(visible) - {parameter.name for parameter in function.parameters}
        for parameter in function.parameters:
            name = parameter.name
            if parameter.required:
                continue
            if name in items:
                message = (
                    f"{_optional(function, name)} gets what the loop has under that name; "
                    f'bind it under "with" if that is meant, else rename one of the two'
                )
                self._report.add("bound-item", message, location)
            elif name not in bound:
                near = nearest(name, others)
                if near is not None and _nearly(near, name):
                    message = (
                        f'{_optional(function, name)} is left out, though there is "{near}"; '
                        'bind it under "with"'
                    )
                    self._report.add("near-miss", message, location)

    def _elsewhere(self, activity: model.Activity) -> str | None:
        """The task queue of an activity that does not run on its workflow's own."""
        if activity.queue is not None and activity.queue in self._file.queues:
            queue = self._file.queues[activity.queue]
            return resolve.task_queue(activity.queue, queue, queue.version)
        return activity.task_queue

    def child(
        self,
        step: steps.WorkflowStep,
        visible: Mapping[str, Schema],
        given: Mapping[str, Schema],
        location: Location,
    ) -> plan.Child | None:
        """The child; None if there is no such workflow."""
        found = resolve.child(self._file, self.queue, step.workflow)
        if found is None:
            return None
        queue_name, name = found
        queue = self._file.queues[queue_name]
        workflow = resolve.workflows(queue_name, queue)[name]
        options = resolve.workflow_options(self._file, workflow)
        passed, values = self._inputs(step, workflow, visible, given, location)
        wait = "terminate" if step.wait else "abandon"
        return plan.Child(
            workflow=f"{queue_name}.{name}" if queue.workflows else queue_name,
            workflow_type=workflow.workflow_type or name,
            workflow_id=step.workflow_id or workflow.workflow_id or "",
            own_id=step.workflow_id is not None,
            task_queue=queue.task_queue or resolve.default_task_queue(queue_name),
            version=queue.version,
            arguments=passed,
            given=values,
            memo=by_field(workflow.memo),
            search_attributes={
                field: [attribute_type(workflow, field), value]
                for field, value in by_field(workflow.search_attributes).items()
            },
            id_reuse_policy=options.id_reuse_policy,
            execution_timeout=seconds(options.execution_timeout),
            result=step.result,
            numbers={name: one for name, one in workflow.input.items() if has_numbers(one)},
            wait=step.wait,
            parent_close_policy=step.parent_close_policy or wait,
            on_already_started=step.on_already_started,
            on_error=step.on_error,
        )

    def _inputs(
        self,
        step: steps.WorkflowStep,
        workflow: model.Workflow,
        visible: Mapping[str, Schema],
        given: Mapping[str, Schema],
        location: Location,
    ) -> tuple[tuple[str, ...], dict[str, Any]]:
        """The child's inputs: those bound by name, and the values of the others."""
        values = dict(step.arguments)
        passed = []
        for name in given:
            if name not in workflow.input:
                message = (
                    f'"{step.workflow}" has no input "{name}"{did_you_mean(name, workflow.input)}'
                )
                self._report.add("unknown-input", message, (*location, "with", name), key=True)
        for name, declared in workflow.input.items():
            if name in given:
                here, schema = (*location, "with", name), given[name]
            elif name in visible:
                here, schema = location, visible[name]
                passed.append(name)
            elif "default" in declared:
                values[name] = declared["default"]
                continue
            elif not self._report.is_explained([name], location):
                message = f'input "{name}" of "{step.workflow}" has no value; give it under "with"'
                self._report.add("unbound-input", message, location)
                continue
            else:
                continue
            wrong = refused(schema, declared)
            if wrong:
                what = " or ".join(described(one) for one in wrong)
                verb = "is" if what == described(schema) else "may be"
                subject = "the value" if name in given else f'"{name}"'
                message = (
                    f'input "{name}" of "{step.workflow}" takes {described(declared)}, '
                    f"but {subject} {verb} {what}"
                )
                self._report.add("wrong-input-type", message, here)
        return tuple(passed), values


def by_field(declared: Any) -> dict[str, Any]:
    """A value per field of a memo or of search attributes: of inputs that are listed, or given."""
    if isinstance(declared, list):
        return {name: f"${{input.{name}}}" for name in declared}
    return dict(declared)


def attribute_type(workflow: model.Workflow, field: str) -> str:
    """The JSON type of a search attribute; text unless it is an input."""
    found = [kind for kind in types.kinds(workflow.input.get(field, {})) if kind != "null"]
    return found[0] if found else "string"


def _over(activity: model.Activity, step: steps.ActivityStep) -> ActivityOptions:
    """The options of the activity, with those that the step gives in their place."""
    given = step.model_fields_set & ActivityOptions.model_fields.keys()
    return activity.model_copy(update={name: getattr(step, name) for name in given})


def _returns(function: BoundFunction | None) -> Schema:
    return {} if function is None else types.flat(result_schema(function))


def _optional(function: BoundFunction, name: str) -> str:
    """How a message names an optional parameter; reads the function's source."""
    return f'optional parameter "{name}" of {function.name} ({function.place(name)})'


def _nearly(one: str, other: str) -> bool:
    """Whether two names differ in a way that looks like a slip."""
    return one.replace("_", "").lower() == other.replace("_", "").lower() or (
        one.rstrip("s") == other.rstrip("s")
    )


def seconds(duration: Any) -> plan.Seconds | None:
    """A duration as the plan has it."""
    if duration is None or isinstance(duration, str):
        return None if duration is None else str(duration)
    return float(duration.total_seconds())


def retry(policy: RetryPolicy | None) -> plan.RetryPlan:
    """A retry policy as the plan has it."""
    if policy is None:
        return plan.RetryPlan()
    initial = seconds(policy.initial_interval)
    assert initial is not None
    return plan.RetryPlan(
        initial_interval=initial,
        backoff_coefficient=_plain(policy.backoff_coefficient),
        maximum_interval=seconds(policy.maximum_interval),
        maximum_attempts=_plain(policy.maximum_attempts),
        non_retryable_error_types=tuple(policy.non_retryable_error_types),
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value
