"""The beginning of the command `tqrun`: while it loads, Ctrl-C ends it and shows no traceback."""

import signal


def main() -> None:
    """Load the command and run it."""
    # Not where SIGINT is ignored, as it is in the background of a script.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tqrun.cli.main import main as command

    command()


if __name__ == "__main__":
    main()
