"""One history replayed after the other: by the interpreter, or by a hand-written class.

A process that does so for another one gets chunks of histories over a pipe, named not sent, and
answers each chunk with its outcomes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseError
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.worker import Replayer, WorkflowReplayResult

from tqrun.errors import Exit, TqrunError
from tqrun.plan.importing import load, project_on_path
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.converter import DATA_CONVERTER
from tqrun.temporal.headers import PlanSender
from tqrun.temporal.runs import history_of, pinned
from tqrun.temporal.workflow import workflow_classes

_MESSAGE = re.compile(r'message: "((?:[^"\\]|\\.)*)"')
_EVENT = re.compile(r"\bid: (\d+)")
_CODE = re.compile(r"^\[TMPRL\d+\] ")
_CLOSE_SECONDS = 5.0
"""For the SDK's replayer to stop over a history that it is stuck in."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A run whose history the server has."""

    namespace: str
    workflow_id: str
    run_id: str


Source = Path | Stored


@dataclass(frozen=True, slots=True)
class Task:
    """What every replaying process is given.

    Attributes:
        types: The workflow types that the file runs by steps.
        classes: `module:Class` of its hand-written workflows, by type.
        activities: Every activity that a worker of the file has.
        plans: The encoded plan of each workflow that is started as a child.
        folder: Where hand-written classes are imported from.
        time_limit: For one history; the SDK has none.
    """

    types: tuple[str, ...]
    classes: Mapping[str, str]
    activities: tuple[str, ...]
    plans: Mapping[str, bytes]
    folder: Path
    connection: Connection = field(default_factory=Connection)
    time_limit: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What replaying one history came to.

    Attributes:
        source: The file, if it was read from one.
        plan: Hash of the plan that the run is pinned to.
        pinned: `header` or `marker`, where the plan stands, or the hand-written class.
        name: The workflow that the plan was compiled from, as a launch names it; else the type.
        version: Of its queue.
        error: Why the history does not replay.
        event: The first event that replays differently, as its number and kind.
        way_out: What can be done.
        unreadable: It is no history, and nothing was replayed.
        begun: A worker has had something to do with it; else there is nothing to replay.
    """

    source: str | None = None
    workflow_id: str = ""
    run_id: str = ""
    workflow_type: str = ""
    plan: str | None = None
    pinned: str | None = None
    name: str | None = None
    version: int | None = None
    error: str | None = None
    event: str | None = None
    way_out: str | None = None
    unreadable: bool = False
    begun: bool = True


def serve(pipe: Pipe) -> None:
    """Replay the chunks that come through *pipe* after a task, until none does; end the process."""
    with suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        try:
            with replays(pipe.recv()) as outcome:
                while (chunk := pipe.recv()) is not None:
                    pipe.send([outcome(source) for source in chunk])
        except TqrunError as error:
            pipe.send(error)
        pipe.close()
    # Not by the interpreter's own clean-up: see `tqrun.cli.main.leave`.
    os._exit(Exit.OK)


@contextmanager
def replays(task: Task) -> Iterator[Callable[[Source], Outcome]]:
    """What replays one history after the other in this process, whose log is silent meanwhile."""
    logging.disable(logging.CRITICAL)
    try:
        with asyncio.Runner() as runner:
            lifetime = AsyncExitStack()
            replays = runner.run(lifetime.enter_async_context(_replays(task)))
            try:
                yield lambda source: runner.run(replays.outcome(source))
            finally:
                runner.run(lifetime.aclose())
    finally:
        logging.disable(logging.NOTSET)


def read(file: Path) -> WorkflowHistory:
    """The history in *file*, as `temporal workflow show --output json` writes it.

    Raises:
        ValueError: It is none.
        OSError: It cannot be read.
    """
    text = file.read_text(encoding="utf-8")
    try:
        # The text, not what is parsed from it: that the SDK would copy first.
        found = WorkflowHistory.from_json(file.stem, text)
    except (ParseError, TypeError, AttributeError, KeyError, ValueError) as error:
        raise ValueError(f"not a history: {_fault(text, error)}") from None
    if not found.events or not found.events[0].HasField(
        "workflow_execution_started_event_attributes"
    ):
        raise ValueError("not a history: it does not begin with the start of a workflow")
    # Expressions may name the id, and a file may have any name.
    named = found.events[0].workflow_execution_started_event_attributes.workflow_id
    return WorkflowHistory(named or found.workflow_id, found.events)


def _fault(text: str, error: Exception) -> str:
    try:
        content = json.loads(text)
    except ValueError as invalid:
        return str(invalid)
    if not isinstance(content, dict):
        return "it is no JSON object"
    if not isinstance(content.get("events"), list):
        return "it has no list of events"
    return str(error).partition("\n")[0]


class _Replays:
    """The SDK's replayer, one history after the other; another one after one that it hung in."""

    def __init__(self, replayer: Replayer, task: Task) -> None:
        self._replayer, self._task = replayer, task
        self._clients: dict[str, Client] = {}
        self._open = AsyncExitStack()
        self._results: AsyncIterator[WorkflowReplayResult] | None = None

    async def close(self) -> None:
        """Stop the SDK's replayer, or leave it to the end of the process."""
        self._results = None
        closing = asyncio.ensure_future(self._open.aclose())
        await asyncio.wait([closing], timeout=_CLOSE_SECONDS)

    async def outcome(self, source: Source) -> Outcome:
        """Replay what *source* names.

        Raises:
            UsageError: The server does not have the run any more.
            ServerUnavailable: The server cannot be reached, or refused.
        """
        if isinstance(source, Stored):
            client = await self._client(source.namespace)
            history = await history_of(client, source.workflow_id, source.run_id)
            return await _outcome(history, None, self, self._task)
        try:
            history = read(source)
        except (ValueError, OSError) as error:
            text = error.strerror if isinstance(error, OSError) else None
            return Outcome(source=str(source), error=text or str(error), unreadable=True)
        return await _outcome(history, str(source), self, self._task)

    async def _client(self, namespace: str) -> Client:
        if namespace not in self._clients:
            self._clients[namespace] = await connect(self._task.connection, namespace)
        return self._clients[namespace]

    async def failure(self, history: WorkflowHistory) -> Exception | None:
        """Why *history* does not replay; None if it does."""
        if not _begun(history):
            return None
        if self._results is None:
            self._given: asyncio.Queue[WorkflowHistory] = asyncio.Queue()
            replaying = self._replayer.workflow_replay_iterator(_each(self._given))
            self._results = await self._open.enter_async_context(replaying)
        self._given.put_nowait(history)
        limit = self._task.time_limit.total_seconds()
        try:
            async with asyncio.timeout(limit):
                return (await anext(self._results)).replay_failure
        except TimeoutError:
            await self.close()
            return TimeoutError(f"it has not replayed within {limit:g} seconds")

    async def first_difference(self, history: WorkflowHistory) -> int:
        """How many events of a history that fails are the fewest that do."""
        good, bad = 1, len(history.events)
        while bad - good > 1:
            middle = (good + bad) // 2
            part = WorkflowHistory(history.workflow_id, history.events[:middle])
            if await self.failure(part) is None:
                good = middle
            else:
                bad = middle
        return bad


