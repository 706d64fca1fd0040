from dataclasses import dataclass


@dataclass
class Page:
    text: str
    size: int


def fetch(site: str) -> Page | None:
    return Page(site, 1)


def index(text: str, language: str = "en") -> None:
    pass
