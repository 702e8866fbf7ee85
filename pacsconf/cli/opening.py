"""The systems of an environment, opened: with their secrets, and as the operator file lets them be worked on."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli.workspace import LAB, InvalidInventory, Workspace, operator
from pacsconf.core.errors import PacsconfError
from pacsconf.lab import place

if TYPE_CHECKING:
    from pydantic import ValidationError

    from pacsconf.inventory.systems import SystemConfig
    from pacsconf.operator.secrets import Keyring
    from pacsconf.systems.base import System


@contextmanager
def system(workspace: Workspace, name: str) -> Iterator[System]:
    """One declared system without any record, closed afterwards."""
    require_lab(workspace)
    opened_system = _system(workspace, name, keyring(workspace))
    try:
        yield opened_system
    finally:
        opened_system.close()


def systems(workspace: Workspace) -> dict[str, System]:
    """The declared systems of this environment by name; whoever opens them closes them."""
    secrets = keyring(workspace)
    return {name: _system(workspace, name, secrets) for name in sorted(workspace.inventory.systems)}


def keyring(workspace: Workspace) -> Keyring:
    """What resolves the secrets of this environment's systems; a person at a terminal is asked."""
    return operator(workspace).secrets(
        place.default_folder() if workspace.environment == LAB else None,
        environ=os.environ,
        root=workspace.root,
        ask=getpass.getpass if sys.stdin.isatty() else None,
    )


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


def _permitted(workspace: Workspace, config: SystemConfig) -> SystemConfig:
    """A system as the operator file lets it be worked on: accounts that it does not let change are others'."""
    from pacsconf.inventory.accounts import AccountsConfig

    if isinstance(config, AccountsConfig) and not operator(workspace).may_own_accounts(
        workspace.environment, config
    ):
        return config.asking_others()
    return config


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


# --- what stands in the way ------------------------------------------------------------------------------------


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


def _url(config: SystemConfig) -> str | None:
    url = getattr(config, "url", None)
    return url if isinstance(url, str) else None


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
