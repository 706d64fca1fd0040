"""What queues.yaml and steps.py declare, by hand: the activity and its argument."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity


@dataclass
class Step:
    number: int


@activity.defn
def step(given: Step) -> int:
    return given.number + 1


ACTIVITIES = [step]
