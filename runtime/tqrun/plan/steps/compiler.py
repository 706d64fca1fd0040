"""Steps of a queues file to the steps of a plan, every name and expression checked on the way.

It walks the steps in the order in which a run does them and knows at each point which names have
a value and of which type; a loop is walked twice, the second time with what its passes may leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tqrun.config import model, steps
from tqrun.config.source import Location
from tqrun.plan import model as plan
from tqrun.plan.calls import Calls
from tqrun.plan.report import Report
from tqrun.plan.steps import branches, calls, loops, simple
from tqrun.plan.steps.context import Context
from tqrun.plan.steps.flow import ends

_COMPILERS: dict[type, Callable[..., Any]] = {
    steps.ActivityStep: calls.activity,
    steps.WorkflowStep: calls.child,
    steps.IfStep: branches.branch,
    steps.ForeachStep: loops.foreach,
    steps.WhileStep: loops.loop,
    steps.RepeatStep: loops.loop,
    steps.ParallelStep: branches.parallel,
    steps.SleepStep: simple.sleep,
    steps.SleepUntilStep: simple.sleep_until,
    steps.WaitStep: simple.wait,
    steps.SetStep: simple.assign,
    steps.TryStep: branches.attempt,
    steps.FailStep: simple.fail,
    steps.ReturnStep: simple.finish,
    steps.LogStep: simple.log,
    steps.FaultyStep: simple.faulty,
}


class StepCompiler:
    """Compiles the steps of one workflow."""

    def __init__(
        self, bound: Calls, report: Report, workflow: model.Workflow, location: Location
    ) -> None:
        """Compile the steps of *workflow*, which stands at *location*."""
        self._workflow, self._location = workflow, location
        self._at = Context(bound, report, workflow, self._block)

    def compile(self) -> tuple[plan.Steps, dict[str, Any]]:
        """The steps and the queries."""
        if self._workflow.steps is not None:
            found = self._block(self._workflow.steps, (*self._location, "steps"))
        else:
            found = tuple(self._all_activities())
        queries = {}
        for name, value in self._workflow.queries.items():
            self._at.value(value, (*self._location, "queries", name), uncertain=True)
            queries[name] = value
        for name, entry in self._at.scope.names.items():
            self._at.never_read(name, entry)
        return found, queries

    def _all_activities(self) -> Iterator[plan.Call]:
        """One call per activity of the queue, for a workflow without steps."""
        for name in self._at.calls.activities if self._workflow.workflow_class is None else ():
            location = ("queues", self._at.calls.queue, "activities", name)
            call = calls.activity(self._at, steps.ActivityStep(activity=name), location)
            if call is not None:
                yield call

    def _block(self, body: Sequence[Any], location: Location) -> tuple[Any, ...]:
        """The compiled steps of a list; after one that no run gets past, the rest is a finding."""
        found: list[Any] = []
        for index, step in enumerate(body):
            here = (*location, index)
            if ends(found):
                message = "no run gets to this step; remove it, or what ends the run before it"
                self._at.report.add("unreachable-step", message, here)
                break
            written = steps.ActivityStep(activity=step) if isinstance(step, str) else step
            compiled = _COMPILERS[type(written)](self._at, written, here)
            if compiled is not None:
                found.append(compiled)
        return tuple(found)
