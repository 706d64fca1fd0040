def ship(order_id: str) -> None:
    pass
