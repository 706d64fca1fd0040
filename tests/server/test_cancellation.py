"""A run that was asked to stop begins no further step, whatever it was waiting for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper

from tests.server.inprocess import Json, outcome, task_failures
from tests.server.step_functions import CALLS
from tests.server.steps import Steps
from tests.server.support import eventually
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.server import EmbeddedServer

CANCELLED = {"error": "cancelled", "message": "cancelled"}
ID = "${workflow.id}"


def echo(text: str) -> Json:
    return {"activity": "echo", "with": {"value": f"${{workflow.id + ' {text}'}}"}}


def held(activity: str) -> Json:
    """A call that notices a cancellation and ends as its function likes."""
    call = {"activity": activity, "with": {"value": ID}, "heartbeat_timeout": "900ms"}
    return call | {"cancellation_type": "wait_cancellation_completed"}


CHILD = {"workflow": "child", "with": {"id": "${id}"}}
FUTILE = [{"try": [held("failing")], "catch": [{"steps": [{"log": "caught"}]}]}]
ENDS_NORMALLY: Mapping[str, list[Json]] = {
    "activity": [held("stubborn")],
    "activity that fails": FUTILE,
    "ignored failure": [{**held("failing"), "on_error": "continue"}],
    "child": [CHILD],
    "finally": [{"try": [held("failing")], "catch": [{"steps": []}], "finally": [echo("clean")]}],
}
"""What a run may be waiting for when it is cancelled, and that raises no cancellation."""

KINDS: Mapping[str, Json] = {
    "call": echo("after"),
    "child": {"workflow": "other", "with": {"id": "${id}"}},
    "if": {"if": "${size(id) > 0}", "then": [echo("after")]},
    "foreach": {"foreach": "${[1, 2]}", "steps": [echo("after")]},
    "foreach at once": {"foreach": "${[1, 2]}", "max_concurrent": 2, "steps": [echo("after")]},
    "while": {"while": "${turn < 2}", "index": "turn", "steps": [echo("after")]},
    "until": {"repeat_until": "${turn == 1}", "index": "turn", "steps": [echo("after")]},
    "parallel": {"parallel": {"one": [echo("after")], "two": [{"sleep": "1s"}]}},
    "try": {"try": [echo("after")], "catch": [{"steps": [echo("after")]}]},
    "sleep": {"sleep": "100ms"},
    "wait": {"wait_for": "note", "timeout": "100ms"},
    "set": {"set": {"name": 1}},
    "log": {"log": "after"},
    "fail": {"fail": {"message": "went on", "type": "after"}},
    "return": {"return": "after"},
    "end": {},
}

PLACES: Mapping[str, Callable[[list[Json]], Json]] = {
    "if": lambda steps: {"if": "${size(id) > 0}", "then": steps},
    "foreach": lambda steps: {"foreach": "${[1, 2]}", "steps": steps},
    "foreach at once": lambda steps: {
        "foreach": "${[1]}",
        "max_concurrent": 2,
        "on_error": "continue",
        "steps": steps,
    },
    "while": lambda steps: {"while": "${turn < 3}", "index": "turn", "steps": steps},
    "until": lambda steps: {"repeat_until": "${turn == 2}", "index": "turn", "steps": steps},
    "parallel": lambda steps: {"parallel": {"one": steps, "two": [{"sleep": "10ms"}]}},
    "try": lambda steps: {"try": steps, "catch": [{"steps": [echo("after")]}]},
    "catch": lambda steps: {
        "try": [{"fail": {"message": "first", "type": "first"}}],
        "catch": [{"steps": steps}],
    },
}
"""What the step that ends normally may stand in, as its last or followed by another one."""

CONCURRENT = ("foreach at once", "parallel")


@pytest.fixture
async def steps(
    server: EmbeddedServer,
    unique: Callable[[str], str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> Steps:
    caplog.set_level(logging.ERROR, logger="temporalio.activity")
    client = await connect(Connection(server.address, None, None), "default")
    return Steps(client, tmp_path, unique("cancelled").replace("-", "_"))


def programs() -> dict[str, list[Json]]:
    """Workflows that each wait once, for something that ends normally when it is cancelled."""
    found: dict[str, list[Json]] = {}
    for source, waits in ENDS_NORMALLY.items():
        for kind, following in KINDS.items():
            if source == "activity" or kind in ("call", "end", "return"):
                found[f"{source}, then {kind}"] = [*waits, *([following] if following else [])]
    for place, around in PLACES.items():
        found[f"last in {place}"] = [around([held("stubborn")])]
        found[f"last in {place}, then call"] = [around([held("stubborn")]), echo("after")]
        found[f"last in {place}, then return"] = [around([held("stubborn")]), {"return": "after"}]
        for kind in ("call", "set", "log", *(() if place in CONCURRENT else ("return",))):
            found[f"in {place}, before {kind}"] = [around([held("stubborn"), KINDS[kind]])]
    return found


def write(steps: Steps, found: Mapping[str, Any], **others: Json) -> dict[str, str]:
    """A workflow for each program, and the children; gives the workflow of each."""
    names = {f"p{number}": what for number, what in enumerate(found)}
    child: Json = {"steps": [held("stubborn")]}
    other: Json = {"steps": [echo("after")]}
    texts = {name: yaml.safe_dump(_workflow(found[what])) for name, what in names.items()}
    texts |= {"child": yaml.safe_dump(child), "other": yaml.safe_dump(other)}
    steps.write("[{log: unused}]", **texts, **{k: yaml.safe_dump(v) for k, v in others.items()})
    return names


def _workflow(found: Any) -> Json:
    workflow = found if isinstance(found, dict) else {"steps": found}
    return {"signals": {"note": {"text": "string"}}, **workflow}


async def cancelled(steps: Steps, name: str, waiting: str | None = None) -> Json:
    """What a run of *name* comes to that is cancelled while it waits."""
    handle = await steps.launch(name, id=name)
    await eventually(lambda: (waiting or handle.id) in CALLS)
    await handle.cancel()
    found = await outcome(handle)
    assert await task_failures(handle) == []
    return found


@pytest.mark.parametrize("cached_runs", [1000, 0])
async def test_no_step_is_begun_after_a_cancellation(steps: Steps, cached_runs: int) -> None:
    found = programs()
    if not cached_runs:
        found = dict(list(found.items())[::4])
    names = write(steps, found)
    async with steps.working(cached_runs=cached_runs):
        ends = await asyncio.gather(
            *(
                cancelled(
                    steps,
                    name,
                    f"{steps.queue}-child-{name}" if what.startswith("child") else None,
                )
                for name, what in names.items()
            )
        )
    wrong = {what: end for what, end in zip(names.values(), ends, strict=True) if end != CANCELLED}
    assert (wrong, begun_after(steps)) == ({}, [])


def begun_after(steps: Steps) -> list[str]:
    """Calls of the steps that must not be begun."""
    return [call for call in CALLS if call.startswith(steps.queue) and call.endswith(" after")]


async def test_no_step_is_begun_when_the_run_was_cancelled_before_it_began(steps: Steps) -> None:
    found = {kind: [step] if step else [] for kind, step in KINDS.items() if step}
    names = write(steps, found)
    handles = [await steps.launch(name, id=name) for name in names]
    for handle in handles:
        await handle.cancel()
    async with steps.working():
        ends = [await outcome(handle) for handle in handles]
    wrong = {what: end for what, end in zip(names.values(), ends, strict=True) if end != CANCELLED}
    assert (wrong, begun_after(steps)) == ({}, [])


async def test_a_step_that_takes_a_timer_and_the_cancellation_at_once_is_the_last(
    steps: Steps,
) -> None:
    """Both are there when a worker comes: the timer has fired, and the run is asked to stop."""
    found = {kind: [{"sleep": "1h"}, step] for kind, step in KINDS.items() if step}
    names = write(steps, found)
    async with steps.working():
        handles = [await steps.launch(name, id=name) for name in names]
        for handle in handles:
            await reached(handle, EventType.EVENT_TYPE_TIMER_STARTED)
    # It returns when a worker has seen the timer.
    skipper = TimeSkipper(steps.client)
    skipping = [
        asyncio.ensure_future(skipper.fast_forward(handle, timedelta(hours=2)))
        for handle in handles
    ]
    for handle in handles:
        await reached(handle, EventType.EVENT_TYPE_TIMER_FIRED)
        await handle.cancel()
    async with steps.working():
        ends = [await outcome(handle) for handle in handles]
    await asyncio.gather(*skipping, return_exceptions=True)
    wrong = {what: end for what, end in zip(names.values(), ends, strict=True) if end != CANCELLED}
    assert (wrong, begun_after(steps)) == ({}, [])


async def reached(handle: WorkflowHandle[Any, Any], kind: EventType.ValueType) -> None:
    """Return once the run's history has an event of *kind*."""
    async with asyncio.timeout(30):
        while all(  # noqa: ASYNC110 - it is on the server
            event.event_type != kind for event in (await handle.fetch_history()).events
        ):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("shield", ["clause", "finally"])
