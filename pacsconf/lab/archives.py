"""The archives of a practice lab.

Who answers queries and commits to storage is played by an Orthanc of its own, that knows whom flows lead to it, at
the addresses of the lab: so it can send images back and report what it keeps. Who only answers queries is played by
one `dcmqrscp` for all. Both take associations from this machine alone, although they listen at every address.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pacsconf.core.errors import Unavailable
from pacsconf.lab import orthanc, processes
from pacsconf.lab.network import Caller, Network, Part, can_be_spelled
from pacsconf.lab.orthanc_rest import asked, modality, put
from pacsconf.lab.profiles import PROFILE, Contexts, can_be_said, merged, profile

FOLDER = "archives"
_MADE_FOR = "made-for.json"
"""What an Orthanc was started with: with anything else its data are of no use."""
_STORAGE = "storage"
_CONFIGURATION = "dcmqrscp.cfg"
_CONTEXTS = "dcmqrscp-contexts.cfg"
_NAMES_A_LINE = 20
"""dcmqrscp 3.6.7 reads lines of at most 511 characters."""
_NOWHERE = 9
"""The port of who is not called back: discard, where nobody listens."""


# --- Orthanc ------------------------------------------------------------------------------------------------------


def start_orthancs(folder: Path, parts: Sequence[Part]) -> dict[str, int]:
    """An Orthanc for each part, with its data where it has any: DICOM ports by name of the part."""
    kept = {_own(folder, part) for part in parts}
    for stale in set((folder / FOLDER).glob("*")) - kept:
        shutil.rmtree(stale)
    with ThreadPoolExecutor(max_workers=4) as pool:
        ports = tuple(pool.map(lambda part: _orthanc(_own(folder, part), part), parts))
    return {part.name: port for part, port in zip(parts, ports, strict=True)}


def _own(folder: Path, part: Part) -> Path:
    return folder / FOLDER / quote(part.name, safe="")


def _orthanc(folder: Path, part: Part) -> int:
    options = _options(part)
    made_for, wanted = folder / _MADE_FOR, json.dumps(asdict(options))
    if made_for.exists() and made_for.read_text() == wanted:
        with suppress(Unavailable):  # it cannot be saved, and it is only for practice
            found = orthanc.revive(folder)
            if found is not None:
                return found.dicom_port
    shutil.rmtree(folder, ignore_errors=True)
    found = orthanc.start(folder, options)
    made_for.write_text(wanted)
    return found.dicom_port


def _options(part: Part) -> orthanc.Options:
    """What it offers is what is declared, and whom it knows calls from this machine."""
    open_to_all = part.callers is None
    settings = {
        "UnknownSopClassAccepted": True,
        "DicomThreadsCount": 4,
        "AcceptedTransferSyntaxes": syntaxes_of(part.contexts),
        **{f"DicomAlwaysAllow{what}": open_to_all for what in ("Find", "Move", "Get")},
    }
    return orthanc.Options(
        aet=part.title,
        always_allow_echo=open_to_all,
        always_allow_store=open_to_all,
        check_hosts=True,
        settings=settings,
    )


def syntaxes_of(contexts: Contexts) -> list[str]:
    """Every transfer syntax in these; an Orthanc accepts them for all SOP classes alike."""
    return sorted({syntax for _, syntaxes in contexts for syntax in syntaxes})


def attached(folder: Path, part: Part) -> orthanc.Orthanc | None:
    """The Orthanc that plays this part, or None."""
    return orthanc.attach(_own(folder, part))


def introduce(folder: Path, net: Network, dial: Mapping[str, str]) -> None:
    """Tell each Orthanc whom it knows, and that they are called at the lab's addresses."""
    known = dict(net.callers)
    for part in net.parts("orthanc"):
        found = attached(folder, part)
        if found is None:
            raise Unavailable("lab", f"the practice archive {part.name} ended at once")
        callers = {caller.title: caller for caller in known[part.name]}
        for title in set(asked(found, "/modalities")) - callers.keys():
            asked(found, f"/modalities/{quote(title)}", "DELETE")
        for title, caller in callers.items():
            put(found, f"/modalities/{quote(title)}", _entry(caller, dial))


def _entry(caller: Caller, dial: Mapping[str, str]) -> dict[str, Any]:
    port = dial.get(caller.declared or "", "").rpartition(":")[2]
    return modality(caller.title, "127.0.0.1", int(port or _NOWHERE), caller.allow)


# --- dcmqrscp -----------------------------------------------------------------------------------------------------


def start_dcmqrscp(folder: Path, net: Network) -> int:
    """One dcmqrscp for all: its port."""
    for title, _ in answering(net):
        (folder / _STORAGE / title).mkdir(parents=True, exist_ok=True)
    return processes.at_a_free_port(lambda port: _dcmqrscp(port, folder, net))


def _dcmqrscp(port: int, folder: Path, net: Network) -> int:
    config, log = folder / _CONFIGURATION, folder / "archives.log"
    # Relative to the folder it runs in: dcmqrscp takes no path with a space.
    config.write_text(dcmqrscp_config(net, port, Path(_STORAGE)))
    command = [processes.dcmtk("dcmqrscp"), "--disable-host-lookup", "-c", str(config)]
    contexts: Contexts = merged(part.contexts for part in net.parts("dcmqrscp"))
    if can_be_said(contexts):
        (folder / _CONTEXTS).write_text(profile(contexts))
        command += ["-xf", str(folder / _CONTEXTS), PROFILE, PROFILE]
    pid = processes.spawn(command, folder, log)
    processes.wait_for(lambda: processes.answers(port), pid, log, "the DICOM archives")
    return port


def answering(net: Network) -> tuple[tuple[str, bool], ...]:
    """The titles dcmqrscp answers to, aliases included, and whether each is open to all."""
    found = {
        title: part.callers is None for part in net.parts("dcmqrscp") for title in (part.title, *part.aliases)
    }
    return tuple((title, found[title]) for title in sorted(found) if can_be_spelled(title))


def dcmqrscp_config(net: Network, port: int, storage: Path) -> str:
    """The configuration of one dcmqrscp that plays all archives; `storage` holds a folder per title.

    Callers are known by title and as coming from this machine, so it refuses everybody else's associations
    although DCMTK can only listen on all of its interfaces.
    """
    callers = [title for title in net.titles if can_be_spelled(title)]
    names = [f"c{number}" for number in range(len(callers))]
    chunks = [names[at : at + _NAMES_A_LINE] for at in range(0, len(names), _NAMES_A_LINE)]
    groups = [f"g{number}" for number in range(len(chunks))]
    hosts = [f"{name} = ({title}, 127.0.0.1, 104)" for name, title in zip(names, callers, strict=True)]
    members = [f"{group} = {', '.join(chunk)}" for group, chunk in zip(groups, chunks, strict=True)]
    lines = [
        f"NetworkTCPPort = {port}",
        "MaxPDUSize = 16384",
        "MaxAssociations = 32",
        "HostTable BEGIN",
        *hosts,
        *members,
        f"declared = {', '.join(groups)}",
        "HostTable END",
        "VendorTable BEGIN",
        "VendorTable END",
        "AETable BEGIN",
        *(_ae_line(title, open_to_all, storage) for title, open_to_all in answering(net)),
        "AETable END",
    ]
    return "\n".join(lines) + "\n"


def _ae_line(title: str, open_to_all: bool, storage: Path) -> str:
    peers = "ANY" if open_to_all else "declared"
    return f"{title} {storage / title} RW (200, 1024mb) {peers}"
