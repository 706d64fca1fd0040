from typing import TypedDict

from activities.addresses import Address


class Invoice(TypedDict):
    number: str
    amount: int


def ship(address: Address, order_id: str) -> None: ...


def invoice(order_id: str, note: str = "") -> Invoice: ...


def notify(
    number: str,
    order_id: str,
    note: str,
) -> None: ...
