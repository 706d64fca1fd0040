from pydantic import BaseModel, Field
from dataclasses import dataclass


class Options(BaseModel):
    language: str
    depth: int = Field(gt=0)


@dataclass
class Page:
    text: str
    size: int


def fetch(site: str) -> Page:
    return Page(site, 1)


def index(text: str, options: Options | None = None) -> None:
    pass
