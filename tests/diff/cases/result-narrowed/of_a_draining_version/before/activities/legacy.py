def ship(order_id: str, note: str = "") -> dict[str, int]:
    raise NotImplementedError
