from dataclasses import dataclass


@dataclass
class Box:
    width: int


@dataclass
class Tube:
    length: int


def ship(order_id: str, options: Box | Tube) -> None:
    raise NotImplementedError
