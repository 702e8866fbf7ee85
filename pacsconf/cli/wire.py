"""How commands reach the network of a workspace: whom they may call, as whom, and the way there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.workspace import Workspace

if TYPE_CHECKING:
    from pacsconf.dicom.targets import Target
    from pacsconf.dicom.wire import Identity, Wire
    from pacsconf.inventory.flows import Entity


def wire_of(work: Workspace, timeout: float = 5.0) -> Wire:
    """The way to the network in this environment."""
    from pacsconf.dicom.wire import Identity, Wire

    environment = work.inventory.environments[work.environment]
    tls = environment.probe_tls
    files = {key: _found(work.root, getattr(tls, key)) for key in ("ca_file", "certificate", "key")}
    return Wire(environment.dial, timeout, Identity(**files))


def needs_tls(target: Target) -> bool:
    """Whether TLS is spoken with it."""
    return target.tls and target.level not in ("none", "tcp")


def require_tls(wire: Wire, targets: Iterable[Target]) -> None:
    """Look at the files for TLS before anything is sent, where one of these targets needs them.

    Raises: PacsconfError when they cannot be used; OperatorError when the key is not ours alone.
    """
    if not any(map(needs_tls, targets)):
        return
    from pacsconf.dicom.tls.handshake import check

    require_own_key(wire.tls)
    check(wire.tls)


def require_own_key(identity: Identity) -> None:
    """Raises: OperatorError when others of this machine may read the key of `probe_tls`."""
    from pacsconf.operator.private import NOT_TOUCHED_BY_OTHERS, read_private

    holder = identity.key or identity.certificate  # a key without a file of its own is beside its certificate
    if holder:
        read_private(Path(holder), forbidden=NOT_TOUCHED_BY_OTHERS)


def prober(work: Workspace) -> str | None:
    """The declared AE that this environment is probed as: `device/AE_TITLE`, or a device with one."""
    return work.inventory.environments[work.environment].probe_as or work.inventory.settings.probe_as


def prober_entity(work: Workspace) -> Entity | None:
    """The AE itself that this environment is probed as; None where the inventory has none such."""
    from pacsconf.inventory.peers import entity

    name = prober(work)
    return entity(work.inventory, name) if name else None


def targets_of(work: Workspace, devices: Collection[str] | None) -> tuple[Target, ...]:
    """What may be called of these devices (None: of all), where nobody asked for more than is declared."""
    return network_asked(work, devices=devices)


def network_asked(
    work: Workspace,
    *,
    site: str | None = None,
    anytime: bool = False,
    negatives: bool = False,
    impersonate: str | None = None,
    devices: Collection[str] | None = None,
) -> tuple[Target, ...]:
    """What may be called of these devices, HL7 applications too, as a person asks for it (`targets_asked`).

    Strangers and borrowed titles are of DICOM alone: under another's title no HL7 application is asked.
    """
    from pacsconf.dicom.hl7_targets import hl7_targets

    dicom = targets_asked(
        work, site=site, anytime=anytime, negatives=negatives, impersonate=impersonate, devices=devices
    )
    if impersonate is not None:
        return dicom
    hl7 = hl7_targets(
        work.inventory,
        devices,
        _caller(work, site),
        workspace.now(),
        from_site=site,
        anytime=anytime or work.practice,
    )
    return (*dicom, *hl7)


def _caller(work: Workspace, site: str | None) -> str | None:
    """As whom pacsconf calls, from a site of its own as what that one says."""
    return (work.inventory.sites[site].probe_as if site is not None else None) or prober(work)


def targets_asked(
    work: Workspace,
    *,
    site: str | None = None,
    anytime: bool = False,
    negatives: bool = False,
    impersonate: str | None = None,
    devices: Collection[str] | None = None,
) -> tuple[Target, ...]:
    """The AEs that may be called of these devices (None: of all), as a person asks for it.

    From `site`, its devices are called as it sees them, under its own title; `anytime` overrides windows, as
    practice does, and `negatives` lets strangers be played where that is allowed; `impersonate` is the title to
    call as instead.
    """
    from pacsconf.dicom.targets import targets

    return targets(
        work.inventory,
        devices,
        _caller(work, site),
        workspace.now(),
        from_site=site,
        anytime=anytime or work.practice,
        negatives=negatives,
        impersonate=impersonate,
    )


def _found(root: Path, name: str | None) -> str:
    return str(root / Path(name).expanduser()) if name else ""
