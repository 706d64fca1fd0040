from pydantic import BaseModel, ConfigDict, Field, field_validator


class Options(BaseModel):
    speed: int

    @field_validator("speed")
    @classmethod
    def fast(cls, speed: int) -> int:
        assert speed > 5
        return speed


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
