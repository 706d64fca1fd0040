"""Errors of a running workflow, in the words that its steps use for them."""

from __future__ import annotations

from typing import Any

from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    FailureError,
    is_cancelled_exception,
)
from temporalio.exceptions import TimeoutError as TimedOut


class Again(ApplicationError):
    """A caught error that is raised again, after a continuation or out of a local."""

    def __init__(self, found: dict[str, Any]) -> None:
        """Raise what *found* describes, as it is described."""
        super().__init__(
            str(found.get("message")),
            type=str(found.get("type", "failed")),
            non_retryable=bool(found.get("non_retryable", True)),
        )
        self.found = found


def refused(message: str) -> ApplicationError:
    """The input is not what the workflow takes."""
    return ApplicationError(message, type="invalid_input", non_retryable=True)


def expression_failed(error: Exception | str) -> ApplicationError:
    """An expression failed on the values that it met."""
    return ApplicationError(str(error), type="expression", non_retryable=True)


def described(error: BaseException) -> dict[str, Any]:
    """*error* as the steps see it: Temporal's names in lower snake case."""
    if isinstance(error, Again):
        return dict(error.found)
    root: BaseException = error
    found: dict[str, Any] = {
        "type": "failed",
        "message": str(error),
        "activity": None,
        "retry_state": None,
        "timeout_type": None,
        "non_retryable": False,
    }
    # A child's failure has that of the child's activity inside.
    while isinstance(root, ActivityError | ChildWorkflowError) and root.cause is not None:
        if isinstance(root, ActivityError):
            found["activity"] = root.activity_type
            found["retry_state"] = _snake(root.retry_state)
        root = root.cause
    if isinstance(root, FailureError):
        found["message"] = root.message
    if is_cancelled_exception(error):
        found |= {"type": "cancelled", "message": "cancelled"}
    elif isinstance(root, TimedOut):
        found |= {"type": "timeout", "timeout_type": _snake(root.type)}
    elif isinstance(root, ApplicationError):
        found |= {"type": root.type or "failed", "non_retryable": root.non_retryable}
    return found


def _snake(value: Any) -> str | None:
    return None if value is None else str(value.name).lower()


def matches(error_types: tuple[str, ...], found: str) -> bool:
    """Whether a clause for *error_types* is for an error of type *found*."""
    return found in error_types or ("any" in error_types and found != "cancelled")


def again(error: Any) -> ApplicationError:
    """An error like the one that *error* describes."""
    return Again(error if isinstance(error, dict) else {"message": error})
