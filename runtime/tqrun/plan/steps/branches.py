"""Steps with several ways through them: `if`, `parallel` and `try`."""

from __future__ import annotations

from collections.abc import Sequence

from tqrun.config import steps
from tqrun.config.source import Location
from tqrun.diagnostics import did_you_mean
from tqrun.plan import model as plan
from tqrun.plan.expressions import not_null, types
from tqrun.plan.scope import Name, Scope, State
from tqrun.plan.steps.children import refuse_same_in_branches
from tqrun.plan.steps.context import Context
from tqrun.plan.steps.flow import ends

OWN_ERROR_TYPES = frozenset(
    {
        *("already_started", "any", "bad_result", "cancelled", "expression", "failed"),
        *("invalid_input", "loop_limit", "payload_too_large", "result_too_large"),
        *("state_too_large", "timeout"),
    }
)
"""Types of errors that the runtime raises itself, and `any`."""
TIMEOUT_TYPES = ("start_to_close", "schedule_to_start", "schedule_to_close", "heartbeat")
"""Which limit a `timeout` was: `temporalio.exceptions.TimeoutType` in lower case."""
RETRY_STATES = (
    *("in_progress", "non_retryable_failure", "timeout", "maximum_attempts_reached"),
    *("retry_policy_not_set", "internal_server_error", "cancel_requested"),
)
"""Why a call was not tried again: `temporalio.exceptions.RetryState` in lower case."""
ERROR = types.of_fields(
    {
        "type": {"type": "string"},
        "message": {"type": "string"},
        "activity": {"type": ["string", "null"]},
        "retry_state": {"type": ["string", "null"], "enum": [*RETRY_STATES, None]},
        "timeout_type": {"type": ["string", "null"], "enum": [*TIMEOUT_TYPES, None]},
        "non_retryable": {"type": "boolean"},
    }
)
"""A caught error, in Temporal's own words."""


def branch(at: Context, step: steps.IfStep, location: Location) -> plan.If:
    """An `if`; below it holds what both ways have in common."""
    condition = at.condition(step.condition, (*location, "if"))
    before = at.scope.state()
    at.scope.narrow(not_null(step.condition, holds=True))
    then = at.block(step.then, (*location, "then"))
    after_then = at.scope.state()
    at.scope.restore(before)
    at.scope.narrow(not_null(step.condition, holds=False))
    otherwise = at.block(step.otherwise, (*location, "else"))
    after_otherwise = at.scope.state()
    ways = [after_then] * (not ends(then)) + [after_otherwise] * (not ends(otherwise))
    at.scope.merge(ways or [after_then, after_otherwise])
    return plan.If(condition, then, otherwise)


def parallel(at: Context, step: steps.ParallelStep, location: Location) -> plan.Parallel:
    """Branches that run at once; each begins with what was known before all of them."""
    outer, before = at.scope, at.scope.state()
    branches, found = {}, []
    for name, body in step.parallel.items():
        at.scope = Scope({}, outer, concurrent=True)
        branches[name] = at.block(body, (*location, "parallel", name))
        found.append(at.scope.names)
        outer.restore(before)
    at.scope = outer
    own = {name: {*names} for name, names in zip(step.parallel, found, strict=True)}
    refuse_same_in_branches(at, step, location, own)
    for names in found:
        for name, entry in names.items():
            if name in outer.names:
                message = f'"{name}" is written by two branches; use two names'
                at.report.add("concurrent-write", message, entry.location)
            outer.names[name] = entry
    return plan.Parallel(branches)


def attempt(at: Context, step: steps.TryStep, location: Location) -> plan.Try:
    """A `try` with its clauses and its `finally`."""
    before = at.scope.state()
    body = at.block(step.body, (*location, "try"))
    after_body = at.scope.state()
    # A clause may begin after any step of the body.
    at.scope.merge([before, after_body])
    between = at.scope.state()
    ways = [] if ends(body) else [after_body]
    clauses = []
    for index, clause in enumerate(step.catch):
        _refuse_idle(at, step.catch[:index], clause, (*location, "catch", index))
        at.scope.restore(between)
        clauses.append(_clause(at, clause, (*location, "catch", index)))
        ways += [] if ends(clauses[-1].steps) else [at.scope.state()]
    at.scope.merge(ways or [between])
    cleanup = _cleanup(at, step, between, (*location, "finally"))
    return plan.Try(body, tuple(clauses), cleanup)


def _refuse_idle(
    at: Context, earlier: Sequence[steps.Catch], clause: steps.Catch, location: Location
) -> None:
    """Tell of a clause whose errors the clauses before it have taken."""
    taken = {one for before in earlier if before.when is True for one in before.error_types}
    left = set(clause.error_types) - taken
    if "any" in taken:
        left &= {"cancelled"}
    if not left:
        message = "no error gets to this clause; the ones before it take them all"
        at.report.add("unreachable-step", message, location)


def _cleanup(at: Context, step: steps.TryStep, between: State, location: Location) -> plan.Steps:
    """The steps under `finally`, which an error that nobody caught leads to as well."""
    for here, inner in steps.walk(step.cleanup, location):
        if isinstance(inner, steps.ReturnStep):
            message = "a return in finally would not end an error; put it behind the try"
            at.report.add("finally-return", message, (*here, "return"), key=True)
    after = at.scope.state()
    at.scope.merge([between, after])
    cleanup = at.block(step.cleanup, location)
    # The steps below come after a `finally` that no error led to.
    at.scope.restore(after)
    mark = len(at.report.findings)
    at.block(step.cleanup, location)
    at.report.forget(mark)
    return cleanup


def _clause(at: Context, clause: steps.Catch, location: Location) -> plan.Clause:
    known = {*OWN_ERROR_TYPES, *at.calls.fail_types()}
    here, is_open = (*location, "error_types"), any("${" in one for one in known)
    for index, name in enumerate(clause.error_types):
        if name not in known and name == name.lower() and not is_open:
            message = f'no error has type "{name}"{did_you_mean(name, known)}'
            at.report.add("unknown-error-type", message, (*here, index))
        elif name not in known and not is_open:
            at.error_type(name, (*here, index))
    names = {clause.name: Name(ERROR, "error", location=(*location, "as"))}
    at.refuse_shadows(names)
    with at.scope.showing(names):
        at.condition(clause.when, (*location, "when"))
        body = at.block(clause.steps, (*location, "steps"))
    return plan.Clause(tuple(clause.error_types), clause.when, clause.name, body)
