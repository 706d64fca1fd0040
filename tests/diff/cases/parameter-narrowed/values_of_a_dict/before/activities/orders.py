from typing import Any


def ship(order_id: str, options: dict[str, Any]) -> None:
    raise NotImplementedError
