def pack(order_id: str) -> None:
    pass
