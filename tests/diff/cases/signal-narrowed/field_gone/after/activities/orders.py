def ship(order_id: str, options) -> None:
    raise NotImplementedError
