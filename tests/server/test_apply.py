"""Declared schedules and search attributes on a real server: made, changed, kept, deleted."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleDescription,
    ScheduleIntervalSpec,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from tests.server.project import TQRUN, Project
from tqrun.config.cron import parse
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: {version}
        workflow_id: {queue}-${{lane}}
        input:
          lane: string
          limit: {{type: integer, default: 10}}
        memo: [lane]
        activities:
          purge:
            function: activities.work:purge
            start_to_close_timeout: 10s
        schedules:
          nightly:
            cron: {cron}
            time_zone_name: Europe/Paris
            jitter: 5m
            input: {{lane: slow}}
"""
HOURLY = """
          hourly:
            every: 1h
            overlap: buffer_one
            catchup_window: 90s
            paused: true
            input: {lane: fast, limit: 3}
"""
SEVERAL = "".join(HOURLY.replace("hourly", f"hourly_{number}") for number in range(3))
PURGE = """
    def purge(lane: str, limit: int) -> list:
        return [lane, limit]
"""


@dataclass(frozen=True)
class Applied:
    """A project with one queue, and its schedules."""

    project: Project
    queue: str

    def write(self, more: str = "", *, version: int = 1, cron: str = "0 3 * * *") -> None:
        text = dedent(QUEUES.format(queue=self.queue, version=version, cron=cron))
        self.project.write(text + dedent(more).replace("\n", "\n      "), work=PURGE)

    def apply(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.project.tqrun("apply", *arguments)

    def output(self, *arguments: str) -> str:
        done = self.apply(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.replace(self.queue, "QUEUE").replace(self.task_queue, "TASK-QUEUE")

    @property
    def task_queue(self) -> str:
        return self.queue.replace("_", "-")


@pytest.fixture
def applied(server: EmbeddedServer, tmp_path: Path, unique: Callable[[str], str]) -> Applied:
    return Applied(Project(tmp_path, server.address), unique("purge").replace("-", "_"))


CREATED = """\
+ schedule QUEUE.nightly
    cron: 0 3 * * *
    time_zone_name: Europe/Paris
    jitter: 5m
    overlap: skip
    catchup_window: 365d
    workflow_type: QUEUE
    task_queue: TASK-QUEUE-v1
    workflow_id: QUEUE-slow (Temporal appends the time of each start)
    input: {"lane": "slow", "limit": 10}
    memo: {"lane": "slow"}
"""


def test_apply_shows_a_plan_creates_and_then_finds_nothing_to_do(applied: Applied) -> None:
    applied.write()
    assert applied.output("--dry-run") == CREATED + "1 to create\n"
    assert applied.output("--dry-run") == CREATED + "1 to create\n"
    assert applied.output() == CREATED + "1 created\n"
    assert applied.output() == "1 unchanged\n"


def test_the_plan_of_a_new_schedule_tells_that_it_is_paused(applied: Applied) -> None:
    applied.write(HOURLY)
    lines = applied.output().splitlines()
    assert lines[-4:] == [
        '    input: {"lane": "fast", "limit": 3}',
        '    memo: {"lane": "fast"}',
        "    paused: true",
        "2 created",
    ]
    assert applied.output() == "2 unchanged\n"


async def test_every_key_reaches_the_server(applied: Applied, client: Client) -> None:
    applied.write(HOURLY, cron="['*/20 9-17/4 1,15 * *', '0 0 * JAN-MAR 5-7']")
    await asyncio.to_thread(applied.output)
    nightly = (await described(client, f"{applied.queue}.nightly")).raw_description.schedule
    calendars = [
        ([(one.start, one.end) for one in part] for part in (each.minute, each.day_of_week))
        for each in nightly.spec.structured_calendar
    ]
    assert [list(parts) for parts in calendars] == [
        [[(0, 0), (20, 20), (40, 40)], [(0, 6)]],
        [[(0, 0)], [(0, 0), (5, 6)]],
    ]
    assert nightly.spec.timezone_name == "Europe/Paris"
    hourly = await described(client, f"{applied.queue}.hourly")
    assert hourly.schedule.policy.overlap.name == "BUFFER_ONE"
    assert hourly.schedule.policy.catchup_window == timedelta(seconds=90)
    assert hourly.schedule.spec.intervals == [ScheduleIntervalSpec(timedelta(hours=1))]
    assert hourly.schedule.state.paused


async def test_each_firing_takes_the_workers_current_plan(applied: Applied, client: Client) -> None:
    applied.write()
    await asyncio.to_thread(applied.output)
    handle = client.get_schedule_handle(f"{applied.queue}.nightly")
    with applied.project.worker():
        await handle.trigger()
        async with asyncio.timeout(60):
            while not (actions := (await handle.describe()).info.recent_actions):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        started = actions[0].action
        assert isinstance(started, ScheduleActionExecutionStartWorkflow)
        run = client.get_workflow_handle(started.workflow_id)
        assert await run.result() == ["slow", 10]
    assert started.workflow_id.startswith(f"{applied.queue}-slow-20")
    assert await (await run.describe()).memo() == {"lane": "slow"}
    events = [event async for event in run.fetch_history_events()]
    assert not events[0].workflow_execution_started_event_attributes.header.fields
    assert sum(event.HasField("marker_recorded_event_attributes") for event in events) == 1


async def test_a_change_leaves_pause_and_notes(applied: Applied, client: Client) -> None:
    applied.write()
    await asyncio.to_thread(applied.output)
    handle = client.get_schedule_handle(f"{applied.queue}.nightly")
    await handle.pause(note="until the disk is mended")
    applied.write(version=2, cron="0 4 * * 1-5")
    assert await asyncio.to_thread(applied.output) == (
        "~ schedule QUEUE.nightly\n"
        "    cron: 0 3 * * * -> 0 4 * * 1-5\n"
        "    task_queue: TASK-QUEUE-v1 -> TASK-QUEUE-v2\n"
        "1 updated\n"
    )
    state = (await handle.describe()).schedule.state
    assert (state.paused, state.note) == (True, "until the disk is mended")
    assert await asyncio.to_thread(applied.output) == "1 unchanged\n"


async def test_what_somebody_changed_by_hand_is_changed_back(
    applied: Applied, client: Client
) -> None:
    applied.write()
    await asyncio.to_thread(applied.output)

    def by_hand(given: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule = given.description.schedule
        schedule.spec = ScheduleSpec(cron_expressions=["30 5 * * *"], time_zone_name="Asia/Tokyo")
        assert isinstance(schedule.action, ScheduleActionStartWorkflow)
        schedule.action.args = [{"lane": "other", "limit": 10}]
        return ScheduleUpdate(schedule)

    await client.get_schedule_handle(f"{applied.queue}.nightly").update(by_hand)
    every_day = ",".join(map(str, range(1, 32)))
    now = f"30 5 {every_day} 1,2,3,4,5,6,7,8,9,10,11,12 0,1,2,3,4,5,6"
    assert await asyncio.to_thread(applied.output) == (
        "~ schedule QUEUE.nightly\n"
        f"    cron: {now} -> 0 3 * * *\n"
        "    time_zone_name: Asia/Tokyo -> Europe/Paris\n"
        "    jitter: none -> 5m\n"
        '    input: {"lane": "other", "limit": 10} -> {"lane": "slow", "limit": 10}\n'
        "1 updated\n"
    )
    assert await asyncio.to_thread(applied.output) == "1 unchanged\n"


async def test_only_marked_schedules_are_pruned(applied: Applied, client: Client) -> None:
    applied.write(HOURLY)
    await asyncio.to_thread(applied.output)
    by_hand = f"{applied.queue}.by_hand"
    action = ScheduleActionStartWorkflow(applied.queue, {}, id="x", task_queue="x-v1")
    spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(hours=1))])
    await client.create_schedule(by_hand, Schedule(action=action, spec=spec))
    await listed(client, f"{applied.queue}.nightly", f"{applied.queue}.hourly", by_hand)
    applied.write()
    assert await asyncio.to_thread(applied.output) == (
        "= schedule QUEUE.hourly: no longer declared\n"
        "1 unchanged, 1 no longer declared; --prune deletes it\n"
    )
    assert await exists(client, f"{applied.queue}.hourly")
    pruned = await asyncio.to_thread(applied.output, "--prune")
    mine = [line for line in pruned.splitlines() if "QUEUE" in line and line[0] != "="]
    assert mine == ["- schedule QUEUE.hourly"]
    assert await exists(client, by_hand)
    assert not await exists(client, f"{applied.queue}.hourly")


