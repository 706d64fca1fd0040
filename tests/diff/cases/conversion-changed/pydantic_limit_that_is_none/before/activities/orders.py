from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass


class Options(BaseModel):
    speed: int


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
