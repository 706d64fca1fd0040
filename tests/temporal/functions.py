"""The functions that generated programs call; each depends on its arguments alone."""

from __future__ import annotations


def double(number: int) -> int:
    return 2 * number % 1000


def spell(word: str, number: int) -> str:
    return f"{word[-20:]}{number % 10}"


def spread(number: int) -> list[int]:
    return [number % 7, 3, number % 2]


def table(number: int) -> dict[str, int]:
    return {f"z{number % 3}": number % 5, "b": 2, "a": number % 4}


def picky(number: int) -> int:
    if number % 3 == 0:
        raise ValueError(f"{number} is a multiple of three")
    if number % 3 == 1:
        raise LookupError(f"there is no {number}")
    return number
