"""The fixture `queues`: what stands in for which activities, and what is run with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


class Queues:
    """The declared workflows of one queues file, run for one test.

    Nothing of one test reaches another: each has a Temporal namespace of its own.
    """

    def __init__(self, channel: Channel, file: Path) -> None:
        """Run what *file* declares in the process at the other end of *channel*."""
        self._channel, self._file = channel, file
        self._stage = f"test-{uuid4().hex}"
        self._stand_ins: dict[str, StandIn] = {}
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
            activity: Its name in the queues file.
            function: Called in its place, with those of the arguments that it has parameters for.
            returns: The result, where there is no *function*.
            fails: What the first attempts fail with, one after the other; or the first one.
            delays: How long each attempt takes, on the run's own clock.

        Raises:
            RehearsalFailed: There is no such activity, it is annotated with another result, or
                this makes no sense.
        """
        bound, failures = self._bound(activity), exceptions(fails)
        taken = None if delays is None else span("delays", delays)
        if function is None:
            stand_in = StandIn.returning(bound, returns, failures)
        elif returns is None:
            stand_in = StandIn.calling(function, bound, failures)
        else:
            raise RehearsalFailed(f'"{activity}" has a function and returns=; give one of them')
        self._stand_ins[activity] = stand_in
        if taken is not None:
            stand_in.delay = taken.total_seconds()
            self._ask("delay", activity=activity)

    def real(self, *activities: str) -> None:
        """Let the activities' own functions be called, in this process.

        Raises:
            RehearsalFailed: There is no such activity, or it is served elsewhere.
        """
        for activity in activities:
            bound = self._bound(activity)
            if bound is None:
                raise RehearsalFailed(f'"{activity}" is served by other workers; give a stand-in')
            self._stand_ins[activity] = StandIn.bound(bound)

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

    def _launch(self, queue: str, values: Mapping[str, Any], *, skip: bool) -> Run:
        started = self._ask("launch", queue=queue, values=values, skip=skip)
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
        names = ("activity", "arguments", "attempt", "workflow_id", "task_queue")
        call = Call(**{name: asked[name] for name in names})
        with self._lock:
            self._calls.append(_Attempt(asked["run_id"], asked["number"], call))
            stand_in = self._stand_ins.get(call.activity)
            if stand_in is None:
                self._missing[call.activity] = None
                return ended(no_stand_in([call.activity]))
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

    def _bound(self, activity: str) -> BoundFunction | None:
        """The function of *activity*; None if other workers serve it."""
        known = {
            name: (queue, declared)
            for queue, entry in self._declared.queues.items()
            for name, declared in entry.activities.items()
        }
        if activity not in known:
            hint = did_you_mean(activity, known)
            raise RehearsalFailed(f'there is no activity "{activity}"{hint}')
        queue, declared = known[activity]
        if declared.task_queue is not None:
            return None
        path = declared.function or resolve.function_path(self._declared, queue, activity)
        return bind(path)
