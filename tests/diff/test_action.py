"""The action's scripts, run as the runner runs them, with `gh` replaced by one that takes notes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.diff.test_base import clone, git, remote

__all__ = ["clone", "remote"]

TOP = Path(__file__).parents[2]
ACTION = TOP / ".github/actions/diff"
PYTHON = f"""\
#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$COMPARISONS"
exec {sys.executable} "$@"
"""
GH = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$NOTES"
if [[ $* == *--paginate* ]]; then printf '%b' "$COMMENTS"; exit "${LISTING:-0}"; fi
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("gh", GH), ("python", PYTHON)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHON": str(tools / "python"),
        "COMPARISONS": str(tmp_path / "comparisons"),
        "GITHUB_ACTION_PATH": str(ACTION),
        "NOTES": str(tmp_path / "notes"),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "FILE": "queues.yaml",
        "AGAINST": "",
        "FAIL_ON": "error",
        "ANNOTATIONS": "true",
        "BASE_BRANCH": "main",
        "BASE_COMMIT": "",
    }


def script(name: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ACTION / name], cwd=folder, env=env, capture_output=True, text=True, timeout=60
    )


def outputs(tmp_path: Path) -> dict[str, str]:
    lines = (tmp_path / "output").read_text().splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def test_a_shallow_checkout_is_compared_with_its_base_branch(
    remote: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    folder = tmp_path / "checkout"
    options = ("--quiet", "--branch", "work", "--depth", "1")
    git(tmp_path, "clone", *options, f"file://{remote}", str(folder))
    done = script("diff.sh", folder, environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("::error file=queues.yaml,line=3,col=5,title=version-not-dra")
    output = outputs(tmp_path)
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
    output = outputs(tmp_path)
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


def test_the_outputs_say_what_was_found(
    clone: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    done = script("diff.sh", clone, environment)
    assert done.returncode == 0, done.stderr
    found = outputs(tmp_path)
    declared = action()["outputs"]
    assert {*found} == {*declared}
    assert {name: one["value"] for name, one in declared.items()} == {
        name: f"${{{{ steps.diff.outputs.{name} }}}}" for name in declared
    }
    base = git(clone, "merge-base", "HEAD", "origin/main")
    assert found["summary"] == f"1 queue changed against {base}, 0 safe"
    assert (found["status"], found["errors"], found["warnings"]) == ("1", "1", "0")
    assert (json.loads(found["changed"]), json.loads(found["safe"])) == (["orders"], [])
    assert json.loads(Path(found["json"]).read_text())["summary"] == found["summary"]


def test_everything_is_written_from_one_comparison(
    clone: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    done = script("diff.sh", clone, environment)
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "comparisons").read_text().splitlines()
    assert len([call for call in calls if " diff " in call]) == 1


def test_a_merge_group_is_compared_with_what_is_queued_before_it(
    remote: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """The group before has version 2 already; this one only renames the activity's module."""
    before = git(remote, "rev-parse", "work")
    git(remote, "checkout", "--quiet", "-b", "queue", "work")
    (remote / "README").write_text("text")
    git(remote, "add", "--all")
    git(remote, "commit", "--quiet", "--message", "next in the queue")
    folder = tmp_path / "checkout"
    options = ("--quiet", "--branch", "queue", "--depth", "1")
    git(tmp_path, "clone", *options, f"file://{remote}", str(folder))
    group = {"BASE_BRANCH": "", "BASE_COMMIT": before}
    done = script("diff.sh", folder, {**environment, **group})
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path)["summary"] == f"no changes against {before}"


def test_nothing_is_fetched_where_the_history_is_there(
    clone: Path, environment: dict[str, str]
) -> None:
    """A private repository that was checked out without keeping credentials cannot fetch."""
    git(clone, "remote", "set-url", "origin", "file:///nowhere")
    done = script("diff.sh", clone, environment)
    assert done.returncode == 0, done.stderr


