"""The options of `tqrun launch QUEUE`: one for each input, whatever the input is called."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from tqrun.cli.main import run
from tqrun.cli.workflows import declared

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


def declare(fields: dict[str, Any]) -> None:
    """Write a file whose workflow has an id of input `a` alone."""
    text = QUEUES.format(fields=json.dumps(fields))
    Path("queues.yaml").write_text(text.replace("workflow_id: named", "workflow_id: named-${a}"))


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


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ("string[]", """'["a"]'"""),
        ("integer[]?", "'[1]'"),
        ({"type": "array"}, """'["a"]'"""),
        ({"type": "array", "items": {"type": "object"}}, """'[{"a": "b"}]'"""),
        ({"type": "object"}, """'{"a": "b"}'"""),
    ],
)
def test_what_is_not_json_is_told_with_an_example(
    prepared: Prepare, capsys: pytest.CaptureFixture[str], schema: Any, example: str
) -> None:
    declare({"a": "string", "users": schema})
    assert run(["launch", "named", "--a", "x", "--users", "a"]) == 2
    told = capsys.readouterr().err
    assert told == (
        "error: --users: not valid JSON: Expecting value: line 1 column 1 (char 0); "
        f"write for example {example}\n"
    )


def test_an_empty_id_is_refused_and_its_input_named(
    prepared: Prepare, capsys: pytest.CaptureFixture[str]
) -> None:
    text = QUEUES.format(fields=json.dumps({"a": "string"}))
    Path("queues.yaml").write_text(text.replace("workflow_id: named", "workflow_id: ${a}"))
    for command in ("launch", "cancel", "show"):
        assert run([command, "named", "--a", ""]) == 2
        assert capsys.readouterr().err == 'error: input "a" gives named an empty workflow id\n'


def test_the_help_of_signal_lists_the_workflows_that_have_some(
    prepared: Prepare, capsys: pytest.CaptureFixture[str]
) -> None:
    text = QUEUES.format(fields=json.dumps({"a": "string"}))
    quiet = text.partition("queues:\n")[2].replace("named", "quiet")
    signals = "    signals: {stop: {}}\n    steps: [{wait_for: stop}]\n"
    Path("queues.yaml").write_text(f"{text.rstrip()}\n{signals}{quiet}")
    assert run(["signal", "--help"]) == 0
    told = capsys.readouterr().out
    assert "│ named " in told
    assert "quiet" not in told


def many_workflows() -> str:
    """A queue with one workflow, and 30 with three each."""
    shared = "    version: 1\n    activities: {work: {start_to_close_timeout: 1m}}\n"
    lines = ["queues:\n  plain:\n", shared, "    workflow_id: p-${n}\n    input: {n: integer}\n"]
    for number in range(30):
        lines += [f"  queue_{number}:\n    description: Goods [of] {number}\n", shared]
        lines += ["    workflows:\n"]
        for one in range(3):
            lines += [
                f"      w{one}:\n        workflow_type: {number}-{one}\n",
                f"        summary: Ship ${{n}} by {one}\n",
                f"        workflow_id: {number}-{one}-${{n}}\n",
                "        input: {n: integer}\n        steps: [work]\n",
            ]
    return "".join(lines)


@pytest.mark.parametrize("command", ["launch", "signal", "query", "cancel", "show"])
def test_the_help_of_many_workflows_is_grouped_and_quick(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("queues.yaml").write_text(many_workflows())
    started = time.process_time()
    assert run([command, "--help"]) == 0
    taken = time.process_time() - started
    told = capsys.readouterr().out
    if command != "signal":
        assert "─ Workflows ─" in told
        assert "─ queue_7: Goods [of] 7 ─" in told
        assert re.search(r"│ queue_7\.w1 +Ship \$\{n\} by 1 +│", told)
        assert re.search(r"│ plain +[A-Z][a-z]+ plain\. +│", told)
        assert told.index("plain ") < told.index("queue_0.w0") < told.index("queue_29.w2")
    # It took 7.8 s; 0.2 s on a quiet machine.
    assert taken < 1.5


def test_a_queue_of_several_workflows_is_answered_with_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("queues.yaml").write_text(many_workflows())
    assert run(["launch", "queue_3", "--n", "1"]) == 2
    assert capsys.readouterr().err == (
        'error: there is no workflow "queue_3" to launch; '
        "the queue has queue_3.w0, queue_3.w1, queue_3.w2\n"
    )


def test_a_command_line_reads_the_file_once(prepared: Prepare) -> None:
    prepared({"a": "string"}, "--a", "x")
    ctx = typer.Context(typer.core.TyperCommand("launch"))
    assert declared(ctx) is declared(typer.Context(typer.core.TyperCommand("named"), parent=ctx))


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


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--input", '{"a": "x\\u0000y"}'], 'input "a" holds a NUL character; remove it'),
        (["--a", "x\x00y"], 'input "a" holds a NUL character; remove it'),
        (
            ["--input", '{"a": "\\ud800"}'],
            'input "a" holds text that is not Unicode (a lone surrogate); remove it',
        ),
        (
            ["--a", "\udcff"],
            'input "a" holds text that is not Unicode (a lone surrogate); remove it',
        ),
        (
            ["--a", "x", "--many", "[1e999]"],
            'input "many" holds NaN or an infinite number, which JSON does not have',
        ),
        (
            ["--a", "x", "--rate", "nan"],
            'input "rate" holds NaN or an infinite number, which JSON does not have',
        ),
        (
            ["--a", "x", "--many", "[" * 100_000],
            "--many: not valid JSON: nested too deep",
        ),
        (["--input", "[" * 100_000], "--input: not valid JSON: nested too deep"),
        (
            ["--input", '{"a": "1", "a": "2"}'],
            '--input: not valid JSON: key "a" is written twice',
        ),
        (["--input", "@missing"], "--input: missing: No such file or directory"),
        (["--input", "@latin1.json"], "--input: the text is not UTF-8"),
        (
            ["--a", "x", "--many", json.dumps(["y" * 3_100_000])],
            "the input has 3.1 MB, Temporal's limit is 2 MB; store it and give where it is",
        ),
    ],
    ids=str,
)
def test_an_input_that_no_run_could_have_is_refused(
    prepared: Prepare, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    prepared({"a": "string"}, "--a=x")
    declare({"a": "string", "rate": "number?", "many": {"type": "array", "default": []}})
    Path("latin1.json").write_bytes('{"a": "é"}'.encode("latin-1"))
    assert run(["launch", "named", *options, "--dry-run"]) == 2
    assert capsys.readouterr().err == f"error: {told}\n"


@pytest.mark.parametrize("place", [0, 1, 2, 4])
def test_the_file_may_be_named_before_and_after_the_workflow(
    prepared: Prepare, capsys: pytest.CaptureFixture[str], place: int
) -> None:
    prepared({"a": "string"}, "--a", "x")
    Path("queues.yaml").rename("other.yaml")
    for option in (["--file", "other.yaml"], ["-f", "other.yaml"], ["--file=other.yaml"]):
        command = ["named", "--a", "x", "--dry-run"]
        command[place:place] = option
        if place != 2:
            assert run(["launch", *command]) == 0
        assert run(["launch", *option, "--help"]) == run(["launch", "--help", *option]) == 0
        assert "Launch named." in capsys.readouterr().out


def test_inputs_of_any_name_are_told_by_the_help(
    prepared: Prepare, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("class", "ctx", "file", "input_file", "input_wait", "_x", "x", "no_x", "help")
    prepared({"a": "string"}, "--a=x")
    declare({"a": "string"} | dict.fromkeys(names, "boolean?"))
    given = ("--a=x", "--x", "--no-x", "--input-help", "--class", "---x")
    assert run(["launch", "named", *given, "--dry-run", "--output", "json"]) == 0
    taken = json.loads(capsys.readouterr().out)["input"]
    assert {name for name in names if taken[name]} == {"class", "x", "no_x", "help", "_x"}
    assert run(["launch", "named", "--help"]) == 0
    shown = capsys.readouterr().out
    for flag in ("--class", "--ctx", "--input-file", "--input-input-file", "--x", "--no-x"):
        assert flag in shown


def test_help_is_one_block_of_text_per_paragraph(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    assert run(["worker", "--help"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith("SIGTERM"))
    paragraph = lines[start : lines.index("", start)]
    assert all(len(line) > 60 for line in paragraph[:-1])
