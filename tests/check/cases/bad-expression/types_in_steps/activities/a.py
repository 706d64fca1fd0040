from typing import TypedDict


class Page(TypedDict):
    size: int


def f(key: str) -> Page: ...


def g(key: str) -> str | None: ...
