"""The action's scripts, run as the runner runs them, with `gh` replaced by one that takes notes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.diff.test_base import clone, git, remote

__all__ = ["clone", "remote"]

TOP = Path(__file__).parents[2]
ACTION = TOP / ".github/actions/diff"
GH = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$NOTES"
if [[ $* == *--paginate* ]]; then printf '%b' "$COMMENTS"; exit "${LISTING:-0}"; fi
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    scripts = Path(sys.executable).parent
    return {
        **os.environ,
        "PATH": f"{tools}:{scripts}:{os.environ['PATH']}",
        "NOTES": str(tmp_path / "notes"),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "FILE": "queues.yaml",
        "AGAINST": "",
        "FAIL_ON": "error",
        "ANNOTATIONS": "true",
        "BASE_BRANCH": "main",
    }


def script(name: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ACTION / name], cwd=folder, env=env, capture_output=True, text=True, timeout=60
    )


def test_a_shallow_checkout_is_compared_with_its_base_branch(
    remote: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    folder = tmp_path / "checkout"
    options = ("--quiet", "--branch", "work", "--depth", "1")
    git(tmp_path, "clone", *options, f"file://{remote}", str(folder))
    done = script("diff.sh", folder, environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("::error file=queues.yaml,line=3,col=5,title=version-not-dra")
    output = dict(line.split("=") for line in (tmp_path / "output").read_text().splitlines())
    assert output["status"] == "1"
    markdown = Path(output["markdown"]).read_text()
    assert markdown == (tmp_path / "summary").read_text()
    assert markdown.startswith("<!-- tqrun diff: queues.yaml -->\n")
    assert '"version": "2.1.0"' in Path(output["sarif"]).read_text()


def test_an_invalid_file_is_annotated_and_commented_on(
    clone: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    (clone / "queues.yaml").write_text("queues: {a: {version: one}}\n")
    done = script("diff.sh", clone, {**environment, "AGAINST": "HEAD"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("::error file=queues.yaml,line=1,col=10,")
    output = dict(line.split("=") for line in (tmp_path / "output").read_text().splitlines())
    assert output["status"] == "1"
    assert "`wrong-type` `queues.yaml:1`" in Path(output["markdown"]).read_text()
    assert '"ruleId": "wrong-type"' in Path(output["sarif"]).read_text()


def test_what_cannot_be_compared_fails_at_once(
    clone: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    done = script("diff.sh", clone, {**environment, "AGAINST": "nowhere"})
    assert done.returncode == 3
    assert done.stderr.startswith('error: no revision "nowhere" here; ')
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("comments", "call"),
    [
        ("", "api --silent --method POST repos/o/r/issues/7/comments"),
        ("IC_41\\nIC_42\\n", "clientMutationId }\n} --raw-field id=IC_41"),
    ],
    ids=["first", "again"],
)
def test_the_comment_is_updated_not_repeated(
    tmp_path: Path, environment: dict[str, str], comments: str, call: str
) -> None:
    text = tmp_path / "comment.md"
    text.write_text("<!-- tqrun diff: q.yaml -->\n### tqrun: 1 | $HOME\n")
    done = script("comment.sh", tmp_path, {**environment, **comment(text, comments)})
    assert done.returncode == 0, done.stderr
    body = "--raw-field body=<!-- tqrun diff: q.yaml -->\n### tqrun: 1 | $HOME\n"
    listing, _, written = (tmp_path / "notes").read_text().partition("| .id\n")
    assert "owner=o --raw-field name=r --field number=7" in listing
    assert "select(.viewerDidAuthor and (.body | startswith(env.mark)))" in listing
    assert written.endswith(f"{call} {body}")
    assert written.count("--raw-field body=") == 1


def comment(text: Path, comments: str = "") -> dict[str, str]:
    return {"MARKDOWN": str(text), "REPOSITORY": "o/r", "NUMBER": "7", "COMMENTS": comments}


def test_a_listing_that_is_refused_is_a_warning(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    text = tmp_path / "comment.md"
    text.write_text("<!-- tqrun diff: q.yaml -->\n")
    done = script("comment.sh", tmp_path, {**environment, **comment(text), "LISTING": "1"})
    assert done.returncode == 0
    assert done.stdout.startswith("::warning title=tqrun diff::the comments cannot be listed")
    assert "POST" not in (tmp_path / "notes").read_text()


@pytest.mark.parametrize(
    ("rows", "note"),
    [(10, "**The diagrams are left out, "), (9000, "**This is cut, and so are the diagrams, ")],
)
def test_a_comment_that_is_cut_says_so(
    tmp_path: Path, environment: dict[str, str], rows: int, note: str
) -> None:
    text = tmp_path / "comment.md"
    details = f"<details>{'x' * 60000}</details>\n"
    text.write_text("<!-- tqrun diff: q.yaml -->\n" + "| a row |\n" * rows + details)
    done = script("comment.sh", tmp_path, {**environment, **comment(text)})
    assert done.returncode == 0, done.stderr
    _, _, written = (tmp_path / "notes").read_text().partition("body=")
    *table, empty, last, end = written.split("\n")
    assert last.startswith(note)
    assert (empty, end) == ("", "")
    assert {*table[1:]} == {"| a row |"}
    assert len(written) < 65536
    assert "<details>" not in written


def test_two_files_of_one_pull_request_have_comments_and_categories_of_their_own() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    [upload] = [step["with"] for step in action["runs"]["steps"] if "uses" in step]
    assert upload["category"].endswith("/${{ inputs.file }}")


def test_the_action_runs_scripts_that_are_there() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    runs = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert runs == [
        '"$GITHUB_ACTION_PATH/diff.sh"',
        '"$GITHUB_ACTION_PATH/comment.sh"',
        'exit "$STATUS"',
    ]


def test_the_hook_is_the_command() -> None:
    hooks = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text())
    entries = {hook["id"]: hook["entry"] for hook in hooks}
    assert entries["tqrun-diff"] == "tqrun diff"