async def test_a_clause_for_it_and_a_clean_up_are_done_in_full(steps: Steps, shield: str) -> None:
    found: dict[str, list[Json]] = {}
    for kind, step in KINDS.items():
        if not step or kind == "fail" or (kind, shield) == ("return", "finally"):
            continue
        body = [step, echo("clean")] if kind != "return" else [echo("clean"), step]
        clause = {"error_types": ["cancelled"], "steps": body}
        around = {"catch": [clause]} if shield == "clause" else {"finally": body}
        # What ends normally, fails, or raises the cancellation: the shield is there for each.
        is_one_of_few = kind in ("call", "foreach at once", "parallel", "return")
        for waiting in ("stubborn", *(("failing", "waiting") if is_one_of_few else ())):
            found[f"{kind}, {waiting}"] = [{"try": [held(waiting)], **around}, echo("later")]
    names = write(steps, found)
    async with steps.working():
        ends = await asyncio.gather(*(cancelled(steps, name) for name in names))
    cleaned = {f"{steps.queue}-{name}-{name} clean" for name in names}
    assert cleaned <= set(CALLS)
    for (name, what), end in zip(names.items(), ends, strict=True):
        run = f"{steps.queue}-{name}-{name}"
        if what.startswith("return"):
            assert end == {"result": "after"}, what
        elif shield == "clause":
            assert end == {"result": f"{run} later"}, what
        elif what.endswith("failing"):
            assert end["error"] == "LookupError", what
        else:
            assert end == CANCELLED, what
        assert (f"{run} later" in CALLS) == (end == {"result": f"{run} later"}), what