def test_a_base_that_cannot_be_fetched_fails_with_the_way_out(
    clone: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    git(clone, "remote", "set-url", "origin", "file:///nowhere")
    done = script("diff.sh", clone, {**environment, "BASE_BRANCH": "other"})
    assert done.returncode == 3
    assert "use actions/checkout with fetch-depth: 0" in done.stdout
    assert not (tmp_path / "output").exists()


def test_no_code_of_the_pull_request_is_run(
    clone: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """Neither its activities, nor modules that Python would find in the working directory."""
    marker = tmp_path / "ran"
    hostile = f"open({str(marker)!r}, 'w').close()\nraise SystemExit\n"
    for name in ("json", "typer", "yaml", "sitecustomize", "usercustomize", "encodings", "tqrun"):
        (clone / f"{name}.py").write_text(hostile)
    (clone / "activities/__init__.py").write_text(hostile)
    functions = clone / "activities/orders.py"
    functions.write_text(hostile + functions.read_text())
    done = script("diff.sh", clone, {**environment, "PYTHONPATH": str(clone)})
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path)["status"] == "1"
    assert not marker.exists()


def test_python_is_kept_from_importing_what_lies_in_the_working_directory() -> None:
    for name in ("install.sh", "diff.sh"):
        text = (ACTION / name).read_text()
        calls = re.findall(r'^[^#\n]*?(?:python3|"\$(?:python|PYTHON)") (\S+)', text, re.MULTILINE)
        assert calls
        assert {*calls} == {"-I"}


def test_what_the_action_installs_is_locked() -> None:
    """The versions and hashes are those of the development lock, and nothing is left out."""
    locks = [_locked(TOP / "requirements.txt"), _locked(ACTION / "requirements.txt")]
    assert locks[1].items() <= locks[0].items()
    needed, seen = [*_requirements("tqrun"), "hatchling"], set[str]()
    while needed:
        name = needed.pop()
        if name not in seen and name != "temporalio":  # `tqrun diff` reads without the SDK
            seen.add(name)
            needed += _requirements(name)
    assert seen <= {*locks[1]}


def _locked(path: Path) -> dict[str, list[str]]:
    """The hashes of each package, after its version and marker."""
    blocks = re.split(r"\n(?=\S)", path.read_text())
    found = {}
    for block in blocks:
        if not block.startswith("#"):
            name, _, rest = block.partition("==")
            found[name] = [line.strip(" \\") for line in rest.splitlines() if "# " not in line]
            found[name] = [line for line in found[name] if not line.startswith("#")]
    return found


def _requirements(package: str) -> list[str]:
    """What *package* needs here, without its extras."""
    needed = [Requirement(text) for text in requires(package) or ()]
    return [
        one.name.lower().replace("_", "-")
        for one in needed
        if one.marker is None or one.marker.evaluate({"extra": ""})
    ]


def test_other_actions_are_pinned_by_their_commit() -> None:
    files = [*(TOP / ".github").rglob("*.yml"), TOP / "docs/changes.md"]
    used = [
        one
        for path in files
        for one in re.findall(r"uses: (\S+)", path.read_text())
        if not one.startswith("./") and "/tqrun/" not in one
    ]
    assert len(used) > 4
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one)] == []


def action() -> Any:
    return yaml.safe_load((ACTION / "action.yml").read_text())


def test_two_files_of_one_pull_request_have_comments_and_categories_of_their_own() -> None:
    [upload] = [step["with"] for step in action()["runs"]["steps"] if "uses" in step]
    assert upload["category"].endswith("/${{ inputs.file }}")


def test_the_action_runs_scripts_that_are_there() -> None:
    assert action()["runs"]["using"] == "composite"
    runs = [step["run"] for step in action()["runs"]["steps"] if "run" in step]
    assert runs == [
        '"$GITHUB_ACTION_PATH/install.sh"',
        '"$GITHUB_ACTION_PATH/diff.sh"',
        '"$GITHUB_ACTION_PATH/comment.sh"',
        'exit "$STATUS"',
    ]


def test_the_hook_is_the_command() -> None:
    hooks = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text())
    entries = {hook["id"]: hook["entry"] for hook in hooks}
    assert entries["tqrun-diff"] == "tqrun diff"
