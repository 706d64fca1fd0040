def ship(order_id: str) -> tuple[int, int, str]:
    raise NotImplementedError
