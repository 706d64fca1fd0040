def deliver(order_id: str) -> None:
    pass
