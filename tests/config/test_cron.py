"""What a cron expression means here is what Vixie cron and Temporal both mean by it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tqrun.config.cron import Cron, parse, shortest_gap

ANY_DAY, ANY_MONTH, ANY_WEEKDAY = (
    frozenset(range(1, 32)),
    frozenset(range(1, 13)),
    frozenset(range(7)),
)


def cron(text: str, minutes: set[int], hours: set[int], **more: set[int]) -> Cron:
    return Cron(
        text,
        frozenset(minutes),
        frozenset(hours),
        frozenset(more.get("days", ANY_DAY)),
        frozenset(more.get("months", ANY_MONTH)),
        frozenset(more.get("weekdays", ANY_WEEKDAY)),
    )


@pytest.mark.parametrize(
    "expected",
    [
        cron("0 17 * * *", {0}, {17}),
        cron("0 17 * * 1-5", {0}, {17}, weekdays={1, 2, 3, 4, 5}),
        cron("*/20 0-7/2,9 * * *", {0, 20, 40}, {0, 2, 4, 6, 9}),
        cron("5/20 3 * * *", {5, 25, 45}, {3}),
        cron("0 0 31 JAN,dec *", {0}, {0}, days={31}, months={1, 12}),
        cron("0 0 * * 5-7", {0}, {0}, weekdays={0, 5, 6}),
        cron("0 0 * * Sun,MON", {0}, {0}, weekdays={0, 1}),
        cron("0 0 1 * */7", {0}, {0}, days={1}, weekdays={0}),
    ],
    ids=lambda expected: expected.text,
)
def test_an_expression_stands_for_its_numbers(expected: Cron) -> None:
    assert parse(expected.text) == expected


@pytest.mark.parametrize(
    ("texts", "gap"),
    [
        (["* * * * *"], timedelta(minutes=1)),
        (["0 17 * * 1-5"], timedelta(days=1)),
        (["0 0 1 * *"], timedelta(days=28)),
        (["0 0 29 2 *"], timedelta(days=1461)),
        (["0 8 * * *", "30 8 1 1 *"], timedelta(minutes=30)),
    ],
)
def test_the_closest_starts_are_found(texts: list[str], gap: timedelta) -> None:
    assert shortest_gap(texts) == gap
