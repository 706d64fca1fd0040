def ship(order_id: str, options: list[int]) -> None:
    raise NotImplementedError
