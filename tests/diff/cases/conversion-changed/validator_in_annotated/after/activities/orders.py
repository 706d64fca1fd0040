from typing import Annotated

from pydantic import AfterValidator


def fast(speed: int) -> int:
    assert speed > 5
    return speed


def ship(order_id: str, options: Annotated[int, AfterValidator(fast)]) -> None:
    raise NotImplementedError