async def test_schedules_of_a_removed_queue_are_pruned_when_it_is_named(
    applied: Applied, client: Client
) -> None:
    applied.write()
    await asyncio.to_thread(applied.output)
    name = f"{applied.queue}.nightly"
    await listed(client, name)
    other = Applied(applied.project, f"{applied.queue}_next")
    other.write()
    kept = (await asyncio.to_thread(applied.output, "--prune", "--dry-run")).splitlines()
    reason = 'queue "QUEUE" is not in this file; --removed-queue QUEUE deletes it'
    assert f"= schedule QUEUE.nightly: {reason}" in kept
    named = ("--prune", "--removed-queue", applied.queue)
    done = await asyncio.to_thread(applied.output, *named)
    assert "- schedule QUEUE.nightly" in done.splitlines()
    assert not await exists(client, name)


def test_three_at_once_make_one_of_each(applied: Applied) -> None:
    applied.write(SEVERAL)
    assert at_once(applied) == [["create"] * 4] * 3
    assert applied.output() == "4 unchanged\n"
    applied.write(SEVERAL.replace("1h", "2h"), version=2)
    assert at_once(applied) == [["update"] * 4] * 3
    assert applied.output() == "4 unchanged\n"


def test_what_was_left_half_done_is_mended_by_the_next(applied: Applied) -> None:
    applied.write(SEVERAL)
    at_once(applied, "2")
    assert applied.output().splitlines()[-1] == "2 created, 2 unchanged"
    applied.write(SEVERAL, version=2)
    at_once(applied, "3")
    assert applied.output().splitlines()[-1] == "1 updated, 3 unchanged"


