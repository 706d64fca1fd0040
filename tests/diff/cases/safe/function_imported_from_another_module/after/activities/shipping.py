def deliver(order_id: str, *, carrier: str = 'post') -> None:
    pass
