"""What a command works in: the inventory of one environment, its record.

Nothing here is read before it is needed, and nothing heavy is imported for a command that does without.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pacsconf.core.errors import InventoryError, PacsconfError
from pacsconf.lab import place

if TYPE_CHECKING:
    from pacsconf.core.finding import Finding
    from pacsconf.inventory.checks import Further
    from pacsconf.inventory.loader import Loaded
    from pacsconf.inventory.model import Inventory
    from pacsconf.inventory.people import AsOf
    from pacsconf.operator.file import Operator
    from pacsconf.record.record import Record

LAB = "lab"
"""The environment that the practice lab completes."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A repository whose inventory stands, and the environment chosen in it."""

    root: Path
    loaded: Loaded
    environment: str
    inventory: Inventory
    findings: tuple[Finding, ...]
    seconds: float
    practice: bool = False
    """Whether this environment is the practice lab that runs on this machine."""
    at: date | None = None
    """The day that is looked ahead to; None: now."""
    policies: Path | None = None
    """The folder whose `policies` count; None: the repository's own."""

    @property
    def command(self) -> str:
        """How to call pacsconf for this environment again."""
        folder = f" --chdir {shlex.quote(str(self.root))}" if self.root != Path() else ""
        chosen = f" -e {self.environment}" if self.environment != "default" else ""
        return f"pacsconf{folder}{chosen}"


def now() -> datetime:
    """The clock of the command line: UTC."""
    return datetime.now(UTC)


def opened(
    root: Path, environment: str | None, at: date | None = None, judged: date | None = None
) -> Workspace:
    """The workspace at `root`, as it is now or will be `at` a day to come.

    What is accepted on that day counts, or on the day that it is `judged` by.

    Raises: InvalidInventory with every finding when the inventory does not stand.
    """
    started = _begun()
    return deployed(root, _loaded(root, started, judged or at), environment, started, at, judged)


def everywhere(root: Path) -> Iterator[tuple[str, Workspace | InvalidInventory]]:
    """The workspace of each declared environment (`default` where none is), or why that one does not stand.

    Raises: InvalidInventory when the inventory as a whole does not stand.
    """
    from pacsconf.inventory.environment import DEFAULT

    started = _begun()
    loaded = _loaded(root, started)
    assert loaded.inventory is not None, "what does not stand was raised"
    for name in sorted(loaded.inventory.environments) or [DEFAULT]:
        try:
            yield name, deployed(root, loaded, name, started)
        except InvalidInventory as invalid:
            yield name, invalid


def deployed(
    root: Path,
    loaded: Loaded,
    environment: str | None,
    started: float,
    at: date | None = None,
    judged: date | None = None,
) -> Workspace:
    """An inventory that was loaded, as one environment has it now, or `at` a day to come; `started` is when loading
    it began.

    Raises: InvalidInventory with every finding when it does not stand there.
    """
    from pacsconf.core.finding import errors
    from pacsconf.inventory.baseline import accepted
    from pacsconf.inventory.environment import for_environment

    assert loaded.inventory is not None, "what does not stand was raised"
    overlay = overlay_of(loaded.inventory, environment)
    inventory, more = for_environment(loaded.inventory, environment, overlay)
    more += tuple(_unknown_types(inventory))
    more = accepted(more, inventory.baseline, judged or at or now().date())
    findings = (*loaded.findings, *loaded.sources.located(more))
    seconds = perf_counter() - started
    if errors(more):
        raise InvalidInventory(loaded, findings, seconds)
    chosen = next(iter(inventory.environments))
    looked_at = inventory.model_copy(update={"as_of": as_of(at)})
    return Workspace(root, loaded, chosen, looked_at, findings, seconds, overlay is not None, at)


def overlay_of(inventory: Inventory, environment: str | None) -> Mapping[str, Any] | None:
    """What the practice lab fills in of its environment; None for another one."""
    return place.overlay(place.default_folder()) if _is_lab(inventory, environment) else None


def as_of(at: date | None = None) -> AsOf:
    """The moment an inventory is looked at for: now, or a day to come, which is the same one at every site then."""
    from pacsconf.inventory.people import AsOf

    return AsOf.on(at) if at else AsOf(now())


