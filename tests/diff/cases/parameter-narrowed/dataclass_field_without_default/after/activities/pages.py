from dataclasses import dataclass


@dataclass
class Options:
    language: str
    depth: int


@dataclass
class Page:
    text: str
    size: int


def fetch(site: str) -> Page:
    return Page(site, 1)


def index(text: str, options: Options | None = None) -> None:
    pass
