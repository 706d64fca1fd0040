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
from datetime import datetime
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


def log(text: str, fields: Mapping[str, Any]) -> None:
    """One warning of the runtime itself, once, not again on replay."""
    _logger.warning(text, extra=dict(fields))


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
    ) -> None:
        """Run *steps_of* on the input *values*.

        Args:
            steps_of: The plan.
            values: The run's input.
            calls: Where activities and children are called.
            inbox: The signals that have arrived.
            is_time_to_stop: Asked between two steps that nothing runs beside.
            fields: What every log line of the run carries.
        """
        self.plan, self._calls, self._inbox = steps_of, calls, inbox
        self._is_time_to_stop, self._fields = is_time_to_stop, fields
        info = workflow.info()
        always = {
            "version": steps_of.version,
            "workflow.id": info.workflow_id,
            "workflow.run_id": info.run_id,
            "workflow.start_time": _text(info.workflow_start_time),
        }
        self.locals: dict[str, Any] = {}
        self._root = Scope(self.locals, Scope({**always, **values}))
        self._sources = Sources(workflow.now, workflow.random().random)
        self._concurrent = 0
        self._done = 0
        self._last: Any = None
        self._caught: dict[int, BaseException] = {}
        self.places: dict[str, Any] = {}

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
        return evaluate(value, Scope(self.locals, Scope(unset | self._root.flat())), self._sources)

    def where(self) -> list[str]:
        """The steps that are being done, innermost ones last."""
        return [f"{place}[{index}]" for place, index in self.places.items()]

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
        limit = self._limit(step.max_iterations, scope)
        number = state["pass"] if state else 0
        while True:
            inner = scope
            if step.index is not None:
                inner = Scope({step.index: number}, scope, overlay=True)
            if not frames:
                if not step.until and not self._holds(step.condition, inner):
                    return None
                if limit is not None and number >= limit:
                    if step.on_limit == "continue":
                        return None
                    message = f"{place} has not ended after {limit} passes"
                    raise ApplicationError(message, type="loop_limit", non_retryable=True)
            outcome = await self._block(step.steps, inner, frames, f"{place}.steps")
            if outcome is not None:
                return _inside(outcome, **{"pass": number})
            frames = ()
            if step.until and self._holds(step.condition, inner):
                return None
            number += 1

    def _limit(self, value: Any, scope: Scope) -> int | None:
        return None if value is None else int(self._value(value, scope))

    async def _foreach(self, step: plan.Foreach, scope: Scope, at: _At) -> Outcome:
        state, frames, place = at
        items = state["items"] if state else self._value(step.items, scope)
        if not isinstance(items, list):
            message = f"foreach goes over a list, and {step.items} is none"
            raise ApplicationError(message, type="expression", non_retryable=True)
        limit = int(self._value(step.max_concurrent, scope))
        collected = [tuple(one) for one in state["collected"]] if state else []
        work = _Work(step, items, state["next"] if state else 0, collected)
        if limit == 1:
            outcome = await self._one_by_one(work, scope, state, frames, place)
        else:
            outcome = await self._at_once(work, scope, limit, place)
        if outcome is None and step.result is not None:
            scope.write(step.result, [value for _, value in sorted(work.collected, key=_first)])
        return outcome

    async def _one_by_one(
        self, work: _Work, scope: Scope, state: Any, frames: Sequence[Frame], place: str
    ) -> Outcome:
        for number in range(work.next, len(work.items)):
            names = state["names"] if frames else work.names(number)
            inner = Scope(names, scope)
            outcome = await self._item(work, number, inner, frames, place)
            if outcome is not None:
                kept = {"items": work.items, "next": number, "collected": work.collected}
                return _inside(outcome, names=names, **kept)
            frames = ()
        return None

    async def _at_once(self, work: _Work, scope: Scope, limit: int, place: str) -> Outcome:
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

        count = min(limit, len(work.items) - work.next)
        await self._together([take() for _ in range(count)])
        if work.next < len(work.items):
            kept = {"items": work.items, "next": work.next, "collected": work.collected}
            return Suspended([{"at": 0, "in": kept}])
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
        try:
            await workflow.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            failed = next((one for one in tasks if one.done() and _error(one) is not None), None)
            for task in tasks:
                task.cancel()
            await self._finish(tasks)
            self._concurrent -= 1
        if failed is not None:
            error = _error(failed)
            assert error is not None
            raise error

    async def _finish(self, tasks: list[asyncio.Task[Any]]) -> None:
        """Wait until all *tasks* have ended, whatever happens meanwhile."""
        while not all(task.done() for task in tasks):
            try:
                await workflow.wait(tasks)
            except asyncio.CancelledError:
                continue

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
        except BaseException:
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
        if isinstance(error, asyncio.CancelledError):
            found |= {"type": "cancelled", "message": "cancelled"}
        for number, clause in enumerate(step.clauses):
            inner = Scope({clause.name: found}, scope, overlay=True)
            if not failures.matches(clause.error_types, found["type"]):
                continue
            if not self._holds(clause.when, inner):
                continue
            self._caught[id(found)] = error
            at = f"{place}.catch[{number}]"
            work = self._block(clause.steps, inner, (), at)
            is_cancelled = found["type"] == "cancelled"
            outcome = await (self._shielded(work) if is_cancelled else work)
            self._caught.pop(id(found), None)
            return _inside(outcome, clause=number, error=found)
        raise error

    async def _cleanup(self, step: plan.Try, scope: Scope, place: str) -> Outcome:
        if not step.cleanup:
            return None
        return await self._shielded(self._block(step.cleanup, scope, (), f"{place}.finally"))

    async def _shielded(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Do *work* to its end, also when the run is cancelled meanwhile."""
        self._concurrent += 1
        task = asyncio.create_task(work)
        try:
            await self._finish([task])
        finally:
            self._concurrent -= 1
        return task.result()

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
        timeout = None if step.timeout is None else self._seconds(step.timeout, scope)
        if timeout is None:
            await workflow.wait_condition(lambda: self._inbox.has(step.signals))
        elif timeout > 0 and not self._inbox.has(step.signals):
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._inbox.has(step.signals), timeout=timeout
                )
        taken = self._inbox.take(step.signals, every=step.all)
        if step.result is not None:
            scope.write(step.result, _received(step, taken))

    async def _set(self, step: plan.Set, scope: Scope, _: _At) -> None:
        values = self._value(step.values, scope)
        for name, value in values.items():
            scope.write(name, value)

    async def _fail(self, step: plan.Fail, scope: Scope, _: _At) -> None:
        if step.error is not None:
            error = self._value(step.error, scope)
            known = self._caught.get(id(error))
            raise known if known is not None else failures.again(error)
        message, kind = self._value([step.message, step.type], scope)
        raise ApplicationError(str(message), type=str(kind), non_retryable=step.non_retryable)

    async def _return(self, step: plan.Return, scope: Scope, _: _At) -> Returned:
        return Returned(self._value(step.value, scope))

    async def _log(self, step: plan.Log, scope: Scope, _: _At) -> None:
        extra = {**self._fields, **{name: scope[name] for name in step.fields}}
        text = str(self._value(step.text, scope))
        _logger.log(_LEVELS[step.level], text.replace("%", "%%"), extra=extra)

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
    next: int
    collected: list[tuple[int, Any]]

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


def _error(task: asyncio.Task[Any]) -> BaseException | None:
    return None if task.cancelled() else task.exception()


def _received(step: plan.Wait, taken: list[tuple[str, Any]]) -> Any:
    """What the waiting step keeps of the signals that it took."""
    if step.single:
        payloads = [payload for _, payload in taken]
        return payloads if step.all else payloads[0] if payloads else None
    found = [{**dict.fromkeys(step.signals), name: payload} for name, payload in taken]
    if step.all:
        return found
    return found[0] if found else dict.fromkeys(step.signals)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def too_large(names: Mapping[str, Any]) -> str | None:
    """Which of *names* is the largest, when together they are too large to be carried on."""
    sizes = {name: len(json.dumps(value)) for name, value in names.items()}
    return (
        max(sizes, key=lambda name: sizes[name]) if sum(sizes.values()) > MAX_KEPT_BYTES else None
    )
