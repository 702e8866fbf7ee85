"""What goes wrong in a hospital, done to the practice lab: five faults, and taking all of them back.

Each is done to what plays the device, as a colleague or the years would do it to the real one: a port that nobody
listens at any more, a certificate that ran out, a transfer syntax that is not accepted any more, a worklist without
orders, a title that was mistyped in an Orthanc. Nothing of it is declared, so pacsconf has to find it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote

from pacsconf.core.errors import Unavailable
from pacsconf.inventory import uids
from pacsconf.lab import archives, certificates, listeners, orthanc, place, switchboard
from pacsconf.lab.network import Address, HL7Address, Network, Part
from pacsconf.lab.orthanc_rest import asked, put
from pacsconf.lab.profiles import Contexts, can_be_said, merged, profile, with_echo, without
from pacsconf.lab.servers import of_system

Fault = Literal["port", "certificate", "syntax", "worklist", "title"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

_BROKEN = "broken.json"
_WITHIN = 5.0
"""Seconds in which the switchboard heeds what it is told."""
_OVER = timedelta(days=-3)


@dataclass(frozen=True, slots=True)
class Break:
    """One fault: where, what was done, and what is needed to take it back."""

    fault: Fault
    device: str
    told: str
    kept: Mapping[str, Any]


def broken(folder: Path) -> tuple[Break, ...]:
    """What is broken in the lab's DICOM side, in the order in which it was."""
    try:
        found = json.loads((folder / _BROKEN).read_text())
    except FileNotFoundError:
        return ()
    return tuple(Break(**each) for each in found["breaks"])


def started_anew(folder: Path) -> None:
    """What plays devices begins anew, and is whole then; what an Orthanc that is a system holds stays."""
    found = broken(folder)
    for each in found:
        for address in each.kept.get("certificates", ()):
            certificates.of_address(folder, address).certificate.unlink(missing_ok=True)
    _note(folder, tuple(each for each in found if each.kept.get("stays")))


def _note(folder: Path, breaks: tuple[Break, ...]) -> None:
    if breaks:
        place.write(folder / _BROKEN, {"breaks": [_plain(each) for each in breaks]})
    else:
        (folder / _BROKEN).unlink(missing_ok=True)


def break_it(lab: Path, folder: Path, net: Network, fault: Fault, device: str) -> Break:
    """Break something of a device; `lab` is the whole lab's folder, `folder` that of its DICOM side.

    Raises: Unavailable, saying why, where the device has nothing of the kind.
    """
    before = broken(folder)
    if any((each.fault, each.device) == (fault, device) for each in before):
        raise Unavailable(
            "lab", f"{fault} of {device} is broken already", fix="Take it back: pacsconf lab mend"
        )
    done = Break(fault, device, *_BREAKING[fault](lab, folder, net, device))
    _note(folder, (*before, done))
    return done


def mend(lab: Path, folder: Path, net: Network) -> tuple[Break, ...]:
    """Take everything back: what it was."""
    found = broken(folder)
    for each in reversed(found):
        _MENDING[each.fault](lab, folder, net, each)
    _note(folder, ())
    return found


def _plain(each: Break) -> dict[str, Any]:
    return {"fault": each.fault, "device": each.device, "told": each.told, "kept": dict(each.kept)}


# --- where a device is --------------------------------------------------------------------------------------------

Done = tuple[str, Mapping[str, Any]]


def _at(net: Network, device: str) -> Iterator[Address]:
    return (each for each in net.addresses if any(part.device == device for part in each.parts))


def _doors(net: Network, device: str) -> Iterator[Address | HL7Address]:
    """Every address of a device, those where HL7 is spoken too."""
    yield from _at(net, device)
    yield from (each for each in net.hl7 if any(one.device == device for one in each.applications))


def _played(net: Network, device: str) -> tuple[Part, ...]:
    parts = {part.name: part for each in _at(net, device) for part in each.parts if part.device == device}
    return tuple(parts[name] for name in sorted(parts))


