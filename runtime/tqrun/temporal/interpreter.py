"""Runs the steps of a plan.

It uses no clock, chance, I/O or unordered set of its own: whatever it needs is in the plan, the
input, or Temporal's history. Where the history gets long it stops between two steps with its
position, and a new run goes on from there.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar, NamedTuple

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

from tqrun import logs
from tqrun.plan import model as plan
from tqrun.plan.expressions import EvaluationError, Sources, evaluate, references
from tqrun.temporal import failures
from tqrun.temporal.calls import MAX_KEPT_BYTES, Calls, seconds
from tqrun.temporal.inbox import Inbox
from tqrun.temporal.scope import Scope

Frame = dict[str, Any]
"""Where one list of steps stands: `at`, and under `in` what the step there needs to go on."""

_logger = workflow.LoggerAdapter(logging.getLogger("tqrun.workflow"), None)
_logger.workflow_info_on_message = False
_logger.workflow_info_on_extra = False


def log(text: str, fields: Mapping[str, Any], level: int = logging.WARNING) -> None:
    """One line of a run, once, not again on replay."""
    with logs.bound(fields):
        _logger.log(level, text)


@dataclass(frozen=True, slots=True)
class Returned:
    """The run has come to its end."""

    value: Any


@dataclass(slots=True)
class Suspended:
    """The run stopped between two steps; *frames* say where, innermost first."""

    frames: list[Frame] = field(default_factory=list)


Outcome = Returned | Suspended | None


class _At(NamedTuple):
    """Where a step stands.

    Attributes:
        state: What it needs to go on where an earlier run stopped in it; None: it begins.
        frames: The same for the steps inside it, outermost first.
        place: Its name in answers to queries.
    """

    state: Any
    frames: Sequence[Frame]
    place: str


class Interpreter:
    """One run of a plan's steps."""

    def __init__(
        self,
        steps_of: plan.Plan,
        values: Mapping[str, Any],
        calls: Calls,
        inbox: Inbox,
        is_time_to_stop: Callable[[], bool],
        fields: Mapping[str, Any],
        first_run: Mapping[str, Any],
    ) -> None:
        """Run *steps_of* on the input *values*.

        Args:
            steps_of: The plan.
            values: The run's input.
            calls: Where activities and children are called.
            inbox: The signals that have arrived.
            is_time_to_stop: Asked between two steps that nothing runs beside.
            fields: What every log line of the run carries.
            first_run: What `workflow.run_id` and `workflow.start_time` are, which a continuation
                does not change.
        """
        self.plan, self._calls, self._inbox = steps_of, calls, inbox
        self._is_time_to_stop, self._fields = is_time_to_stop, fields
        always = {
            "version": steps_of.version,
            "workflow.id": workflow.info().workflow_id,
            **first_run,
        }
        self.locals: dict[str, Any] = {}
        self._root = Scope(self.locals, Scope({**always, **values}))
        self._random = workflow.random()
        self._sources = Sources(workflow.now, self._random.random)
        self._query_sources = Sources(workflow.now, self._peeked)
        self._concurrent = 0
        self._done = 0
        self._last: Any = None
        self._caught: list[tuple[Any, BaseException]] = []
        self.places: dict[str, int] = {}
        self.passes: dict[str, int] = {}

    async def run(self, frames: Sequence[Frame] = ()) -> Returned | Suspended:
        """Run to the end, or to where the run must be continued; *frames*: outermost first."""
        outcome = await self._block(self.plan.steps, self._root, frames, "steps")
        if isinstance(outcome, Suspended):
            outcome.frames.reverse()
        if outcome is None:
            return Returned(self._last if self.plan.returns_last else None)
        return outcome

    def query(self, value: Any) -> Any:
        """What a query with *value* answers now; names that are not set yet are null."""
        unset: dict[str, Any] = dict.fromkeys(references(value))
        scope = Scope(self.locals, Scope(unset | self._root.flat()))
        return evaluate(value, scope, self._query_sources)

    def _peeked(self) -> float:
        """The next random number, which stays the next one: a query leaves no trace in a run."""
        copied = Random()
        copied.setstate(self._random.getstate())
        return copied.random()

    def where(self) -> list[str]:
        """The steps that are being done, innermost ones last."""
        return [f"{place}[{index}]" for place, index in self.places.items()]

    def _leave(self, place: str) -> None:
        """Forget where the steps inside *place* stood: they have failed, and the run goes on."""
        for kept in (self.places, self.passes):
            for inner in [one for one in kept if one.startswith(place)]:
                del kept[inner]

    # Blocks

    async def _block(
        self, steps: plan.Steps, scope: Scope, frames: Sequence[Frame], place: str
    ) -> Outcome:
        """Run *steps* in order; with *frames*, from where they say."""
        first, inside, rest = 0, None, frames
        if frames:
            first, inside, rest = frames[0]["at"], frames[0].get("in"), frames[1:]
        for index in range(first, len(steps)):
            resumed = index == first and inside is not None
            if not resumed and self._must_stop():
                return Suspended([{"at": index}])
            self.places[place] = index
            step = steps[index]
            state = (inside, rest) if resumed else (None, ())
            at = _At(*state, f"{place}[{index}]")
            outcome = await self._RUNNERS[type(step)](self, step, scope, at)
            self._done += 1
            if outcome is not None:
                if isinstance(outcome, Suspended):
                    outcome.frames[-1]["at"] = index
                self.places.pop(place, None)
                return outcome
        self.places.pop(place, None)
        return None

    def _must_stop(self) -> bool:
        return not self._concurrent and self._done > 0 and self._is_time_to_stop()

    # Calls

    async def _call(self, step: plan.Call, scope: Scope, _: _At) -> None:
        given = self._value(step.given, scope) if step.given else {}
        arguments: list[Any] = [{**{name: scope[name] for name in step.arguments}, **given}]
        if step.context:
            arguments.append({name: scope[name] for name in step.context})
        try:
            self._last = await self._calls.activity(
                step, arguments, lambda value: self._value(value, scope)
            )
        except ActivityError as error:
            if step.on_error == "fail" or is_cancelled_exception(error):
                raise
            self._log_failure("activity failed, going on", {"activity": step.activity}, error)
            self._last = None
        except ValueError as error:
            raise failures.expression_failed(error) from None
        if step.result is not None:
            scope.write(step.result, self._last)

    async def _child(self, step: plan.Child, scope: Scope, _: _At) -> None:
        given = self._value(step.given, scope)
        values = {**{name: scope[name] for name in step.arguments}, **given}
        inner = Scope({**values, "version": step.version})
        workflow_id = str(self._value(step.workflow_id, scope if step.own_id else inner))
        try:
            self._last = await self._calls.child(
                step, values, workflow_id, lambda value: self._value(value, inner)
            )
        except WorkflowAlreadyStartedError as error:
            if step.on_already_started == "fail" and step.on_error == "fail":
                message = f"{step.workflow} {workflow_id} is running already"
                raise ApplicationError(message, type="already_started") from error
            self._last = None
        except ChildWorkflowError as error:
            if step.on_error == "fail" or is_cancelled_exception(error):
                raise
            self._log_failure("child failed, going on", {"child": step.workflow}, error)
            self._last = None
        except ValueError as error:
            raise failures.expression_failed(error) from None
        if step.result is not None:
            scope.write(step.result, self._last)

    def _log_failure(self, text: str, fields: Mapping[str, Any], error: BaseException) -> None:
        found = failures.described(error)
        extra = {**fields, "error_type": found["type"], "error": found["message"]}
        log(text, {**self._fields, **extra})

    # Control flow

    async def _if(self, step: plan.If, scope: Scope, at: _At) -> Outcome:
        state, frames, place = at
        holds = state["then"] if state else self._holds(step.condition, scope)
        name, steps = ("then", step.then) if holds else ("else", step.otherwise)
        outcome = await self._block(steps, scope, frames, f"{place}.{name}")
        return _inside(outcome, then=holds)

    async def _loop(self, step: plan.Loop, scope: Scope, at: _At) -> Outcome:
        state, frames, place = at
        number = state["pass"] if state else 0
        limit = state["limit"] if state else None
        if not state and step.max_iterations is not None:
            limit = self._count(step.max_iterations, scope, least=0)
        while True:
            self.passes[place] = number
            inner = scope
            if step.index is not None:
                inner = Scope({step.index: number}, scope, overlay=True)
            if not frames:
                if not step.until and not self._holds(step.condition, inner):
                    break
                if limit is not None and number >= limit:
                    if step.on_limit == "continue":
                        break
                    message = f"{place} has not ended after {limit} passes"
                    raise ApplicationError(message, type="loop_limit", non_retryable=True)
            outcome = await self._block(step.steps, inner, frames, f"{place}.steps")
            if outcome is not None:
                return _inside(outcome, **{"pass": number, "limit": limit})
            frames = ()
            if step.until and self._holds(step.condition, inner):
                break
            number += 1
        self.passes.pop(place, None)
        return None

    async def _foreach(self, step: plan.Foreach, scope: Scope, at: _At) -> Outcome:
        state, frames, place = at
        items = state["items"] if state else self._value(step.items, scope)
        if not isinstance(items, list):
            message = f"foreach goes over a list, and {step.items} is none"
            raise ApplicationError(message, type="expression", non_retryable=True)
        limit = state["limit"] if state else self._count(step.max_concurrent, scope, least=1)
        collected = [tuple(one) for one in state["collected"]] if state else []
        work = _Work(step, items, limit, state["next"] if state else 0, collected)
        if limit == 1:
            outcome = await self._one_by_one(work, scope, state, frames, place)
        else:
            outcome = await self._at_once(work, scope, place)
        self.passes.pop(place, None)
        if outcome is None and step.result is not None:
            scope.write(step.result, [value for _, value in sorted(work.collected, key=_first)])
        return outcome

    async def _one_by_one(
        self, work: _Work, scope: Scope, state: Any, frames: Sequence[Frame], place: str
    ) -> Outcome:
        for number in range(work.next, len(work.items)):
            self.passes[place] = number
            names = state["names"] if frames else work.names(number)
            inner = Scope(names, scope)
            outcome = await self._item(work, number, inner, frames, place)
            if outcome is not None:
                work.next = number
                return _inside(outcome, names=names, **work.kept())
            frames = ()
        return None

    async def _at_once(self, work: _Work, scope: Scope, place: str) -> Outcome:
        """Several items at a time, each begun in order; on a failure the others are cancelled."""
        stopped = False

        async def take() -> None:
            nonlocal stopped
            while work.next < len(work.items) and not stopped:
                stopped = self._concurrent == 1 and self._done > 0 and self._is_time_to_stop()
                if stopped and work.next:
                    return
                stopped = False
                number, work.next = work.next, work.next + 1
                inner = Scope(work.names(number), scope)
                await self._item(work, number, inner, (), f"{place}#{number}")

        count = min(work.limit, len(work.items) - work.next)
        await self._together([take() for _ in range(count)])
        if work.next < len(work.items):
            return Suspended([{"at": 0, "in": work.kept()}])
        return None

    async def _item(
        self, work: _Work, number: int, scope: Scope, frames: Sequence[Frame], place: str
    ) -> Outcome:
        step = work.step
        try:
            outcome = await self._block(step.steps, scope, frames, f"{place}.steps")
            if outcome is None and step.collect is not None:
                work.collected.append((number, self._value(step.collect, scope)))
            return outcome
        except FailureError as error:
            if step.on_error == "fail" or is_cancelled_exception(error):
                raise
            self._leave(f"{place}.")
            self._log_failure("item failed, going on", {"index": number}, error)
        return None

    async def _parallel(self, step: plan.Parallel, scope: Scope, at: _At) -> None:
        scopes = [Scope({}, scope) for _ in step.branches]
        await self._together(
            [
                self._block(steps, inner, (), f"{at.place}.{name}")
                for (name, steps), inner in zip(step.branches.items(), scopes, strict=True)
            ]
        )
        for inner in scopes:
            for name, value in inner.names.items():
                scope.write(name, value)

    async def _together(self, branches: list[Coroutine[Any, Any, Any]]) -> None:
        """All at once; the first failure cancels the rest, is waited out, and raised."""
        if not branches:
            return
        self._concurrent += 1
        tasks = [asyncio.create_task(branch) for branch in branches]
        cancelled = False
        try:
            await workflow.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            cancelled = True
        failure = _failure(tasks)
        for task in tasks:
            task.cancel()
        cancelled = await self._finish(tasks) or cancelled
        self._concurrent -= 1
        if cancelled:
            raise asyncio.CancelledError
        if failure is not None:
            raise failure

    async def _finish(self, tasks: list[asyncio.Task[Any]]) -> bool:
        """Wait until all *tasks* have ended; whether this was cancelled meanwhile."""
        cancelled = False
        while pending := [task for task in tasks if not task.done()]:
            try:
                await workflow.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
            except asyncio.CancelledError:
                cancelled = True
            _failure(tasks)
        return cancelled

    async def _try(self, step: plan.Try, scope: Scope, at: _At) -> Outcome:
        state, frames, place = at
        try:
            if state is None or "clause" not in state:
                try:
                    outcome = await self._block(step.body, scope, frames, f"{place}.try")
                    outcome = _inside(outcome, body=True)
                except (FailureError, asyncio.CancelledError) as error:
                    outcome = await self._catch(step, scope, error, place)
            else:
                clause, found = step.clauses[state["clause"]], state["error"]
                inner = Scope({clause.name: found}, scope, overlay=True)
                here = f"{place}.catch[{state['clause']}]"
                outcome = await self._block(clause.steps, inner, frames, here)
                outcome = _inside(outcome, clause=state["clause"], error=found)
        except (FailureError, asyncio.CancelledError):
            await self._cleanup(step, scope, place)
            raise
        if isinstance(outcome, Suspended):
            return outcome
        ended = await self._cleanup(step, scope, place)
        return ended or outcome

    async def _catch(
        self, step: plan.Try, scope: Scope, error: BaseException, place: str
    ) -> Outcome:
        """Run the first clause that matches; raise *error* again if none does."""
        found = failures.described(error)
        for number, clause in enumerate(step.clauses):
            inner = Scope({clause.name: found}, scope, overlay=True)
            if not failures.matches(clause.error_types, found["type"]):
                continue
            if not self._holds(clause.when, inner):
                continue
            self._leave(f"{place}.try")
            work = self._block(clause.steps, inner, (), f"{place}.catch[{number}]")
            caught = (found, error)
            self._caught.append(caught)
            try:
                outcome = await (self._shielded(work) if found["type"] == "cancelled" else work)
            finally:
                self._caught.remove(caught)
            return _inside(outcome, clause=number, error=found)
        raise error

    async def _cleanup(self, step: plan.Try, scope: Scope, place: str) -> Outcome:
        if not step.cleanup:
            return None
        return await self._shielded(self._block(step.cleanup, scope, (), f"{place}.finally"))

    async def _shielded(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Do *work* to its end; only then is a cancellation that has come meanwhile raised."""
        self._concurrent += 1
        task = asyncio.create_task(work)
        cancelled = await self._finish([task])
        self._concurrent -= 1
        outcome = task.result()
        if cancelled:
            raise asyncio.CancelledError
        return outcome

    # Simple steps

    async def _sleep(self, step: plan.Sleep, scope: Scope, _: _At) -> None:
        if step.until is not None:
            moment = self._moment(self._value(step.until, scope))
            duration = (moment - workflow.now()).total_seconds()
        else:
            duration = self._seconds(step.duration, scope)
        if duration > 0:
            await workflow.sleep(duration)

    def _moment(self, text: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            moment = None
        if moment is None or moment.tzinfo is None:
            message = f"{text!r} is no moment; write RFC 3339 text such as 2026-03-02T17:00:00Z"
            raise ApplicationError(message, type="expression", non_retryable=True)
        return moment

    async def _wait(self, step: plan.Wait, scope: Scope, _: _At) -> None:
        if step.timeout is None:
            await self._arrival(step.signals, None)
        else:
            timeout = timedelta(seconds=self._seconds(step.timeout, scope))
            await self._arrival(step.signals, workflow.now() + timeout)
        taken = self._inbox.take(step.signals, every=step.all)
        if step.result is not None:
            scope.write(step.result, _received(step, taken))

    async def _arrival(self, names: Sequence[str], until: datetime | None) -> None:
        """Wait for one of the signals *names* that no step beside this one has taken."""
        while not self._inbox.has(names):
            left = None if until is None else (until - workflow.now()).total_seconds()
            if left is not None and left <= 0:
                return
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: self._inbox.has(names), timeout=left)

    async def _set(self, step: plan.Set, scope: Scope, _: _At) -> None:
        values = self._value(step.values, scope)
        for name, value in values.items():
            scope.write(name, value)

    async def _fail(self, step: plan.Fail, scope: Scope, _: _At) -> None:
        if step.error is not None:
            error = self._value(step.error, scope)
            raise next(
                (known for found, known in self._caught if found is error), failures.again(error)
            )
        message, kind = self._value([step.message, step.type], scope)
        raise ApplicationError(str(message), type=str(kind), non_retryable=step.non_retryable)

    async def _return(self, step: plan.Return, scope: Scope, _: _At) -> Returned:
        return Returned(self._value(step.value, scope))

    async def _log(self, step: plan.Log, scope: Scope, _: _At) -> None:
        extra = {**self._fields, **{name: scope[name] for name in step.fields}}
        log(str(self._value(step.text, scope)), extra, _LEVELS[step.level])

    # Values

    def _value(self, value: Any, scope: Scope) -> Any:
        try:
            return evaluate(value, scope, self._sources)
        except EvaluationError as error:
            raise failures.expression_failed(error) from None

    def _holds(self, condition: Any, scope: Scope) -> bool:
        value = self._value(condition, scope)
        if not isinstance(value, bool):
            message = f"{condition} is neither true nor false"
            raise ApplicationError(message, type="expression", non_retryable=True)
        return value

    def _count(self, value: Any, scope: Scope, *, least: int) -> int:
        found = self._value(value, scope)
        if type(found) not in (int, float) or found != int(found) or found < least:
            message = f"{value} is {str(found)[:60]}, not a whole number of at least {least}"
            raise ApplicationError(message, type="expression", non_retryable=True)
        return int(found)

    def _seconds(self, duration: Any, scope: Scope) -> float:
        try:
            return seconds(self._value(duration, scope))
        except ValueError as error:
            raise failures.expression_failed(error) from None

    _RUNNERS: ClassVar[dict[type, Callable[..., Awaitable[Outcome]]]] = {
        plan.Call: _call,
        plan.Child: _child,
        plan.If: _if,
        plan.Foreach: _foreach,
        plan.Loop: _loop,
        plan.Parallel: _parallel,
        plan.Sleep: _sleep,
        plan.Wait: _wait,
        plan.Set: _set,
        plan.Try: _try,
        plan.Fail: _fail,
        plan.Return: _return,
        plan.Log: _log,
    }


_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


@dataclass(slots=True)
class _Work:
    """A foreach on its way: its items, the next one, and what was collected by item."""

    step: plan.Foreach
    items: list[Any]
    limit: int
    next: int
    collected: list[tuple[int, Any]]

    def kept(self) -> dict[str, Any]:
        """What a later run needs to go on at the next item."""
        kept = {"items": self.items, "limit": self.limit}
        return {**kept, "next": self.next, "collected": self.collected}

    def names(self, number: int) -> dict[str, Any]:
        """What the steps call item *number*, and its position."""
        found = {self.step.item: self.items[number]}
        return found if self.step.index is None else {**found, self.step.index: number}


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]


def _inside(outcome: Outcome, **state: Any) -> Outcome:
    """*outcome*, with what the step around it needs to go on where it stopped."""
    if isinstance(outcome, Suspended):
        outcome.frames.append({"in": state})
    return outcome


def _failure(tasks: Sequence[asyncio.Task[Any]]) -> BaseException | None:
    """What the first of *tasks* that has failed raised; what is no failure of the run goes on."""
    ended = [task for task in tasks if task.done() and not task.cancelled()]
    errors = [error for task in ended if (error := task.exception()) is not None]
    for error in errors:
        if not isinstance(error, FailureError):
            raise error
    return errors[0] if errors else None


def _received(step: plan.Wait, taken: list[tuple[str, Any]]) -> Any:
    """What the waiting step keeps of the signals that it took."""
    if step.single:
        payloads = [payload for _, payload in taken]
        return payloads if step.all else payloads[0] if payloads else None
    found = [{**dict.fromkeys(step.signals), name: payload} for name, payload in taken]
    if step.all:
        return found
    return found[0] if found else dict.fromkeys(step.signals)


def too_large(names: Mapping[str, Any]) -> str | None:
    """Which of *names* is the largest, when together they are too large to be carried on."""
    sizes = {name: len(json.dumps(value)) for name, value in names.items()}
    return (
        max(sizes, key=lambda name: sizes[name]) if sum(sizes.values()) > MAX_KEPT_BYTES else None
    )
