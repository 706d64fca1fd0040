def ship(order_id: str) -> str:
    raise NotImplementedError
