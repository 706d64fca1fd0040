from typing import TypedDict


class Options(TypedDict, total=False):
    speed: int
    note: str


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
