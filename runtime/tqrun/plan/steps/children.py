"""Children that run at once under one id: the second of them is refused when it starts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tqrun.config import steps
from tqrun.config.source import Location
from tqrun.config.templates import replaced
from tqrun.plan import model as plan
from tqrun.plan.expressions import references
from tqrun.plan.steps.context import Context

_BY_CHANCE = ("random()", "now()")


class _Started(NamedTuple):
    """A child that a body starts in any case.

    Attributes:
        id: Its id, with what its inputs are bound to written into it.
    """

    location: Location
    workflow: str
    id: str


def refuse_same_in_items(
    at: Context, step: steps.ForeachStep, location: Location, own: set[str]
) -> None:
    """Report children of a concurrent foreach whose id does not depend on a name in *own*."""
    for child in _started(at, step.steps, (*location, "steps")):
        if not references(child.id) & own:
            message = (
                f'every item starts "{child.workflow}" as {child.id}, and only one of them can '
                'run; put the item into its id, or write "on_already_started: skip"'
            )
            at.report.add("duplicate-child-id", message, (*child.location, "workflow"))


def refuse_same_in_branches(
    at: Context, step: steps.ParallelStep, location: Location, own: dict[str, set[str]]
) -> None:
    """Report children of two branches under one id; *own* are the names of each branch."""
    seen: dict[str, str] = {}
    for branch, body in step.parallel.items():
        here = (*location, "parallel", branch)
        for child in _started(at, body, here):
            first = seen.setdefault(child.id, branch)
            if first != branch and not references(child.id) & own[branch]:
                message = (
                    f'branch "{first}" starts a child as {child.id} too, and only one of them can '
                    'run; give one of the two another "workflow_id"'
                )
                at.report.add("duplicate-child-id", message, (*child.location, "workflow"))


def _started(at: Context, body: list[Any], location: Location) -> Iterator[_Started]:
    """Each child that *body* starts whatever happens before it."""
    for index, step in enumerate(body):
        here = (*location, index)
        match step:
            case steps.WorkflowStep():
                yield from _child(at, step, here)
            case steps.ForeachStep():
                own = {step.item, step.index}
                for inner in _started(at, step.steps, (*here, "steps")):
                    if not references(inner.id) & own:
                        yield inner
            case steps.ParallelStep():
                for name, inside in step.parallel.items():
                    yield from _started(at, inside, (*here, "parallel", name))
            case steps.TryStep():
                yield from _started(at, step.body, (*here, "try"))


def _child(at: Context, step: steps.WorkflowStep, location: Location) -> Iterator[_Started]:
    child = at.children.get(location)
    if child is None or child.on_already_started == "skip":
        return
    identity = _identity(child)
    if not any(word in identity for word in _BY_CHANCE):
        yield _Started(location, step.workflow, identity)


def _identity(child: plan.Child) -> str:
    """The id of *child* over the names of its parent."""
    if child.own_id:
        return child.workflow_id

    def bound(expression: str) -> str:
        name = expression.strip().removeprefix("input.")
        if name in child.given:
            value = child.given[name]
            return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        given = {one: child.given[one] for one in references(f"${{{expression}}}") & {*child.given}}
        return f"${{{expression}}}" + (json.dumps(given, sort_keys=True) if given else "")

    return replaced(child.workflow_id, bound)
