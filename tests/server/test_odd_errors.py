"""Whatever a function raises or returns, its run ends and the worker goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.server.project import Project
from tqrun.temporal.server import EmbeddedServer

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{does}}
        input: {{does: string, message: "string?", queue: "string?"}}
        memo: [does, message, queue]
        max_concurrent_activities: 1
        activities:
          odd:
            function: activities.odd:odd
            start_to_close_timeout: 30s
            retry_policy: {{maximum_attempts: 1}}
      {queue}_async:
        version: 1
        workflow_id: {queue}-async-${{does}}
        input: {{does: string}}
        memo: [does]
        activities:
          odd_async:
            function: activities.odd:odd_async
            start_to_close_timeout: 30s
            retry_policy: {{maximum_attempts: 1}}
            queue: {queue}
"""
ODD = """
    import logging
    import sys

    LOGGER = logging.getLogger("mine")

    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    def chain(count: int) -> Exception:
        error = ValueError("cause 0")
        for number in range(1, count):
            outer = ValueError(f"cause {number}")
            outer.__cause__ = error
            error = outer
        return error

    def circle() -> Exception:
        one, other = ValueError("one"), KeyError("other")
        one.__cause__, other.__cause__ = other, one
        return one

    def deep(levels: int) -> None:
        if not levels:
            raise ValueError("deep")
        deep(levels - 1)

    def odd(does: str) -> object:
        match does:
            case "next":
                return next(one for one in ())
            case "exits":
                sys.exit(3)
            case "causes":
                raise chain(200)
            case "circle":
                raise circle()
            case "long":
                raise ValueError("short") from ValueError("x" * 3_000_000)
            case "surrogate":
                raise ValueError("a \\ud800 b")
            case "silent":
                raise Silent
            case "empty":
                raise ValueError
            case "deep":
                deep(900)
            case "nan":
                return {"rate": float("nan"), "most": float("inf")}
            case "bytes":
                return b"\\xff\\x00"
            case "logs":
                own = {"time": 1, "logger": 2, "activity": 3, "does": 4, "mine": {(1, 2): 5}}
                LOGGER.info("mine", extra=own)

    async def odd_async(does: str) -> object:
        return odd(does)
"""


@pytest.fixture(scope="module")
def project(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("odd"), server.address)
    queue = f"odd_{made.folder.parent.name.replace('-', '_')}"
    made.write(QUEUES.format(queue=queue), odd=ODD)
    with made.worker():
        yield made


Run = Callable[..., dict[str, object]]


@pytest.fixture
def run(project: Project) -> Run:
    def of(does: str, *options: str, kind: str = "") -> dict[str, object]:
        return project.launch(f"{project.queue}{kind}", "--does", does, *options, "--wait")

    return of


@pytest.mark.parametrize(
    ("does", "error"),
    [
        ("next", "StopIteration"),
        ("exits", "SystemExit: 3"),
        ("surrogate", "ValueError: a \\ud800 b"),
        ("silent", "Silent: its text cannot be had: RuntimeError"),
        ("empty", "ValueError"),
        ("deep", "ValueError: deep"),
        ("circle", "ValueError: one <- KeyError: 'other'"),
    ],
)
def test_an_odd_error_ends_the_run_and_is_logged(
    run: Run, project: Project, does: str, error: str
) -> None:
    shown = run(does)
    assert shown["error"] == f"{shown['workflow_id']} failed: odd: Activity task failed <- {error}"
    line = next(
        one for one in project.log() if one["message"] == "activity failed" and one["does"] == does
    )
    assert line["error_type"] == error.partition(":")[0]
    assert len(json.dumps(line)) < 25_000


def test_stop_iteration_in_the_loop_ends_the_run(run: Run) -> None:
    assert "StopIteration" in str(run("next", kind="_async")["error"])


def test_causes_are_bounded_in_number_and_length(run: Run) -> None:
    causes = str(run("causes")["error"]).split(" <- ")
    assert causes[1:3] == ["ValueError: cause 199", "ValueError: cause 198"]
    assert causes[20:] == ["ValueError: cause 180 (its causes are left out)"]
    long = str(run("long")["error"]).split(" <- ")
    assert [len(text) for text in long[2:]] == [len("ValueError: ") + 2_001]


def test_what_json_has_no_number_for_is_null_and_bytes_are_base64(run: Run) -> None:
    assert run("nan")["result"] == {"rate": None, "most": None}
    assert run("bytes")["result"] == "_wA="


def test_own_fields_of_a_line_win_over_memo_and_extra(run: Run, project: Project) -> None:
    run("logs", "--message", "m", "--queue", "q")
    line = next(one for one in project.log() if one["message"] == "mine")
    assert (line["logger"], line["activity"], line["does"]) == ("mine", "odd", "logs")
    assert line["queue"] == project.queue
    assert line["memo"] == {"message": "m", "queue": "q"}
    assert line["extra"] == {"time": 1, "logger": 2, "activity": 3, "does": 4}


def test_an_activity_of_another_queue_has_the_memo_on_its_lines(run: Run, project: Project) -> None:
    run("logs", kind="_async")
    lines = [one for one in project.log() if one.get("activity") == "odd_async"]
    assert lines
    assert {one["does"] for one in lines} == {"logs", "next"} & {one["does"] for one in lines}
