"""Steps without steps inside them, but for calls."""

from __future__ import annotations

from tqrun.config import steps
from tqrun.config.source import Location
from tqrun.diagnostics import quote
from tqrun.plan import model as plan
from tqrun.plan.expressions import Schema, moment, types
from tqrun.plan.scope import ONE_OF
from tqrun.plan.steps.context import Context


def sleep(at: Context, step: steps.SleepStep, location: Location) -> plan.Sleep:
    """A timer."""
    return plan.Sleep(at.seconds(step.sleep, (*location, "sleep")))


def sleep_until(at: Context, step: steps.SleepUntilStep, location: Location) -> plan.Sleep:
    """A timer up to a moment."""
    here, wanted = (*location, "sleep_until"), 'a moment; write for example "2026-01-31T09:00:00Z"'
    at.text(step.sleep_until, here, wanted)
    if "${" not in step.sleep_until and moment(step.sleep_until) is None:
        at.report.add("bad-expression", f"{quote(step.sleep_until)} is not {wanted}", here)
    return plan.Sleep(until=step.sleep_until)


def wait(at: Context, step: steps.WaitStep, location: Location) -> plan.Wait:
    """A wait for signals, and the type of what it keeps."""
    single = isinstance(step.wait_for, str)
    names = [step.wait_for] if isinstance(step.wait_for, str) else step.wait_for
    payloads = {
        name: types.flat(
            {
                "type": "object",
                "properties": dict(at.workflow.signals.get(name, {})),
                "required": [*at.workflow.signals.get(name, {})],
            }
        )
        for name in names
    }
    timeout = None
    if step.timeout is not None:
        timeout = at.seconds(step.timeout, (*location, "timeout"))
    if step.result is not None:
        one: Schema = payloads[names[0]]
        if not single:
            fields = {name: types.nullable(schema) for name, schema in payloads.items()}
            one = {"type": "object", "properties": fields, "required": [*fields]}
            if timeout is None:
                one[ONE_OF] = True
        if step.all:
            one = {"type": "array", "items": one}
        elif timeout is not None and single:
            one = types.nullable(one)
        at.write(step.result, one, (*location, "as"))
    return plan.Wait(tuple(names), single, timeout, step.all, step.result)


def assign(at: Context, step: steps.SetStep, location: Location) -> plan.Set:
    """A `set`; all values are looked at before the first name changes."""
    here = (*location, "set")
    schemas = at.arguments(step.values, here)
    for name, schema in schemas.items():
        at.write(name, schema, (*here, name), key=True)
    return plan.Set(dict(step.values))


def fail(at: Context, step: steps.FailStep, location: Location) -> plan.Fail:
    """A failure with a message, or a caught error again."""
    here = (*location, "fail")
    if isinstance(step.fail, str):
        schema = at.value(step.fail, here)
        if types.kinds(schema) not in ([], ["object"]) or "${" not in step.fail:
            message = 'not an error; write "message: …" below it, or ${error} in a catch'
            at.report.add("bad-expression", message, here)
        return plan.Fail(error=step.fail)
    at.value(step.fail.message, (*here, "message"))
    at.value(step.fail.type, (*here, "type"))
    return plan.Fail(step.fail.message, step.fail.type, step.fail.non_retryable)


def finish(at: Context, step: steps.ReturnStep, location: Location) -> plan.Return:
    """A `return`."""
    at.value(step.value, (*location, "return"))
    if at.scope.is_concurrent:
        message = (
            "return while other branches are at work; "
            "keep the value under a name and return it after them"
        )
        at.report.add("concurrent-return", message, (*location, "return"), key=True)
    return plan.Return(step.value)


def log(at: Context, step: steps.LogStep, location: Location) -> plan.Log:
    """A log line."""
    at.value(step.log, (*location, "log"))
    for index, name in enumerate(step.fields):
        if at.scope.find(name) is None:
            message = f'"{name}" is not known here{at.scope.unknown(name)}'
            at.report.add("unknown-name", message, (*location, "fields", index))
        at.use([name], (*location, "fields", index))
    return plan.Log(step.log, step.level, tuple(step.fields))


def faulty(at: Context, step: steps.FaultyStep, location: Location) -> None:
    """A step that cannot be read: whatever it mentions, it may read or give a value."""
    at.use_all()
    at.suppose(step.words, location)
