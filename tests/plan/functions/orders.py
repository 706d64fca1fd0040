"""Activity functions with every kind of parameter that JSON can fill."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NotRequired, TypedDict
from uuid import UUID

from pydantic import BaseModel, Field


class Speed(Enum):
    SLOW = "slow"
    FAST = "fast"


@dataclass(frozen=True)
class Item:
    name: str
    price: Decimal


class Address(TypedDict):
    city: str
    zip: NotRequired[str]


class Customer(BaseModel):
    name: str = Field(min_length=1)
    birthday: date | None = None


def scalars(text: str, count: int, ratio: float, flag: bool) -> None: ...


def texts(
    at: datetime, day: date, wait: timedelta, order_id: UUID, price: Decimal, raw: bytes
) -> None: ...


def choices(speed: Speed, mode: Literal["test", "live"]) -> None: ...


def collections(pair: tuple[int, str], tags: set[str], prices: list[Decimal]) -> None: ...


def objects(
    item: Item, address: Address, customer: Customer, labels: dict[str, int], items: list[Item]
) -> None: ...


def addresses(by_name: dict[str, Address], either: Address | None = None) -> None: ...


def optional(count: int | None, note: str = "", *, limit: int = None) -> None: ...  # type: ignore[assignment]  # noqa: RUF013


def untyped(anything, other: Any) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001


def anything_else(text: str, **others: int) -> None: ...
