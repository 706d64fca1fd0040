from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass


class Options(BaseModel):
    speed: int = Field(multiple_of=0, ge='a', lt=1e999, alias=NAME)


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
