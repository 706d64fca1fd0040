from dataclasses import dataclass


@dataclass
class Box:
    size: int


def charge(order_id: str, amount: int) -> dict[str, str]:
    return {"order": order_id}


def ship(order_id: str, box: Box) -> None:
    pass
