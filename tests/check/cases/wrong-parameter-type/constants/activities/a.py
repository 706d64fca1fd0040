from dataclasses import dataclass
from typing import Literal, TypedDict


@dataclass
class Address:
    zip: str
    kind: Literal["home", "work"] = "home"


class Place(TypedDict):
    zip: int


def send(
    mode: Literal["fast", "slow"],
    level: Literal[1, 2] = 1,
    flags: list[Literal["a", "b"]] = [],
    address: Address | None = None,
    limits: dict[str, int] | None = None,
): ...


def place() -> Place: ...
