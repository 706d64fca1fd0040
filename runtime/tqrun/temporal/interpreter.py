"""Runs the steps of a plan.

It uses no clock, chance, I/O or unordered set of its own: whatever it needs is in the plan, the
input, or Temporal's history. Where the history gets long it stops between two steps with its
position, and a new run goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from temporalio import workflow

from tqrun.plan import model as plan
from tqrun.plan.expressions import Sources, evaluate, references
from tqrun.temporal.scope import Scope
from tqrun.temporal.steps import branches, calls, errors, flow, lists, simple
from tqrun.temporal.steps.frames import Frame, Returned, Suspended
from tqrun.temporal.steps.run import Run


class Interpreter(Run):
    """One run of a plan's steps, from its beginning or from where another run stopped."""

    runners = {  # noqa: RUF012 - declared by the class above
        plan.Call: calls.call,
        plan.Child: calls.child,
        plan.If: flow.branch,
        plan.Loop: flow.loop,
        plan.Foreach: lists.foreach,
        plan.Parallel: branches.parallel,
        plan.Try: errors.guarded,
        plan.Sleep: simple.sleep,
        plan.Wait: simple.wait,
        plan.Set: simple.assign,
        plan.Fail: simple.fail,
        plan.Return: simple.give_back,
        plan.Log: simple.write_log,
    }

    async def run(self, frames: Sequence[Frame] = ()) -> Returned | Suspended:
        """Run to the end, or to where the run must be continued; *frames*: outermost first."""
        outcome = await self.block(self.plan.steps, self.root, frames, "steps")
        if isinstance(outcome, Suspended):
            outcome.frames.reverse()
        if outcome is None:
            return Returned(self.last if self.plan.returns_last else None)
        return outcome

    def query(self, value: Any) -> Any:
        """What a query with *value* answers now; names that are not set yet are null."""
        unset: dict[str, Any] = dict.fromkeys(references(value))
        scope = Scope(self.locals, Scope(unset | self.root.flat()))
        return evaluate(value, scope, Sources(workflow.now, self._peeked))

    def _peeked(self) -> float:
        """The next random number, which stays the next one: a query leaves no trace in a run."""
        copied = Random()
        copied.setstate(self.random.getstate())
        return copied.random()

    def where(self) -> list[str]:
        """The steps that are being done, innermost ones last."""
        return [f"{place}[{index}]" for place, index in self.places.items()]
