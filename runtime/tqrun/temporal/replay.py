"""Histories replayed in parallel: the proof that an upgrade does not break runs that are going.

What a run would do is decided by the interpreter that is installed here, by the plan that the
run is pinned to, and by the hand-written classes of the queues file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from pathlib import Path

from tqrun.config import resolve
from tqrun.errors import TqrunError, UnreadableFile
from tqrun.plan.registry import Registry
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.replaying import Outcome, Source, Stored, Task, replays, serve
from tqrun.temporal.runs import matching

CHUNK = 8
"""Histories that a process is told of at once; it is told of the next before it has done them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRuns:
    """The runs that are pinned to one plan, or run by one hand-written class.

    Attributes:
        plan: Its hash.
        pinned: `header` or `marker`, where the runs keep it, or the class.
        name: The workflow that it was compiled from.
        not_begun: Of the runs that are ok, those of which there is nothing to replay yet.
    """

    plan: str | None
    pinned: str | None
    name: str | None
    version: int | None
    runs: int
    failed: int
    not_begun: int

    @property
    def ok(self) -> int:
        return self.runs - self.failed


def task(path: str, connection: Connection, time_limit: timedelta) -> Task:
    """What replays the runs of the queues file at *path*.

    Raises:
        TqrunError: The file or its functions have findings, or it cannot be read.
    """
    registry = Registry(path)
    services = registry.services(registry.file.queues)
    classes = {
        workflow.workflow_type or name: workflow.workflow_class
        for queue, entry in registry.file.queues.items()
        for name, workflow in resolve.workflows(queue, entry).items()
        if workflow.workflow_class is not None
    }
    types = dict.fromkeys(kind for one in services for kind in one.workflows)
    return Task(
        types=tuple(kind for kind in types if kind not in classes),
        classes=classes,
        activities=tuple(dict.fromkeys(name for one in services for name in one.activities)),
        plans={name: plan for one in services for name, plan in one.children.items()},
        folder=Path(path).resolve().parent,
        connection=connection,
        time_limit=time_limit,
    )


def namespaces(path: str) -> list[str]:
    """The namespaces that the file's queues are in."""
    file = Registry(path).file
    return list(dict.fromkeys(resolve.namespace(file, one) for one in file.queues.values()))


def files(paths: Sequence[str]) -> list[Path]:
    """The history files that *paths* name: files, and `*.json` of folders and those below.

    Raises:
        UnreadableFile: A path does not exist, or a folder has none.
    """
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        if path.is_dir():
            inside = sorted(path.rglob("*.json"))
            if not inside:
                raise UnreadableFile(f"{text}: no history in it, that is, no file *.json")
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path] = None
        else:
            raise UnreadableFile(f"{text}: no such file or folder")
    return list(found)


async def stored(connection: Connection, names: Sequence[str], query: str) -> list[Stored]:
    """The runs that *query* finds in the namespaces called *names*.

    Raises:
        UsageError: The server does not understand it.
        ServerUnavailable: The server cannot be reached.
    """
    found: dict[Stored, None] = {}
    for name in names:
        client = await connect(connection, name)
        async for workflow_id, run_id in matching(client, query):
            found[Stored(client.namespace, workflow_id, run_id)] = None
    return list(found)


def replay(sources: Sequence[Source], task: Callable[[], Task], jobs: int) -> Iterator[Outcome]:
    """Replay *sources* in *jobs* processes, one being this one; their outcomes, as they come.

    Raises:
        TqrunError: A process could not go on; the text says why.
    """
    if min(jobs, len(sources)) == 1:
        with replays(task()) as outcome:
            yield from map(outcome, sources)
        return
    size = max(1, min(CHUNK, len(sources) // (4 * jobs)))
    chunks = iter([sources[at : at + size] for at in range(0, len(sources), size)])
    with _processes(min(jobs, max(len(sources), 1))) as pipes:
        # They import what they need while the file is read here.
        given = task()
        for pipe in pipes:
            pipe.send(given)
        waiting = dict.fromkeys(pipes, 0)

        def give(pipe: Pipe) -> None:
            chunk = next(chunks, None)
            if chunk is not None:
                pipe.send(chunk)
                waiting[pipe] += 1

        for pipe in pipes * 2:
            give(pipe)
        while any(waiting.values()):
            ready = wait([pipe for pipe, count in waiting.items() if count])
            for pipe in (pipe for pipe in pipes if pipe in ready):
                done = _received(pipe)
                waiting[pipe] -= 1
                give(pipe)
                yield from done


def _received(pipe: Pipe) -> list[Outcome]:
    try:
        done = pipe.recv()
    except (EOFError, ConnectionError):
        raise TqrunError(
            "a process that replays has ended, perhaps for lack of memory; try --jobs 1"
        ) from None
    if isinstance(done, TqrunError):
        raise done
    assert isinstance(done, list)
    return done


@contextmanager
def _processes(jobs: int) -> Iterator[list[Pipe]]:
    # Not forked: the SDK's threads would not be in the copy.
    context = get_context("spawn")
    pipes, processes = [], []
    try:
        for _ in range(jobs):
            near, far = context.Pipe()
            process = context.Process(target=serve, args=(far,), daemon=True)
            process.start()
            far.close()
            pipes.append(near)
            processes.append(process)
        yield pipes
        for pipe in pipes:
            pipe.send(None)
        for process in processes:
            process.join()
    finally:
        for process in processes:
            process.kill()
            process.join()


def by_plan(outcomes: Sequence[Outcome]) -> list[PlanRuns]:
    """The outcomes by what their runs are pinned to, most runs first."""
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for one in outcomes:
        if not one.unreadable:
            key = (one.plan, one.pinned, one.name, one.version)
            groups.setdefault(key, []).append(one)
    found = [
        PlanRuns(
            plan=runs[0].plan,
            pinned=runs[0].pinned,
            name=runs[0].name,
            version=runs[0].version,
            runs=len(runs),
            failed=sum(one.error is not None for one in runs),
            not_begun=sum(not one.begun for one in runs),
        )
        for runs in groups.values()
    ]
    return sorted(found, key=lambda one: (-one.runs, one.name or "", one.plan or ""))
