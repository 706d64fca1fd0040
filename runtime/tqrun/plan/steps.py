"""Steps of a queues file to the steps of a plan, every name and expression checked on the way.

It walks the steps in the order in which a run does them and knows at each point which names have
a value and of which type; a loop is walked twice, the second time with what its passes may leave.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from tqrun.config import model, steps
from tqrun.config.options import ActivityOptions, RetryPolicy
from tqrun.config.source import Location
from tqrun.config.values import Expression
from tqrun.diagnostics import did_you_mean
from tqrun.plan import model as plan
from tqrun.plan.calls import Calls
from tqrun.plan.expressions import (
    ExpressionError,
    Schema,
    compile_template,
    not_null,
    references,
    types,
)
from tqrun.plan.report import Report
from tqrun.plan.scope import RESERVED, Name, Scope, State, WriteError

OWN_ERROR_TYPES = ("any", "cancelled", "expression", "invalid_input", "loop_limit", "timeout")
"""Types of errors that the runtime raises itself, and `any`."""
ERROR: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "message": {"type": "string"},
        "activity": {"type": ["string", "null"]},
        "retry_state": {"type": ["string", "null"]},
        "timeout_type": {"type": ["string", "null"]},
        "non_retryable": {"type": "boolean"},
    },
}
"""A caught error, in Temporal's own words."""
ALWAYS: Mapping[str, Schema] = {
    "version": {"type": "integer"},
    "workflow.id": {"type": "string"},
    "workflow.run_id": {"type": "string"},
    "workflow.start_time": {"type": "string", "format": "date-time"},
}
"""What every workflow can name besides its inputs and locals."""


