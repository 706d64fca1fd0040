"""What the steps of one run share: its names, its place, and how its values are computed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from tqrun.plan import model as plan
from tqrun.plan.expressions import EvaluationError, Sources, evaluate
from tqrun.temporal import failures
from tqrun.temporal.call_options import seconds
from tqrun.temporal.calls import Calls
from tqrun.temporal.inbox import Inbox
from tqrun.temporal.run_log import log
from tqrun.temporal.scope import Scope
from tqrun.temporal.steps.cancellation import Cancellation
from tqrun.temporal.steps.frames import At, Frame, Outcome, Suspended


class Run:
    """One run of a plan's steps, for the families of steps.

    Attributes:
        runners: What does each kind of step.
        cancellation: Whether a step must not be begun any more.
        concurrent: How many concurrent or shielded parts the run is in.
        done: Steps done since the run began or went on.
        last: The result of the last call.
        caught: Errors that clauses are at work on, as steps see them and as they were raised.
        places: The step that each list of steps is at.
        passes: The pass that each loop is at.
    """

    runners: ClassVar[Mapping[type, Callable[..., Awaitable[Outcome]]]] = {}

    def __init__(
        self,
        steps_of: plan.Plan,
        values: Mapping[str, Any],
        calls: Calls,
        inbox: Inbox,
        cancellation: Cancellation,
        is_time_to_stop: Callable[[], bool],
        fields: Mapping[str, Any],
        first_run: Mapping[str, Any],
        *,
        bounded: bool,
    ) -> None:
        """Run *steps_of* on the input *values*.

        Args:
            steps_of: The plan.
            values: The run's input.
            calls: Where activities and children are called.
            inbox: The signals that have arrived.
            cancellation: Of the run.
            is_time_to_stop: Asked between two steps that nothing runs beside.
            fields: What every log line of the run carries.
            first_run: What `workflow.run_id` and `workflow.start_time` are, which a continuation
                does not change.
            bounded: Whether its expressions have a budget.
        """
        self.plan, self.calls, self.inbox = steps_of, calls, inbox
        self.cancellation = cancellation
        self.is_time_to_stop, self.fields = is_time_to_stop, fields
        always = {
            "version": steps_of.version,
            "workflow.id": workflow.info().workflow_id,
            **first_run,
        }
        self.locals: dict[str, Any] = {}
        self.root = Scope(self.locals, Scope({**always, **values}))
        self.random = workflow.random()
        self._sources = Sources(workflow.now, self.random.random, bounded)
        self.concurrent = 0
        self.done = 0
        self.last: Any = None
        self.caught: list[tuple[Any, BaseException]] = []
        self.places: dict[str, int] = {}
        self.passes: dict[str, int] = {}

    def leave(self, place: str) -> None:
        """Forget where the steps inside *place* stood: they have failed, and the run goes on."""
        for kept in (self.places, self.passes):
            for inner in [one for one in kept if one.startswith(place)]:
                del kept[inner]

    async def block(
        self, steps: plan.Steps, scope: Scope, frames: Sequence[Frame], place: str
    ) -> Outcome:
        """Run *steps* in order; with *frames*, from where they say."""
        first, inside, rest = 0, None, frames
        if frames:
            first, inside, rest = frames[0]["at"], frames[0].get("in"), frames[1:]
        for index in range(first, len(steps)):
            resumed = index == first and inside is not None
            await self.cancellation.heed()
            if not resumed and self.must_stop():
                return Suspended([{"at": index}])
            self.places[place] = index
            step = steps[index]
            state = (inside, rest) if resumed else (None, ())
            at = At(*state, f"{place}[{index}]")
            outcome = await self.runners[type(step)](self, step, scope, at)
            self.done += 1
            if outcome is not None:
                if isinstance(outcome, Suspended):
                    outcome.frames[-1]["at"] = index
                self.places.pop(place, None)
                return outcome
        await self.cancellation.heed()
        self.places.pop(place, None)
        return None

    def must_stop(self) -> bool:
        """Whether the run goes on in a new one here: nothing runs beside this place."""
        return not self.concurrent and self.done > 0 and self.is_time_to_stop()

    def log_failure(self, text: str, fields: Mapping[str, Any], error: BaseException) -> None:
        """One warning about a failure that the steps go on after."""
        found = failures.described(error)
        extra = {**fields, "error_type": found["type"], "error": found["message"]}
        log(text, {**self.fields, **extra})

    def value(self, value: Any, scope: Scope) -> Any:
        """*value* with its expressions evaluated over *scope*."""
        try:
            return evaluate(value, scope, self._sources)
        except EvaluationError as error:
            raise failures.expression_failed(error) from None

    def holds(self, condition: Any, scope: Scope) -> bool:
        """Whether *condition* holds."""
        value = self.value(condition, scope)
        if not isinstance(value, bool):
            message = f"{condition} is neither true nor false"
            raise ApplicationError(message, type="expression", non_retryable=True)
        return value

    def count(self, value: Any, scope: Scope, *, least: int) -> int:
        """A whole number of at least *least*."""
        found = self.value(value, scope)
        if type(found) not in (int, float) or found != int(found) or found < least:
            message = f"{value} is not a whole number of at least {least}"
            raise ApplicationError(message, type="expression", non_retryable=True)
        return int(found)

    def seconds(self, duration: Any, scope: Scope) -> float:
        """A duration in seconds."""
        try:
            return seconds(self.value(duration, scope))
        except ValueError:
            raise failures.expression_failed(f"{duration} is not a duration") from None
