"""A child process that ends with its owner, and what it has written so far.

It knows nothing of Temporal. The other half, which runs beside the command, is `keeper`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

from tqrun.temporal import keeper

STOP_SECONDS = keeper.GRACE_SECONDS + 5.0


class Child:
    """A running command; it is stopped by `stop` or by the end of this process, even by `kill -9`.

    It has a session of its own, so that Ctrl-C in the terminal does not reach it.
    """

    def __init__(
        self, command: Sequence[str], output: IO[bytes], held_open: Sequence[IO[bytes]] = ()
    ) -> None:
        """Start *command*, appending all it writes to *output*.

        The command has the files of *held_open* open too, and with them any lock on them.
        """
        self._output = output
        self._output_start = os.fstat(output.fileno()).st_size  # bytes
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[file.fileno() for file in held_open],
        )

    @property
    def process_group(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def text(self) -> str:
        """All that the command has written so far."""
        descriptor = self._output.fileno()
        size = os.fstat(descriptor).st_size - self._output_start
        # The child shares the file's position, and reading must not move it.
        return os.pread(descriptor, size, self._output_start).decode(errors="replace")

    async def stop(self) -> None:
        """End the command with SIGTERM, and with SIGKILL when that takes too long."""
        assert self._process.stdin is not None
        self._process.stdin.close()  # which the keeper takes for the end of the owner
        try:
            await asyncio.to_thread(self._process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process_group, signal.SIGKILL)
            self._process.wait()