class StepCompiler:
    """Compiles the steps of one workflow."""

    def __init__(
        self, calls: Calls, report: Report, workflow: model.Workflow, location: Location
    ) -> None:
        """Compile the steps of *workflow*, which stands at *location*."""
        self._calls, self._report = calls, report
        self._workflow, self._location = workflow, location
        self._read: set[str] = set()
        self._fail_types = calls.fail_types()
        names = {name: Name(schema, "input") for name, schema in workflow.input.items()}
        names |= {name: Name(schema, "given") for name, schema in ALWAYS.items()}
        self._scope = Scope({}, Scope(names))

    def compile(self) -> tuple[plan.Steps, dict[str, Any]]:
        """The steps and the queries."""
        if self._workflow.steps is not None:
            found = self._block(self._workflow.steps, (*self._location, "steps"))
        else:
            found = tuple(self._all_activities())
        queries = {}
        for name, value in self._workflow.queries.items():
            self._value(value, (*self._location, "queries", name), uncertain=True)
            queries[name] = value
        for name, entry in self._scope.names.items():
            self._never_read(name, entry)
        return found, queries

    def _all_activities(self) -> Iterator[plan.Call]:
        """One call per activity of the queue, for a workflow without steps."""
        for name in self._calls.activities if self._workflow.workflow_class is None else ():
            location = ("queues", self._calls.queue, "activities", name)
            call = self._activity(steps.ActivityStep(activity=name), location)
            if call is not None:
                yield call

    def _block(self, body: Sequence[Any], location: Location) -> tuple[Any, ...]:
        """The compiled steps of a list; after one that no run gets past, the rest is a finding."""
        found: list[Any] = []
        for index, step in enumerate(body):
            here = (*location, index)
            if ends(found):
                message = "no run gets to this step; remove it, or what ends the run before it"
                self._report.add("unreachable-step", message, here)
                break
            written = steps.ActivityStep(activity=step) if isinstance(step, str) else step
            compiled = self._COMPILERS[type(written)](self, written, here)
            if compiled is not None:
                found.append(compiled)
        return tuple(found)

    # Calls

    def _activity(self, step: steps.ActivityStep, location: Location) -> plan.Call | None:
        given = self._arguments(step.arguments, (*location, "with"))
        for key in ("summary", "task_queue"):
            text = getattr(step, key)
            if text is not None:
                self._value(text, (*location, key))
        self._options(step, location)
        activity = self._calls.activities.get(step.activity)
        if activity is not None:
            declared = ("queues", self._calls.queue, "activities", step.activity)
            self._options(activity, declared)
            if activity.summary is not None:
                self._value(activity.summary, (*declared, "summary"))
        bound = self._calls.activity(step, self._visible(), self._scope.inputs(), given, location)
        if bound is None:
            return None
        call, returns = bound
        self._use(call.arguments, location)
        if step.result is not None:
            schema = returns if call.on_error == "fail" else types.nullable(returns)
            self._write(step.result, schema, (*location, "as"))
        return call

    def _child(self, step: steps.WorkflowStep, location: Location) -> plan.Child | None:
        given = self._arguments(step.arguments, (*location, "with"))
        if step.workflow_id is not None:
            self._value(step.workflow_id, (*location, "workflow_id"))
        child = self._calls.child(step, self._visible(), given, location)
        if child is not None:
            self._use(child.arguments, location)
        if step.result is not None:
            self._write(step.result, {}, (*location, "as"))
        return child

    def _arguments(self, values: Mapping[str, Any], location: Location) -> dict[str, Schema]:
        return {name: self._value(value, (*location, name)) for name, value in values.items()}

    def _options(self, options: ActivityOptions, location: Location) -> None:
        """Look into the options that are expressions."""
        for name in type(options).model_fields:
            value = getattr(options, name)
            if isinstance(value, Expression):
                self._value(value, (*location, name))
            elif isinstance(value, RetryPolicy):
                for inner in RetryPolicy.model_fields:
                    if isinstance(getattr(value, inner), Expression):
                        self._value(getattr(value, inner), (*location, name, inner))

    # Control flow

    def _if(self, step: steps.IfStep, location: Location) -> plan.If:
        condition = self._condition(step.condition, (*location, "if"))
        before = self._scope.state()
        self._scope.narrow(not_null(step.condition, holds=True))
        then = self._block(step.then, (*location, "then"))
        after_then = self._scope.state()
        self._scope.restore(before)
        self._scope.narrow(not_null(step.condition, holds=False))
        otherwise = self._block(step.otherwise, (*location, "else"))
        after_otherwise = self._scope.state()
        ways = [after_then] * (not ends(then)) + [after_otherwise] * (not ends(otherwise))
        self._scope.merge(ways or [after_then, after_otherwise])
        return plan.If(condition, then, otherwise)

    def _foreach(self, step: steps.ForeachStep, location: Location) -> plan.Foreach:
        items = self._value(step.foreach, (*location, "foreach"))
        item = self._item(items, (*location, "foreach"))
        limit = step.max_concurrent
        if isinstance(limit, str):
            self._value(limit, (*location, "max_concurrent"))
        names = {step.item: Name(item, "item", location=(*location, "item"))}
        if step.index is not None:
            names[step.index] = Name({"type": "integer"}, "item", location=(*location, "index"))
        self._refuse_shadows(names)
        outer, before = self._scope, self._scope.state()
        collected: Schema = {}
        body: tuple[Any, ...] = ()
        for last in (False, True):
            mark = len(self._report.findings)
            self._scope = Scope(names, outer, concurrent=limit != 1)
            body = self._block(step.steps, (*location, "steps"))
            if step.collect is not None:
                collected = self._value(step.collect, (*location, "collect"))
            inner, self._scope = self._scope, outer
            if not last:
                self._report.forget(mark)
                self._scope.keep_types(before)
        for name, entry in inner.names.items():
            self._never_read(name, entry)
        outer.merge([before, outer.state()])
        if step.result is not None:
            self._write(step.result, {"type": "array", "items": collected}, (*location, "as"))
        return plan.Foreach(
            items=step.foreach,
            steps=body,
            item=step.item,
            index=step.index,
            max_concurrent=limit,
            collect=step.collect,
            result=step.result,
            on_error=step.on_error,
        )

    def _item(self, items: Schema, location: Location) -> Schema:
        """What the items of a list are; a finding if it is none."""
        found = types.kinds(items)
        if found and "array" not in found:
            if "object" in found:
                message = "a map has no order; loop over keys(m) or values(m)"
                self._report.add("map-iteration", message, location)
            else:
                message = f"{found[0]} is no list to loop over"
                self._report.add("bad-expression", message, location)
            return {}
        if "null" in found:
            message = "the list may be null here; test it first"
            self._report.add("possibly-null", message, location)
        inner: Schema = items.get("items", {})
        return inner

    def _loop(self, step: steps.WhileStep | steps.RepeatStep, location: Location) -> plan.Loop:
        until = isinstance(step, steps.RepeatStep)
        key = "repeat_until" if until else "while"
        if isinstance(step.max_iterations, str):
            self._value(step.max_iterations, (*location, "max_iterations"))
        names = {}
        if step.index is not None:
            names[step.index] = Name({"type": "integer"}, "item", location=(*location, "index"))
        self._refuse_shadows(names)
        before = self._scope.state()
        body: tuple[Any, ...] = ()
        for last in (False, True):
            mark = len(self._report.findings)
            with self._scope.showing(names):
                if not until:
                    self._condition(step.condition, (*location, key))
                    self._scope.narrow(not_null(step.condition, holds=True))
                body = self._block(step.steps, (*location, "steps"))
                if until:
                    self._condition(step.condition, (*location, key))
            if not last:
                self._report.forget(mark)
                self._scope.keep_types(before)
        self._judge_loop(step, key, location)
        if not until and step.condition is not True:
            self._scope.merge([before, self._scope.state()])
        if step.max_iterations is None or step.on_limit == "fail":
            self._scope.narrow(not_null(step.condition, holds=until))
        return plan.Loop(
            condition=step.condition,
            steps=body,
            until=until,
            index=step.index,
            max_iterations=step.max_iterations,
            on_limit=step.on_limit,
        )

    def _judge_loop(
        self, step: steps.WhileStep | steps.RepeatStep, key: str, location: Location
    ) -> None:
        inside = [inner for _, inner in steps.walk(step.steps, ())]
        if not any(_waits(inner) for inner in inside):
            message = "no pass of this loop waits for anything; put an activity or a sleep into it"
            self._report.add("busy-loop", message, (*location, key), key=True)
            return
        if step.max_iterations is not None:
            return
        if self._scope.is_concurrent:
            message = (
                "a loop without max_iterations in concurrent code; "
                "give it one, or make it a child workflow"
            )
            self._report.add("unbounded-loop", message, (*location, key), key=True)
            return
        exits = any(isinstance(inner, steps.ReturnStep | steps.FailStep) for inner in inside)
        written = {name for inner in inside for name in _writes(inner)}
        reads = references(step.condition)
        source = str(step.condition)
        varies = bool(reads & (written | {step.index})) or "now()" in source or "random()" in source
        if not exits and not varies:
            message = "nothing in the loop can end it; give it max_iterations"
            self._report.add("endless-loop", message, (*location, key), key=True)

    def _parallel(self, step: steps.ParallelStep, location: Location) -> plan.Parallel:
        outer, before = self._scope, self._scope.state()
        branches, found = {}, []
        for name, body in step.parallel.items():
            self._scope = Scope({}, outer, concurrent=True)
            branches[name] = self._block(body, (*location, "parallel", name))
            found.append(self._scope.names)
            outer.restore(before)
        self._scope = outer
        for names in found:
            for name, entry in names.items():
                if name in outer.names:
                    message = f'"{name}" is written by two branches; use two names'
                    self._report.add("concurrent-write", message, entry.location)
                outer.names[name] = entry
        return plan.Parallel(branches)

    def _try(self, step: steps.TryStep, location: Location) -> plan.Try:
        before = self._scope.state()
        body = self._block(step.body, (*location, "try"))
        after_body = self._scope.state()
        # A clause may begin after any step of the body.
        self._scope.merge([before, after_body])
        between = self._scope.state()
        ways = [] if ends(body) else [after_body]
        clauses = []
        for index, clause in enumerate(step.catch):
            self._scope.restore(between)
            clauses.append(self._clause(clause, (*location, "catch", index)))
            ways += [] if ends(clauses[-1].steps) else [self._scope.state()]
        self._scope.merge(ways or [between])
        cleanup = self._cleanup(step, between, (*location, "finally"))
        return plan.Try(body, tuple(clauses), cleanup)

    def _cleanup(self, step: steps.TryStep, between: State, location: Location) -> plan.Steps:
        """The steps under `finally`, which an error that nobody caught leads to as well."""
        after = self._scope.state()
        self._scope.merge([between, after])
        cleanup = self._block(step.cleanup, location)
        # The steps below come after a `finally` that no error led to.
        self._scope.restore(after)
        mark = len(self._report.findings)
        self._block(step.cleanup, location)
        self._report.forget(mark)
        return cleanup

    def _clause(self, clause: steps.Catch, location: Location) -> plan.Clause:
        known = {*OWN_ERROR_TYPES, *self._fail_types}
        for index, name in enumerate(clause.error_types):
            if name not in known and name == name.lower() and not any("${" in one for one in known):
                message = f'no error has type "{name}"{did_you_mean(name, known)}'
                self._report.add("unknown-error-type", message, (*location, "error_types", index))
        names = {clause.name: Name(ERROR, "error", location=(*location, "as"))}
        self._refuse_shadows(names)
        with self._scope.showing(names):
            self._condition(clause.when, (*location, "when"))
            body = self._block(clause.steps, (*location, "steps"))
        return plan.Clause(tuple(clause.error_types), clause.when, clause.name, body)

    def _refuse_shadows(self, names: Mapping[str, Name]) -> None:
        """Refuse names of a body that mean something around it; an inner error may hide one."""
        for name, entry in names.items():
            known = self._scope.find(name)
            if name in RESERVED or (known is not None and {known.kind, entry.kind} != {"error"}):
                message = (
                    f'"{name}" has a meaning here already; '
                    f'give this one another name with "{entry.location[-1]}"'
                )
                self._report.add("read-only-name", message, entry.location)

    # Simple steps

    def _sleep(self, step: steps.SleepStep, location: Location) -> plan.Sleep:
        return plan.Sleep(self._seconds(step.sleep, (*location, "sleep")))

    def _sleep_until(self, step: steps.SleepUntilStep, location: Location) -> plan.Sleep:
        self._text(
            step.sleep_until,
            (*location, "sleep_until"),
            'a moment; write for example "2026-01-31T09:00:00Z"',
        )
        return plan.Sleep(until=step.sleep_until)

    def _wait(self, step: steps.WaitStep, location: Location) -> plan.Wait:
        single = isinstance(step.wait_for, str)
        names = [step.wait_for] if isinstance(step.wait_for, str) else step.wait_for
        payloads = {
            name: types.flat(
                {
                    "type": "object",
                    "properties": dict(self._workflow.signals.get(name, {})),
                    "required": [*self._workflow.signals.get(name, {})],
                }
            )
            for name in names
        }
        timeout = None
        if step.timeout is not None:
            timeout = self._seconds(step.timeout, (*location, "timeout"))
        if step.result is not None:
            one: Schema = payloads[names[0]]
            if not single:
                fields = {name: types.nullable(schema) for name, schema in payloads.items()}
                one = {"type": "object", "properties": fields, "required": [*fields]}
            if step.all:
                one = {"type": "array", "items": one}
            elif timeout is not None and single:
                one = types.nullable(one)
            self._write(step.result, one, (*location, "as"))
        return plan.Wait(tuple(names), single, timeout, step.all, step.result)

    def _set(self, step: steps.SetStep, location: Location) -> plan.Set:
        here = (*location, "set")
        schemas = self._arguments(step.values, here)
        for name, schema in schemas.items():
            self._write(name, schema, (*here, name), key=True)
        return plan.Set(dict(step.values))

    def _fail(self, step: steps.FailStep, location: Location) -> plan.Fail:
        here = (*location, "fail")
        if isinstance(step.fail, str):
            schema = self._value(step.fail, here)
            if types.kinds(schema) not in ([], ["object"]) or "${" not in step.fail:
                message = 'not an error; write "message: …" below it, or ${error} in a catch'
                self._report.add("bad-expression", message, here)
            return plan.Fail(error=step.fail)
        self._value(step.fail.message, (*here, "message"))
        self._value(step.fail.type, (*here, "type"))
        return plan.Fail(step.fail.message, step.fail.type, step.fail.non_retryable)

    def _return(self, step: steps.ReturnStep, location: Location) -> plan.Return:
        self._value(step.value, (*location, "return"))
        if self._scope.is_concurrent:
            message = (
                "return while other branches are at work; "
                "keep the value under a name and return it after them"
            )
            self._report.add("concurrent-return", message, (*location, "return"), key=True)
        return plan.Return(step.value)

    def _log(self, step: steps.LogStep, location: Location) -> plan.Log:
        self._value(step.log, (*location, "log"))
        for index, name in enumerate(step.fields):
            if self._scope.find(name) is None:
                message = f'"{name}" is not known here{self._scope.unknown(name)}'
                self._report.add("unknown-name", message, (*location, "fields", index))
            self._use([name], (*location, "fields", index))
        return plan.Log(step.log, step.level, tuple(step.fields))

    # Values and names

    def _value(self, value: Any, location: Location, *, uncertain: bool = False) -> Schema:
        """Check the expressions in *value*; the type of what it evaluates to."""
        if isinstance(value, str):
            return self._template(value, location, uncertain=uncertain)
        if isinstance(value, list):
            items = [
                self._value(item, (*location, index), uncertain=uncertain)
                for index, item in enumerate(value)
            ]
            return {"type": "array", "items": types.joined_all(items)}
        if isinstance(value, dict):
            fields = {
                name: self._value(inner, (*location, name), uncertain=uncertain)
                for name, inner in value.items()
            }
            return types.of_fields(fields)
        return types.literal(value)

    def _template(self, text: str, location: Location, *, uncertain: bool) -> Schema:
        if "${" not in text:
            return {"type": "string", "const": text}
        self._use(references(text), location, text, uncertain=uncertain)
        try:
            return compile_template(text, self._scope.schemas(), in_workflow=True).schema
        except ExpressionError as error:
            self._report.expression(error, location)
            return {}

    def _condition(self, condition: Any, location: Location) -> Any:
        schema = self._value(condition, location)
        found = types.kinds(schema)
        if found and found != ["boolean"]:
            what = "it may be null, which" if "boolean" in found else " or ".join(found)
            message = f"{what} is neither true nor false; compare it with something"
            self._report.add("bad-condition", message, location)
        return condition

    def _text(self, text: str, location: Location, wanted: str) -> None:
        found = types.kinds(self._value(text, location))
        if found and "string" not in found:
            self._report.add("bad-expression", f"{' or '.join(found)} is not {wanted}", location)
        elif "null" in found:
            message = f"it may be null here, which is not {wanted.partition(';')[0]}; test it first"
            self._report.add("possibly-null", message, location)

    def _seconds(self, duration: Any, location: Location) -> plan.Seconds:
        if not isinstance(duration, str):
            return float(duration.total_seconds())
        self._report.duration(duration, self._value(duration, location), location)
        return str(duration)

    def _use(
        self, names: Any, location: Location, text: str = "", *, uncertain: bool = False
    ) -> None:
        """Note that *names* are read here, by the expressions in *text* if there are any."""
        self._read.update(names)
        for name in sorted(names):
            entry = self._scope.find(name)
            if entry is not None and not entry.certain and not uncertain:
                message = f'"{name}" may have no value here; set it before the branch, loop or try'
                found = first_use(name, text)
                self._report.expression(
                    ExpressionError("possibly-unset", message, found, len(name)), location
                )

    def _write(self, name: str, schema: Schema, location: Location, *, key: bool = False) -> None:
        try:
            self._scope.write(name, schema, location)
        except WriteError as error:
            code, message = error.args
            self._report.add(code, message, location, key=key)

    def _never_read(self, name: str, entry: Name) -> None:
        if entry.kind == "local" and name not in self._read:
            message = f'"{name}" is never read; remove it'
            self._report.add("unused-name", message, entry.location, key=entry.location[-1] == name)

    def _visible(self) -> dict[str, Schema]:
        """The names that a call can bind, each with its type."""
        return {name: one for name, one in self._scope.schemas().items() if "." not in name}

    _COMPILERS: ClassVar[dict[type, Callable[..., Any]]] = {
        steps.ActivityStep: _activity,
        steps.WorkflowStep: _child,
        steps.IfStep: _if,
        steps.ForeachStep: _foreach,
        steps.WhileStep: _loop,
        steps.RepeatStep: _loop,
        steps.ParallelStep: _parallel,
        steps.SleepStep: _sleep,
        steps.SleepUntilStep: _sleep_until,
        steps.WaitStep: _wait,
        steps.SetStep: _set,
        steps.TryStep: _try,
        steps.FailStep: _fail,
        steps.ReturnStep: _return,
        steps.LogStep: _log,
    }


