from dataclasses import dataclass, field

from pydantic import BaseModel
from typing_extensions import NotRequired, TypedDict


class Row(TypedDict):
    name: str
    note: NotRequired[str | None]


class Page(TypedDict, total=False):
    rows: list[Row]
    next: str


@dataclass
class Answer:
    page: Page
    tags: list[str] = field(default_factory=list)


class Total(BaseModel):
    amount: int = 0
    currency: str | None = None


def read(key: str) -> Answer: ...


def add(key: str) -> Total: ...
