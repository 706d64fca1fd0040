"""What the shop talks about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Literal, NewType, TypedDict

from pydantic import BaseModel, ConfigDict, Field

Sku = NewType("Sku", str)
Cents = Annotated[int, Field(ge=0)]


class Carrier(StrEnum):
    POST = "post"
    COURIER = "courier"


class Level(Enum):
    LOW = 1
    HIGH = 2


class Stock(TypedDict):
    reserved: int
    carrier: str


class Money(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount: Decimal
    currency: str = Field(default="EUR", min_length=3, max_length=3)


class Receipt(BaseModel):
    payer: str
    total: Money
    at: datetime
    kind: Literal["card", "cash"] = "card"


@dataclass
class Parcel:
    tracking: str
    weight: float
    tags: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Totals:
    open: int
    lines: list[str]
    note: str | None = None


class Customer(BaseModel):
    name: str
    email: str | None = None
