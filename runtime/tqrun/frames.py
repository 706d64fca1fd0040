"""Whose code a file is: the user's own, or that of Python, of an installed package or of tqrun."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException

_STANDARD_LIBRARY = sysconfig.get_path("stdlib") + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_TQRUN = str(Path(__file__).parent) + os.sep
_MOST_SHOWN = 3


def is_users(file: str) -> bool:
    """True for the file of a module that the user has written."""
    return not file.startswith(("<", _STANDARD_LIBRARY, _TQRUN)) and not any(
        folder in file for folder in _INSTALLED
    )


def from_users_code(error: TracebackException) -> None:
    """Leave out the frames of *error*, and of its causes, that lead to the user's code."""
    for one in _all(error):
        first = next((at for at, frame in enumerate(one.stack) if is_users(frame.filename)), None)
        if first:
            one.stack = StackSummary.from_list(one.stack[first:])


def users_frames(error: TracebackException) -> None:
    """Keep of *error*, and of its causes, the innermost frames of the user's code, if it has any.

    Their files are named relative to the working directory if they lie below that.
    """
    for one in _all(error):
        own = [frame for frame in one.stack if is_users(frame.filename)]
        if own:
            one.stack = StackSummary.from_list([_shortened(frame) for frame in own[-_MOST_SHOWN:]])


def _shortened(frame: FrameSummary) -> FrameSummary:
    _ = frame.line  # it is read when first asked for, and from the file of this name
    frame.filename = frame.filename.removeprefix(f"{Path.cwd()}{os.sep}")
    return frame


def _all(error: TracebackException) -> list[TracebackException]:
    """*error* and all that it came from."""
    found, left = [], [error]
    while left:
        one = left.pop()
        found.append(one)
        inner = (one.__cause__, one.__context__, *(one.exceptions or ()))
        left += [other for other in inner if other is not None]
    return found
