def ship(order_id: str) -> None:
    raise NotImplementedError
