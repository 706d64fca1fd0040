"""How a list of steps ends, and where it stands when the run goes on in a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Frame = dict[str, Any]
"""Where one list of steps stands: `at`, and under `in` what the step there needs to go on."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The run has come to its end."""

    value: Any


@dataclass(slots=True)
class Suspended:
    """The run stopped between two steps; *frames* say where, innermost first."""

    frames: list[Frame] = field(default_factory=list)


Outcome = Returned | Suspended | None


class At(NamedTuple):
    """Where a step stands.

    Attributes:
        state: What it needs to go on where an earlier run stopped in it; None: it begins.
        frames: The same for the steps inside it, outermost first.
        place: Its name in answers to queries.
    """

    state: Any
    frames: Sequence[Frame]
    place: str


def inside(outcome: Outcome, **state: Any) -> Outcome:
    """*outcome*, with what the step around it needs to go on where it stopped."""
    if isinstance(outcome, Suspended):
        outcome.frames.append({"in": state})
    return outcome
