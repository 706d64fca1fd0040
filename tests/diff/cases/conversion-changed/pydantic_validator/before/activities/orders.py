from pydantic import BaseModel, ConfigDict, Field, field_validator


class Options(BaseModel):
    speed: int


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
