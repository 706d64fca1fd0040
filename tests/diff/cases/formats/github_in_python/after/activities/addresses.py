from dataclasses import dataclass


@dataclass
class Address:
    """Where something is sent."""

    street: str
    city: str
    country: str
