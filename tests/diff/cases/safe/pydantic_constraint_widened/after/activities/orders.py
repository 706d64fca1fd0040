from pydantic import BaseModel, ConfigDict, Field, field_validator


class Options(BaseModel):
    speed: int = Field(ge=10, title='Speed')


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
