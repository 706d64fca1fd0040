from typing import TypedDict


class Page(TypedDict):
    title: str


def f(key: str) -> Page: ...


def g(text: str) -> None: ...
