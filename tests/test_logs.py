"""What a log line shows of an error: the user's code, and not how it was called."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from tqrun.logs import JsonFormatter, TextFormatter

DEEP = """\
import json


def first(text):
    return second(text)


def second(text):
    return third(text)


def third(text):
    try:
        return fourth(text)
    except ValueError as error:
        raise LookupError(text) from error


def fourth(text):
    return json.loads(text)
"""


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    (tmp_path / "deep.py").write_text(DEEP)
    monkeypatch.chdir(tmp_path)
    module = ModuleType("deep")
    code = compile(DEEP, str(tmp_path / "deep.py"), "exec")
    exec(code, module.__dict__)
    first: Callable[[str], object] = module.__dict__["first"]
    return first


def logged(formatter: logging.Formatter, call: Callable[[str], object]) -> str:
    """What is logged of the error that *call* raises in a thread of a pool, as an activity's is."""
    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(call, "{").exception()
    assert error is not None
    trace = error.__traceback__
    assert trace is not None
    record = logging.LogRecord(
        "mine", logging.WARNING, "", 1, "failed", (), (type(error), error, trace)
    )
    return formatter.format(record)


def test_a_person_sees_the_innermost_frames_of_the_users_code(
    deep: Callable[[str], object],
) -> None:
    text = logged(TextFormatter(), deep)
    frames = re.findall(r'File "(.*)", line (\d+), in (\w+)', text)
    assert frames == [
        ("deep.py", "14", "third"),
        ("deep.py", "20", "fourth"),
        ("deep.py", "5", "first"),
        ("deep.py", "9", "second"),
        ("deep.py", "16", "third"),
    ]
    assert text.endswith("    raise LookupError(text) from error\nLookupError: {")


def test_a_machine_gets_all_from_where_the_users_code_begins(
    deep: Callable[[str], object], tmp_path: Path
) -> None:
    text = json.loads(logged(JsonFormatter(), deep))["exception"]
    cause, error = text.split("direct cause of the following exception")
    assert re.findall(r"in (\w+)\n", error) == ["first", "second", "third"]
    assert re.findall(r"in (\w+)\n", cause)[:3] == ["third", "fourth", "loads"]
    assert f'File "{tmp_path}/deep.py", line 5, in first' in error


def test_an_error_without_code_of_the_user_keeps_its_frames() -> None:
    for formatter in (TextFormatter(), JsonFormatter()):
        assert "raw_decode" in logged(formatter, json.loads)
