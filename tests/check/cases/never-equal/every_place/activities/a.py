from dataclasses import dataclass
from enum import Enum
from typing import Literal


class State(Enum):
    DONE = "done"
    OPEN = "open"


@dataclass
class Inner:
    state: State


@dataclass
class Job:
    state: Literal["running", "done"]
    jobs: list[Inner]


def f(): ...


def g() -> Job: ...
