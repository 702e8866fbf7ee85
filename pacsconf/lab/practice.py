"""The practice lab: private servers and DICOM listeners for an inventory, on the loopback, in one folder.

Nothing of it needs root, a service manager or a fixed port; nothing of it is left after `down`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import AsOf
from pacsconf.lab import (
    accounts,
    breaks,
    directories,
    domains,
    listeners,
    orthanc,
    orthancs,
    place,
    processes,
    servers,
)
from pacsconf.lab.network import Network, network

_DICOM = "dicom"


Renewed = Literal["nothing", "part", "everything"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the lab: a server by the name of its system, `stations` or `archives`."""

    name: str
    running: bool
    detail: str


@dataclass(frozen=True, slots=True)
class LabState:
    """A lab and its parts.

    `renewed` says what `up` had to start: everything where there was no lab, or nothing but the rest of one; a
    part where some of it was dead or is declared otherwise now. `emptied` are the systems whose servers began
    anew and empty: what was recorded of them is not true any more.
    """

    folder: Path
    parts: tuple[Part, ...]
    dial: Mapping[str, str]
    renewed: Renewed = "nothing"
    emptied: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    """What was broken on purpose, in sentences."""
    left_out: tuple[str, ...] = ()
    """Systems that have no server here since nobody asked for one (`--with ad`)."""
    listen: int | None = None
    """The port at which the lab's archives call back whom pacsconf calls as."""

    @property
    def condition(self) -> Literal["down", "up", "broken"]:
        if not self.parts:
            return "down"
        return "up" if all(part.running for part in self.parts) else "broken"


def up(
    inventory: Inventory, folder: Path, *, with_domains: bool = False, fresh_orthanc: bool = False
) -> LabState:
    """The lab for this inventory, running.

    Active Directory domains are part of it `with_domains`, and of a lab that has some already; else it has no such
    systems. An Orthanc is careful whom it lets in, or `fresh_orthanc`: as one is that was just installed.

    A server is kept with what is in it, and started again where it died; one whose data is gone, or that is
    declared at another base or with another AE title now, begins anew. The DICOM side is renewed where a part of
    it is dead or the inventory now declares other addresses.

    Raises: Unavailable when a program is missing or does not start; nothing is left then of a lab that was new.
    """
    folder = folder.resolve()
    with place.alone(folder):
        try:
            return _up(inventory, folder, with_domains or (folder / domains.FOLDER).is_dir(), fresh_orthanc)
        except BaseException:  # an interrupt as well: half a lab is worse than none
            if place.overlay(folder) is None:
                _clear(folder)
            raise


def status(folder: Path) -> LabState:
    """The lab in this folder, as it is."""
    folder = folder.resolve()
    laid = place.overlay(folder)
    if laid is None:
        unfinished = (Part("lab", False, "was not started to the end"),) if place.is_lab(folder) else ()
        return LabState(folder, unfinished, {})
    kept = [_server(folder, name, system) for name, system in sorted(laid["systems"].items()) if system]
    left_out = tuple(sorted(name for name, system in laid["systems"].items() if not system))
    dicom = [
        Part(player.name, player.running, _played(player)) for player in listeners.players(folder / _DICOM)
    ]
    broken = tuple(each.told for each in breaks.broken(folder / _DICOM))
    ours = [laid["dial"][address] for address in listeners.played(folder / _DICOM).ours]
    listen = int(ours[0].rpartition(":")[2]) if ours else None
    return LabState(folder, (*kept, *dicom), laid["dial"], broken=broken, left_out=left_out, listen=listen)


def _server(folder: Path, name: str, laid: Mapping[str, Any]) -> Part:
    """The server of a system as it is, with what it was laid over the system with."""
    group, own = servers.of_system(folder, name)
    if group == "directories":
        running, what = directories.state(own)
    elif group == "accounts":
        running, what = accounts.state(own)
    elif group == "domains":
        running, what = domains.state(own)
    else:
        running, what = orthanc.attach(own) is not None, "Orthanc"
    return Part(name, running, f"{laid['url']} ({what})")


def _played(player: listeners.Player) -> str:
    silent = f", {player.silent} more silent on purpose" if player.silent else ""
    spoken = "HL7" if player.name == "hl7" else "DICOM"
    return f"{player.answering} {spoken} address{'' if player.answering == 1 else 'es'} on 127.0.0.1{silent}"


def down(folder: Path) -> bool:
    """End everything that the lab in this folder runs, and remove the folder. False: there was no lab.

    A folder that is not a lab's is left as it is.
    """
    folder = folder.resolve()
    with place.alone(folder):
        return _clear(folder)


def break_it(folder: Path, fault: breaks.Fault, device: str) -> str:
    """Break something of a device, as it goes wrong in a hospital: what was done, in a sentence.

    Raises: Unavailable when there is no lab, no such device, or nothing of the kind to break.
    """
    folder = folder.resolve()
    with place.alone(folder):
        net = _playing(folder)
        names = {name for _, name in net.entities} | {
            one.device for each in net.hl7 for one in each.applications
        }
        if device not in names:
            raise Unavailable(
                "lab", f'there is no device "{device}"{nearest(device, names)}', fix="Name a declared device."
            )
        return breaks.break_it(folder, folder / _DICOM, net, fault, device).told


