def run_slowly(order_id: str) -> str:
    raise NotImplementedError


def run_quickly(order_id: str) -> str:
    raise NotImplementedError
