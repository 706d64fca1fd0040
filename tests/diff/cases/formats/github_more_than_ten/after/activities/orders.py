def charge(order_id: str, amount: int = 0) -> dict[str, str]:
    return {"order": order_id}


def deliver(order_id: str) -> None:
    pass