def _none(device: str, what: str) -> Unavailable:
    return Unavailable(
        "lab", f"{device} {what}", fix="See what the lab plays: pacsconf lab status; docs/lab.md"
    )


# --- a port -------------------------------------------------------------------------------------------------------


def _close_port(_: Path, folder: Path, net: Network, device: str) -> Done:
    addresses = [each.declared for each in _doors(net, device)]
    if not addresses:
        raise _none(device, "is not played: nothing listens there anyway")
    _tell(folder, {*switchboard.closed(folder), *addresses})
    return f"nothing listens at {', '.join(addresses)} any more", {"addresses": addresses}


def _open_port(_: Path, folder: Path, __: Network, each: Break) -> None:
    _tell(folder, set(switchboard.closed(folder)) - set(each.kept["addresses"]))


def _tell(folder: Path, closed: set[str]) -> None:
    """Have the switchboard close these, and wait until it did."""
    place.write(folder / switchboard.CLOSED, {"closed": sorted(closed)})
    until = time.monotonic() + _WITHIN
    while switchboard.heeded(folder) != sorted(closed):
        if time.monotonic() > until:
            raise Unavailable("lab", "the practice stations do not answer", fix="Run: pacsconf lab up")
        time.sleep(0.02)


# --- a certificate ------------------------------------------------------------------------------------------------


def _expire(_: Path, folder: Path, net: Network, device: str) -> Done:
    addresses = [each for each in _doors(net, device) if each.names]
    if not addresses:
        raise _none(device, "speaks no TLS in the lab")
    now = datetime.now(UTC)
    for each in addresses:
        files = certificates.of_address(folder, each.declared)
        certificates.issue(folder, files, each.names, now, _OVER)
    told = f"the certificate at {', '.join(each.declared for each in addresses)} ran out on {now + _OVER:%d %b %Y}"
    return told, {"certificates": [each.declared for each in addresses]}


def _renew(_: Path, folder: Path, net: Network, each: Break) -> None:
    for address in _doors(net, each.device):
        if address.names:
            files = certificates.of_address(folder, address.declared)
            certificates.issue(folder, files, address.names, datetime.now(UTC))


# --- a transfer syntax --------------------------------------------------------------------------------------------


def _drop_syntax(_: Path, folder: Path, net: Network, device: str) -> Done:
    """The last that is declared beside the one that everybody must have."""
    found = [
        (part, sorted(set(archives.syntaxes_of(part.contexts)) - {uids.IMPLICIT_VR_LE}))
        for part in _played(net, device)
        if part.by == "orthanc" or (part.by == "storescp" and can_be_said(part.contexts))
    ]
    usable = [(part, syntaxes[-1]) for part, syntaxes in found if syntaxes]
    if not usable:
        raise _none(device, "has no transfer syntax in the lab that could be taken away")
    for part, syntax in usable:
        _accept(folder, net, part, syntax)
    told = ", ".join(f"{part.title} does not accept {uids.label(syntax)} any more" for part, syntax in usable)
    return told, {}


def _return_syntax(_: Path, folder: Path, net: Network, each: Break) -> None:
    for part in _played(net, each.device):
        if part.by in ("orthanc", "storescp"):
            _accept(folder, net, part, "")


def _accept(folder: Path, net: Network, part: Part, missing: str) -> None:
    """Have a part accept what is declared, but for one transfer syntax."""
    left = with_echo(without(part.contexts, missing))
    if part.by == "orthanc":
        server = archives.attached(folder, part)
        if server is None:
            raise Unavailable(
                "lab", f"the practice archive {part.name} does not run", fix="Run: pacsconf lab up"
            )
        put(server, "/tools/accepted-transfer-syntaxes", archives.syntaxes_of(left))
        return
    _write(listeners.profile_of(folder, part.name), left)
    for address in net.addresses:
        if address.names and part in address.parts:
            whole = merged(left if each == part else each.contexts for each in address.parts)
            _write(listeners.profile_of(folder, address.declared), whole)


