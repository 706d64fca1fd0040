from typing import TypedDict


class Row(TypedDict):
    id: int


class Page(TypedDict):
    next: str | None
    first: Row | None


def f(key: str, note: str, count: int = 0) -> None: ...


def g(key: str, note: str | None = None) -> None: ...


def h(number: int) -> None: ...


def page(cursor: str | None) -> Page: ...


def row(row: Row) -> None: ...