def first_use(name: str, text: str) -> int:
    """Where *text* first reads *name*; 0 if it does not."""
    found = re.search(rf"(?<![\w.'\"]){re.escape(name)}(?![\w'\"])", text)
    return found.start() if found else 0


def ends(body: Sequence[Any]) -> bool:
    """Whether no run gets past the compiled steps of *body*."""
    return any(_ends(step) for step in body)


def _ends(step: Any) -> bool:
    match step:
        case plan.Return() | plan.Fail():
            return True
        case plan.If():
            return ends(step.then) and ends(step.otherwise)
        case plan.Try():
            every = ends(step.body) and all(ends(clause.steps) for clause in step.clauses)
            return every or ends(step.cleanup)
        case plan.Loop():
            endless = step.condition is True and not step.until and step.max_iterations is None
            return endless or (step.until and ends(step.steps))
    return False


def _waits(step: Any) -> bool:
    """Whether a run stops at *step* until something has happened."""
    match step:
        case steps.WaitStep():
            return bool(step.timeout is None or step.timeout)
        case steps.SleepStep():
            return bool(step.sleep)
        case str() | steps.ActivityStep() | steps.WorkflowStep() | steps.SleepUntilStep():
            return True
    return False


def _writes(step: Any) -> list[str]:
    if isinstance(step, steps.SetStep):
        return [*step.values]
    result = getattr(step, "result", None)
    return [result] if isinstance(result, str) else []