def _write(path: Path, contexts: Contexts) -> None:
    if can_be_said(contexts):
        path.write_text(profile(contexts))


# --- a worklist ---------------------------------------------------------------------------------------------------


def _empty(_: Path, folder: Path, net: Network, device: str) -> Done:
    """Of a station its own orders, of a RIS all."""
    kept = [path for path in listeners.orders(folder) if _concerns(path, net, device)]
    if not kept:
        raise _none(device, "has no orders on a worklist of the lab")
    for path in kept:
        path.rename(path.with_suffix(".away"))
    return f"{len(kept)} order{'' if len(kept) == 1 else 's'} of {device} gone from the worklist", {}


def _concerns(path: Path, net: Network, device: str) -> bool:
    number, _, station = path.stem.partition("-")
    order = net.orders[int(number) - 1]
    return order.station == station and device in (order.device, order.worklist.partition("/")[0])


def _fill(_: Path, folder: Path, net: Network, __: Break) -> None:
    listeners.renew(folder, net, datetime.now().astimezone().date(), again=True)


# --- a title in an Orthanc ----------------------------------------------------------------------------------------


def _mistype(lab: Path, folder: Path, net: Network, device: str) -> Done:
    titles = {title for title, known in net.entities if known == device}
    for name, server in _orthancs(lab, folder, net):
        for alias, entry in asked(server, "/modalities?expand").items():
            if entry["AET"] in titles:
                wrong = {**entry, "AET": _slip(entry["AET"])}
                put(server, f"/modalities/{quote(alias)}", wrong)
                told = f"{name} knows {alias} as {wrong['AET']} instead of {entry['AET']}"
                return told, {
                    "orthanc": name,
                    "alias": alias,
                    "entry": entry,
                    "wrong": wrong["AET"],
                    "stays": "/" not in name,
                }
    raise _none(device, "is in the table of no Orthanc of the lab; run the first apply before")


def _correct(lab: Path, folder: Path, net: Network, each: Break) -> None:
    """Where the wrong title still stands: pacsconf may have repaired it."""
    server = dict(_orthancs(lab, folder, net)).get(each.kept["orthanc"])
    path = f"/modalities/{quote(each.kept['alias'])}"
    if server is None or each.kept["alias"] not in asked(server, "/modalities"):
        return
    if asked(server, f"{path}/configuration")["AET"] == each.kept["wrong"]:
        put(server, path, each.kept["entry"])


def _orthancs(lab: Path, folder: Path, net: Network) -> Iterator[tuple[str, orthanc.Orthanc]]:
    """Those that are declared as systems first, then archives."""
    found = [(system, orthanc.attach(of_system(lab, system)[1])) for _, system in net.orthancs]
    found += [(part.name, archives.attached(folder, part)) for part in net.parts("orthanc")]
    return ((name, server) for name, server in found if server is not None)


def _slip(title: str) -> str:
    """As it is mistyped most: without its last separator, or with two letters turned around."""
    head, separator, tail = title.rpartition("_")
    if separator:
        return head + tail
    return (
        title[:-2] + title[-1] + title[-2] if len(title) > 1 and title[-1] != title[-2] else f"{title}1"[-16:]
    )


_BREAKING: Mapping[Fault, Callable[[Path, Path, Network, str], Done]] = {
    "port": _close_port,
    "certificate": _expire,
    "syntax": _drop_syntax,
    "worklist": _empty,
    "title": _mistype,
}
_MENDING: Mapping[Fault, Callable[[Path, Path, Network, Break], None]] = {
    "port": _open_port,
    "certificate": _renew,
    "syntax": _return_syntax,
    "worklist": _fill,
    "title": _correct,
}
