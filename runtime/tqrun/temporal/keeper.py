"""A guard that lets a command live no longer than the process that owns it.

Run as a script, `python keeper.py COMMAND [ARGUMENT ...]`. Its standard input is a pipe whose other
end only the owner holds. The pipe ends when the owner closes it or dies of whatever cause, even
`kill -9`, and then the command is stopped. Linux could signal a parent's death without a second
process, but macOS cannot, and Linux takes the end of the starting *thread* for that death.

It stands alone: it imports nothing of tqrun and starts in milliseconds.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from threading import Thread

GRACE_SECONDS = 10.0
"""How long the command may take to end after SIGTERM, before SIGKILL."""

SIGNALLED = 128
"""Added to the number of the signal that ended the command, as a shell does."""


def keep(command: Sequence[str]) -> int:
    """Run *command* until it ends or the owner is gone; return its exit status."""
    # The command inherits open files too: a lock among them is held for as long as it lives.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=False)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    Thread(target=_stop_after_owner, args=(process,), daemon=True).start()
    status = process.wait()
    return status if status >= 0 else SIGNALLED - status


def _stop_after_owner(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of standard input, then end *process*."""
    os.read(sys.stdin.fileno(), 1)
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
