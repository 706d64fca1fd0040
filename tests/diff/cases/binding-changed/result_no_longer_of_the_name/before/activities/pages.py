from dataclasses import dataclass


@dataclass
class Page:
    text: str
    size: int


def fetch(site: str) -> str:
    return site


def index(text: str, language: str = "en") -> None:
    pass
