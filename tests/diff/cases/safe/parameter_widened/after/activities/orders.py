def charge(order_id: str, amount: int | float | None) -> dict[str, str]:
    return {"order": order_id}


def ship(order_id: str) -> None:
    pass
