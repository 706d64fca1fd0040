from dataclasses import dataclass
from typing import TypedDict


@dataclass
class Options:
    speed: int


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
