"""How what was heard compares with what is declared: the rules HEARD-..., each over one association. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from pacsconf.core.finding import Finding, Path, Severity, Verdict
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.likeness import alike, difference
from pacsconf.dicom.listen import services
from pacsconf.dicom.listen.identify import (
    Caller,
    From,
    Known,
    calls_from,
    fits,
    identify,
    is_here,
    is_number,
    path_of,
)
from pacsconf.dicom.listen.odd_title import forbidden, spelt, suspicious
from pacsconf.inventory.flows import Entity

_SHOWN = 4
"""Names of a kind that are told of several."""


@dataclass(frozen=True, slots=True)
class Case:
    """One association, who it is taken to be from, and the declared entity that it called, if any.

    `own` are the titles that whoever heard it answers to: a listener's own, or none for a log.
    """

    known: Known
    heard: Heard
    caller: Caller
    called: Entity | None
    own: tuple[str, ...] = ()


def case(known: Known, heard: Heard, own: Collection[str] = ()) -> Case:
    """The association with what the inventory knows of its two sides."""
    return Case(known, heard, identify(known, heard), known.answering.get(heard.called_title), tuple(own))


def check(this: Case) -> tuple[Finding, ...]:
    """What is not as declared; nothing: all that was heard is."""
    return tuple(finding for rule in RULES for finding in rule(this))


def seen(
    rule: str,
    severity: Severity,
    summary: str,
    detail: str,
    fix: str,
    path: Path = (),
    verdict: Verdict = "fail",
) -> Finding:
    """A finding from the wire."""
    return Finding(rule, severity, summary, detail, fix, path=path, evidence="observed", verdict=verdict)


# --- who called --------------------------------------------------------------------------------------------------


def odd_titles(this: Case) -> Iterator[Finding]:
    """Both titles hold nothing that the standard does not allow, or that archives stumble over."""
    heard = this.heard
    sides = (("calling", heard.calling, this.caller.path), ("called", heard.called, _path(this.called)))
    for side, title, path in sides:
        if not title:  # a log that does not say
            continue
        wrong, odd = forbidden(title), suspicious(title)
        if not wrong and not odd:
            continue
        yield seen(
            "HEARD-TITLE",
            "error" if wrong else "warning",
            f"The {side} title {spelt(title)} is odd: {'; '.join((*wrong, *odd))}",
            "It cannot be an AE title (PS3.5 section 6.2)."
            if wrong
            else "Some archives take it for another title.",
            f"Type it anew on the device: {_WHOSE[side]}, letters and digits alone.",
            path,
        )


_WHOSE = {
    "calling": "its own AE title (often called local AE title)",
    "called": "the AE title of the destination (often called remote or called AE title)",
}


def undeclared(this: Case) -> Iterator[Finding]:
    """The calling title is a declared one."""
    heard, caller = this.heard, this.caller
    if caller.by == "title" or not heard.calling_title:
        return
    if caller.by.startswith("likeness"):
        yield _near(this)
    else:
        yield _unknown(this)


def _near(this: Case) -> Finding:
    sent, declared = this.heard.calling_title, this.caller.title
    how = difference(declared, sent)
    if this.caller.by == "likeness":
        where = f"{_from_where(this)}, so this is a guess."
    else:
        where = f"It called from {this.heard.host}, which is an address of {this.caller.device}."
    return seen(
        "HEARD-NEAR",
        "error",
        f"{spelt(sent)} is no declared title; {declared} of {this.caller.device} differs {how}",
        f"{where} To DICOM they are two titles, and whoever knows the one refuses the other.",
        _either(sent, declared),
        this.caller.path,
    )


def _either(sent: str, declared: str) -> str:
    """What to do about a title that differs from the declared one: only people know which is right."""
    return (
        f"Is {sent} right? Write it in the inventory here. Is {declared} right? Set it on the device: "
        f"{_WHOSE['calling']}."
    )


def _unknown(this: Case) -> Finding:
    heard, caller = this.heard, this.caller
    if caller.entity is not None:
        return seen(
            "HEARD-UNKNOWN",
            "error",
            f"{spelt(heard.calling)} is no declared title; it called from an address of {caller.device}, "
            f"which is declared as {caller.title}",
            "Who knows this device by its declared title refuses this one.",
            _either(heard.calling_title, caller.title),
            caller.path,
        )
    host = heard.host if heard.host and not is_here(heard.host) else "HOST"
    return seen(
        "HEARD-UNKNOWN",
        "error",
        f"{spelt(heard.calling)} is no declared title, and {_like(caller)} like it",
        f"{_from_where(this)}. Nobody says what it is and what it may do.",
        f"Declare it, under devices: NAME: {{type: TYPE, ae_title: {_yaml(heard.calling_title)}, host: {host}}}. "
        "Or find out whose it is, and correct or remove it there.",
    )


def _like(caller: Caller) -> str:
    several = caller.similar[:_SHOWN]
    return f"{', '.join(several)} are" if several else "none is"


def _yaml(title: str) -> str:
    return title if re.fullmatch("[A-Za-z][A-Za-z0-9_-]*", title) else json.dumps(title)


def _from_where(this: Case) -> str:
    if not this.heard.host:
        return "The log does not say from where it called"
    return f"It called from {this.heard.host}, {_whose_address(this)}"


def _whose_address(this: Case) -> str:
    if is_here(this.heard.host):
        return "the very machine that heard it"
    having = this.known.having(this.heard.host)
    if having:
        return f"an address of {' and '.join(having)}"
    if this.caller.neighbours:
        return f"in a network from which {' and '.join(this.caller.neighbours)} may call"
    return "which no device has"


def other_address(this: Case) -> Iterator[Finding]:
    """It called from where its device is declared to be."""
    heard, entity = this.heard, this.caller.entity
    if this.caller.by != "title" or entity is None or not heard.host:
        return
    device, ae = entity
    places = list(calls_from(device, ae))
    answers = [fits(heard.host, place.text) for place in places]
    if not places or True in answers:
        return
    declared = " or ".join(dict.fromkeys(place.text for place in places))
    if is_here(heard.host) or None in answers:
        why = (
            "It called from this very machine"
            if is_here(heard.host)
            else "The one is a name, the other a number"
        )
        yield seen(
            "HEARD-ADDRESS",
            "info",
            f"Whether {ae.title} called from its own address is not known: {heard.host}, declared is {declared}",
            f"{why}.",
            "" if is_here(heard.host) else f"Look the name up: getent hosts {_name_of(heard.host, places)}",
            places[0].path,
            "unknown",
        )
        return
    yield _elsewhere(this, entity, declared, places[0].path)


def _name_of(host: str, places: Iterable[From]) -> str:
    """The one that is a name: what was heard, or what is declared."""
    return next((place.text for place in places if not is_number(place.text)), host)


def _elsewhere(this: Case, entity: Entity, declared: str, path: Path) -> Finding:
    heard, (device, ae) = this.heard, entity
    others = [name for name in this.known.having(heard.host) if name != device.name]
    if others:
        detail = (
            f"That is an address of {' and '.join(others)}: it was given the title of {device.name}, or the two "
            "addresses are exchanged."
        )
        fix = (
            f"Set the title of {others[0]} on that device, or correct the hosts of the two in the inventory."
        )
    else:
        detail = f"{_network(this)} Archives that check addresses refuse it, and answers go elsewhere."
        fix = f"Has it moved? Write host: {heard.host} here. Does it call from several? calls_from: [{heard.host}]."
    return seen(
        "HEARD-ADDRESS",
        "error",
        f"{ae.title} of {device.name} called from {heard.host}; declared is {declared}",
        detail,
        fix,
        path,
    )


def _network(this: Case) -> str:
    """What is known of an address that is no device's own."""
    if not this.caller.neighbours:
        return "No device is declared there."
    return f"That lies in a network from which {' and '.join(this.caller.neighbours)} may call."


