def send(order_id: str) -> None:
    raise NotImplementedError
