from dataclasses import dataclass


@dataclass
class Page:
    next: str | None
    size: int
    rows: list[str]


def f(key: str) -> Page: ...


def g(key: str) -> str | None: ...
