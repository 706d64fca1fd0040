"""A cron expression as the numbers that its five fields stand for.

The numbers, not the text, go to the server: what an expression means is the same in `check`, in
the plan of `apply` and on every server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from cronsim import CronSim, CronSimError

EXAMPLE = '"0 17 * * 1-5"'
FIELDS = ("minute", "hour", "day of month", "month", "day of week")
_ANY_DATE = datetime(1970, 1, 1, tzinfo=UTC)
_STARTS = 100
"""Of each expression; the closest two starts come long before."""
_OTHERS = re.compile(r"[#?]|(?<![A-Z])L?W?\Z(?<=[LW])", re.IGNORECASE)
"""Signs that other crons have: last day, nearest weekday, nth weekday of the month, no matter."""


@dataclass(frozen=True, slots=True)
class Cron:
    """The times that match every field; Sunday is 0."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]


def parse(text: str) -> Cron:
    """Read a cron expression of five fields.

    Raises:
        ValueError: It is none, or never matches; the text says why, without the expression.
    """
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise ValueError(f"a cron expression has five fields, {', '.join(FIELDS)}, as in {EXAMPLE}")
    for name, field in zip(FIELDS, fields, strict=True):
        if (sign := _OTHERS.search(field)) is not None:
            raise ValueError(f'Temporal has no "{sign[0]}" in the {name}')
    try:
        found = CronSim(text, _ANY_DATE)
    except CronSimError as error:
        raise ValueError(_reason(str(error), fields)) from None
    if not found.day_and:
        raise ValueError(
            "cron would start on either day, Temporal on days that are both; "
            'put "*" in one of the two, and write a second expression if either is meant'
        )
    return Cron(
        text,
        frozenset(found.minutes),
        frozenset(found.hours),
        frozenset(found.days),
        frozenset(found.months),
        frozenset(int(day) % 7 for day in found.weekdays if isinstance(day, int)),
    )


def shortest_gap(texts: Iterable[str]) -> timedelta:
    """The shortest time between two starts, in UTC, that one of the cron expressions causes.

    Raises:
        ValueError: One of them is none.
    """
    texts = [parse(text).text for text in texts]
    times = {time for text in texts for time in islice(CronSim(text, _ANY_DATE), _STARTS)}
    return min(later - earlier for earlier, later in pairwise(sorted(times)))


def _reason(message: str, fields: list[str]) -> str:
    """What CronSim found, such as `Bad day-of-week`, with the field that it means."""
    name = message.removeprefix("Bad ").replace("-", " ")
    if name not in FIELDS:
        return message
    return f'there is no {name} "{fields[FIELDS.index(name)]}"'
