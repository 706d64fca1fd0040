from pydantic import BaseModel, ConfigDict, Field, field_validator


class Options(BaseModel, strict=True):
    speed: int = Field(allow_inf_nan=False)


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