def former_address(this: Case) -> Iterator[Finding]:
    """It no longer calls from the address that it had before."""
    if this.caller.entity is None or this.caller.by != "title":
        return
    device, ae = this.caller.entity
    matched = [place for place in calls_from(device, ae) if fits(this.heard.host, place.text)]
    if matched and all(place.path[-1] == "was" for place in matched):
        yield seen(
            "HEARD-WAS",
            "warning",
            f"{ae.title} of {device.name} still calls from its former address {this.heard.host}",
            "The move that the inventory declares is not done on the device, or not in the network.",
            "Move it, or take the move back in the inventory.",
            matched[0].path,
        )


def not_to_call(this: Case) -> Iterator[Finding]:
    """Who calls is in use, and declared to call."""
    entity = this.caller.entity
    if this.caller.by != "title" or entity is None:
        return
    device, ae = entity
    if device.lifecycle in ("planned", "retired"):
        yield seen(
            "HEARD-LIFE",
            "warning",
            f"{ae.title} of {device.name} calls, and is declared as {device.lifecycle}",
            "Nobody expects it: no archive is told of it.",
            "Set its lifecycle to what it is, or switch it off.",
            ("devices", device.name, "lifecycle"),
        )
    elif not ae.initiator:
        yield seen(
            "HEARD-LIFE",
            "warning",
            f"{ae.title} of {device.name} calls, and is declared never to",
            "What it uses is missing in the inventory, and so are the flows that come of it.",
            "Declare what it uses: uses: [...], or initiator: true.",
            this.caller.path,
        )


# --- whom it called ----------------------------------------------------------------------------------------------


def called_title(this: Case) -> Iterator[Finding]:
    """The called title is that of whoever heard it, or a declared one."""
    title = this.heard.called_title
    if not title or title in this.own or this.called is not None:
        return
    titles = (*this.own, *(each.title for _, each in this.known.entities if each.acceptor))
    near = next((each for each in titles if alike(each, title)), None)
    holder = this.known.answering.get(near) if near else None
    like = f"; {near} differs {difference(near, title)}" if near else ""
    yield seen(
        "HEARD-CALLED",
        "error" if near else "warning",
        f"It called {spelt(title)}, which is no declared title{like}",
        "A listener answers to any title. An archive that checks the called title refuses this one.",
        f"Set {near or 'the title of its destination'} on the device: {_WHOSE['called']}.",
        _path(holder),
    )


def _path(entity: Entity | None) -> Path:
    return path_of(entity) if entity else ()


Rule = Callable[[Case], Iterator[Finding]]


def _of_services(this: Case) -> Iterator[Finding]:
    """The services it asked for: only where it is certain who asks."""
    if this.caller.by != "title" or this.caller.entity is None:
        return
    yield from services.undeclared(this.heard, this.caller.entity)
    yield from services.syntaxes(this.heard, this.caller.entity)
    yield from services.not_asked(this.heard, this.caller.entity)
    if this.called is not None and this.heard.called_title not in this.own:
        yield from services.without_flow(this.known, this.heard, this.caller.entity, this.called)


RULES: tuple[Rule, ...] = (
    odd_titles,
    undeclared,
    other_address,
    former_address,
    not_to_call,
    called_title,
    _of_services,
)