def _begun(history: WorkflowHistory) -> bool:
    """Whether a worker was ever asked for anything; over another one the SDK waits for ever."""
    scheduled = EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED
    return any(event.event_type == scheduled for event in history.events)


async def _each(given: asyncio.Queue[WorkflowHistory]) -> AsyncIterator[WorkflowHistory]:
    while True:
        yield await given.get()


@asynccontextmanager
async def _replays(task: Task) -> AsyncIterator[_Replays]:
    quiet = LoggingConfig(filter=TelemetryFilter(core_level="OFF", other_level="OFF"))
    replayer = Replayer(
        workflows=[
            *workflow_classes(task.types, task.activities, "the file", plans=task.plans),
            *_hand_written(task),
        ],
        interceptors=[PlanSender()],
        data_converter=DATA_CONVERTER,
        runtime=Runtime(telemetry=TelemetryConfig(logging=quiet)),
        # The SDK would hash every module of the process to name the build.
        build_id="tqrun-replay",
    )
    replays = _Replays(replayer, task)
    try:
        yield replays
    finally:
        await replays.close()


def _hand_written(task: Task) -> list[type]:
    if task.classes:
        project_on_path(task.folder)
    found = []
    for path in dict.fromkeys(task.classes.values()):
        module, _, name = path.partition(":")
        found.append(getattr(load(module), name))
    return found


async def _outcome(
    history: WorkflowHistory, file: str | None, replays: _Replays, task: Task
) -> Outcome:
    about = _about(history, file, task)
    failure = await replays.failure(history)
    if failure is None:
        return Outcome(**about)
    if isinstance(failure, TimeoutError):
        last = _event(history, len(history.events))
        fault = "its class blocks" if about["workflow_type"] in task.classes else "it is not whole"
        way_out = f"see whether {fault}, or give it more time with --time-limit"
        return Outcome(**about, error=str(failure), event=last, way_out=way_out)
    text = _text(failure)
    number = _EVENT.search(text)
    at = int(number[1]) if number else await replays.first_difference(history)
    event = _event(history, at)
    return Outcome(**about, error=text, event=event, way_out=_way_out(text, about, task))


def _about(history: WorkflowHistory, file: str | None, task: Task) -> dict[str, Any]:
    """What is told of a run whether it replays or not."""
    first = history.events[0].workflow_execution_started_event_attributes
    kind = first.workflow_type.name
    plan = pinned(history.events) if kind not in task.classes else None
    content: Mapping[str, Any] = plan.content if plan else {}
    return {
        "source": file,
        "workflow_id": history.workflow_id,
        "run_id": first.original_execution_run_id,
        "workflow_type": kind,
        "plan": plan.hash if plan else None,
        "pinned": plan.by if plan else task.classes.get(kind),
        "name": _name(content) if plan else kind,
        "version": content.get("version"),
        "begun": _begun(history),
    }


def _name(content: Mapping[str, Any]) -> str | None:
    queue, workflow = content.get("queue"), content.get("workflow")
    return queue if queue == workflow else f"{queue}.{workflow}"


def _text(failure: Exception) -> str:
    """The one message in the text that the SDK makes of a failed workflow task."""
    found = _MESSAGE.search(str(failure))
    text = found[1] if found else str(failure)
    text = text.replace("\\'", "'").replace('\\"', '"').replace("\\n", "\n")
    return _CODE.sub("", text.splitlines()[0] if text else "no reason given")


def _event(history: WorkflowHistory, number: int) -> str:
    event = history.events[min(number, len(history.events)) - 1]
    words = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
    return f"{event.event_id} {words.title().replace('_', '')}"


def _way_out(text: str, about: Mapping[str, Any], task: Task) -> str:
    kind = about["workflow_type"]
    if kind in task.classes:
        return "guard the change with workflow.patched, or bump version and keep the old class"
    if "a newer worker" in text:
        return "replay it with the tqrun that has written its plan, or a newer one"
    if kind not in task.types and about["pinned"] != "header":
        return f'the file declares no workflow type "{kind}": replay it with the file that does'
    reset = f"tqrun reset {about['name'] or 'QUEUE'} --workflow-id {about['workflow_id']}"
    return f"keep workers of the tqrun that ran it until it has ended, or: {reset} --plan current"
