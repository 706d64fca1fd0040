"""What is known about steps without their names: where they end a run, wait, or write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tqrun.config import steps
from tqrun.plan import model as plan


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


def waits(step: Any) -> bool:
    """Whether a run stops at *step* until something has happened."""
    match step:
        case steps.WaitStep():
            return bool(step.timeout is None or step.timeout)
        case steps.SleepStep():
            return bool(step.sleep)
        case str() | steps.ActivityStep() | steps.WorkflowStep() | steps.SleepUntilStep():
            return True
    return False


def writes(step: Any) -> list[str]:
    """The names that *step* itself gives values."""
    if isinstance(step, steps.SetStep):
        return [*step.values]
    result = getattr(step, "result", None)
    return [result] if isinstance(result, str) else []
