"""A title that is spelled otherwise: which side is to be changed depends on what the caller really sends.

Nobody but the caller itself knows that. Only where it was heard, by `pacsconf listen` or in a log of whom it
called, is one side named; else both ways are given, each with its condition.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Literal

from pacsconf.dicom.diagnose.cause import AGREES, CONFIGURED, OBSERVED, Cause, Direction, Proof, Way
from pacsconf.dicom.diagnose.causes.rows import history, known, sentences, to_declared
from pacsconf.dicom.diagnose.evidence import End, Evidence, Row, Table
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.likeness import alike, difference


def otherwise(evidence: Evidence, table: Table, row: Row, other: End) -> Cause:
    """A table has the title in another spelling."""
    declared_host = (row.declared or {}).get("host", other.host)
    host = bool(declared_host) and (row.live or {}).get("host") != declared_host
    words = f"they differ {difference(other.title, row.title)}{' and by host' if host else ''}"
    ways, direction = _ways(evidence, table, row, other)
    proofs = [known(table, row)]
    if other.declared:
        place = other.place
        at = f" at {other.at}" if other.at else ""
        proofs.append(Proof("inventory says", f"{other.title}{at}", place))
    proofs += _said(evidence, other)
    return Cause(
        "title-differs",
        "association",
        CONFIGURED + AGREES + 5 + (AGREES if evidence.caller_refused else 0) + (AGREES if direction else 0),
        f"{table.system} does not know the title {other.title}; it knows {row.title}.",
        tuple(proofs),
        sentences(words, history(table, row, ("ae_title", "host"))),
        ways,
        direction,
        other.place,
    )


def _said(evidence: Evidence, other: End) -> list[Proof]:
    if other is not evidence.caller or not evidence.sent:
        return []
    heard = _latest(evidence)
    return [Proof("the caller sends", evidence.sent[0], f"{heard.source}{_from(heard)}")]


def _from(heard: Heard) -> str:
    return f", from {heard.host}" if heard.host else ""


def _latest(evidence: Evidence) -> Heard:
    return evidence.heard[-1]


def _ways(evidence: Evidence, table: Table, row: Row, other: End) -> tuple[tuple[Way, ...], Direction]:
    """What to do, and which side that changes, where the caller was heard."""
    names = ("ae_title", "host")
    repair = to_declared(table, row, names)
    by_hand = Way(f"enter {other.title} in {table.system} instead of {row.title}")
    sent = evidence.sent[0] if evidence.sent and other is evidence.caller else ""
    if sent and sent == other.title:
        return repair or (by_hand,), "called"
    if sent == row.title:
        return (Way(_correct(other, row.title)),), "inventory"
    if sent:
        return (Way(f"set the title to {other.title} at the device itself: it calls under {sent}"),), "caller"
    return (
        *to_declared(table, row, names, _it_sends(evidence, other, other.title)),
        *(() if repair else (Way(by_hand.text, _it_sends(evidence, other, other.title)),)),
        Way(_correct(other, row.title), _it_sends(evidence, other, row.title)),
    ), ""


def _it_sends(evidence: Evidence, other: End, title: str) -> str:
    return f"it sends {title}" if other is evidence.caller else f"its title is {title}"


def _correct(other: End, title: str) -> str:
    return f"correct {other.place} ({title})" if other.place else f"use the title {title}"


def heard_hosts(evidence: Evidence, other: End, live: str) -> Literal["", "declared", "live"]:
    """Whether the caller was heard at its declared host, or at the one that a table has."""
    if other is not evidence.caller or not evidence.heard:
        return ""
    host = _latest(evidence).host
    if host == live:
        return "live"
    return "declared" if host == other.host or _within(host, other.calls_from) else ""


def _within(host: str, places: tuple[str, ...]) -> bool:
    """Whether an address is one of these hosts, or in one of these networks."""
    if host in places:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _networks(places))


def _networks(places: tuple[str, ...]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for place in places:
        try:
            yield ipaddress.ip_network(place, strict=False)
        except ValueError:
            continue


# --- heard --------------------------------------------------------------------------------------------------------


def causes(evidence: Evidence) -> Iterator[Cause]:
    """What the caller itself was seen to send, against what is declared of it."""
    if not evidence.heard:
        return
    heard = _latest(evidence)
    yield from _calling(evidence, heard)
    yield from _called(evidence, heard)
    yield from _from_elsewhere(evidence, heard)


def _calling(evidence: Evidence, heard: Heard) -> Iterator[Cause]:
    caller, sent = evidence.caller, heard.calling_title
    if sent in caller.titles or not sent:
        return
    known_there = any(
        row.title == sent for table in evidence.held_by("called") for row in table.about("caller", "peer")
    )
    direction: Direction = "inventory" if known_there else "caller"
    way = _correct(caller, sent) if known_there else f"set the title to {caller.title} at the device itself"
    yield Cause(
        "caller-sends-other",
        "association",
        OBSERVED + (AGREES if known_there else 0),
        f"The caller calls under {sent}, not under {caller.title}.",
        (_heard(heard, sent), Proof("inventory says", caller.title, caller.place)),
        (f"They differ {difference(caller.title, sent)}.", *_guessed(caller, heard)),
        (Way(way),),
        direction,
        caller.place,
    )


def _guessed(caller: End, heard: Heard) -> tuple[str, ...]:
    """A title that looks like the caller's, from somewhere else, may be another device's."""
    if not heard.host or heard.host in (caller.host, caller.was) or _within(heard.host, caller.calls_from):
        return ()
    where = f", and not from {caller.host}" if caller.host else ""
    return (
        f"By the title alone it is taken for {caller.device or caller.title}: it called from {heard.host}{where}.",
    )


def _heard(heard: Heard, says: str) -> Proof:
    when = f", {heard.at[:16].replace('T', ' ')} UTC" if heard.at else ""
    return Proof("the caller sends", says, f"{heard.source}{_from(heard)}{when}")


def _called(evidence: Evidence, heard: Heard) -> Iterator[Cause]:
    """What it calls the other by. A listener is called by any title, so only logs tell."""
    called, said = evidence.called, heard.called_title
    if heard.source == "listen" or said in called.titles or not alike(called.title, said):
        return
    yield Cause(
        "calls-other-title",
        "association",
        OBSERVED,
        f"The caller asks for {said}, and the called side is {called.title}.",
        (
            Proof("the caller asks for", said, f"{heard.source}{_from(heard)}"),
            Proof("inventory says", called.title, called.place),
        ),
        (f"They differ {difference(called.title, said)}.",),
        (Way(f"set the called title to {called.title} at the device itself"),),
        "caller",
        called.place,
    )


def _from_elsewhere(evidence: Evidence, heard: Heard) -> Iterator[Cause]:
    """It calls from another address than is declared: peers that check addresses turn it away."""
    caller = evidence.caller
    if not _is_address(heard.host) or not caller.host or _loops(heard.host):
        return
    if heard.host in (caller.host, caller.was) or _within(heard.host, caller.calls_from):
        return
    if not _is_address(caller.host):
        return  # a name: which addresses it has is not the inventory's to say
    yield Cause(
        "calls-from-elsewhere",
        "association",
        CONFIGURED,
        f"{caller.title} calls from {heard.host}, and is declared at {caller.host}.",
        (
            _heard(heard, f"{caller.title} from {heard.host}"),
            Proof("inventory says", caller.host, caller.address_place),
        ),
        ("Address translation, a second network card, or another device of the same title.",),
        (
            Way(f"declare it under calls_from, or correct {caller.address_place}", "the address is right"),
            Way("find out which device that is", "it is not"),
        ),
        place=caller.address_place,
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _loops(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback
