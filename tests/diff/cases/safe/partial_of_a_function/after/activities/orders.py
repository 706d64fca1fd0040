import functools


def charge(order_id: str, amount: int) -> dict[str, str]:
    return {"order": order_id}


def _ship(order_id: str, fast: bool) -> None:
    pass


ship = functools.partial(_ship, fast=True)
