"""Activities of payments."""

from datetime import datetime
from decimal import Decimal

import shop.errors as errors
from shop.models import Money, Receipt


def authorise(payer: str, amount: int, currency: str = "EUR") -> None:
    if amount > 1_000:
        raise errors.CardRefused(payer)


def capture(payer: str, amount: int, currency: str = "EUR") -> Receipt:
    return Receipt(
        payer=payer, total=Money(amount=Decimal(amount), currency=currency), at=datetime.now()
    )
