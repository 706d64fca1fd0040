"""Plans that other releases have written: what is read, and what is said of the others."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from tqrun.plan.model import FORMAT, Call, Plan, Return, UnreadablePlan, decode

FIRST = (
    b'{"format":1,"queue":"q","version":1,"workflow":"q","steps":['
    b'{"kind":"activity","activity":"one","arguments":["entity_id"],"result":"done",'
    b'"start_to_close":10.0},{"kind":"return","value":"${done}"}]}'
)
"""As the first release writes it; this text is never changed."""


def changed(**keys: Any) -> bytes:
    return json.dumps({**json.loads(FIRST), **keys}).encode()


def test_the_first_format_is_read_and_written_unchanged() -> None:
    plan = decode(FIRST)
    assert (plan.queue, plan.version, plan.workflow, plan.memo) == ("q", 1, "q", ())
    call, end = plan.steps
    assert isinstance(call, Call)
    assert isinstance(end, Return)
    assert (call.activity, call.arguments, call.result) == ("one", ("entity_id",), "done")
    assert (call.start_to_close, call.on_error, end.value) == (10.0, "fail", "${done}")
    assert plan.encoded == FIRST


def test_a_large_plan_is_compressed_and_has_the_hash_of_its_text() -> None:
    steps = decode(FIRST).steps * 20
    plan = Plan(queue="q", version=1, workflow="q", steps=steps)
    assert zlib.decompress(plan.encoded).decode() == plan.text
    assert decode(plan.encoded).hash == plan.hash


NEWER = "the run's plan holds what this worker does not know: "


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            changed(format=FORMAT + 1),
            f"the run's plan has format {FORMAT + 1}, this worker knows {FORMAT}; "
            "a newer worker runs it",
        ),
        (
            changed(format=0),
            f"the run's plan has format 0, the oldest that is read is {FORMAT}; reset it",
        ),
        (changed(steps=[{"kind": "vote"}]), f"{NEWER}'vote'; a newer worker runs it"),
        (
            changed(budget=5),
            f"{NEWER}Plan.__init__() got an unexpected keyword argument 'budget'; "
            "a newer worker runs it",
        ),
        (
            b"[1]",
            "the run's plan cannot be read: "
            "error('Error -3 while decompressing data: incorrect header check'); reset the run",
        ),
        (b"{}", "the run's plan cannot be read: KeyError('format'); reset the run"),
        (
            zlib.compress(FIRST + b" " * 5_000_000),
            "the run's plan cannot be read: "
            "ValueError('it is cut off, or has more than 4 MB'); reset the run",
        ),
        (
            zlib.compress(FIRST)[:-9],
            "the run's plan cannot be read: "
            "ValueError('it is cut off, or has more than 4 MB'); reset the run",
        ),
    ],
)
def test_a_plan_that_cannot_be_read_says_what_runs_it(data: bytes, told: str) -> None:
    with pytest.raises(UnreadablePlan) as caught:
        decode(data)
    assert str(caught.value) == told
