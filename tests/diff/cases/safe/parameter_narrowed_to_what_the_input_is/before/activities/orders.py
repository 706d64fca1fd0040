def charge(order_id: str, amount: int | str) -> dict[str, str]:
    return {"order": order_id}


def ship(order_id: str) -> None:
    pass