def test_three_processes_at_once_succeed(applied: Applied) -> None:
    applied.write(SEVERAL)
    project = applied.project
    running = [
        subprocess.Popen([*TQRUN, "apply"], cwd=project.folder, env=project.environment)
        for _ in range(3)
    ]
    assert {process.wait(timeout=120) for process in running} == {0}
    assert applied.output() == "4 unchanged\n"


def at_once(applied: Applied, *arguments: str) -> list[list[str]]:
    """What each of three appliers is to do, having looked before any of them did it."""
    project = applied.project
    command = [sys.executable, str(Path(__file__).with_name("apply_at_once.py")), *arguments]
    done = subprocess.run(
        command, cwd=project.folder, env=project.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    planned: list[list[str]] = json.loads(done.stdout)
    return planned


async def test_search_attributes_are_registered_once_and_searched_by(
    applied: Applied, client: Client, unique: Callable[[str], str]
) -> None:
    name = unique("workspace").replace("-", "_")
    text = dedent(QUEUES.format(queue=applied.queue, version=1, cron="0 3 * * *"))
    with_attribute = text.replace(
        "    memo:", f"    search_attributes: {{{name}: '${{lane}}'}}\n    memo:"
    )
    applied.project.write(with_attribute, work=PURGE)
    assert (await asyncio.to_thread(applied.output)).splitlines()[:2] == [
        f"+ search attribute {name}",
        "    type: KEYWORD",
    ]
    assert await asyncio.to_thread(applied.output) == "1 unchanged\n"
    found = await described(client, f"{applied.queue}.nightly")
    action = found.raw_description.schedule.action.start_workflow
    assert json.loads(action.search_attributes.indexed_fields[name].data) == "slow"


async def test_a_search_attribute_of_another_type_is_one_error(
    applied: Applied, client: Client, unique: Callable[[str], str]
) -> None:
    name = unique("amount").replace("-", "_")
    types = {name: IndexedValueType.INDEXED_VALUE_TYPE_BOOL}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace="default", search_attributes=types)
    )
    text = dedent(QUEUES.format(queue=applied.queue, version=1, cron="0 3 * * *"))
    applied.project.write(
        text.replace("    memo:", f"    search_attributes: {{{name}: '${{lane}}'}}\n    memo:"),
        work=PURGE,
    )
    done = await asyncio.to_thread(applied.apply)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f'error: search attribute "{name}" is BOOL in namespace default, not KEYWORD; '
        "give the declared one another name\n"
    )
    assert not await exists(client, f"{applied.queue}.nightly")


