"""Texts."""

from shop.settings import PAUSE


def greeting(name: str) -> str:
    return f"hello {name}"


def pause(number: int) -> float:
    return PAUSE * number


def unused(number: int) -> int:
    return number
