"""The hand-written versions that the page compares with do the work, and are as long as it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import yaml
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from docs.by_hand import index_user_search, relocate_table, workspace_scrub
from tqrun.temporal.server import EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "production.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| (\d+) lines \| (\d+) lines \|", re.MULTILINE)
FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def lines_of_code(file: Path) -> int:
    """Lines that hold code: no blank ones, comments or docstrings."""
    text = file.read_text().splitlines()
    spans = [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    docstrings = {number for span in spans for number in span}
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in docstrings
        for number, line in enumerate(text, 1)
    )


def shown() -> dict[str, str]:
    """The queues files of the page by their workflow."""
    found = {}
    for fence in FENCE.findall(PAGE):
        (queue,) = yaml.safe_load(fence)["queues"].values()
        (name,) = queue["workflows"]
        found[name] = fence
    return found


def test_the_page_counts_the_lines() -> None:
    counted = [
        (
            name,
            sum(bool(line.strip()) for line in text.splitlines()),
            lines_of_code(ROOT / "docs" / "by_hand" / f"{name}.py"),
        )
        for name, text in shown().items()
    ]
    assert [(name, int(ours), int(theirs)) for name, ours, theirs in ROW.findall(PAGE)] == counted


def test_the_page_shows_the_files_as_they_are() -> None:
    files = [
        yaml.safe_load(one.read_text())
        for one in (ROOT / "tests/cases/production").glob("*")
        if one.suffix == ".yaml"
    ]
    queues = {name: queue for file in files for name, queue in file["queues"].items()}
    for text in shown().values():
        ((name, entry),) = yaml.safe_load(text)["queues"].items()
        real = queues[name]
        for key in entry.keys() - {"activities", "workflows"}:
            assert entry[key] == real[key]
        for key in ("activities", "workflows"):
            assert entry[key] == {inner: real[key][inner] for inner in entry[key]}


@pytest.fixture
async def skipping(server: EmbeddedServer) -> Client:
    """A client whose runs skip their timers."""
    return TimeSkipper(await Client.connect(server.address)).client


async def test_workspace_scrub(skipping: Client, unique: Callable[[str], str]) -> None:
    workspace = unique("workspace")
    async with workspace_scrub.worker(skipping):
        run = await workspace_scrub.launch(skipping, workspace)
        assert await run.result() is True
        assert await workspace_scrub.terminate(skipping, workspace, "too late") is False


async def test_index_user_search(skipping: Client, unique: Callable[[str], str]) -> None:
    user = unique("user")
    async with index_user_search.worker(skipping):
        first = await index_user_search.launch(skipping, user)
        await index_user_search.launch(skipping, user)
        assert await first.result() == user


async def test_relocate_table(skipping: Client, unique: Callable[[str], str]) -> None:
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    request = AddSearchAttributesRequest(
        namespace="default", search_attributes={"workspace_id": keyword}
    )
    await skipping.operator_service.add_search_attributes(request)
    async with AsyncExitStack() as stack:
        for cell in ("eu", "us"):
            await stack.enter_async_context(relocate_table.worker(skipping, cell))
        table = relocate_table.Table("eu", "us", unique("workspace"), "agents")
        run = await relocate_table.launch(skipping, table)
        await run.result()
    events = [event async for event in run.fetch_history_events()]
    assert sum(event.HasField("activity_task_completed_event_attributes") for event in events) == 6
