from dataclasses import dataclass


@dataclass
class Basis:
    weight: int
    note: str = ''


@dataclass(kw_only=True)
class Options(Basis):
    speed: int


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
