"""The `pacsconf` command: global options, the commands, and how an error ends.

Each command is a function that returns its exit code; what goes wrong in the world arrives here as an exception.
"""

from __future__ import annotations

import gc
import shlex
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from pacsconf import __version__
from pacsconf.cli.commands import Commands
from pacsconf.cli.exits import MEANINGS, Exit, exit_of
from pacsconf.core import garbage
from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from pacsconf.cli.screen import Screen

INTERRUPTED = 130
"""How a command ends that Ctrl-C broke off, as the shell has it: 128 and the number of SIGINT."""

EXIT_CODES = "\b\nExit codes:\n" + "\n".join(f"{code.value:>2}  {text}" for code, text in MEANINGS.items())

app = typer.Typer(
    name="pacsconf",
    cls=Commands,
    help="Terraform for PACS: declare an imaging network in YAML, see what differs live, change it safely.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks print local variables, and those may hold a password
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pacsconf {__version__}")
        raise typer.Exit(Exit.OK)


@app.callback()
def options(
    context: typer.Context,
    environment: Annotated[
        str | None, typer.Option("-e", "--environment", help="Environment; needed when several are declared.")
    ] = None,
    chdir: Annotated[
        Path, typer.Option("--chdir", help="Folder of the inventory's repository.", metavar="DIR")
    ] = Path(),
    color: Annotated[
        bool | None, typer.Option("--color/--no-color", help="Colour; NO_COLOR is respected.")
    ] = None,
    log: Annotated[
        bool, typer.Option("--log", help="Write a log of each read and each change to stderr.")
    ] = False,
    _version_wanted: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options that come before the command: `pacsconf -e lab plan`."""
    import logging

    logging.basicConfig(
        level=logging.INFO if log else logging.CRITICAL,
        format="%(asctime)s %(name)s: %(message)s",
        stream=sys.stderr,
        force=True,
    )
    asked: Invocation = context.obj
    asked.root, asked.environment, asked.color = chdir, environment, color
    asked.command = _called(chdir, environment)


def _called(chdir: Path, environment: str | None) -> str:
    """How pacsconf was called, up to the command."""
    folder = f" --chdir {shlex.quote(str(chdir))}" if chdir != Path() else ""
    return f"pacsconf{folder}{f' -e {shlex.quote(environment)}' if environment else ''}"


class Invocation:
    """What the global options said; made before they are read, so that an error is shown as they wish."""

    def __init__(self) -> None:
        self.root = Path()
        self.environment: str | None = None
        self.color: bool | None = None
        self.command = "pacsconf"
        self.stopped = False
        """Whether the command has said itself that Ctrl-C ended it."""

    @cached_property
    def screen(self) -> Screen:
        """Made when something is shown on it, since help and version need none."""
        from pacsconf.cli.screen import Screen

        return Screen(self.color, self.command)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code (`exits.Exit`). Without arguments: those of the process."""
    sys.excepthook = _defect
    if arguments is None:
        garbage.seldom()
    code = _code(arguments)
    if arguments is None:  # the process ends, so what it holds need not be searched for garbage once more
        gc.freeze()
    sys.exit(code)


def _code(arguments: Sequence[str] | None) -> int:
    asked = Invocation()
    try:
        # Not `app(...)`, which puts an excepthook of its own in the place of ours.
        returned = typer.main.get_command(app)(
            args=list(arguments) if arguments is not None else None, standalone_mode=False, obj=asked
        )
    except TyperException as exc:
        return _usage(exc)
    except typer.Abort:
        print("stopped; nothing more was done", file=sys.stderr)
        return Exit.ERROR
    except PacsconfError as exc:
        _show(asked.screen, exc)
        return exit_of(exc)
    if returned == INTERRUPTED and not asked.stopped:  # what the CLI library makes of KeyboardInterrupt
        print(f"\ninterrupted; if an apply was running: {asked.command} resume", file=sys.stderr)
    return int(returned) if isinstance(returned, int) else Exit.OK


def _show(screen: Screen, error: PacsconfError) -> None:
    from pacsconf.cli import inventory_commands, workspace

    if isinstance(error, workspace.InvalidInventory):
        inventory_commands.show_findings(screen, error, "text")
    else:
        screen.error(error)


def _usage(error: TyperException) -> int:
    """A mistake in the command line is exit 64, since the CLI library's own 2 means changes here."""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if message.startswith("Usage:"):  # no command was given, and the help is shown instead
        print(message, file=sys.stderr)
    elif message:
        print(f"usage: {message}", file=sys.stderr)
        print("       pacsconf --help, pacsconf COMMAND --help", file=sys.stderr)
    return Exit.USAGE


def _defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Our own mistake: the traceback without values, and a request to report it. Python exits with 1."""
    sys.__excepthook__(kind, error, trace)
    print(
        f"\nThis is a defect of pacsconf {__version__}, not a mistake of yours. Please report the lines above"
        " and the command, without what is confidential in them. If an apply was running: pacsconf resume",
        file=sys.stderr,
    )
