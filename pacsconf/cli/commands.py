"""The commands: the module that each is written in, and what `pacsconf --help` says of it.

A module is imported when its command is called. What help, completion and suggestions need of all the others
stands in one table, in the order of the help.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

Group = tuple[Callable[..., Any], ...]
"""The commands of a group (`lab up`, `lab down`), in the order of its help; its module holds it by its name."""

COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("inventory", "Begin an inventory here, with a commented starter."),
    "doctor": ("inventory", "Look whether all is there that pacsconf needs."),
    "validate": ("inventory", "Check the inventory: schema, references, rules."),
    "schema": ("inventory", "Print the JSON Schema of an inventory file, for editors."),
    "look": ("look", "Look at something live, and tell what is odd about it."),
    "status": ("status", "Show how every environment stands, as on a morning."),
    "plan": ("compare", "Show what would be changed, and why."),
    "show": ("compare", "Show a saved plan, or what a commit of the record holds."),
    "drift": ("compare", "Show what somebody else changed since the last apply."),
    "probe": ("probe", "Ask the network whether it is as declared."),
    "listen": ("listen", "Show who is really calling, beside what is declared."),
    "diagnose": ("diagnose", "Say why one cannot work with another, likeliest cause first."),
    "reach": ("reach", "Tell from the inventory whether one would reach another."),
    "approve": ("approve", "Say yes to a plan that somebody else applies."),
    "apply": ("change", "Carry a plan out, and prove it."),
    "offboard": ("offboard", "Declare that somebody leaves, and show what that takes away."),
    "resume": ("change", "Take up a change set that was left open."),
    "rollback": ("rollback", "Take back what a change set applied, where it still stands."),
    "reload": ("reload", "Tell archives to read their configuration again."),
    "history": ("record", "Show what the record holds, newest first."),
    "hold": ("record", "Leave changes alone until they are released."),
    "release": ("record", "End a hold: apply goes on with these changes."),
    "unlock": ("record", "Break the lock of an apply that is certainly dead."),
    "access": ("access", "Who can do what, by which way; and reviews of it."),
    "retention": ("retention", "How long studies are kept, and by what right."),
    "policy": ("policy", "Rules that everything is judged by: list, explain, test them."),
    "waiver": ("waiver", "Failures that are accepted until a day: add one, list them."),
    "audit": ("audit", "Judge everything live by the rules, with the evidence for it."),
    "render": ("render", "Fill in a template: a sheet, a register, one of your own."),
    "storage": ("storage", "Show how full archives are, and when they will be."),
    "commission": ("commission", "Accept a new modality, step by step, until two people sign."),
    "attest": ("attest", "Say that what waited for a person was keyed in."),
    "adopt": ("adopt", "Inventory files from what is live."),
    "record": ("record", "The record of an environment in git."),
    "lab": ("lab", "Private servers and DICOM listeners to practise on."),
}
"""By name: the module in front of `_commands`, and the first sentence of its help."""


MEANT: Mapping[str, str] = {"access": "show", "audit": "run"}
"""By group, its command that is meant where the first word after the group is none of its commands."""

BARE = frozenset({"audit"})
"""Groups whose command that is meant needs no word after it."""


class _DefaultsAsTheyAre:
    """Part of a command: what was typed is checked, what stands in our own code is not.

    typer checks both alike, and imports pydantic for it, which takes longer than typer itself: a page of help and a
    word typed wrong would wait for that.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            parameter.process_value = partial(_processed, parameter)
        return parameters


def _processed(parameter: Any, ctx: Any, value: Any) -> Any:
    if value is not parameter.default or parameter.required:
        return type(parameter).process_value(parameter, ctx, value)
    return parameter.callback(ctx, parameter, value) if parameter.callback else value


class _Command(_DefaultsAsTheyAre, TyperCommand):
    """A command, from its module."""


class _Group(_DefaultsAsTheyAre, TyperGroup):
    """A group of commands, from its module."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words that follow, the command that is meant put before those that name none."""
        meant = MEANT.get(self.name or "")
        first = args[0] if args else ""
        if meant and (args or self.name in BARE) and first not in (*self.commands, "--help"):
            args = [meant, *args]
        rest: list[str] = super().parse_args(ctx, args)
        return rest

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Where a command is meant without a word: its name, since its options are not those above."""
        super().format_epilog(ctx, formatter)
        if self.name in BARE:
            meant = f"{self.name} {MEANT[self.name]}"
            formatter.write_paragraph()
            formatter.write_text(
                f"Without a command, and with options alone, it is {meant}: pacsconf {meant} --help"
            )


class Commands(_Group):
    """All commands, each known by its name and its first sentence until it is called."""

    def __init__(self, **attributes: Any) -> None:
        known = [TyperCommand(name, help=said) for name, (_, said) in COMMANDS.items()]
        super().__init__(**attributes | {"commands": known})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that these words begin with, from its module, and the words after it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name else None, rest


def loaded(name: str) -> Any:
    """The command, or the group of commands, of this name, from its module."""
    module, said = COMMANDS[name]
    found = getattr(import_module(f"pacsconf.cli.{module}_commands"), name)
    app = typer.Typer(
        name=name, cls=_Group, help=said, no_args_is_help=True, add_completion=False, rich_markup_mode=None
    )
    for function in found if isinstance(found, tuple) else (found,):
        app.command(_named(function), cls=_Command)(function)
    return typer.main.get_group(app) if isinstance(found, tuple) else typer.main.get_command(app)


def _named(function: Callable[..., Any]) -> str:
    """`by-hand` for `by_hand`, and `break` for `break_`, which Python keeps for itself."""
    return function.__name__.rstrip("_").replace("_", "-")
