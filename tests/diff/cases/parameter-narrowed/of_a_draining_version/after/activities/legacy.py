def ship(order_id: str, note: int = 0) -> None:
    raise NotImplementedError
