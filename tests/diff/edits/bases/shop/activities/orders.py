"""Activities of orders."""

from __future__ import annotations

import logging

from shop.errors import CardRefused, OutOfStock
from shop.models import Carrier, Parcel, Stock

logger = logging.getLogger(__name__)
LIMIT = 100


async def reserve(order_id: str, amount: int = 1, region: str = "eu") -> Stock:
    """Reserve the stock."""
    if amount > LIMIT:
        raise OutOfStock(order_id)
    return {"reserved": amount, "carrier": "post"}


async def release(order_id: str) -> None:
    """Give it back."""
    logger.info("release %s", order_id)


def pack(sku: str, order_id: str) -> None:
    """Pack one line."""


async def ship(order_id: str, carrier: Carrier, note: str | None = None) -> Parcel:
    """Hand over."""
    return Parcel(tracking=order_id, weight=1.0)


def print_label(tracking: str, copies: int = 1) -> int:
    """Print."""
    if not tracking:
        raise ValueError("no tracking")
    if copies > 9:
        raise CardRefused
    return copies
