"""What a command works in: the inventory of one environment, its record, its systems.

Nothing here is read before it is needed, and nothing heavy is imported for a command that does without.
"""

from __future__ import annotations

import getpass
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pacsconf.core.errors import InventoryError, PacsconfError
from pacsconf.lab import place

if TYPE_CHECKING:
    from pydantic import ValidationError

    from pacsconf.core.finding import Finding
    from pacsconf.inventory.checks import Further
    from pacsconf.inventory.loader import Loaded
    from pacsconf.inventory.model import Inventory
    from pacsconf.inventory.people import AsOf
    from pacsconf.inventory.systems import SystemConfig
    from pacsconf.operator.file import Operator
    from pacsconf.operator.secrets import Keyring
    from pacsconf.record.record import Record
    from pacsconf.systems.base import System

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


def require_lab(workspace: Workspace) -> None:
    """Nothing, unless environment lab is meant to be the practice lab and that is not up, or lacks a server.

    Raises: PacsconfError, since it would lead to systems that it shares with other environments then.
    """
    declared = workspace.loaded.inventory
    if workspace.environment != LAB or declared is None or len(declared.environments) < 2:
        return
    shared = [
        name
        for name, config in workspace.inventory.systems.items()
        if name in declared.systems and _is_shared(config, declared.systems[name])
    ]
    if shared:
        lacks = "has no server for every system" if workspace.practice else "is not up"
        raise PacsconfError(
            f"the practice lab {lacks}, so environment lab would lead to the real {', '.join(shared)}",
            fix="Start it: pacsconf lab up. Is lab an environment of your own? Give its systems a url there.",
        )


def _is_shared(config: SystemConfig, declared: SystemConfig) -> bool:
    """Whether a system, or a program that is told of its changes, is another than this machine's, as declared."""
    from pacsconf.operator.needs import stays_here, told

    if _url(config) == _url(declared) and not stays_here(config):
        return True
    real = told(declared)
    return any(real.get(name) == at and not at.is_loopback for name, at in told(config).items())


def require_told(workspace: Workspace) -> None:
    """Nothing, where the operator file lets all that must be told of a change receive its password or token.

    Asked before anything is written, since what was written and cannot be told has no effect.

    Raises: OperatorError with the lines that would allow it.
    """
    from pacsconf.operator.needs import needs_of_told

    written = [config for config in workspace.inventory.systems.values() if config.mode == "write"]
    found = [need for config in written for need in needs_of_told(config)]
    if found:
        permit = keyring(workspace).permit
        for need in found:
            permit(need.ref, need.endpoint)


def _url(config: SystemConfig) -> str | None:
    url = getattr(config, "url", None)
    return url if isinstance(url, str) else None


@contextmanager
def system(workspace: Workspace, name: str) -> Iterator[System]:
    """One declared system without any record, closed afterwards."""
    require_lab(workspace)
    opened_system = _system(workspace, name, keyring(workspace))
    try:
        yield opened_system
    finally:
        opened_system.close()


def keyring(workspace: Workspace) -> Keyring:
    """What resolves the secrets of this environment's systems; a person at a terminal is asked."""
    return operator(workspace).secrets(
        place.default_folder() if workspace.environment == LAB else None,
        environ=os.environ,
        root=workspace.root,
        ask=getpass.getpass if sys.stdin.isatty() else None,
    )


def systems(workspace: Workspace) -> dict[str, System]:
    """The declared systems of this environment by name; whoever opens them closes them."""
    secrets = keyring(workspace)
    return {name: _system(workspace, name, secrets) for name in sorted(workspace.inventory.systems)}


def _permitted(workspace: Workspace, config: SystemConfig) -> SystemConfig:
    """A system as the operator file lets it be worked on: accounts that it does not let change are others'."""
    from pacsconf.inventory.accounts import AccountsConfig

    if isinstance(config, AccountsConfig) and not operator(workspace).may_own_accounts(
        workspace.environment, config
    ):
        return config.asking_others()
    return config


def _system(workspace: Workspace, name: str, secrets: Keyring) -> System:
    from pydantic import ValidationError

    from pacsconf.systems import base
    from pacsconf.systems.abilities import EditsFiles

    config = workspace.inventory.systems[name]
    kind = base.find(config.type)
    assert kind is not None, "an unknown type is a finding of the workspace"
    try:
        made = kind(name, _rooted(_permitted(workspace, config), workspace.root), secrets)
    except ValidationError as exc:
        raise _unfit(workspace, name, exc) from None
    if isinstance(made, EditsFiles):
        made.permit(lambda path: _may_edit(workspace, path))
    return made


def _may_edit(workspace: Workspace, path: Path) -> bool:
    """Whether the operator file lets a file, or a folder, be written from here; the lab's own may be."""
    lab = place.default_folder() if workspace.environment == LAB else None
    return operator(workspace).may_edit(path, lab)


def _rooted(config: SystemConfig, root: Path) -> SystemConfig:
    """The same with its files found from the inventory's repository, wherever the command was given."""
    from pacsconf.inventory.system_types import CONFIGS
    from pacsconf.inventory.systems import ConsoleConfig

    keys = ("ca_file", "file", "settings_file") if config.type in CONFIGS else ()
    files = {key: getattr(config, key, None) for key in keys}
    found: dict[str, object] = {name: str(root / path) for name, path in files.items() if path}
    if isinstance(config, ConsoleConfig) and config.export:
        found["export"] = config.export.model_copy(update={"file": str(root / config.export.file)})
    return config.model_copy(update=found)


def _unfit(workspace: Workspace, name: str, error: ValidationError) -> InvalidInventory:
    """What a system from elsewhere finds wrong with its own keys; what stands there is not repeated."""
    from pacsconf.core.finding import Finding

    findings = tuple(
        Finding(
            "PACS-SYS-005",
            "error",
            f"System {name}: {'.'.join(map(str, one['loc'])) or 'its keys'}: {one['msg']}",
            "Its type does not take it, so nothing can be done with it.",
            "See what the type's documentation says of this key.",
            path=("systems", name, *one["loc"]),
        )
        for one in error.errors(include_input=False, include_url=False)
    )
    return InvalidInventory(workspace.loaded, workspace.loaded.sources.located(findings), workspace.seconds)
