from typing import Literal
from dataclasses import dataclass


@dataclass
class Page:
    text: str
    size: int


def fetch(site: str) -> Page:
    return Page(site, 1)


def index(text: str, language: Literal["en"]) -> None:
    pass
