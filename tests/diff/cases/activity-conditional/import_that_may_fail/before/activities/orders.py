def ship(order_id: str, options: dict[str, str]) -> None:
    raise NotImplementedError
