"""How commands reach the DICOM network of a workspace: whom they may call, as whom, and the way there."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.workspace import Workspace

if TYPE_CHECKING:
    from pacsconf.dicom.targets import Target
    from pacsconf.dicom.wire import Wire


def wire_of(work: Workspace, timeout: float = 5.0) -> Wire:
    """The way to the network in this environment."""
    from pacsconf.dicom.wire import Identity, Wire

    environment = work.inventory.environments[work.environment]
    tls = environment.probe_tls
    files = {key: _found(work.root, getattr(tls, key)) for key in ("ca_file", "certificate", "key")}
    return Wire(environment.dial, timeout, Identity(**files))


def prober(work: Workspace) -> str | None:
    """The declared AE that this environment is probed as: `device/AE_TITLE`, or a device with one."""
    return work.inventory.environments[work.environment].probe_as or work.inventory.settings.probe_as


def targets_of(work: Workspace, devices: Collection[str] | None) -> tuple[Target, ...]:
    """What may be called of these devices (None: of all)."""
    from pacsconf.dicom.targets import targets

    return targets(work.inventory, devices, prober(work), workspace.now())


def _found(root: Path, name: str | None) -> str:
    return str(root / Path(name).expanduser()) if name else ""
