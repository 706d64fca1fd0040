def ship(order_id: str, options: tuple[int, int]) -> None:
    raise NotImplementedError
