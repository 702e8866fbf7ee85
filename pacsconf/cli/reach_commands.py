"""Would it work? One pair, or all that flows connect, solved from the inventory; nothing is sent anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import TextOrJson, show_findings
from pacsconf.cli.revisions import lay_out
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import RecordError

if TYPE_CHECKING:
    from pacsconf.cli.workspace import Workspace
    from pacsconf.core.finding import Place
    from pacsconf.dicom.reach.census import Cell, Census
    from pacsconf.dicom.reach.compare import Question, State
    from pacsconf.inventory.flows import Entity
    from pacsconf.inventory.loader import Loaded
    from pacsconf.inventory.model import Inventory


def reach(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Who calls whom: DEVICE, DEVICE/AE_TITLE or AE title. With --all: patterns of them, or of flows.",
            metavar="FROM TO",
        ),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option("--service", help="This service or SOP class, whatever flows say.", metavar="SERVICE"),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every pair that flows connect, and what is half declared.")
    ] = False,
    what_if: Annotated[
        str | None,
        typer.Option("--what-if", help="What this branch or commit would change.", metavar="BRANCH"),
    ] = None,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Every SOP class, every flow, an example of each kind.")
    ] = False,
) -> Exit:
    """Tell from the inventory whether one would reach another.

    Nothing is sent. Exit 2 if it would not, or only in part.
    """
    given = tuple(words or ())
    _require_sense(given, service, everything=everything, compares=what_if is not None)
    work = _checked(context, format)
    asking = _Asking(context, work, format, verbose)
    services = _services(service)
    if what_if is not None:
        return asking.compare(what_if, given, services, everything=everything)
    return asking.survey(given) if everything else asking.pair(given[0], given[1], services)


def _require_sense(
    words: tuple[str, ...], service: list[str] | None, *, everything: bool, compares: bool
) -> None:
    """Nothing, unless what was typed does not go together."""
    if everything and service:
        raise typer.BadParameter(
            "it is about one pair; --all looks at what flows declare", param_hint="--service"
        )
    if not everything and len(words) != 2 and not (compares and not words):
        raise typer.BadParameter(
            "name two, who calls and who is called: pacsconf reach CT_1 ARCHIVE; or ask for --all",
            param_hint="FROM TO",
        )


def _services(given: list[str] | None) -> tuple[str, ...] | None:
    """The services that were typed, as flows spell them; None for none.

    Raises: BadParameter naming the nearest known one.
    """
    from pacsconf.inventory import uids

    if not given:
        return None
    try:
        return tuple(dict.fromkeys(map(uids.service, given)))
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--service") from None


def _checked(context: typer.Context, format: str) -> Workspace:  # noqa: A002
    """The workspace; an inventory that does not stand is shown whole and ends the command with 3."""
    try:
        return workspace.checked(context.obj.root, context.obj.environment)
    except workspace.InvalidInventory as invalid:
        show_findings(context.obj.screen, invalid, format)
        raise typer.Exit(Exit.INVALID) from None


def _deployed(context: typer.Context, declared: Inventory) -> Inventory:
    """The inventory, its systems those of the environment where one is named: their peers are access lists."""
    from pacsconf.inventory.environment import for_environment

    chosen = context.obj.environment
    return for_environment(declared, chosen)[0] if chosen else declared


class _Asking:
    """What one call of the command asks, of which inventory, and how it is shown."""

    def __init__(
        self,
        context: typer.Context,
        work: Workspace,
        format: str,  # noqa: A002
        verbose: bool,
    ) -> None:
        self.context = context
        self.screen: Screen = context.obj.screen
        self.work = work
        self.inventory = _deployed(context, work.inventory)
        self.format = format
        self.verbose = verbose

    # --- one pair

    def pair(self, caller: str, called: str, services: tuple[str, ...] | None) -> Exit:
        from pacsconf.dicom.reach import Solver
        from pacsconf.report.wire.reach_text import Asked, reach_json, reach_text

        solver = Solver(self.inventory)
        ends = _entity(self.inventory, caller), _entity(self.inventory, called)
        _require_two(ends)
        result = solver.reach(*ends, services)
        open_ones = () if self.context.obj.environment else tuple(self.work.inventory.environments)
        asked = Asked(
            result,
            self.work.loaded.sources.place,
            solver.held_back(result),
            self.screen.command,
            open_ones if len(open_ones) > 1 else (),
        )
        if self.format == "json":
            self.screen.raw(reach_json(asked))
        else:
            self.screen.show(reach_text(asked, self.screen.width, verbose=self.verbose))
        return Exit.OK if result.works else Exit.CHANGES

    # --- all pairs

    def survey(self, patterns: Sequence[str]) -> Exit:
        from pacsconf.dicom.reach.census import Census
        from pacsconf.dicom.reach.rules import RULES
        from pacsconf.report.wire.reach_all_text import All, all_json, all_text

        cells = tuple(self._cells(Census(self.inventory), patterns))
        flows = {cell.flow.name for cell in cells}
        found = [one for one in self.work.findings if one.rule in RULES.ids]
        if patterns:
            found = [one for one in found if one.path[:1] == ("flows",) and one.path[1] in flows]
        loaded = self.work.loaded
        shown = All(cells, found, loaded.sources.place, loaded.line)
        if self.format == "json":
            self.screen.raw(all_json(shown))
        else:
            self.screen.show(all_text(shown, self.screen.width, verbose=self.verbose))
        return Exit.CHANGES if any(not one.accepted for one in found) else Exit.OK

    def _cells(self, census: Census, patterns: Sequence[str]) -> Sequence[Cell]:
        """The cells of flows and of entities that patterns name; without patterns all.

        Raises: BadParameter for a pattern that names nothing.
        """
        from pacsconf.inventory.selecting import chosen

        cells = tuple(census.cells())
        if not patterns:
            return cells
        flows = {cell.flow.name for cell in cells}
        named = {name for pattern in patterns for name in flows if fnmatchcase(name, pattern)}
        others = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in flows)]
        try:
            wanted = frozenset(
                (device.name, ae.title) for device, ae in (chosen(census.inventory, others) if others else ())
            )
        except ValueError as exc:
            raise typer.BadParameter(str(exc), param_hint="FROM TO") from None
        of_flows = [cell for cell in cells if cell.flow.name in named]
        rest = [cell for cell in cells if cell.flow.name not in named]
        return (*of_flows, *census.among(rest, wanted))

    # --- another commit

    def compare(
        self, revision: str, words: tuple[str, ...], services: tuple[str, ...] | None, *, everything: bool
    ) -> Exit:
        from pacsconf.dicom.reach.compare import turned
        from pacsconf.report.wire.reach_all_text import LOSES, WhatIf, what_if_json, what_if_text

        commit, other = self._as_of(revision)
        if everything or not words:
            before, after = _of_both((self.inventory, other), lambda each: self._all_states(each, words))
        else:
            before, after = _of_both(
                (self.inventory, other), lambda each: _pair_states(each, words, services)
            )
        shown = WhatIf(revision, commit, turned(before, after), len(before.keys() | after.keys()))
        if self.format == "json":
            self.screen.raw(what_if_json(shown))
        else:
            self.screen.show(what_if_text(shown, self.screen.width))
        return Exit.CHANGES if any(one.turn in LOSES for one in shown.turned) else Exit.OK

    def _all_states(self, inventory: Inventory, patterns: Sequence[str]) -> dict[Question, State]:
        from pacsconf.dicom.reach.census import Census
        from pacsconf.dicom.reach.compare import states

        return states(self._cells(Census(inventory), patterns))

    def _as_of(self, revision: str) -> tuple[str, Inventory]:
        """The commit that a name stands for, and its inventory, read without checking it out.

        Raises: RecordError when there is none; Exit when its inventory does not stand, which is shown.
        """
        from pacsconf.inventory.files import is_ours
        from pacsconf.inventory.loader import load
        from pacsconf.record.checkouts import as_of

        stood = as_of(self.context.obj.root, revision, "inventory", lambda name: is_ours(PurePosixPath(name)))
        if not stood.files:
            raise RecordError(
                f"{revision} has no folder inventory",
                fix="Name a branch of this inventory. The record's own branches (pacsconf/...) hold none.",
            )
        lists = {}
        if any(b"users_from" in content for content in stood.files.values()):
            root = self.context.obj.root
            lists = as_of(root, stood.commit, ".", lambda name: name.lower().endswith(".csv")).files
        started = perf_counter()
        with TemporaryDirectory(prefix="pacsconf-") as folder:
            lay_out(Path(folder) / "inventory", stood.files, "inventory/")
            lay_out(Path(folder), lists)
            loaded = load(Path(folder), workspace.now().date())
        if loaded.inventory is None:
            there = _named(loaded, revision)
            seconds = perf_counter() - started
            invalid = workspace.InvalidInventory(there, there.findings, seconds)
            show_findings(self.screen, invalid, self.format)
            raise typer.Exit(Exit.INVALID)
        return stood.commit, _deployed(self.context, loaded.inventory)


def _named(loaded: Loaded, revision: str) -> Loaded:
    """The same with its files named as git names those of a commit: `REVISION:inventory/ct.yaml`."""

    def there(place: Place) -> Place:
        return place._replace(file=f"{revision}:{place.file}")

    findings = tuple(
        replace(
            one,
            place=there(one.place) if one.place else None,
            also=tuple((there(place), words) for place, words in one.also),
        )
        for one in loaded.findings
    )
    texts = {f"{revision}:{file}": text for file, text in loaded.texts.items()}
    return replace(loaded, findings=findings, texts=texts)


def _entity(inventory: Inventory, text: str) -> Entity:
    """The entity that was typed.

    Raises: BadParameter with what comes nearest.
    """
    from pacsconf.inventory.whom import meant

    try:
        return meant(inventory, text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="FROM TO") from None


def _require_two(ends: tuple[Entity, Entity]) -> None:
    """Nothing, unless both names mean one and the same."""
    (caller, ae), (called, other) = ends
    if (caller.name, ae.title) == (called.name, other.title):
        raise typer.BadParameter(
            f"both mean {caller.name}/{ae.title}, and nobody calls itself", param_hint="FROM TO"
        )


def _of_both(
    inventories: Sequence[Inventory], solved: Callable[[Inventory], dict[Question, State]]
) -> tuple[dict[Question, State], dict[Question, State]]:
    """How pairs fare in both; where names that were typed mean nobody in one of the two, not at all there.

    Raises: BadParameter when they mean nobody in either.
    """
    found: list[dict[Question, State]] = []
    missed: list[typer.BadParameter] = []
    for inventory in inventories:
        try:
            found.append(solved(inventory))
        except typer.BadParameter as exc:
            missed.append(exc)
            found.append({})
    if len(missed) == len(found):
        raise missed[0]
    return found[0], found[1]


def _pair_states(
    inventory: Inventory, words: tuple[str, ...], services: tuple[str, ...] | None
) -> dict[Question, State]:
    """How one pair fares.

    Raises: BadParameter when one of them is not declared.
    """
    from pacsconf.dicom.reach import reach as solved
    from pacsconf.dicom.reach.compare import states_of

    ends = _entity(inventory, words[0]), _entity(inventory, words[1])
    _require_two(ends)
    return states_of(solved(inventory, *ends, services))
