from dataclasses import dataclass

from pydantic import BaseModel


class Basis(BaseModel):
    weight: float = 1


class Options(Basis):
    speed: int


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
