from dataclasses import dataclass

from elsewhere import Options


@dataclass
class Options(Options):
    weight: int


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
