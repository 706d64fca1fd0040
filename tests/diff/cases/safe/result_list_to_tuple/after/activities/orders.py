def ship(order_id: str) -> tuple[int, int]:
    raise NotImplementedError
