"""What functions do to the process that they run in; a test writes this file into a project.

Each of the functions below stands for one kind of it, and is called in a thread and in the loop.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

LEFT_BEHIND = Path("left_behind")
LONG_SECONDS = 600


def double(number: int) -> int:
    return 2 * number


def pool() -> list[int]:
    with multiprocessing.get_context("fork").Pool(2) as workers:  # its end terminates them
        return workers.map(double, [1, 2])


def terminate() -> int | None:
    return _ended(lambda process: process.terminate())


def kill_by_id() -> int | None:
    return _ended(lambda process: os.kill(process.pid or 0, signal.SIGTERM))


def interrupt_by_id() -> bool:
    # It depends on how far the child is whether it is the signal or a KeyboardInterrupt.
    return _ended(lambda process: os.kill(process.pid or 0, signal.SIGINT)) in (1, -signal.SIGINT)


def _ended(end: Callable[[multiprocessing.process.BaseProcess], None]) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(LONG_SECONDS,))
    process.start()
    end(process)
    process.join(10)
    return process.exitcode


def exit_of_process() -> int | None:
    process = multiprocessing.get_context("fork").Process(target=sys.exit, args=(3,))
    process.start()
    process.join(10)
    return process.exitcode


def spawn() -> list[int]:
    with multiprocessing.get_context("spawn").Pool(1) as workers:
        return workers.map(double, [1, 2])


def forkserver() -> list[int]:
    with multiprocessing.get_context("forkserver").Pool(1) as workers:
        return workers.map(double, [1, 2])


def executor() -> list[int]:
    with ProcessPoolExecutor(1) as workers:
        return list(workers.map(double, [1, 2]))


def broken_executor() -> None:
    with ProcessPoolExecutor(1) as workers:
        workers.submit(os._exit, 1).result()


def fork_and_exit() -> int:
    child = os.fork()
    if not child:
        os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fork_and_return() -> str:
    child = os.fork()
    if not child:
        return "the child goes on as if it were the worker"
    os.waitpid(child, 0)
    return "parent"


def fork_and_raise() -> str:
    child = os.fork()
    if not child:
        raise LookupError("in the child")
    os.waitpid(child, 0)
    return "parent"


def fork_and_leave() -> int:
    child = os.fork()
    if not child:
        sys.exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run_command() -> int:
    return subprocess.run([sys.executable, "-c", "raise SystemExit(3)"]).returncode


def terminate_command() -> int:
    command = subprocess.Popen(["sleep", str(LONG_SECONDS)])
    command.terminate()
    return command.wait(10)


def leave() -> None:
    sys.exit("enough")


def interrupt() -> None:
    raise KeyboardInterrupt


def close_generator() -> None:
    raise GeneratorExit


def cancel() -> None:
    raise asyncio.CancelledError


def ignore_signals() -> str:
    try:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
    except ValueError as error:
        return str(error).split()[-2]
    return "ignored"


def leave_behind() -> None:
    """Start children that nobody waits for."""
    children: list[int | None] = []
    for daemon in (True, False):
        process = multiprocessing.get_context("fork").Process(
            target=time.sleep, args=(LONG_SECONDS,), daemon=daemon
        )
        process.start()
        children.append(process.pid)
    workers = ProcessPoolExecutor(1)
    children.append(workers.submit(os.getpid).result())
    workers.submit(time.sleep, LONG_SECONDS)
    children.append(subprocess.Popen(["sleep", str(LONG_SECONDS)]).pid)
    with LEFT_BEHIND.open("a") as file:
        file.writelines(f"{pid}\n" for pid in children)


def in_thread(kind: str) -> object:
    return globals()[kind]()


async def in_loop(kind: str) -> object:
    return globals()[kind]()