ENTITY = """
          digest-${lane}:
            every: 24h
            input: {limit: 5}
"""


async def test_a_schedule_per_entity_is_ensured_updated_and_deleted(
    applied: Applied, client: Client
) -> None:
    applied.write(ENTITY)
    work = applied.project.tqrun
    name = f"{applied.queue}.digest-w1"

    async def run(*arguments: str) -> str:
        done = await asyncio.to_thread(work, "schedule", *arguments, "--lane", "w1")
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.replace(applied.queue, "QUEUE")

    starts = "  starts QUEUE-w1, to which Temporal appends the time\n"
    ensure = ("ensure", applied.queue, "digest")
    assert await run(*ensure) == f"created QUEUE.digest-w1\n{starts}"
    assert await run(*ensure) == f"unchanged QUEUE.digest-w1\n{starts}"
    await client.get_schedule_handle(name).pause(note="not today")
    await listed(client, name)
    applied.write(ENTITY.replace("24h", "12h"), version=2)
    assert (await asyncio.to_thread(applied.output)).splitlines()[-4:] == [
        "~ schedule QUEUE.digest-w1",
        "    every: 24h -> 12h",
        "    task_queue: TASK-QUEUE-v1 -> TASK-QUEUE-v2",
        "1 created, 1 updated",
    ]
    found = await described(client, name)
    assert found.schedule.state.note == "not today"
    assert await run(*ensure) == f"unchanged QUEUE.digest-w1\n{starts}"
    delete = ("delete", applied.queue, "digest-${lane}")
    assert await run(*delete) == "deleted QUEUE.digest-w1\n"
    assert await run(*delete) == "not_found QUEUE.digest-w1\n"


def test_a_schedule_that_is_not_there_to_ensure_is_one_line(applied: Applied) -> None:
    applied.write(ENTITY)

    def refused(*arguments: str) -> tuple[int, str]:
        done = applied.project.tqrun("schedule", "ensure", applied.queue, *arguments)
        return done.returncode, done.stderr

    assert refused("nightly", "--lane", "x") == (
        2,
        'error: schedule "nightly" is one for all; "tqrun apply" makes it\n',
    )
    assert refused("digets", "--lane", "x") == (
        2,
        'error: there is no one schedule "digets" that is named by inputs; '
        'did you mean "digest"?\n',
    )
    assert refused("digest") == (2, 'error: input "lane" is missing\n')


@pytest.mark.parametrize(
    "text",
    ["*/7 */5 * * *", "3/9,50 0-12/3 28-31 2-12/2 *", "0 0 * jan,MAR-MAY sun-FRI", "5 4 * * 6,7"],
)
async def test_a_cron_means_what_temporal_takes_it_for(
    client: Client, unique: Callable[[str], str], text: str
) -> None:
    action = ScheduleActionStartWorkflow("t", id="t", task_queue="t")
    spec = ScheduleSpec(cron_expressions=[text])
    handle = await client.create_schedule(unique("cron"), Schedule(action=action, spec=spec))
    [calendar] = (await handle.describe()).schedule.spec.calendars
    await handle.delete()

    def numbers(ranges: Any) -> set[int]:
        return {
            number
            for one in ranges
            for number in range(one.start, max(one.start, one.end) + 1, one.step or 1)
        }

    times = parse(text)
    assert times.minutes == numbers(calendar.minute)
    assert times.hours == numbers(calendar.hour)
    assert times.days == numbers(calendar.day_of_month)
    assert times.months == numbers(calendar.month)
    assert times.weekdays == numbers(calendar.day_of_week)


async def described(client: Client, name: str) -> ScheduleDescription:
    return await client.get_schedule_handle(name).describe()


async def exists(client: Client, name: str) -> bool:
    try:
        await described(client, name)
    except RPCError:
        return False
    return True


async def listed(client: Client, *names: str) -> None:
    """Return once the server lists the schedules, which takes it a moment."""
    async with asyncio.timeout(60):
        while not {one.id async for one in await client.list_schedules()} >= set(names):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
