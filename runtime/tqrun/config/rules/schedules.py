"""Rules about when schedules start runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import available_timezones

from tqrun.config import cron
from tqrun.config.model import QueuesFile, Schedule
from tqrun.config.rules.broken import Broken, every_workflow
from tqrun.config.source import Location
from tqrun.diagnostics import nearest, quote

_LEAST_INTERVAL = timedelta(seconds=1)
_LEAST_CATCHUP = timedelta(seconds=10)


def cron_or_every(file: QueuesFile) -> Iterator[Broken]:
    """A schedule starts at times of the calendar, or at an interval: one of them, once."""
    for location, schedule in _every_schedule(file):
        name = quote(str(location[-1]))
        if schedule.cron is None and schedule.every is None:
            message = f'schedule {name} never starts; give it "cron" or "every"'
            yield Broken(location, message, key=True)
        elif schedule.cron is not None and schedule.every is not None:
            message = f'"every" beside "cron" in schedule {name}; keep one, or write two schedules'
            yield Broken((*location, "every"), message, key=True)


def bad_cron(file: QueuesFile) -> Iterator[Broken]:
    """What is no cron expression, or never comes."""
    for location, schedule in _every_schedule(file):
        several = isinstance(schedule.cron, list)
        for index, text in enumerate(expressions(schedule)):
            try:
                cron.parse(text)
            except ValueError as error:
                place = (*location, "cron", *([index] if several else []))
                yield Broken(place, f"{quote(text)}: {error}")
        if several and not schedule.cron:
            yield Broken((*location, "cron"), f"no expression; write for example {cron.EXAMPLE}")


def expressions(schedule: Schedule) -> list[str]:
    """The cron expressions of *schedule*."""
    if schedule.cron is None:
        return []
    return schedule.cron if isinstance(schedule.cron, list) else [schedule.cron]


def unknown_time_zone(file: QueuesFile) -> Iterator[Broken]:
    """A time zone that the IANA database does not have."""
    for location, schedule in _every_schedule(file):
        name = schedule.time_zone_name
        if name is not None and name not in available_timezones():
            near = nearest_zone(name)
            hint = f'; did you mean "{near}"?' if near else '; write for example "Europe/Paris"'
            yield Broken((*location, "time_zone_name"), f"no time zone {quote(name)}{hint}")


def nearest_zone(name: str) -> str | None:
    """The zone that *name* may have been meant to be: in other letters, or only the city."""
    zones = sorted(available_timezones())
    folded = name.strip().replace(" ", "_").lower()
    for zone in zones:
        if folded in (zone.lower(), zone.lower().rpartition("/")[2]):
            return zone
    return nearest(name, zones)


def idle_time_zone(file: QueuesFile) -> Iterator[Broken]:
    """An interval is counted in seconds since 1970, wherever that is."""
    for location, schedule in _every_schedule(file):
        if schedule.time_zone_name is not None and schedule.every is not None:
            message = '"time_zone_name" does nothing beside "every"; remove it, or write a "cron"'
            if schedule.cron is None:
                yield Broken((*location, "time_zone_name"), message, key=True)


def schedule_interval(file: QueuesFile) -> Iterator[Broken]:
    """Durations that Temporal would take for others, or that undo each other."""
    for location, schedule in _every_schedule(file):
        every, jitter, catchup = schedule.every, schedule.jitter, schedule.catchup_window
        if every is not None and (every < _LEAST_INTERVAL or every.microseconds):
            message = "the interval of a schedule is in whole seconds, at least 1s"
            yield Broken((*location, "every"), message)
        elif every is not None and jitter is not None and jitter >= every:
            message = "the jitter is not shorter than the interval; starts would change places"
            yield Broken((*location, "jitter"), message)
        if catchup is not None and catchup < _LEAST_CATCHUP:
            message = "Temporal makes up for starts of the last 10s at least; write 10s or more"
            yield Broken((*location, "catchup_window"), message)


def _every_schedule(file: QueuesFile) -> Iterator[tuple[Location, Schedule]]:
    for location, _, workflow in every_workflow(file):
        for name, schedule in workflow.schedules.items():
            yield (*location, "schedules", name), schedule
