"""Activities and children, as steps."""

from __future__ import annotations

from typing import Any

from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

from tqrun.plan import model as plan
from tqrun.plan.numbers import as_declared
from tqrun.temporal import failures
from tqrun.temporal.call_options import name
from tqrun.temporal.scope import Scope
from tqrun.temporal.steps.frames import At
from tqrun.temporal.steps.run import Run


async def call(run: Run, step: plan.Call, scope: Scope, _: At) -> None:
    """Call an activity and keep its result."""
    given = run.value(step.given, scope) if step.given else {}
    arguments: list[Any] = [{**{name: scope[name] for name in step.arguments}, **given}]
    if step.context:
        arguments.append({name: scope[name] for name in step.context})
    try:
        run.last = await run.calls.activity(step, arguments, lambda value: run.value(value, scope))
    except ActivityError as error:
        if step.on_error == "fail" or is_cancelled_exception(error):
            raise
        run.log_failure("activity failed, going on", {"activity": step.activity}, error)
        run.last = None
    except ValueError as error:
        raise failures.expression_failed(error) from None
    if step.result is not None:
        scope.write(step.result, run.last)


async def child(run: Run, step: plan.Child, scope: Scope, _: At) -> None:
    """Start a child workflow and keep its result."""
    given = run.value(step.given, scope)
    values = {**{name: scope[name] for name in step.arguments}, **given}
    values |= {
        name: as_declared(schema, values[name])
        for name, schema in step.numbers.items()
        if name in values
    }
    inner = Scope({**values, "version": step.version})
    rendered = run.value(step.workflow_id, scope if step.own_id else inner)
    try:
        workflow_id = name("workflow id", rendered)
        run.last = await run.calls.child(
            step, values, workflow_id, lambda value: run.value(value, inner)
        )
    except WorkflowAlreadyStartedError as error:
        if step.on_already_started == "fail" and step.on_error == "fail":
            message = f"{step.workflow} {workflow_id} is running already"
            raise ApplicationError(message, type="already_started") from error
        run.last = None
    except ChildWorkflowError as error:
        if step.on_error == "fail" or is_cancelled_exception(error):
            raise
        run.log_failure("child failed, going on", {"child": step.workflow}, error)
        run.last = None
    except ValueError as error:
        raise failures.expression_failed(error) from None
    if step.result is not None:
        scope.write(step.result, run.last)
