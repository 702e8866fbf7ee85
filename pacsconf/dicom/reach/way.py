"""The way from one application entity to another: life cycle, address, TLS. What images are of no matter here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pacsconf.core.finding import Path
from pacsconf.dicom.reach import answer
from pacsconf.dicom.reach.answer import Reason, Side
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Connection
from pacsconf.inventory.peers import address


@dataclass(frozen=True, slots=True)
class Way:
    """How the caller gets there; `connection` is that of the called one, None where there is none to use."""

    connection: Connection | None
    host: str | None
    port: int | None
    tls: bool
    reasons: tuple[Reason, ...]


Named = tuple[str, Connection]


def way(caller: Entity, called: Entity) -> Way:
    """The way from the caller to the called one."""
    listening = tuple(
        (name, each) for name, each in _connections(called) if each.port and each.installed is not False
    )
    chosen, reasons = _chosen(caller, called, _connections(caller), listening)
    host, port = address(chosen[1], caller[0].site) if chosen else (None, None)
    return Way(
        chosen[1] if chosen else None,
        host,
        port,
        bool(chosen and chosen[1].tls),
        (*_standing(caller, called), *reasons),
    )


def _connections(entity: Entity) -> tuple[Named, ...]:
    device, ae = entity
    return tuple((name, device.connections[name]) for name in ae.connections if name in device.connections)


# --- whether both are there --------------------------------------------------------------------------------------

_AWAY = {
    "planned": "is planned: its title is registered, and nothing stands there yet",
    "retired": "is retired: it is gone, and its title is only kept from being given away",
}


def _standing(caller: Entity, called: Entity) -> Iterator[Reason]:
    for end, entity in (("caller", caller), ("called", called)):
        device, ae = entity
        at = answer.at(entity)
        if device.lifecycle in _AWAY:
            words = f"{{{end}}} {_AWAY[device.lifecycle]}"
            yield _breaks(
                f"{end}-{device.lifecycle}", words, ((("devices", device.name, "lifecycle"), "since"),)
            )
        elif ae.installed is False:
            yield _breaks(f"{end}-not-installed", f"{{{end}}} is declared as not installed", ((at, "where"),))
        if device.lifecycle == "retiring":
            yield Reason(
                "PACS-REACH-009",
                f"{end}-retiring",
                f"{{{end}}} is retiring: what is built on it ends with it",
                sides=((("devices", device.name, "lifecycle"), "its life cycle"),),
            )
        if device.external:
            yield Reason(
                "PACS-REACH-009",
                f"{end}-external",
                f"{{{end}}} belongs to a partner: only they can confirm what is declared of it",
                sides=((("devices", device.name, "external"), "declared"),),
            )
    if not caller[1].initiator:
        yield _breaks(
            "calls-nobody",
            "{caller} calls nobody: it uses nothing, or says initiator: false",
            ((answer.at(caller), "where"),),
        )
    if not called[1].acceptor:
        yield _breaks(
            "called-by-nobody",
            "{called} is called by nobody: it offers nothing, or says acceptor: false",
            ((answer.at(called), "where"),),
        )


def _breaks(cause: str, said: str, sides: tuple[Side, ...], fix: str = "") -> Reason:
    return Reason("PACS-REACH-009", cause, said, fix=fix, breaks=True, sides=sides)


# --- address and TLS ---------------------------------------------------------------------------------------------


def _chosen(
    caller: Entity, called: Entity, own: tuple[Named, ...], listening: tuple[Named, ...]
) -> tuple[Named | None, tuple[Reason, ...]]:
    """The connection to use: an unencrypted one where both have that (as peers are told), else an encrypted one."""
    if not listening:
        fix = "Give a connection of {called} a port, if it listens (104 and 11112 are usual)."
        return None, (
            _breaks(
                "no-port",
                "{called} has no port that anybody could call",
                ((answer.at(called), "where"),),
                fix,
            ),
        )
    speaks_plainly = not own or any(not each.tls for _, each in own)
    suites = {suite for _, each in own for suite in each.tls}
    plain = next((each for each in listening if not each[1].tls), None)
    secret = next((each for each in listening if suites.intersection(each[1].tls)), None)
    if plain and speaks_plainly:
        return plain, (_unencrypted(called, plain, secret),) if secret else ()
    if secret:
        return secret, ()
    return None, (_one_sided(caller, called, own, listening, suites),)


def _unencrypted(called: Entity, plain: Named, secret: Named) -> Reason:
    return Reason(
        "PACS-REACH-007",
        "plain-though-tls",
        "both can speak TLS, and without more {caller} is told the unencrypted connection of {called}",
        sides=((_at(called, plain), "unencrypted"), (_at(called, secret), "encrypted")),
    )


def _one_sided(
    caller: Entity, called: Entity, own: tuple[Named, ...], listening: tuple[Named, ...], suites: set[str]
) -> Reason:
    """Why no connection fits: one side speaks TLS alone and the other cannot, or no cipher suite is common."""
    if not any(each.tls for _, each in listening):
        cause, said = "tls-called-plain", "{caller} speaks TLS only, and {called} listens without it"
        fix = "Let {called} listen with TLS, or give {caller} a connection without it."
    elif not suites:
        cause, said = "tls-caller-plain", "{called} takes TLS only, and {caller} speaks none"
        fix = "Give {caller} a connection with tls, if it can; else {called} one without, inside the house."
    else:
        cause, said = "tls-suites", "{caller} and {called} have no TLS cipher suite in common"
        fix = "Compare tls of both, and add a suite that both know."
    ours = next((_at(caller, each) for each in own), answer.at(caller))
    return Reason(
        "PACS-REACH-007",
        cause,
        said,
        "The connection ends before a DICOM word is said: seen from outside the port is open and nothing works.",
        fix,
        breaks=True,
        told=True,
        sides=(
            (ours, f"how {caller[1].title} speaks"),
            (_at(called, listening[0]), f"how {called[1].title} listens"),
        ),
    )


def _at(entity: Entity, connection: Named) -> Path:
    whole: Path = ("devices", entity[0].name, "connections", connection[0])
    return (*whole, "tls") if connection[1].tls else whole
