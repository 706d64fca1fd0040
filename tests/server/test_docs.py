"""The documentation does what it says: every example checks, every command runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import pytest

from tests.server.project import Project
from tqrun.temporal.server import EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))
# What the functions of the examples call and the pages do not show.
LEFT_OUT = """
def fetch(workspace_id: int, entity_id: str) -> str:
    return entity_id * workspace_id

def process(entity: str) -> dict[str, object]:
    return {"length": len(entity)}
"""
RUN_ELSEWHERE = ("tqrun dev", "tqrun worker all", "python -m tests.benchmarks")
"""By `test_dev.py`, beside the commands of the pages, and by `tests/benchmarks`."""


@dataclass(frozen=True)
class Fence:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def fences(*languages: str) -> Iterator[Fence]:
    for page in PAGES:
        text = page.read_text()
        for found in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if found[1] in languages:
                line = text.count("\n", 0, found.start()) + 1
                yield Fence(page, line, found[1], found[2])


def commands() -> list[str]:
    lines = (line for fence in fences("console", "sh") for line in fence.text.splitlines())
    return [line.partition("  #")[0].strip() for line in lines if line.strip()]


@pytest.fixture
def example(server: EmbeddedServer, tmp_path: Path) -> Project:
    """The README's queues file and its function."""
    project = Project(tmp_path, server.address)
    (queues,) = (one.text for one in fences("yaml") if one.page.name == "README.md")
    function, _ = (one.text for one in fences("python") if one.page.name == "README.md")
    module = re.match(r"# activities/(\w+)\.py\n", function)
    assert module is not None
    project.write(queues, **{module[1]: function + LEFT_OUT})
    for command in ("init -q -b main", "add .", "commit -q -m first", "remote add origin ."):
        git(tmp_path, *command.split())
    git(tmp_path, "fetch", "-q", "origin")
    return project


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody."""
    author = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    subprocess.run(["git", "-C", str(folder), *author, *arguments], check=True)


QUEUES_FILES = [fence for fence in fences("yaml") if "\njobs:" not in f"\n{fence.text}"]
"""All but the workflows of GitHub Actions."""


@pytest.mark.parametrize("fence", QUEUES_FILES, ids=str)
def test_every_queues_file_is_sound(fence: Fence, tmp_path: Path) -> None:
    project = Project(tmp_path, "127.0.0.1:1")
    project.write(fence.text)
    done = project.tqrun("check", "--no-bind")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", [one for one in commands() if one.startswith("make ")])
def test_every_make_target_exists(command: str) -> None:
    done = subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_other_command_runs(example: Project) -> None:
    """In the order of the pages, on the README's example, with its workers running."""
    others = [one for one in commands() if not one.startswith(("make ", *RUN_ELSEWHERE))]
    with example.worker(("all",)):
        for line in others:
            program, *arguments = shlex.split(line)
            assert program in ("tqrun", "temporal"), f"nothing here tries {line}"
            if program == "temporal":
                assert "RunId" in example.temporal(*arguments), line
            else:
                done = example.tqrun(*arguments)
                assert done.returncode == 0, f"{line}\n{done.stderr}"
        last = example.launch("your_queue", "--entity-id", "abc", "--workspace-id", "2", "--wait")
    assert last["result"] == {"length": 6}


def test_the_script_of_the_readme_runs(example: Project) -> None:
    _, script = (one.text for one in fences("python") if one.page.name == "README.md")
    head, _, body = script.partition("\n\n")
    text = (
        f"import asyncio\n{head}\nasync def main():\n{indent(body, '    ')}\nasyncio.run(main())\n"
    )
    (example.folder / "script.py").write_text(text)
    with example.worker():
        done = subprocess.run(
            [sys.executable, "script.py"],
            cwd=example.folder,
            env=example.environment,
            capture_output=True,
            text=True,
        )
    assert (done.returncode, done.stdout) == (0, "started {'length': 1}\n"), done.stderr


def test_the_demo_does_its_work_and_ends(tmp_path: Path) -> None:
    for name in ("activities", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "queues.yaml", tmp_path)
    done = subprocess.run(
        [sys.executable, tmp_path / "docs" / "demo.py"],
        env={name: value for name, value in os.environ.items() if name != "TEMPORAL_ADDRESS"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^started (.*)-", done.stdout, re.MULTILINE) == [
        "your-workflow-entity",
        "package-index",
        "usage-report-2026-03",
    ]
