from typing import NamedTuple


class Point(NamedTuple):
    x: float
    y: float


def locate(vehicle: str, cell: str, speed: float = 50.0) -> Point:
    return Point(0.0, 0.0)
