"""The options of `tqrun launch QUEUE`: one for each input, whatever the input is called."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tqrun.cli.main import run

Prepare = Callable[..., dict[str, Any]]

QUEUES = """
queues:
  named:
    version: 1
    workflow_id: named
    input: {fields}
    activities:
      call: {{task_queue: elsewhere, start_to_close_timeout: 10s}}
"""


@pytest.fixture
def prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Prepare:
    """The input that a launch with some options would start, for a declared input."""
    monkeypatch.chdir(tmp_path)

    def prepare(fields: dict[str, Any], *options: str) -> dict[str, Any]:
        text = QUEUES.format(fields=json.dumps(fields))
        Path("queues.yaml").write_text(text.replace("workflow_id: named", workflow_id(fields)))
        assert run(["launch", "named", *options, "--dry-run", "--output", "json"]) == 0
        shown: dict[str, Any] = json.loads(capsys.readouterr().out)["input"]
        return shown

    return prepare


def workflow_id(fields: dict[str, Any]) -> str:
    return "workflow_id: named-" + "-".join(f"${{input.{field}}}" for field in fields)


@pytest.mark.parametrize(
    "name",
    ["wait", "output", "dry_run", "fail_if_running", "file", "help", "address", "namespace"],
)
def test_an_input_named_like_an_option_has_input_before_it(prepared: Prepare, name: str) -> None:
    flag = f"--input-{name.replace('_', '-')}"
    assert prepared({name: "string"}, flag, "mine") == {name: "mine"}


@pytest.mark.parametrize("name", ["class", "ctx", "self", "name", "input_wait", "no_wait"])
def test_any_other_input_is_its_own_option(prepared: Prepare, name: str) -> None:
    assert prepared({name: "string"}, f"--{name.replace('_', '-')}", "mine") == {name: "mine"}


def test_no_two_inputs_share_an_option(prepared: Prepare) -> None:
    fields = {"wait": "string", "input_wait": "string", "loud": "boolean", "no_loud": "string"}
    options = ("--input-wait", "a", "--input-input-wait", "b", "--loud", "--no-loud", "c")
    wanted = {"wait": "b", "input_wait": "a", "loud": True, "no_loud": "c"}
    assert prepared(fields, *options) == wanted


def test_an_input_that_is_not_text_is_json(prepared: Prepare) -> None:
    fields = {"sizes": {"type": "array"}, "on": "boolean", "at": "integer?"}
    given = prepared(fields, "--sizes", "[1, 2]", "--no-on", "--at", "3")
    assert given == {"sizes": [1, 2], "on": False, "at": 3}


def test_what_is_not_json_is_told_by_its_option(
    prepared: Prepare, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared({"output": "integer[]"}, "--input-output", "[1]")
    assert run(["launch", "named", "--input-output", "[1"]) == 2
    assert capsys.readouterr().err.startswith("error: --input-output: not valid JSON: ")


def test_options_win_over_input(prepared: Prepare) -> None:
    fields = {"a": "string", "b": "string"}
    assert prepared(fields, "--input", '{"a": "1", "b": "1"}', "--b", "2") == {"a": "1", "b": "2"}


def test_an_id_that_temporal_would_not_take_is_refused(
    prepared: Prepare, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared({"name": "string"}, "--name", "x" * 994)
    assert run(["launch", "named", "--name", "é" * 498, "--dry-run"]) == 2
    told = capsys.readouterr().err
    assert told == "error: the workflow id has 1002 bytes; Temporal's limit is 1000\n"
