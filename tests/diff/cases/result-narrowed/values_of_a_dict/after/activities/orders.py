def ship(order_id: str) -> dict[str, str]:
    raise NotImplementedError
