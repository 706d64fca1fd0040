from dataclasses import dataclass

from .languages import Language


@dataclass
class Page:
    text: str
    size: int


def fetch(site: str) -> Page:
    return Page(site, 1)


def index(text: str, language: Language | None = None) -> None:
    pass
