"""Data read in one cell and written in another."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Page:
    rows: list[dict[str, Any]]
    last_id: int | None
    next_page_size: int
    has_more: bool


def read_page(workspace_id: str, table: str, last_id: int | None, page_size: int) -> Page:
    first = 1 if last_id is None else last_id + 1
    rows = [{"id": number} for number in range(first, min(first + 10, 26))]
    last = rows[-1]["id"] if rows else last_id
    return Page(rows=rows, last_id=last, next_page_size=page_size // 2, has_more=first + 10 < 26)


def write_page(workspace_id: str, table: str, rows: list[dict[str, Any]]) -> None:
    pass


def start_transfer(workspace_id: str, dest_cell: str) -> str:
    return f"transfer-{workspace_id}-{dest_cell}"


def transfer_status(job_id: str) -> str:
    return "done"
