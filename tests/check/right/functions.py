"""What the workflows of typed.yaml call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NotRequired

from typing_extensions import TypedDict

Speed = Literal["fast", "slow"]


class InsufficientFunds(Exception):
    """The account has too little."""


class Address(TypedDict):
    city: str
    zip: NotRequired[str]


@dataclass
class Line:
    sku: str
    count: int


@dataclass
class Order:
    state: Literal["open", "cancelled"]
    lines: list[Line]
    address: Address
    note: str | None


@dataclass
class Job:
    state: Literal["queued", "running", "done", "failed"]
    retry_after: int | None = None


def load_order(order_id: str) -> Order:
    return Order("open", [Line(order_id, 1)], {"city": "Paris"}, None)


def price(sku: str) -> float:
    return float(len(sku))


def ship(address: Address, mode: Speed, parcels: int = 1) -> str:
    return f"{address['city']} {mode} {parcels}"


def withdraw(transfer_id: str) -> None:
    raise InsufficientFunds(transfer_id)


def status(job_id: str) -> Job:
    return Job("done" if job_id else "queued")
