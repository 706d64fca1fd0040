"""The fixture `queues`: what stands in for which activities, and what is run with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, NamedTuple, Self
from uuid import uuid4

from tqrun.config import model, resolve
from tqrun.config.load import load
from tqrun.diagnostics import did_you_mean, errors
from tqrun.errors import InvalidQueuesFile, RehearsalFailed
from tqrun.plan.binding import BoundFunction, bind, project_on_path
from tqrun.testing.channel import Channel
from tqrun.testing.run import Call, Run, span
from tqrun.testing.stand_in import Outcome, StandIn, ended, exceptions, no_stand_in

MAX_ATTEMPTS = 500
"""Of one call; without a limit of its own a call that always fails would never end."""


class _Attempt(NamedTuple):
    """A call of the run *run_id*, whose calls are numbered."""

    run_id: str
    number: int
    call: Call

    def order(self) -> tuple[int, int]:
        """Where it stands among the attempts of its run."""
        return self.number, self.call.attempt


_Key = tuple[str, str]
"""A queue, and an activity that its workflows call."""


class Queues:
    """The declared workflows of one queues file, run for one test.

    Nothing of one test reaches another: each has a Temporal namespace of its own.
    """

    def __init__(self, channel: Channel, file: Path) -> None:
        """Run what *file* declares in the process at the other end of *channel*."""
        self._channel, self._file = channel, file
        self._stage = f"test-{uuid4().hex}"
        self._stand_ins: dict[_Key, StandIn] = {}
        self._calls: list[_Attempt] = []
        self._missing: dict[str, None] = {}
        self._raised: BaseException | None = None
        self._lock = Lock()
        self._opened = False

    def __enter__(self) -> Self:
        """Enter the test."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the workers of the test."""
        if self._opened:
            self._channel.ask("close", self._stage)

    def fake(
        self,
        activity: str,
        function: Callable[..., Any] | None = None,
        /,
        *,
        returns: Any = None,
        fails: BaseException | Sequence[BaseException] = (),
        delays: str | timedelta | None = None,
    ) -> None:
        """Let something else stand in for an activity; the last one named for it counts.

        Args:
            activity: Its name in the queues file, or `queue.activity` for the calls of one queue.
            function: Called in its place, with those of the arguments that it has parameters for.
            returns: The result, where there is no *function*.
            fails: What the first attempts fail with, one after the other; or the first one.
            delays: How long each attempt takes, on the run's own clock.

        Raises:
            RehearsalFailed: There is no such activity, it is annotated with another result, or
                this makes no sense.
        """
        if function is not None and returns is not None:
            raise RehearsalFailed(f'"{activity}" has a function and returns=; give one of them')
        failures = exceptions(fails)
        seconds = 0.0 if delays is None else span("delays", delays).total_seconds()
        for bound, keys in self._addressed(activity):
            if function is None:
                stand_in = StandIn.returning(bound, returns, failures)
            else:
                stand_in = StandIn.calling(function, bound, failures)
            stand_in.delay = seconds
            self._put(keys, stand_in)

    def real(self, *activities: str) -> None:
        """Let the activities' own functions be called, in this process.

        Raises:
            RehearsalFailed: There is no such activity, or it is served elsewhere.
        """
        for activity in activities:
            for bound, keys in self._addressed(activity):
                if bound is None:
                    message = f'"{activity}" is served by other workers; give a stand-in'
                    raise RehearsalFailed(message)
                self._put(keys, StandIn.bound(bound))

    def continue_every(self, events: int) -> None:
        """Continue each run in a new one between two steps, once its history has so many *events*.

        That is what a long run does by itself, at tens of thousands.

        Raises:
            RehearsalFailed: It is not a whole number above 0.
        """
        if type(events) is not int or events < 1:
            raise RehearsalFailed(f"continue_every: {events!r} is not a whole number above 0")
        self._ask("continue_every", events=events)

    def use_one_clock(self) -> None:
        """Let the time that a child takes pass for its parent, too.

        This holds for the parents that have steps, while they are waited for.
        """
        self._ask("use_one_clock")

    def run(self, queue: str, /, **values: Any) -> Run:
        """Run the workflow `queue` or `queue.workflow` to its end, skipping its timers.

        Raises:
            RehearsalFailed: The input does not fit, the file has findings, or an activity was
                called that nothing stands in for.
        """
        run = self._launch(queue, values, skip=True)
        run.error  # noqa: B018 - waits for the end
        return run

    def start(self, queue: str, /, **values: Any) -> Run:
        """Start a workflow and skip nothing yet: for signals, queries, cancelling.

        Raises:
            RehearsalFailed: The input does not fit, or the file has findings.
        """
        return self._launch(queue, values, skip=False)

    def signal_with_start(
        self, queue: str, signal: str, payload: Mapping[str, Any] | None = None, /, **values: Any
    ) -> Run:
        """Signal the run that *values*, its inputs, address; start it first if none is open.

        As `start`, it skips nothing yet. The status is `started` or `joined`.

        Raises:
            RehearsalFailed: The input or the payload does not fit, the signal is not declared,
                the queue is debounced, or the file has findings.
        """
        return self._launch(queue, values, skip=False, signal=[signal, dict(payload or {})])

    @property
    def calls(self) -> list[Call]:
        """Every attempt of the test so far, in the order that they were due."""
        with self._lock:
            arrived = list(self._calls)
        # Those of one run in the order that it made them: at once, they arrive in any order.
        in_order = {
            run: iter(sorted((one for one in arrived if one.run_id == run), key=_Attempt.order))
            for run in dict.fromkeys(one.run_id for one in arrived)
        }
        return [next(in_order[one.run_id]).call for one in arrived]

    def _launch(
        self, queue: str, values: Mapping[str, Any], *, skip: bool, signal: Any = None
    ) -> Run:
        started = self._ask("launch", queue=queue, values=values, skip=skip, signal=signal)
        return Run(self._ask, started, lambda: self.calls)

    def _ask(self, what: str, **fields: Any) -> Any:
        if not self._opened:
            self._opened = True
            self._channel.serve(self._stage, self._call)
            self._channel.ask("open", self._stage, file=str(self._file))
        answer = self._channel.ask(what, self._stage, **fields)
        if self._raised is not None:
            raise self._raised
        if self._missing:
            raise RehearsalFailed(no_stand_in(self._missing))
        return answer

    def _call(self, asked: Mapping[str, Any]) -> Outcome:
        """What one attempt of an activity comes to; called by several threads."""
        names = ("activity", "arguments", "attempt", "workflow_id", "task_queue", "queue")
        call = Call(**{name: asked[name] for name in names})
        with self._lock:
            self._calls.append(_Attempt(asked["run_id"], asked["number"], call))
            stand_in = self._stand_ins.get((call.queue, call.activity))
            if stand_in is None:
                name = self._shortest(call.queue, call.activity)
                self._missing[name] = None
                return ended(no_stand_in([name]))
        try:
            if call.attempt > MAX_ATTEMPTS:
                raise RehearsalFailed(
                    f'"{call.activity}" failed {MAX_ATTEMPTS} times; '
                    "give its retry_policy maximum_attempts, or let the stand-in end"
                )
            return stand_in.outcome(call.arguments)
        except BaseException as error:  # noqa: BLE001 - `_ask` raises it in the test
            self._raised = error
            return ended(f"the test failed: {error}")

    @cached_property
    def _declared(self) -> model.QueuesFile:
        loaded = load(self._file)
        faults = errors(loaded.findings)
        if loaded.file is None or faults:
            raise RehearsalFailed(f"the queues file has findings\n{InvalidQueuesFile(faults)}")
        project_on_path(self._file.resolve().parent)
        return loaded.file

    def _put(self, keys: Sequence[_Key], stand_in: StandIn) -> None:
        for queue, activity in keys:
            old = self._stand_ins.get((queue, activity))
            self._stand_ins[queue, activity] = stand_in
            if stand_in.delay or (old is not None and old.delay):
                takes_time = stand_in.delay > 0
                self._ask("delay", queue=queue, activity=activity, takes_time=takes_time)

    def _shortest(self, queue: str, activity: str) -> str:
        """How a test may name *activity*, which workflows of *queue* call."""
        queues = self._declared.queues.values()
        is_one = sum(activity in entry.activities for entry in queues) == 1
        return activity if is_one else f"{queue}.{activity}"

    def _addressed(self, name: str) -> Iterator[tuple[BoundFunction | None, Sequence[_Key]]]:
        """Each function that *name* means, and the activities that call it.

        They are those of all queues, or of the one that *name* begins with. The function is None
        where other workers serve them.
        """
        known = {
            (queue, activity): declared
            for queue, entry in self._declared.queues.items()
            for activity, declared in entry.activities.items()
        }
        paths: defaultdict[str | None, list[_Key]] = defaultdict(list)
        for (queue, activity), declared in known.items():
            if name in (activity, f"{queue}.{activity}"):
                elsewhere = declared.task_queue is not None
                own = resolve.function_path(self._declared, queue, activity)
                paths[None if elsewhere else own].append((queue, activity))
        if not paths:
            names = {activity: None for _, activity in known}
            if "." in name:
                names = {f"{queue}.{activity}": None for queue, activity in known}
            raise RehearsalFailed(f'there is no activity "{name}"{did_you_mean(name, names)}')
        for path, keys in paths.items():
            yield None if path is None else bind(path), keys
