"""Every error that tqrun raises on purpose, and the exit status of each.

An error's text is one line for the person who reads it: what is wrong, where, and what to do.
Anything else that escapes is a bug of tqrun, and the command line says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from tqrun.diagnostics import Finding


class Exit(IntEnum):
    """The exit status of every command; a script may rely on these numbers."""

    OK = 0
    FINDINGS = 1
    """The queues file has findings, or the run that was waited for failed."""
    USAGE = 2
    UNREADABLE = 3
    SERVER = 4
    ALREADY_RUNNING = 5
    IMPORT = 6
    """A worker cannot start: the module of an activity does not import."""
    BUG = 70
    INTERRUPTED = 130


class TqrunError(Exception):
    """Base of the errors below; catch it to catch them all."""

    exit_code = Exit.FINDINGS


class UsageError(TqrunError):
    """An option, an argument or an environment variable cannot be used."""

    exit_code = Exit.USAGE


class UnreadableFile(TqrunError):
    """A named file does not exist or cannot be read."""

    exit_code = Exit.UNREADABLE


class InvalidQueuesFile(TqrunError):
    """The queues file, or a function that it binds, has findings.

    Attributes:
        findings: All of them, in file order.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Keep *findings*; the text of the error is one line for each."""
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)

    @property
    def exit_code(self) -> Exit:  # type: ignore[override]
        """`IMPORT` when nothing but failed imports stands in the way."""
        failed = {finding.code for finding in self.findings}
        return Exit.IMPORT if failed == {"import-failed"} else Exit.FINDINGS


class UnknownQueue(UsageError):
    """The queues file declares no queue or workflow of this name."""


class UnknownSignal(UsageError):
    """The workflow declares no signal of this name."""


class UnknownQuery(UsageError):
    """The workflow declares no query of this name."""


class InvalidInput(UsageError):
    """The input of a launch, or a signal's payload, does not fit what the queue declares."""


class ServerUnavailable(TqrunError):
    """The Temporal server cannot be reached, or refuses the connection."""

    exit_code = Exit.SERVER


class LaunchFailed(ServerUnavailable):
    """The server was reached and did not start the workflow."""


class RequestFailed(ServerUnavailable):
    """The server was reached, and a signal, query, cancellation or termination was not done."""


class ApplyFailed(ServerUnavailable):
    """The server was reached and did not take a schedule or a search attribute."""


class AttributeConflict(TqrunError):
    """A search attribute is there already with another type, or is declared with two."""


class RunFailed(TqrunError):
    """The run that was waited for did not complete; the text is its chain of causes."""


class RehearsalFailed(TqrunError):
    """A test asked for what cannot be done; the text says what and why."""
