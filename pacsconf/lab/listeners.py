"""The DICOM side of the practice lab: a switchboard for all addresses, and the programs that it leads to."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pacsconf.inventory.uids import MPPS
from pacsconf.lab import archives, certificates, place, processes
from pacsconf.lab.network import Address, HL7Address, Network, Part
from pacsconf.lab.profiles import Contexts, can_be_said, merged, profile
from pacsconf.lab.switchboard import CLOSED, HEEDED, PORTS

_PROGRAMS = (
    processes.SWITCHBOARD,
    processes.MPPS,
    processes.HL7,
    "dcmqrscp",
    "Orthanc",
    "wlmscpfs",
    "storescp",
)
_NETWORK = "network.json"
_PARTS = "parts.json"
_LISTS = "lists.json"
"""Under which titles worklists are called inside the lab, and for which day their orders are."""
_MPPS_TITLES, _MPPS_PORTS = "titles.json", "mpps.json"
_HL7, _HL7_PORTS = "hl7.json", "hl7-ports.json"
_PROFILES = "profiles"


@dataclass(frozen=True, slots=True)
class Player:
    """What plays devices: whether it runs, at how many addresses it answers, and at how many it is silent."""

    name: str
    running: bool
    answering: int
    silent: int = 0


def start(folder: Path, net: Network) -> dict[str, str]:
    """Play `net`, keeping everything in `folder`: for each declared address, the one to call instead.

    Raises: Unavailable when a program is missing or does not start.
    """
    end(folder)
    folder.mkdir(exist_ok=True)
    for name in (PORTS, CLOSED, HEEDED, _MPPS_PORTS, _HL7_PORTS):
        (folder / name).unlink(missing_ok=True)
    (folder / _NETWORK).write_text(_text(net))
    secure = [(each.declared, each.names) for each in net.addresses if each.names]
    secure += [(each.declared, each.names) for each in net.hl7 if each.names]
    if secure:
        certificates.prepare(folder, secure, datetime.now(UTC))
    place.write(folder / _PARTS, _parts(folder, net, _Behind.started(folder, net)))
    dial = _switchboard(folder)
    archives.introduce(folder, net, dial)
    return dict(sorted(dial.items()))


def end(folder: Path) -> None:
    """End what plays devices in `folder`, associations under way included."""
    processes.end(folder, _PROGRAMS)


def plays(folder: Path, net: Network) -> bool:
    """Whether what was started in `folder` was started for this network, and all of it runs."""
    path = folder / _NETWORK
    same = path.exists() and path.read_text() == _text(net)
    return same and all(player.running for player in players(folder))


def renew(folder: Path, net: Network, day: date, *, again: bool = False) -> None:
    """Have the orders of this day on the worklists, and no others; `again`: also where they were there once."""
    if net.parts("wlmscpfs"):
        from pacsconf.lab import worklist

        laid = json.loads((folder / _LISTS).read_text())
        if again or laid["day"] != day.isoformat():
            worklist.order(folder, laid["titles"], net.orders, day)
            place.write(folder / _LISTS, {**laid, "day": day.isoformat()})


def orders(folder: Path) -> tuple[Path, ...]:
    """The files of the orders that are on worklists; each begins with the number of its order, from 1."""
    return tuple(sorted((folder / "worklists").glob("*/*.wl")))


def played(folder: Path) -> Network:
    """The network that was started in `folder`."""
    found: Network = TypeAdapter(Network).validate_json((folder / _NETWORK).read_text())
    return found


def secured(folder: Path) -> dict[str, str] | None:
    """What pacsconf shows and trusts where the lab speaks TLS; None where it does not."""
    files = certificates.of_prober(folder)
    return files.plain() if files.certificate.exists() else None


def players(folder: Path) -> tuple[Player, ...]:
    """Who was started in `folder`: `stations`, and `archives`, `worklists`, `mpps`, `hl7` where there are any."""
    running = list(processes.of(folder).values())
    played = json.loads((folder / _NETWORK).read_text())
    by = [{part["by"] for part in each["parts"]} for each in played["addresses"]]
    orthancs = {part["device"] + "/" + part["title"] for part in _of(played, "orthanc")}
    stations = Player(
        "stations",
        processes.SWITCHBOARD in running,
        sum("storescp" in each for each in by),
        len(played["silent"]),
    )
    queried = [each for each in by if each & {"dcmqrscp", "orthanc"}]
    whole = running.count("Orthanc") >= len(orthancs) and (
        "dcmqrscp" in running or not _of(played, "dcmqrscp")
    )
    rest = (
        Player("archives", whole, len(queried)),
        Player("worklists", "wlmscpfs" in running, sum("wlmscpfs" in each for each in by)),
        Player("mpps", processes.MPPS in running, sum("mpps" in each for each in by)),
        Player("hl7", processes.HL7 in running, len(played["hl7"])),
    )
    return (stations, *(player for player in rest if player.answering))


def _of(played: Mapping[str, Any], by: str) -> list[dict[str, Any]]:
    return [part for each in played["addresses"] for part in each["parts"] if part["by"] == by]


def _text(net: Network) -> str:
    return json.dumps(asdict(net))


# --- the programs behind the switchboard --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Behind:
    """Where the switchboard leads to, by name of the part: ports, and titles where they are others there."""

    ports: Mapping[str, int]
    titles: Mapping[str, str]
    mpps: Mapping[str, int]
    hl7: Mapping[str, int]
    """By declared address."""

    @classmethod
    def started(cls, folder: Path, net: Network) -> _Behind:
        """The programs that this network needs, running."""
        ports = archives.start_orthancs(folder, net.parts("orthanc"))
        queried = net.parts("dcmqrscp")
        if queried:
            ports |= dict.fromkeys((part.name for part in queried), archives.start_dcmqrscp(folder, net))
        lists, titles = net.parts("wlmscpfs"), dict[str, str]()
        if lists:
            port, titles = _worklists(folder, net)
            ports |= dict.fromkeys((part.name for part in lists), port)
        mpps = _mpps(folder, net)
        ports |= {part.name: mpps[part.title] for part in net.parts("mpps")}
        return cls(ports, titles, mpps, _hl7(folder, net))


def _worklists(folder: Path, net: Network) -> tuple[int, dict[str, str]]:
    from pacsconf.lab import worklist

    worklist.clear(folder)
    titles = worklist.prepare(folder, [part.name for part in net.parts("wlmscpfs")])
    place.write(folder / _LISTS, {"titles": titles, "day": ""})
    return worklist.start(folder), titles


def _mpps(folder: Path, net: Network) -> dict[str, int]:
    """The port of each title that is told when examinations begin and end."""
    titles = sorted({part.title for each in net.addresses for part in each.parts if _is_told(part)})
    if not titles:
        return {}
    asked, ports, log = folder / _MPPS_TITLES, folder / _MPPS_PORTS, folder / "mpps.log"
    asked.write_text(json.dumps(titles))
    pid = processes.spawn([sys.executable, "-P", "-m", processes.MPPS, str(asked)], folder, log)
    processes.wait_for(ports.exists, pid, log, "MPPS")
    found: dict[str, int] = json.loads(ports.read_text())
    return found


def _hl7(folder: Path, net: Network) -> dict[str, int]:
    """The port of each address where HL7 is spoken."""
    if not net.hl7:
        return {}
    asked, ports, log = folder / _HL7, folder / _HL7_PORTS, folder / "hl7.log"
    asked.write_text(json.dumps({each.declared: asdict(each) for each in net.hl7}))
    pid = processes.spawn([sys.executable, "-P", "-m", processes.HL7, str(asked)], folder, log)
    processes.wait_for(ports.exists, pid, log, "the HL7 listeners")
    found: dict[str, int] = json.loads(ports.read_text())
    return found


def _is_told(part: Part) -> bool:
    return part.by in ("mpps", "wlmscpfs") and any(sop_class == MPPS for sop_class, _ in part.contexts)


# --- the switchboard ----------------------------------------------------------------------------------------------


def _parts(folder: Path, net: Network, behind: _Behind) -> dict[str, Any]:
    (folder / _PROFILES).mkdir(exist_ok=True)
    return {
        "storescp": processes.dcmtk("storescp"),
        "addresses": {
            **{each.declared: _address(folder, each, behind) for each in net.addresses},
            **{each.declared: _through(folder, each, behind.hl7[each.declared]) for each in net.hl7},
        },
        "silent": sorted({*net.silent, *net.ours}),
    }


def _address(folder: Path, address: Address, behind: _Behind) -> dict[str, Any]:
    files = certificates.of_address(folder, address.declared)
    whole = merged(part.contexts for part in address.parts)
    return {
        "tls": files.plain() if address.names else None,
        "profile": _profile(folder, address.declared, whole) if address.names else None,
        "parts": [
            {
                "titles": [part.title, *part.aliases],
                "callers": part.callers,
                "knows": part.by in ("dcmqrscp", "orthanc"),
                "profile": _profile(folder, part.name, part.contexts) if part.by == "storescp" else None,
                "port": behind.ports.get(part.name),
                "there": behind.titles.get(part.name, part.title if part.by == "orthanc" else None),
                "mpps": behind.mpps.get(part.title) if part.by == "wlmscpfs" and _is_told(part) else None,
            }
            for part in address.parts
        ],
    }


def _through(folder: Path, address: HL7Address, port: int) -> dict[str, Any]:
    """An address whose bytes are led on as they are."""
    files = certificates.of_address(folder, address.declared)
    return {"tls": files.plain() if address.names else None, "through": port, "parts": []}


def profile_of(folder: Path, name: str) -> Path:
    """The file that says which contexts are accepted by a part (`device/AE_TITLE`), or at a TLS address."""
    safe = "".join(
        letter if letter.isalnum() or letter in "-_." else f"%{ord(letter):02x}" for letter in name
    )
    return folder / _PROFILES / f"{safe}.cfg"


def _profile(folder: Path, name: str, contexts: Contexts) -> str | None:
    """None where contexts cannot be said: anything is accepted there."""
    if not can_be_said(contexts):
        return None
    path = profile_of(folder, name)
    path.write_text(profile(contexts))
    return str(path)


def _switchboard(folder: Path) -> dict[str, str]:
    log, ports = folder / "stations.log", folder / PORTS
    command = [sys.executable, "-P", "-m", processes.SWITCHBOARD, str(folder / _PARTS)]
    pid = processes.spawn(command, folder, log)
    processes.wait_for(ports.exists, pid, log, "the DICOM stations")
    return {address: f"127.0.0.1:{port}" for address, port in json.loads(ports.read_text()).items()}
