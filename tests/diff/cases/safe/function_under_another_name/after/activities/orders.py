def charge(order_id: str, amount: int) -> dict[str, str]:
    return {"order": order_id}


def send(order_id: str) -> None:
    pass


ship = send
