"""Test a queue without waiting and without services: a pytest plugin with the fixture `queues`.

Nothing in this package imports temporalio: the SDK's client stays out of the process of pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqrun.errors import RehearsalFailed as RehearsalFailed
    from tqrun.testing.queues import Queues as Queues
    from tqrun.testing.run import Call as Call
    from tqrun.testing.run import Event as Event
    from tqrun.testing.run import Run as Run
    from tqrun.testing.run import RunError as RunError
    from tqrun.testing.run import Timer as Timer

_HOMES = {
    "Queues": "tqrun.testing.queues",
    "RehearsalFailed": "tqrun.errors",
    **dict.fromkeys(("Call", "Event", "Run", "RunError", "Timer"), "tqrun.testing.run"),
}


def __getattr__(name: str) -> Any:
    """Import a supported name when it is first used: every pytest run loads the plugin."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
