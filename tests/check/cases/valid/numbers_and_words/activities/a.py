from dataclasses import dataclass
from typing import Any, Literal


@dataclass
class Quote:
    price: float
    currency: Literal["EUR", "USD"]
    extra: dict[str, Any]


def quote(sku: str) -> Quote: ...


def pay(quote: Quote, mode: Literal["fast", "slow"], share: float = 1.0, tag: str | int = 0): ...
