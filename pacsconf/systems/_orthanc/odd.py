"""What is odd about the peers of an Orthanc: for whoever looks at it for the first time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Severity
from pacsconf.inventory import formats
from pacsconf.inventory.systems import RIGHTS
from pacsconf.systems._orthanc.kinds import PeerEntry


def oddities(peers: Sequence[PeerEntry]) -> Iterator[Finding]:
    """Each oddity with the peer it is about; what several share is told of each but the first."""
    for peer in peers:
        yield from _title(peer)
        yield from _address(peer)
        yield from _flags(peer)
    yield from _titles_twice(peers)
    yield from _addresses_twice(peers)
    yield from _open(peers)


def _finding(
    rule: str, severity: Severity, about: Address, summary: str, detail: str, fix: str = ""
) -> Finding:
    return Finding(rule, severity, summary, detail, fix, about=about, evidence="configured")


def _name(peer: PeerEntry) -> str:
    return peer.address.parts[0]


def _title(peer: PeerEntry) -> Iterator[Finding]:
    title = peer.ae_title or ""
    try:
        formats.ae_title(title)
    except ValueError as exc:
        yield _finding(
            "ORTHANC-ODD-TITLE",
            "warning",
            peer.address,
            f'Peer {_name(peer)} has the AE title "{title}", which is none',
            f"No device can call by it, and none answers to it: {exc}.",
            "Ask what device this was meant to be; correct the title, or delete the peer.",
        )
        return
    if _letters(title) not in _letters(_name(peer)) and _letters(_name(peer)) not in _letters(title):
        yield _finding(
            "ORTHANC-ODD-ALIAS",
            "info",
            peer.address,
            f"Peer {_name(peer)} has an AE title of another name: {title}",
            "The alias may be left from a device that was replaced; scripts call by alias, devices by title.",
        )


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _address(peer: PeerEntry) -> Iterator[Finding]:
    host = peer.host or ""
    try:
        formats.host(host)
    except ValueError:
        yield _finding(
            "ORTHANC-ODD-HOST",
            "warning",
            peer.address,
            f'Peer {_name(peer)} has the host "{host}", which is none',
            "Nothing can be sent to it.",
            "Correct the host, or delete the peer.",
        )


def _flags(peer: PeerEntry) -> Iterator[Finding]:
    if not peer.allow:
        yield _finding(
            "ORTHANC-ODD-NOTHING-ALLOWED",
            "info",
            peer.address,
            f"Peer {_name(peer)} is allowed nothing",
            "Its calls are refused, an echo too. That is right for one that is only sent to.",
        )
    if peer.manufacturer:
        yield _finding(
            "ORTHANC-ODD-MANUFACTURER",
            "info",
            peer.address,
            f"Peer {_name(peer)} is asked in the manner of {peer.manufacturer}",
            "Orthanc changes its queries for it, to work around a quirk that the device may no longer have.",
        )


def _open(peers: Sequence[PeerEntry]) -> Iterator[Finding]:
    """Everything allowed is what Orthanc writes when nobody thought about it: told once for all."""
    everything = [peer for peer in peers if frozenset(peer.allow) == frozenset(RIGHTS)]
    if everything:
        yield _finding(
            "ORTHANC-ODD-ALL-ALLOWED",
            "warning",
            everything[0].address,
            f"{len(everything)} of {len(peers)} peers are allowed everything",
            "It is what Orthanc writes where nothing is said: each of them may query and take all images.",
            "Declare flows: what each peer is allowed then follows from what it is for.",
        )


def _titles_twice(peers: Sequence[PeerEntry]) -> Iterator[Finding]:
    for title, first, other in _repeated(peers, lambda peer: (peer.ae_title or "").upper().strip()):
        yield _finding(
            "ORTHANC-ODD-TITLE-TWICE",
            "warning",
            other.address,
            f"Peers {_name(first)} and {_name(other)} have the same AE title {title}",
            "Orthanc tells callers apart by title alone: which of the two rights count is left to chance.",
            "Find out which one the device is, and delete the other.",
        )


def _addresses_twice(peers: Sequence[PeerEntry]) -> Iterator[Finding]:
    for (host, port), first, other in _repeated(peers, lambda peer: (peer.host or "", peer.port)):
        if first.ae_title != other.ae_title and host:
            yield _finding(
                "ORTHANC-ODD-ADDRESS-TWICE",
                "info",
                other.address,
                f"Peers {_name(first)} and {_name(other)} are at the same address {host}:{port}",
                "One device may have several AE titles; or one of them is left from a device before it.",
            )


Key = TypeVar("Key", bound=Hashable)


def _repeated(
    peers: Iterable[PeerEntry], key: Callable[[PeerEntry], Key]
) -> Iterator[tuple[Key, PeerEntry, PeerEntry]]:
    groups: defaultdict[Key, list[PeerEntry]] = defaultdict(list)
    for peer in peers:
        groups[key(peer)].append(peer)
    for shared, (first, *others) in groups.items():
        for other in others:
            if shared:
                yield shared, first, other
