"""What a run hands on to the run that continues it, and how much that may be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from tqrun.temporal.calls import MAX_KEPT_BYTES

MAX_CARRIED_BYTES = 2_097_000
"""Of all arguments of a run together; the server takes 2 MiB (`limit.blobSize.error`)."""

_Json = Mapping[str, Any]


def continued(inputs: Sequence[Any]) -> tuple[Sequence[Any], _Json]:
    """The inputs, and the state that the run before this one has left, if there was one."""
    if workflow.info().continued_run_id is None or len(inputs) != 2:
        return inputs, {}
    return inputs[:1], inputs[1]


def has_room(values: Any, state: _Json) -> bool:
    """Whether the server takes a run of the input *values* with *state*."""
    return len(to_json([values, state])) <= MAX_CARRIED_BYTES


def refuse_too_large(values: _Json, state: _Json) -> None:
    """See to it that the server takes a run of the input *values* that goes on from *state*.

    Raises:
        ApplicationError: `state_too_large`: it would not, and the workflow task would fail for
            ever. The text names the largest part.
    """
    parts = {**state["locals"], "(position)": state["frames"], "(unread)": state["inbox"]}
    sizes = {name: len(json.dumps(value)) for name, value in parts.items()}
    limit = "together they may have 1 MB"
    if sum(sizes.values()) <= MAX_KEPT_BYTES:
        if has_room(values, state):
            return
        parts |= {"(input)": values, "(newest launch)": state["launches"]}
        sizes = {name: len(to_json(value)) for name, value in parts.items()}
        limit = "with the input and the newest launch they may have 2 MB"
    largest = max(sizes, key=lambda name: sizes[name])
    message = (
        f'the run must go on in a new one, and "{largest}" is too large to be carried; '
        f"{limit}, so store it and keep where"
    )
    raise ApplicationError(message, type="state_too_large", non_retryable=True)
