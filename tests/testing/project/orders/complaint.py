def approve(order_id: str) -> str:
    raise NotImplementedError
