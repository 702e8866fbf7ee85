"""The start of pacsconf: `pacsconf`, and `python -m pacsconf`."""

import sys


def start() -> None:
    """Run one command. Ctrl-C while this is still being imported ends as later on: its exit code, no traceback."""
    try:
        from pacsconf.cli.main import run
    except KeyboardInterrupt:
        sys.exit(130)  # `main.INTERRUPTED`, which may not have been read yet
    run()


if __name__ == "__main__":
    start()
