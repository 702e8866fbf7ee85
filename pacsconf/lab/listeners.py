"""The DICOM side of the practice lab: one switchboard for all stations, one dcmqrscp for all archives."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from pacsconf.lab import processes
from pacsconf.lab.network import Network, dcmqrscp_config
from pacsconf.lab.switchboard import PORTS

_PROGRAMS = (processes.SWITCHBOARD, "dcmqrscp", "storescp")
_NETWORK = "network.json"
_STORAGE = "storage"


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
    (folder / PORTS).unlink(missing_ok=True)
    (folder / _NETWORK).write_text(_text(net))
    dial = _stations(folder)
    if net.archives:
        port = _archives(folder, net)
        dial |= dict.fromkeys(net.archive_addresses, f"127.0.0.1:{port}")
    return dict(sorted(dial.items()))


def end(folder: Path) -> None:
    """End what plays devices in `folder`, associations under way included."""
    processes.end(folder, _PROGRAMS)


def plays(folder: Path, net: Network) -> bool:
    """Whether what was started in `folder` was started for this network, and all of it runs."""
    path = folder / _NETWORK
    same = path.exists() and path.read_text() == _text(net)
    return same and {_PROGRAMS[0], *(_PROGRAMS[1:2] if net.archives else ())} <= set(
        processes.of(folder).values()
    )


def players(folder: Path) -> tuple[Player, ...]:
    """Who was started in `folder`: the `stations` and, where there are any, the `archives`."""
    programs = set(processes.of(folder).values())
    played = json.loads((folder / _NETWORK).read_text())
    stations = Player(
        "stations", processes.SWITCHBOARD in programs, len(played["stations"]), len(played["silent"])
    )
    archives = Player("archives", "dcmqrscp" in programs, len(played["archive_addresses"]))
    return (stations, archives) if played["archives"] else (stations,)


def _text(net: Network) -> str:
    return json.dumps(asdict(net), indent=2)


def _stations(folder: Path) -> dict[str, str]:
    log, ports = folder / "stations.log", folder / PORTS
    command = [
        sys.executable,
        "-P",
        "-m",
        processes.SWITCHBOARD,
        str(folder / _NETWORK),
        processes.dcmtk("storescp"),
    ]
    pid = processes.spawn(command, folder, log)
    processes.wait_for(ports.exists, pid, log, "the DICOM stations")
    return {address: f"127.0.0.1:{port}" for address, port in json.loads(ports.read_text()).items()}


def _archives(folder: Path, net: Network) -> int:
    for archive in net.archives:
        (folder / _STORAGE / archive.title).mkdir(parents=True, exist_ok=True)
    return processes.at_a_free_port(lambda port: _archives_at(port, folder, net))


def _archives_at(port: int, folder: Path, net: Network) -> int:
    config, log = folder / "dcmqrscp.cfg", folder / "archives.log"
    # Relative to the folder it runs in: dcmqrscp takes no path with a space.
    config.write_text(dcmqrscp_config(net, port, Path(_STORAGE)))
    command = [processes.dcmtk("dcmqrscp"), "--disable-host-lookup", "-c", str(config)]
    pid = processes.spawn(command, folder, log)
    processes.wait_for(lambda: processes.answers(port), pid, log, "the DICOM archives")
    return port
