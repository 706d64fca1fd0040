"""Where a launch says that a browser shows its run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.server.project import Project
from tqrun.temporal.server import EmbeddedServer, ServerOptions, embedded_server
from tqrun.temporal.ui import run_page

QUEUES = """
    queues:
      seen:
        version: 1
        workflow_id: seen/${name}
        input: {name: string}
        activities: {see: {function: activities.work:see, start_to_close_timeout: 10s}}
"""
SEE = "def see(name: str) -> str: ..."


async def test_a_launch_names_the_page_of_its_run(tmp_path: Path) -> None:
    async with embedded_server(ServerOptions(port=0)) as server:
        project = Project(tmp_path, server.address)
        project.write(QUEUES, work=SEE)
        shown = project.launch("seen", "--name", "a b?")
        page = f"{server.ui_url}/namespaces/default/workflows/seen%2Fa%20b%3F/{shown['run_id']}"
        assert shown["ui"] == page
        assert await asyncio.to_thread(status, page) == 200
        assert f"  {page}\n" in project.tqrun("launch", "seen", "--name", "a b?").stdout


def status(url: str) -> int:
    with urlopen(url) as answer:
        found: int = answer.status
        return found


def test_without_a_ui_nothing_is_said_of_one(server: EmbeddedServer, tmp_path: Path) -> None:
    project = Project(tmp_path, server.address)
    project.write(QUEUES, work=SEE)
    assert "ui" not in project.launch("seen", "--name", "alone")


@pytest.mark.parametrize(
    ("told", "address", "page"),
    [
        ("", "n.acct.tmprl.cloud:7233", "https://cloud.temporal.io/namespaces/n/workflows/w/r"),
        ("", "eu.aws.api.temporal.io:7233", "https://cloud.temporal.io/namespaces/n/workflows/w/r"),
        (
            "https://ui.example/t/",
            "temporal:7233",
            "https://ui.example/t/namespaces/n/workflows/w/r",
        ),
        ("localhost:8080", "localhost:7233", "http://localhost:8080/namespaces/n/workflows/w/r"),
        ("", "temporal.example:7233", None),
        ("", "localhost:65535", None),
    ],
)
async def test_only_what_is_known_is_said(
    monkeypatch: pytest.MonkeyPatch, told: str, address: str, page: str | None
) -> None:
    monkeypatch.setenv("TEMPORAL_UI_ADDRESS", told)
    assert await run_page(address, "n", "w", "r") == page
