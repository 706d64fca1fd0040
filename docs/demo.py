"""The demo: `tqrun dev` with the example queues, and one launch of each.

Run by `make demo`. On a terminal the server and its UI stay up until Ctrl-C. It leaves its data in
`.data/` and no process.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(".data/demo.sqlite3")
LOG = Path(".data/demo.log")
LAUNCHES = (
    "tqrun launch your_queue --entity-id entity-1 --workspace-id 1 --wait",
    "tqrun launch package_index --package typer --wait",
    "tqrun launch usage_report --day 2026-03-03 --wait",
)


def main() -> int:
    os.chdir(ROOT)
    LOG.parent.mkdir(exist_ok=True)
    show(f"tqrun dev --data {DATA}   # its log lines: {LOG}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with (
        LOG.open("w") as log,
        # In a group of its own: a Ctrl-C reaches it once, from here, and the workers drain.
        subprocess.Popen(
            tqrun("dev", "--data", str(DATA)),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            process_group=0,
        ) as dev,
    ):
        failed = None
        try:
            failed = launch_all(dev)
            if sys.stdout.isatty() and not failed:
                print("Ctrl-C ends it", flush=True)
                dev.wait()
            return failed
        except KeyboardInterrupt:
            return 130 if failed is None else failed
        finally:
            print("\nstopping: the workers drain, then the server ends", flush=True)
            dev.send_signal(signal.SIGTERM)
            dev.wait()


def launch_all(dev: subprocess.Popen[str]) -> int:
    """Launch everything on the server of *dev*; how many launches failed."""
    assert dev.stdout is not None
    said = []
    for line in dev.stdout:
        print(line, end="", flush=True)
        said.append(line.split())
        if line == "dev: workers ready\n":
            break
    else:
        print(f"tqrun dev did not start:\n{LOG.read_text()}", file=sys.stderr)
        return 1
    addresses = dict(words for words in said if len(words) == 2)
    show(f"export TEMPORAL_ADDRESS={addresses['server']}")
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("TEMPORAL_")},
        "TEMPORAL_ADDRESS": addresses["server"],
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }
    failed = 0
    for command in LAUNCHES:
        show(command)
        failed += subprocess.run(tqrun(*shlex.split(command)[1:]), env=environment).returncode != 0
    print(f"\nAll runs, with their history: {addresses['UI']}", flush=True)
    return failed


def tqrun(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tqrun.cli.main", *arguments]


def show(command: str) -> None:
    print(f"\n$ {command}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
