from elsewhere import Money


def charge(order_id: str, amount: Money) -> dict[str, str]:
    return {"order": order_id}


def ship(order_id: str) -> None:
    pass
