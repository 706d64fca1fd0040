def ship(order_id: str) -> list[int]:
    raise NotImplementedError
