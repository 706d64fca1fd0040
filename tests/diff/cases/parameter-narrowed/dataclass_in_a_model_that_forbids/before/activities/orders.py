from dataclasses import dataclass

from pydantic import BaseModel


@dataclass
class Box:
    width: int
    note: str = ''


class Options(BaseModel, extra='forbid'):
    box: Box


def ship(order_id: str, options: Options) -> None:
    raise NotImplementedError
