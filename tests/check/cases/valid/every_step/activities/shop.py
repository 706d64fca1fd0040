from dataclasses import dataclass


@dataclass
class Row:
    sku: str
    count: int


@dataclass
class Order:
    customer: str | None
    rows: list[Row]
    labels: dict[str, str]


@dataclass
class Page:
    next: str | None


@dataclass
class Job:
    done: bool
    wait: int


def load_order(order_id: str) -> Order: ...


def greet(customer: str) -> None: ...


def price(sku: str, rank: int) -> int: ...


def write_invoice(order_id: str, lines: list[str], note: str | None = None) -> dict[str, str]: ...


def read_page(after: str | None, number: int) -> Page: ...


def poll(order_id: str) -> Job: ...


def ship(order_id: str, invoice: dict[str, str]) -> None: ...


def release(order_id: str) -> None: ...


def charge_card(order_id: str, amount: int) -> dict[str, str]: ...
