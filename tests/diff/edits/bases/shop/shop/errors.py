"""What may go wrong."""


class ShopError(Exception):
    """Any."""


class CardRefused(ShopError):
    """The card."""


class OutOfStock(ShopError):
    """The shelf."""
