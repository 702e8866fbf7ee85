"""`python -m pacsconf`."""

from pacsconf.cli.main import run

if __name__ == "__main__":
    run()
