def ship(order_id: str) -> dict[str, int]:
    raise NotImplementedError
