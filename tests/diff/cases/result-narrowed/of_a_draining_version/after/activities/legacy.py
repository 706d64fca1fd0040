def ship(order_id: str, note: str = "") -> dict[str, str]:
    raise NotImplementedError
