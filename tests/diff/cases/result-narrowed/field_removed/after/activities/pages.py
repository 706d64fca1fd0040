from dataclasses import dataclass


@dataclass
class Page:
    text: str


def fetch(site: str) -> Page:
    return Page(site)


def index(text: str, language: str = "en") -> None:
    pass
