from dataclasses import dataclass
from typing import TypedDict


class Options(TypedDict):
    speed: int


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