async def test_only_a_clause_for_the_cancellation_goes_on(steps: Steps) -> None:
    """A failure that comes of it is part of it; where no clause takes it, it keeps its name."""
    clauses: list[Json] = [
        {"error_types": ["LookupError"], "steps": [{"return": "the failure"}]},
        {"error_types": ["cancelled"], "as": "error", "steps": [{"return": "${error.type}"}]},
    ]
    found = {
        "both": [{"try": [held("failing")], "catch": clauses}],
        "cancelled": [{"try": [held("failing")], "catch": clauses[1:]}],
        "failure": [{"try": [held("failing")], "catch": clauses[:1]}],
        "other": [
            {"try": [held("failing")], "catch": [{**clauses[0], "error_types": ["KeyError"]}]}
        ],
        "again": [
            {
                "try": [held("failing")],
                "catch": [{**clauses[1], "steps": [{"fail": "${error}"}]}],
            }
        ],
    }
    names = write(steps, found)
    async with steps.working():
        ends = await asyncio.gather(*(cancelled(steps, name) for name in names))
    ended = dict(zip(names.values(), ends, strict=True))
    assert ended.pop("other")["error"] == "LookupError"
    expected = {"result": "cancelled"}
    assert ended == {
        "both": expected,
        "cancelled": expected,
        "failure": CANCELLED,
        "again": CANCELLED,
    }


