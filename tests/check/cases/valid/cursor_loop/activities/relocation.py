from typing import Any

from pydantic import BaseModel


class Page(BaseModel):
    rows: list[dict[str, Any]]
    last_id: int | None = None
    page_size: int
    has_more: bool


def read(workspace_id: str, table: str, last_id: int | None, page_size: int) -> Page: ...


def write(workspace_id: str, table: str, rows: list[dict[str, Any]]) -> None: ...
