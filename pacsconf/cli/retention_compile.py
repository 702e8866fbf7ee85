"""The command `retention compile`: the policies that an archive gets for the rules. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pacsconf.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pacsconf.cli.screen import Screen
    from pacsconf.cli.workspace import Workspace
    from pacsconf.inventory.model import Inventory
    from pacsconf.report.retention_compile_text import Policies


def shown(context: typer.Context, work: Workspace, format: str) -> Exit:  # noqa: A002 - the option's name
    """Show what is made of the rules of an inventory."""
    from pacsconf.report.retention_compile_text import policies_json, policies_text

    told = _policies(work)
    screen: Screen = context.obj.screen
    if format == "json":
        screen.raw(policies_json(told))
    else:
        screen.show(policies_text(told, screen.width))
    return Exit.OK


def _policies(work: Workspace) -> Policies:
    from pacsconf.report.retention_compile_text import OfRule, Policies, Written
    from pacsconf.systems.dcm4chee import compiled, iso

    made = compiled(work.inventory.retention)
    written = tuple(
        Written(
            one.name,
            one.rule,
            one.path,
            iso(one.span),
            "the study date" if one.from_study_date else "receipt",
            one.conditions,
            one.priority,
        )
        for one in made.policies
    )
    return Policies(
        tuple(_takers(work.inventory)),
        written,
        tuple(OfRule(one.rule, one.policies, one.notes) for one in made.told),
        made.left_out,
        made.holds,
        work.loaded.sources.place,
    )


def _takers(inventory: Inventory) -> Iterator[str]:
    """Archives that take their policies from the rules."""
    for name, device in sorted(inventory.devices.items()):
        if device.lifecycle != "retired" and device.vendor.get("dcm4chee", {}).get("retention") == "declared":
            yield name