async def test_a_branch_that_was_to_stop_begins_no_further_step(steps: Steps) -> None:
    failing = [{"wait_for": "note"}, {"fail": {"message": "m", "type": "first"}}]
    found = {}
    for source, waits in ENDS_NORMALLY.items():
        branches = {"one": [*waits, echo("after")], "two": failing}
        found[source] = [{"parallel": branches}]
    found["starting"] = [
        {"parallel": {"one": [CHILD, echo("after")], "two": [{"sleep": "0s"}, *failing[1:]]}}
    ]
    names = write(steps, found)
    async with steps.working():
        handles = {}
        for name, what in names.items():
            handles[what] = await steps.launch(name, id=name)
            if what != "starting":
                child = f"{steps.queue}-child-{name}"
                waiting = child if what == "child" else handles[what].id
                await eventually(lambda waiting=waiting: waiting in CALLS)  # type: ignore[misc]
                await handles[what].signal("note", {"text": "now"})
        ends = {what: await outcome(handle) for what, handle in handles.items()}
    assert ends == {what: {"error": "first", "message": "m"} for what in names.values()}
    assert begun_after(steps) == []


async def test_a_run_that_continues_at_every_step_can_be_cancelled(steps: Steps) -> None:
    """Also while it goes over into the next run: the server asks that one."""
    turn = {"while": "${true}", "max_iterations": 10_000, "steps": [echo("turn"), {"log": "t"}]}
    count = 12
    names = write(steps, {"loop": [turn]})
    (name,) = names
    async with steps.working(is_time_to_stop=lambda: True):
        handles = [await steps.launch(name, id=f"{number}") for number in range(count)]
        for number, handle in enumerate(handles):
            async with asyncio.timeout(30):
                while (await handle.describe()).history_length % 5 != number % 5:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            await steps.client.get_workflow_handle(handle.id).cancel()
        ends = [await outcome(steps.client.get_workflow_handle(one.id)) for one in handles]
    assert ends == [CANCELLED] * count


async def test_a_second_cancellation_of_a_run_changes_nothing(steps: Steps) -> None:
    clean = [{"wait_for": "note"}, echo("clean")]
    names = write(
        steps,
        {
            "finally": [{"try": [{"sleep": "1h"}], "finally": clean}],
            "clause": [
                {
                    "try": [{"sleep": "1h"}],
                    "catch": [{"error_types": ["cancelled"], "steps": clean}],
                },
                echo("later"),
            ],
        },
    )
    async with steps.working():
        ends = {}
        for name, what in names.items():
            handle = await steps.launch(name, id=name)
            await reached(handle, EventType.EVENT_TYPE_TIMER_STARTED)
            await handle.cancel()
            await reached(handle, EventType.EVENT_TYPE_TIMER_CANCELED)
            await handle.cancel()
            await handle.signal("note", {"text": "now"})
            ends[what] = await outcome(handle)
            assert f"{handle.id} clean" in CALLS
    assert ends["finally"] == CANCELLED
    assert "later" in ends["clause"]["result"]


async def test_a_cancelled_round_of_a_debounced_run_is_its_last(steps: Steps) -> None:
    debounced = {"debounce": {"window": "10ms"}}
    found = {
        "ends normally": {**debounced, "steps": [held("stubborn")]},
        "fails": {**debounced, "steps": [held("failing")]},
        "raises": {**debounced, "steps": [held("waiting")]},
    }
    names = write(steps, found)
    async with steps.working():
        ends = {}
        for name, what in names.items():
            handle = await steps.launch(name, id=name)
            await eventually(lambda handle=handle: handle.id in CALLS)  # type: ignore[misc]
            await steps.launch(name, id=name)
            await handle.cancel()
            ends[what] = (await outcome(handle))["error"]
            assert CALLS.count(handle.id) == 1
    assert ends == {"ends normally": "cancelled", "fails": "LookupError", "raises": "cancelled"}
