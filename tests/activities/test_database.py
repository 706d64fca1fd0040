import sqlite3
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from activities import database


def add_event(feature: str) -> None:
    with database.transaction() as db:
        db.execute("INSERT INTO usage_events VALUES ('2026-04-01T00:00:00Z', 1, ?, 1)", (feature,))


def count_events(feature: str) -> int:
    with database.transaction() as db:
        (count,) = db.execute(
            "SELECT count(*) FROM usage_events WHERE feature = ?", (feature,)
        ).fetchone()
    return int(count)


def add_events_from_sixteen_threads(feature: str) -> None:
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(add_event, [feature] * 64))


def test_the_default_is_a_file_below_the_working_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("EXAMPLE_DATABASE")

    assert database.path() == Path(".data/example.sqlite3")


def test_first_use_creates_the_example_rows_and_nothing_beside_the_database(
    database_file: Path,
) -> None:
    with database.transaction() as db:
        (entities,) = db.execute("SELECT count(*) FROM entities").fetchone()

    assert entities == 12
    assert list(database_file.parent.iterdir()) == [database_file]


def test_a_change_that_fails_leaves_nothing_behind() -> None:
    def fail_half_way() -> None:
        with database.transaction() as db:
            db.execute("INSERT INTO usage_events VALUES ('2026-04-01T00:00:00Z', 1, 'lost', 1)")
            db.execute("INSERT INTO entities VALUES ('X', 1, 'taken', '')")

    with pytest.raises(sqlite3.IntegrityError):
        fail_half_way()

    assert count_events("lost") == 0


def test_first_use_by_many_threads_and_processes_loses_no_change() -> None:
    features = ["a", "b", "c"]

    with ProcessPoolExecutor(len(features), mp_context=get_context("spawn")) as processes:
        list(processes.map(add_events_from_sixteen_threads, features))

    assert [count_events(feature) for feature in features] == [64, 64, 64]
