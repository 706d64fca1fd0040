def approve(order_id: str) -> int:
    raise NotImplementedError
