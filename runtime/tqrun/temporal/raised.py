"""What an activity raised, as an error that can be sent: of bounded size, and valid text.

Python allows more than Temporal's failures do: causes in a circle or hundreds of them, megabytes
of text, lone surrogates, a `__str__` that raises. What is fine as it is stays as it is.
"""

from __future__ import annotations

from concurrent.futures import BrokenExecutor
from types import TracebackType

from temporalio.exceptions import ApplicationError, FailureError

MAX_CHARACTERS = 2_000
MAX_CAUSES = 20
MAX_FRAMES = 50
"""The innermost ones are kept; each is two lines of the failure's stack trace."""


def kind(error: BaseException) -> str:
    """What Temporal calls the type of *error*."""
    given = error.type if isinstance(error, ApplicationError) else None
    return given or type(error).__name__


def text(error: BaseException) -> str:
    """The text of *error*: bounded, without lone surrogates, whatever its `__str__` does."""
    try:
        full = error.message if isinstance(error, FailureError) else str(error)
    except Exception as fault:  # noqa: BLE001 - a user's `__str__` may raise anything
        full = f"its text cannot be had: {type(fault).__name__}"
    return bounded(full).encode("utf-8", "backslashreplace").decode()


def bounded(words: str) -> str:
    """*words*, cut where they are too many for a failure."""
    return words if len(words) <= MAX_CHARACTERS else words[:MAX_CHARACTERS] + "…"


def sendable(error: Exception, *, final: bool) -> Exception:
    """*error*, or a copy that can be sent; *final* ends its retries."""
    causes, rest = _causes(error)
    if not final and rest is None and all(map(_fits, causes)):
        return error
    copy: ApplicationError | None = None
    for cause in reversed(causes):
        # What is left of a circle has been told already.
        cut = copy is None and rest is not None and rest not in causes
        copied = _copy(
            cause, " (its causes are left out)" if cut else "", final=final and cause is error
        )
        copied.__cause__ = copy
        copy = copied
    assert copy is not None
    return copy


def _causes(error: BaseException) -> tuple[list[BaseException], BaseException | None]:
    """*error* and its causes as the SDK follows them, and the first one that is too much."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes and len(causes) < MAX_CAUSES:
        causes.append(cause)
        following = cause.__cause__
        if following is None and isinstance(cause, FailureError):
            following = None if cause.__suppress_context__ else cause.__context__
        cause = following
    return causes, cause


def _fits(error: BaseException) -> bool:
    if isinstance(error, BrokenExecutor):
        return False  # the SDK would take it for its own threads, and end the worker
    frames, trace = 0, error.__traceback__
    while trace is not None and frames <= MAX_FRAMES:
        frames, trace = frames + 1, trace.tb_next
    if frames > MAX_FRAMES:
        return False
    try:
        own = error.message if isinstance(error, FailureError) else str(error)
    except Exception:  # noqa: BLE001 - as in `text`
        return False
    return own == text(error)


def _copy(error: BaseException, addition: str = "", *, final: bool = False) -> ApplicationError:
    if isinstance(error, ApplicationError):
        copy = ApplicationError(
            text(error) + addition,
            *error.details,
            type=error.type,
            non_retryable=error.non_retryable,
            next_retry_delay=error.next_retry_delay,
            category=error.category,
        )
    else:
        copy = ApplicationError(text(error) + addition, type=kind(error), non_retryable=final)
    return copy.with_traceback(_innermost(error.__traceback__))


def _innermost(trace: TracebackType | None) -> TracebackType | None:
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    return frames[-MAX_FRAMES:][0] if frames else None