def checked(root: Path, environment: str | None, policies: Path | None = None) -> Workspace:
    """The workspace at `root` for looking at files only: with no environment named, all of them are checked.

    Rules and waivers are those in the folder `policies` of that folder; None: of the repository.

    Raises: InvalidInventory with every finding when the inventory, or an environment of it, does not stand.
    """
    from pacsconf.core.finding import errors

    started = _begun()
    loaded = _read(root, policies=policies)
    more = _of_environments(loaded, loaded.built, environment) if loaded.built else ()
    findings = tuple(dict.fromkeys((*loaded.findings, *loaded.sources.located(more))))
    if loaded.inventory is None or errors(findings):
        raise InvalidInventory(loaded, findings, perf_counter() - started)
    seconds = perf_counter() - started
    return Workspace(
        root, loaded, environment or "default", loaded.inventory, findings, seconds, policies=policies
    )


def _of_environments(loaded: Loaded, inventory: Inventory, environment: str | None) -> Iterator[Finding]:
    """What is wrong with this environment, or with any where none is named."""
    from pacsconf.dicom.reach.rules import of_environment
    from pacsconf.inventory.baseline import accepted
    from pacsconf.inventory.environment import for_environment

    names = [environment] if environment or not inventory.environments else sorted(inventory.environments)
    for name in names:
        deployed, findings = for_environment(inventory, name)
        kept_out = of_environment(inventory, deployed, loaded.sources)
        yield from accepted(
            (*findings, *_unknown_types(deployed), *kept_out), inventory.baseline, now().date()
        )


def _unknown_types(inventory: Inventory) -> Iterator[Finding]:
    """Systems of a type that is neither ours nor installed; nothing that is installed is loaded for it."""
    from pacsconf.inventory.system_types import CONFIGS

    others = [config for config in inventory.systems.values() if config.type not in CONFIGS]
    if not others:
        return
    from pacsconf.core.finding import Finding
    from pacsconf.inventory.merge import nearest
    from pacsconf.systems import base

    known = base.registered()
    for config in others:
        if config.type not in known:
            yield Finding(
                "PACS-SYS-001",
                "error",
                f'System {config.name} is of type "{config.type}", which is not installed'
                f"{nearest(config.type, known)}",
                detail="Nothing here knows how to read or change it.",
                fix=f"Installed are: {', '.join(known)}.",
                path=("systems", config.name, "type"),
            )


def _begun() -> float:
    """Now, with everything imported that loading needs: how long that takes is no matter of the inventory's."""
    import pacsconf.dicom.reach.rules
    import pacsconf.inventory.environment
    import pacsconf.inventory.loader  # noqa: F401

    return perf_counter()


def _loaded(root: Path, started: float, at: date | None = None) -> Loaded:
    loaded = _read(root, at)
    if loaded.inventory is None:
        raise InvalidInventory(loaded, loaded.findings, perf_counter() - started)
    return loaded


def _read(root: Path, at: date | None = None, policies: Path | None = None) -> Loaded:
    if not (root / "inventory").is_dir():
        raise PacsconfError(
            f'there is no folder "inventory" in {root.resolve()}',
            fix="Change to the inventory's repository, name it by --chdir DIR, or begin one: pacsconf init",
        )
    from pacsconf.cli.policy_files import waived
    from pacsconf.inventory.loader import load

    day = at or now().date()
    return load(root, day, further(), lambda inventory: waived(policies or root, inventory, day))


def further() -> Further:
    """The rules that are asked beside the inventory's own."""
    from pacsconf.dicom.reach.rules import RULES
    from pacsconf.retention.validation import RULES as OF_RETENTION
    from pacsconf.systems.vendor_rules import RULES as OF_VENDORS

    return RULES + OF_RETENTION + OF_VENDORS


class InvalidInventory(InventoryError):
    """An inventory that does not stand, with what is needed to show why."""

    def __init__(self, loaded: Loaded, findings: tuple[Finding, ...], seconds: float) -> None:
        super().__init__(findings)
        self.loaded = loaded
        self.seconds = seconds


def _is_lab(inventory: Inventory, environment: str | None) -> bool:
    return environment == LAB or (environment is None and tuple(inventory.environments) == (LAB,))


def operator(workspace: Workspace) -> Operator:
    """The operator file of this person or runner."""
    from pacsconf.operator.file import load as load_operator

    return load_operator(environ=os.environ, root=workspace.root)


def record(workspace: Workspace) -> Record:
    """The record of this environment."""
    from pacsconf.record.record import Record

    # A lab is this machine's alone, and so is the record of what was practised on it.
    remote = "" if workspace.practice else None
    return Record.open(workspace.root, workspace.environment, clock=now, remote=remote)
