from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass
class Options:
    speed: int


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
