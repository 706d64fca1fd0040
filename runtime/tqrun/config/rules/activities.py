"""Rules about the options of one activity call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate

from tqrun.config import resolve
from tqrun.config.model import Activity, QueuesFile
from tqrun.config.options import RetryPolicy
from tqrun.config.rules.broken import Broken, every_activity
from tqrun.config.source import Location
from tqrun.config.values import format_duration, retry_waits
from tqrun.diagnostics import did_you_mean

_MOST_ATTEMPTS = 1_000
_ORDER = (
    ("start_to_close_timeout", "schedule_to_close_timeout"),
    ("schedule_to_start_timeout", "schedule_to_close_timeout"),
)


def missing_timeout(file: QueuesFile) -> Iterator[Broken]:
    """Temporal refuses a call that might last for ever."""
    for location, activity in every_activity(file):
        options = resolve.activity_options(file, activity)
        if options.start_to_close_timeout is None and options.schedule_to_close_timeout is None:
            message = (
                f'"{location[-1]}" has no time limit; '
                "give it start_to_close_timeout or schedule_to_close_timeout"
            )
            yield Broken(location, message, key=True)


def heartbeat_too_long(file: QueuesFile) -> Iterator[Broken]:
    """A heartbeat that is due after the attempt has ended tells nothing."""
    for location, activity in every_activity(file):
        options = resolve.activity_options(file, activity)
        limit = "start_to_close_timeout"
        if options.start_to_close_timeout is None:
            limit = "schedule_to_close_timeout"
        yield from _longer(location, activity, options, ("heartbeat_timeout", limit))


def timeout_order(file: QueuesFile) -> Iterator[Broken]:
    """A timeout inside a shorter one never fires."""
    for location, activity in every_activity(file):
        options = resolve.activity_options(file, activity)
        for pair in _ORDER:
            yield from _longer(location, activity, options, pair)


def _longer(
    location: Location, activity: Activity, options: Activity, pair: tuple[str, str]
) -> Iterator[Broken]:
    """A finding when the first of the *pair* is longer, at the option that the user gave here."""
    inner, outer = pair
    long, short = getattr(options, inner), getattr(options, outer)
    if short is None or long is None or isinstance(short, str) or isinstance(long, str):
        return
    if long <= short:
        return
    own = [option for option in pair if option in activity.model_fields_set]
    place = (*location, own[0]) if own else ("defaults", "activity", inner)
    yield Broken(place, f"{inner} is longer than {outer}, so that it never fires")


def retry_interval_order(file: QueuesFile) -> Iterator[Broken]:
    """Temporal refuses a policy whose longest wait is shorter than its first."""
    for location, policy in _every_policy(file):
        first_wait, longest = policy.initial_interval, policy.maximum_interval
        if longest is None or isinstance(first_wait, str) or isinstance(longest, str):
            continue
        if longest < first_wait:
            first = "" if "initial_interval" in policy.model_fields_set else " (1s if not given)"
            message = f"maximum_interval is shorter than initial_interval{first}"
            yield Broken((*location, "maximum_interval"), message)


def idle_retries(file: QueuesFile) -> Iterator[Broken]:
    """The waits before an attempt alone last longer than the activity may."""
    for location, activity in every_activity(file):
        options = resolve.activity_options(file, activity)
        policy, limit = resolve.retry_policy(file, options), options.schedule_to_close_timeout
        if policy is None or not isinstance(limit, timedelta):
            continue
        late = _first_too_late(policy, limit)
        if late is not None:
            message = (
                f"attempt {late[0]} of {policy.maximum_attempts} never happens: it would begin "
                f"{format_duration(late[1])} after the first at the earliest, and "
                f"schedule_to_close_timeout is {format_duration(limit)}"
            )
            given = "retry_policy" in activity.model_fields_set
            yield Broken((*location, "retry_policy") if given else location, message, key=True)


def _first_too_late(policy: RetryPolicy, limit: timedelta) -> tuple[int, timedelta] | None:
    """The first attempt that comes after *limit*, and how long after the first it would begin."""
    initial, factor = policy.initial_interval, policy.backoff_coefficient
    longest, attempts = policy.maximum_interval, policy.maximum_attempts
    if isinstance(initial, str) or isinstance(factor, str) or isinstance(longest, str):
        return None
    if isinstance(attempts, str):
        return None
    most = None if longest is None else longest.total_seconds()
    begins = accumulate(retry_waits(initial.total_seconds(), factor, most))
    for attempt, seconds in zip(range(2, min(attempts, _MOST_ATTEMPTS) + 1), begins, strict=False):
        if seconds >= limit.total_seconds():
            return attempt, timedelta(seconds=seconds)
    return None


def _every_policy(file: QueuesFile) -> Iterator[tuple[Location, RetryPolicy]]:
    for name, policy in file.retry_policies.items():
        yield ("retry_policies", name), policy
    for location, named in _every_policy_or_name(file):
        if isinstance(named, RetryPolicy):
            yield location, named


def _every_policy_or_name(file: QueuesFile) -> Iterator[tuple[Location, RetryPolicy | str]]:
    if file.defaults.activity.retry_policy is not None:
        yield ("defaults", "activity", "retry_policy"), file.defaults.activity.retry_policy
    for location, activity in every_activity(file):
        if activity.retry_policy is not None:
            yield (*location, "retry_policy"), activity.retry_policy


def unknown_retry_policy(file: QueuesFile) -> Iterator[Broken]:
    """A policy is named that `retry_policies` does not have."""
    for location, named in _every_policy_or_name(file):
        if isinstance(named, str) and named not in file.retry_policies:
            hint = did_you_mean(named, file.retry_policies) or "; the file has no retry_policies"
            yield Broken(location, f'no retry policy "{named}"{hint}')


def unknown_queue(file: QueuesFile) -> Iterator[Broken]:
    """An activity is to run on a queue that the file does not have."""
    for location, activity in every_activity(file):
        if activity.queue is not None and activity.queue not in file.queues:
            message = f'no queue "{activity.queue}"{did_you_mean(activity.queue, file.queues)}'
            yield Broken((*location, "queue"), message)
