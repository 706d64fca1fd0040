"""Where a comparison starts: references, paths, the merge base, and clones that lack it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tqrun.cli.main import run

QUEUES = """\
queues:
  orders:
    version: {version}
    workflow_id: order-${{order_id}}
    input:
      order_id: string
    activities:
      ship:
        start_to_close_timeout: 5m
"""
FUNCTIONS = "def ship(order_id: str) -> None:\n    pass\n"
LOWERED = "version goes from 2 down to 1 [version-lowered]"
BUMPED = "version goes from 1 to 2, and 1 is not under draining [version-not-draining]"

Diff = Callable[..., tuple[int, str]]


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
    command = ("git", "-C", str(folder), *who, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def write(folder: Path, version: int) -> None:
    (folder / "activities").mkdir(parents=True, exist_ok=True)
    (folder / "activities/orders.py").write_text(FUNCTIONS)
    (folder / "queues.yaml").write_text(QUEUES.format(version=version))


def commit(folder: Path, subject: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", subject)


@pytest.fixture
def diff(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Diff:
    def call(folder: Path, *arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(folder)
        status = run(["diff", *arguments])
        output, errors = capsys.readouterr()
        return status, output + errors

    return call


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """Two commits on main, of which the first is where `work` branches off to version 2."""
    folder = tmp_path / "remote"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    write(folder, 1)
    commit(folder, "first")
    git(folder, "checkout", "--quiet", "-b", "work")
    write(folder, 2)
    commit(folder, "work")
    git(folder, "checkout", "--quiet", "main")
    write(folder, 3)
    commit(folder, "second")
    return folder


@pytest.fixture
def clone(remote: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--branch", "work", f"file://{remote}", str(folder))
    return folder


@pytest.fixture
def shallow(remote: Path, tmp_path: Path) -> Path:
    """What a checkout of one commit in CI is."""
    folder = tmp_path / "shallow"
    options = ("--quiet", "--branch", "work", "--depth", "1")
    git(tmp_path, "clone", *options, f"file://{remote}", str(folder))
    return folder


def test_the_base_is_where_the_branch_began(clone: Path, diff: Diff) -> None:
    status, text = diff(clone)
    began = git(
        clone, "rev-parse", "main~1" if git(clone, "branch", "--list", "main") else "HEAD~1"
    )
    assert text.startswith(f"1 queue changed against origin/HEAD at {began[:10]}, 0 safe\n")
    assert BUMPED in text
    assert status == 1


@pytest.mark.parametrize("against", ["origin/main", "origin/main:queues.yaml"])
def test_a_base_may_be_a_reference(clone: Path, diff: Diff, against: str) -> None:
    status, text = diff(clone, "--against", against)
    assert "version goes from 3 down to 2 [version-lowered]" in text
    assert status == 1


def test_a_base_may_have_its_file_elsewhere(clone: Path, diff: Diff) -> None:
    (clone / "deploy").mkdir()
    for name in ("queues.yaml", "activities"):
        git(clone, "mv", name, f"deploy/{name}")
    status, text = diff(clone / "deploy", "--against", "origin/main~1:queues.yaml")
    assert BUMPED in text
    status, text = diff(clone / "deploy", "--against", "origin/main")
    way_out = "name where it was with --against origin/main:PATH"
    assert text == f"error: origin/main has no deploy/queues.yaml; {way_out}\n"
    assert status == 3


def test_a_file_in_a_folder_is_compared_with_its_functions(clone: Path, diff: Diff) -> None:
    (clone / "deploy").mkdir()
    for name in ("queues.yaml", "activities"):
        git(clone, "mv", name, f"deploy/{name}")
    (clone / "requirements.txt").write_text("tqrun==0.1.0\n")
    commit(clone, "moved")
    (clone / "requirements.txt").write_text("tqrun==0.2.0\n")
    (clone / "deploy/activities/orders.py").write_text("def ship() -> None:\n    pass\n")
    _, text = diff(clone, "deploy/queues.yaml", "--against", "HEAD")
    assert 'parameter "order_id" of ship (activities/orders.py:1) is gone' in text
    assert "tqrun goes from 0.1.0 to 0.2.0 in requirements.txt [runtime-upgraded]" in text


@pytest.mark.parametrize("arguments", [(), ("--against", "origin/main~1")])
def test_a_shallow_clone_is_told_the_command_that_mends_it(
    shallow: Path, diff: Diff, arguments: tuple[str, ...]
) -> None:
    status, text = diff(shallow, *arguments)
    assert status == 3
    command = re.search(r"(?:run|bring it with): (git fetch --unshallow [^;\n]+)", text)
    assert command is not None, text
    subprocess.run(command[1], shell=True, cwd=shallow, check=True, capture_output=True)
    status, text = diff(shallow, *arguments)
    assert status == 1
    assert BUMPED in text


def test_a_branch_that_was_not_fetched_is_told_its_command(shallow: Path, diff: Diff) -> None:
    status, text = diff(shallow, "--against", "origin/main")
    fetch = "git fetch --unshallow origin +refs/heads/main:refs/remotes/origin/main"
    assert text == f'error: no revision "origin/main" here; run: {fetch}\n'
    assert status == 3
    subprocess.run(fetch.split(), cwd=shallow, check=True, capture_output=True)
    assert diff(shallow, "--against", "origin/main")[0] == 1


def test_what_is_no_base_is_told_as_one_line(clone: Path, tmp_path: Path, diff: Diff) -> None:
    lonely = tmp_path / "lonely"
    write(lonely, 1)
    way_out = "name a file with --against"
    assert diff(lonely) == (3, f"error: queues.yaml is in no git repository; {way_out}\n")
    git(lonely, "init", "--quiet")
    missing = "the repository has no remote origin; name a base with --against"
    assert diff(lonely) == (3, f"error: {missing}\n")
    typo = "old.yaml: no such file; a git reference is given as REF or REF:PATH"
    assert diff(clone, "--against", "old.yaml") == (3, f"error: {typo}\n")


def test_a_base_with_findings_is_told_as_such(clone: Path, diff: Diff) -> None:
    (clone / "queues.yaml").write_text("queues: []\n")
    commit(clone, "broken")
    write(clone, 1)
    status, text = diff(clone, "--against", "HEAD")
    assert text.startswith("error: the queues file is invalid at HEAD: queues.yaml:1:")
    assert text.endswith("; name a base where it was valid with --against\n")
    assert status == 3
