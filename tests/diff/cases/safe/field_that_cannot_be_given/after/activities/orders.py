from dataclasses import dataclass, field


@dataclass
class Options:
    speed: int
    cached: int = field(init=False)


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
