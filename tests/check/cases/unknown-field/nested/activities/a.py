from typing import TypedDict


class Row(TypedDict):
    name: str


class Page(TypedDict):
    rows: list[Row]


def f(key: str) -> Page: ...


def g(key: str) -> str | None: ...
