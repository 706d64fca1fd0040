def ship(order_id: str, note: str = "") -> None:
    raise NotImplementedError
