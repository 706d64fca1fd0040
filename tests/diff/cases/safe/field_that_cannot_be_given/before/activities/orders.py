from dataclasses import dataclass, field


@dataclass
class Options:
    speed: int


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
