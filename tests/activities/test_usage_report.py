from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from activities import database
from activities.usage_report import UsageReport, total_usage, write_report

DAY = date(2026, 3, 2)
REPORT = """\
# Usage on 2026-03-02

| workspace | feature | events | units |
| ---: | --- | ---: | ---: |
| 1 | export | 1 | 38 |
| 1 | search | 2 | 2 |
| 1 | sync | 1 | 120 |
| 2 | search | 2 | 2 |
| 2 | sync | 1 | 75 |
"""


def test_a_day_runs_from_midnight_to_midnight() -> None:
    assert [total_usage(date(2026, 3, day)) for day in (1, 2, 3, 4, 5)] == [0, 7, 4, 3, 0]


def test_the_report_breaks_the_day_down(database_file: Path) -> None:
    total_usage(DAY)

    report = write_report(DAY)

    file = database_file.parent / "reports" / "usage-2026-03-02.md"
    assert report == UsageReport(str(file), workspaces=2, events=7, units=237)
    assert file.read_text(encoding="utf-8") == REPORT


def test_a_second_run_changes_nothing() -> None:
    total_usage(DAY)
    first = write_report(DAY)

    assert total_usage(DAY) == first.events
    assert write_report(DAY) == first
    assert Path(first.file).read_text(encoding="utf-8") == REPORT


def test_an_event_that_came_late_is_in_the_next_report() -> None:
    total_usage(DAY)
    write_report(DAY)
    with database.transaction() as db:
        db.execute("INSERT INTO usage_events VALUES ('2026-03-02T12:00:00Z', 3, 'search', 1)")

    total_usage(DAY)
    report = write_report(DAY)

    assert (report.workspaces, report.events, report.units) == (3, 8, 238)
    assert Path(report.file).read_text(encoding="utf-8") == REPORT + "| 3 | search | 1 | 1 |\n"


def test_a_day_without_usage_has_a_report_without_lines() -> None:
    day = date(2026, 3, 1)
    total_usage(day)

    report = write_report(day)

    assert (report.workspaces, report.events, report.units) == (0, 0, 0)
    assert Path(report.file).read_text(encoding="utf-8").splitlines()[-1] == (
        "| ---: | --- | ---: | ---: |"
    )


def test_reports_written_beside_each_other_are_whole() -> None:
    total_usage(DAY)

    with ThreadPoolExecutor(16) as threads:
        reports = set(threads.map(lambda _: write_report(DAY), range(64)))

    (report,) = reports
    assert Path(report.file).read_text(encoding="utf-8") == REPORT
    assert [file.name for file in Path(report.file).parent.iterdir()] == ["usage-2026-03-02.md"]
