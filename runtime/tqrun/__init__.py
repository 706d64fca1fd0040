"""Temporal queues as one YAML file, and plain Python functions.

The supported names; everything else may change between versions.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as in typing, which takes longer to import than all else here
if TYPE_CHECKING:
    from typing import Any

    from tqrun.errors import InvalidInput as InvalidInput
    from tqrun.errors import InvalidQueuesFile as InvalidQueuesFile
    from tqrun.errors import LaunchFailed as LaunchFailed
    from tqrun.errors import RequestFailed as RequestFailed
    from tqrun.errors import RunFailed as RunFailed
    from tqrun.errors import ServerUnavailable as ServerUnavailable
    from tqrun.errors import TqrunError as TqrunError
    from tqrun.errors import UnknownQuery as UnknownQuery
    from tqrun.errors import UnknownQueue as UnknownQueue
    from tqrun.errors import UnknownSignal as UnknownSignal
    from tqrun.temporal.queues import LaunchResult as LaunchResult
    from tqrun.temporal.queues import Queues as Queues
    from tqrun.temporal.queues import open_queues as open_queues
    from tqrun.temporal.requests import QueryResult as QueryResult
    from tqrun.temporal.requests import RequestResult as RequestResult

_HOMES = {
    **dict.fromkeys(("LaunchResult", "Queues", "open_queues"), "tqrun.temporal.queues"),
    **dict.fromkeys(("QueryResult", "RequestResult"), "tqrun.temporal.requests"),
}


def __getattr__(name: str) -> Any:
    """Import a supported name when it is first used: temporalio alone costs 120 ms."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    errors = import_module("tqrun.errors")
    if not name.startswith("_") and hasattr(errors, name):
        return getattr(errors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