def mend(folder: Path) -> tuple[str, ...]:
    """Take back all that was broken: what that was, in sentences.

    Raises: Unavailable when there is no lab.
    """
    folder = folder.resolve()
    with place.alone(folder):
        return tuple(each.told for each in breaks.mend(folder, folder / _DICOM, _playing(folder)))


def _playing(folder: Path) -> Network:
    if place.overlay(folder) is None:
        raise Unavailable("lab", "no practice lab is up", fix="Run: pacsconf lab up")
    return listeners.played(folder / _DICOM)


def by_hand(folder: Path, system: str | None = None) -> tuple[str, ...]:
    """The command by which a colleague (`jdoe`), not pacsconf, changes what a system holds.

    For a directory, of people or not, it is ldapmodify, which reads LDIF; for an Orthanc curl, up to where a path
    of REST follows. `system` may be left out where the lab has one server only.

    Raises: Unavailable when that server does not run, or is not told by what was given.
    """
    folder = folder.resolve()
    name = _named(folder, system)
    group, own = servers.of_system(folder, name)
    hands = {
        "directories": directories.by_hand,
        "accounts": directories.by_hand,
        "domains": domains.by_hand,
        "orthancs": orthancs.by_hand,
    }
    command = hands[group](own)
    if command is None:
        raise Unavailable("lab", f'the practice server of "{name}" does not run', fix="Run: pacsconf lab up")
    return command


def _named(folder: Path, system: str | None) -> str:
    """Which of the lab's servers is meant."""
    laid = place.overlay(folder)
    if laid is None:
        raise Unavailable("lab", "no practice lab is up", fix="Run: pacsconf lab up")
    names = sorted(name for name, system in laid["systems"].items() if system)
    if system in names:
        return str(system)
    if system is None and len(names) == 1:
        return str(names[0])
    what = f'the lab has no server for a system "{system}"' if system else f"the lab has {len(names)} servers"
    raise Unavailable(
        "lab", what, fix=f"Name one of those there are: {', '.join(names) or 'none is declared'}"
    )


def _up(inventory: Inventory, folder: Path, with_domains: bool, fresh_orthanc: bool) -> LabState:
    laid = place.overlay(folder)
    if laid is None:
        _clear(folder)
        place.claim(folder)
    declared = tuple(domains.wanted(inventory))
    left_out = () if with_domains else tuple(domain.name for domain in declared)
    wanted: tuple[servers.Server, ...] = (
        *directories.wanted(inventory),
        *accounts.wanted(inventory, AsOf.on(today())),
        *orthancs.wanted(inventory, fresh=fresh_orthanc),
        *(declared if with_domains else ()),
    )
    names = {server.name for server in wanted}
    stood = (
        laid is not None and laid["systems"].keys() == {*names, *left_out} and servers.stand(folder, wanted)
    )
    servers.bring(folder, wanted)
    net = network(inventory)
    played = laid is not None and listeners.plays(folder / _DICOM, net)
    if not played:
        breaks.started_anew(folder / _DICOM)
    dial = laid["dial"] if laid and played else listeners.start(folder / _DICOM, net)
    if not any(each.fault == "worklist" for each in breaks.broken(folder / _DICOM)):
        listeners.renew(folder / _DICOM, net, today())
    # Whatever else is declared must not be called: behind an address in a real network is a real scanner.
    dial = {**dial, **_orthancs(folder, net), "*": "none"}
    # Null takes a system away: environment lab must not lead to the real one.
    systems = {**servers.overlays(folder, wanted), **dict.fromkeys(left_out)}
    overlay: dict[str, Any] = {"systems": systems, "dial": dial}
    secured = listeners.secured(folder / _DICOM)
    if secured:
        overlay["probe_tls"] = secured
    place.write(folder / place.OVERLAY, overlay)
    renewed: Renewed = "everything" if laid is None else "nothing" if stood and played else "part"
    return replace(status(folder), renewed=renewed, emptied=tuple(sorted(servers.news(folder) & names)))


def today() -> date:
    """The day on this machine's clock, as stations ask for it."""
    return datetime.now().astimezone().date()


def _orthancs(folder: Path, net: Network) -> dict[str, str]:
    """For each declared address of an Orthanc, where the lab's takes associations."""
    ports = {name: orthancs.dicom_port(servers.of_system(folder, name)[1]) for _, name in net.orthancs}
    return {address: f"127.0.0.1:{ports[name]}" for address, name in net.orthancs if ports[name]}


def _clear(folder: Path) -> bool:
    """Leave nothing of a lab: whether there was one."""
    if not place.is_lab(folder):
        return False
    processes.end(folder)
    # The note goes last: what an interrupted removal leaves is still known as a lab's.
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name == place.NOTE):
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    folder.rmdir()
    return True
