"""`tqrun check` and its siblings as a user meets them: output, exit status, what is imported."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tqrun.cli.main import COMMANDS, run
from tqrun.cli.render import findings_as_github, findings_as_text
from tqrun.diagnostics import Finding, Place

WRONG = """\
queues:
  a:
    version: 1
    workflow_id: a
    owner: no
    activities:
      f: {start_to_close_timeout: 30}
"""


WARNED = """\
queues:
  a:
    version: 1
    workflow_id: a
    activities:
      f: {start_to_close_timeout: 5m}
    steps: [f]
    signals:
      go: {by: string}
"""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What is seen on it, without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.getvalue()).splitlines()


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("queues.yaml")
    path.write_text(WRONG)
    return path


def test_the_default_file_is_queues_yaml(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--no-bind"]) == 1
    output, errors = capsys.readouterr()
    assert [line.rpartition(" ")[2] for line in output.splitlines()] == [
        "[ambiguous-scalar]",
        "[bad-duration]",
    ]
    assert errors == "2 findings in queues.yaml\n"


def test_json_has_a_version_and_every_part_of_a_finding(
    wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--no-bind", "--format", "json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["version"] == 1
    assert printed["findings"][1] == {
        "path": "queues.yaml",
        "line": 7,
        "column": 35,
        "width": 2,
        "code": "bad-duration",
        "message": '"30": not a duration; write for example "30s", "5m" or "1h30m"',
        "severity": "error",
    }


def test_github_annotations_escape_what_the_runner_would_take_apart() -> None:
    stream = io.StringIO()
    place = Place("a,b:c%.yaml", 3, 5, 2)
    findings_as_github([Finding(place, "some-rule", "100%: a, b\r\nc")], stream)
    assert stream.getvalue() == (
        "::error file=a%2Cb%3Ac%25.yaml,line=3,col=5,endColumn=7,title=some-rule"
        "::100%25: a, b%0D%0Ac\n"
    )


def test_a_warning_is_shown_as_one_and_fails_only_a_strict_check(
    wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong.write_text(WARNED)
    line = 'queues.yaml:9:7: warning: no step waits for signal "go"; wait for it or remove it'
    for strict, status in (([], 0), (["--strict"], 1)):
        assert run(["check", "--no-bind", *strict]) == status
        printed = capsys.readouterr()
        assert printed.out == f"{line} [unused-signal]\n"
        assert printed.err == "1 warning in queues.yaml\n"


def test_json_and_github_tell_warnings_from_errors(
    wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong.write_text(WARNED.replace("5m", "5"))
    assert run(["check", "--no-bind", "--format", "json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert [finding["severity"] for finding in printed["findings"]] == ["error", "warning"]
    assert run(["check", "--no-bind", "--format", "github"]) == 1
    printed = capsys.readouterr()
    assert [line.partition(" ")[0] for line in printed.out.splitlines()] == ["::error", "::warning"]
    assert printed.err == "1 finding and 1 warning in queues.yaml\n"


def test_a_terminal_shows_the_line_and_a_caret(wrong: Path) -> None:
    stream = Terminal()
    findings_as_text([Finding(Place("queues.yaml", 7, 35, 2), "bad-duration", "wrong")], stream)
    assert stream.lines() == [
        "queues.yaml:7:35: wrong [bad-duration]",
        "        f: {start_to_close_timeout: 30}",
        "                                    ^^",
    ]


def test_a_terminal_shows_the_part_of_a_long_line_that_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    path = tmp_path / "long.yaml"
    path.write_text("日本: " + "x" * 500 + "HERE" + "y" * 500)
    stream = Terminal()
    findings_as_text([Finding(Place(str(path), 1, 505, 4), "rule", "wrong")], stream)
    shown, caret = stream.lines()[-2:]
    assert len(shown) <= 60
    assert shown[caret.index("^") : caret.rindex("^") + 1] == "HERE"


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_one_line_and_exit_3(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["check", name]) == 3
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith(f"error: {name}: ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["chekc"], ["check", "--format", "xml"], ["check", "a", "b"], ["explain", "bad-duratoin"]],
    ids=str,
)
def test_wrong_usage_is_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chekc"], 'error: there is no command "chekc"; did you mean "check"?'),
        (["frob"], 'error: there is no command "frob"; see "tqrun --help"'),
        (["dev", "--port", "22x"], "Invalid value for '--port': must be a whole number"),
        (["dev", "--port", "70000"], "must be less than or equal to 65535"),
        (["check", "--format", "xml"], "'--format': 'xml' is not one of 'text', 'json', 'github'"),
    ],
    ids=str,
)
def test_wrong_usage_is_said_in_words_of_the_command(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert run(arguments) == 2
    assert words in capsys.readouterr().err


def test_explain_prints_the_page_or_names_the_nearest_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["explain", "bad-duration"]) == 0
    assert capsys.readouterr().out.startswith("# bad-duration: ")
    assert run(["explain", "bad-duratoin"]) == 2
    assert capsys.readouterr().err == (
        'error: no rule "bad-duratoin"; did you mean "bad-duration"?\n'
    )


def test_schema_is_printed_as_the_repository_holds_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    kept = Path(__file__).parents[2] / "schema/queues.schema.json"
    assert capsys.readouterr().out == kept.read_text(encoding="utf-8")


def test_the_file_may_be_an_option_as_with_other_commands(
    wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = [(run(["check", *given, str(wrong)]), capsys.readouterr()) for given in ([], ["-f"])]
    assert results[0] == results[1]
    assert run(["check", str(wrong), "--file", str(wrong)]) == 2
    assert capsys.readouterr().err == "error: the file is given twice, as FILE and with --file\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in COMMANDS)


def test_an_error_that_is_not_ours_says_so_with_versions_and_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise LookupError("surprise")

    monkeypatch.setattr("tqrun.config.schema.schema_text", broken)
    monkeypatch.delitem(sys.modules, "tqrun.cli.schema", raising=False)
    assert run(["schema"]) == 70
    printed = capsys.readouterr().err
    assert printed.startswith("error: this is a bug of tqrun: LookupError\n")
    assert "Python 3." in printed
    assert "tqrun schema\n" in printed
    assert printed.endswith("LookupError: surprise\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["check", "--no-bind"],
        ["schema"],
        ["explain"],
        ["explain", "tab"],
    ],
    ids=" ".join,
)
def test_it_does_not_import_temporalio(arguments: list[str], wrong: Path) -> None:
    code = (
        "import sys; from tqrun.cli.main import run; run(sys.argv[1:]);"
        "sys.exit('temporalio' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_help_imports_no_command(wrong: Path) -> None:
    code = (
        "import sys; from tqrun.cli.main import run; run(['--help']);"
        "sys.exit(any(name.startswith('tqrun.config') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_closes_early_gets_no_traceback(wrong: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tqrun.cli.main", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr as errors:
        assert errors.read() == b""
    assert process.wait() == 1


def test_the_process_ends_with_the_status_of_its_command(wrong: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tqrun.cli.main", "check", "--no-bind"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout.count("\n") == 2
