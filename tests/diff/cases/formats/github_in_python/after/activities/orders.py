from typing import Annotated, TypedDict

from activities.addresses import Address
from annotated_types import MaxLen


class Invoice(TypedDict):
    number: str
    amount: str


def ship(address: Address, order_id: str) -> None: ...


def invoice(order_id: str, note: str = "", copies: int = 1) -> Invoice: ...


def notify(
    number: Annotated[str, MaxLen(8)],
    order_id: str,
) -> None: ...
