"""The `pacsconf` command: global options, the commands, and how an error ends.

Each command is a function that returns its exit code; what goes wrong in the world arrives here as an exception.
"""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer
from typer.exceptions import TyperException

from pacsconf import __version__
from pacsconf.cli import (
    adopt_commands,
    attest_commands,
    change_commands,
    compare_commands,
    inventory_commands,
    lab_commands,
    look_commands,
    record_commands,
    render_commands,
    status_commands,
    workspace,
)
from pacsconf.cli.exits import MEANINGS, Exit, exit_of
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError

INTERRUPTED = 130
"""How a command ends that Ctrl-C broke off, as the shell has it: 128 and the number of SIGINT."""

EXIT_CODES = "\b\nExit codes:\n" + "\n".join(f"{code.value:>2}  {text}" for code, text in MEANINGS.items())

app = typer.Typer(
    name="pacsconf",
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
    logging.basicConfig(
        level=logging.INFO if log else logging.CRITICAL,
        format="%(asctime)s %(name)s: %(message)s",
        stream=sys.stderr,
        force=True,
    )
    context.obj.root, context.obj.environment = chdir, environment
    context.obj.screen = Screen(color, _called(chdir, environment))


def _called(chdir: Path, environment: str | None) -> str:
    """How pacsconf was called, up to the command."""
    folder = f" --chdir {shlex.quote(str(chdir))}" if chdir != Path() else ""
    return f"pacsconf{folder}{f' -e {shlex.quote(environment)}' if environment else ''}"


class Invocation:
    """What the global options said; made before they are read, so that an error is shown as they wish."""

    def __init__(self) -> None:
        self.root = Path()
        self.environment: str | None = None
        self.screen = Screen(None)


inventory_commands.register(app)
look_commands.register(app)
status_commands.register(app)
adopt_commands.register(app)
compare_commands.register(app)
change_commands.register(app)
record_commands.register(app)
render_commands.register(app)
attest_commands.register(app)
lab_commands.register(app)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code (`exits.Exit`)."""
    sys.excepthook = _defect
    sys.exit(_code(arguments))


def _code(arguments: Sequence[str] | None) -> int:
    asked = Invocation()
    try:
        returned = app(
            args=list(arguments) if arguments is not None else None, standalone_mode=False, obj=asked
        )
    except TyperException as exc:
        return _usage(exc)
    except typer.Abort:
        print("stopped; nothing more was done", file=sys.stderr)
        return Exit.ERROR
    except workspace.InvalidInventory as invalid:
        inventory_commands.show_findings(asked.screen, invalid, "text")
        return Exit.INVALID
    except PacsconfError as exc:
        asked.screen.error(exc)
        return exit_of(exc)
    if returned == INTERRUPTED:  # what the CLI library makes of KeyboardInterrupt
        print(f"\ninterrupted; if an apply was running: {asked.screen.command} resume", file=sys.stderr)
    return int(returned) if isinstance(returned, int) else Exit.OK


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
