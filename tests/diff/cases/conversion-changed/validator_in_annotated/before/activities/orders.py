from typing import Annotated

from pydantic import AfterValidator


def fast(speed: int) -> int:
    assert speed
    return speed


def ship(order_id: str, options: Annotated[int, AfterValidator(fast)]) -> None:
    raise NotImplementedError
