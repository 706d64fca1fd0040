from typing import NotRequired, TypedDict
from dataclasses import dataclass


class Options(TypedDict):
    language: str
    depth: NotRequired[int]


@dataclass
class Page:
    text: str
    size: int


def fetch(site: str) -> Page:
    return Page(site, 1)


def index(text: str, options: Options | None = None) -> None:
    pass
