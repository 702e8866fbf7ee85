"""What must come back on a connection that the called one opens: reports of commitment, images sent for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pacsconf.dicom.reach import answer
from pacsconf.dicom.reach.answer import ClassReach, Reason, WayBack
from pacsconf.dicom.reach.index import Flows
from pacsconf.dicom.reach.services import Asked, Matched, Roles, untold
from pacsconf.dicom.reach.way import way
from pacsconf.inventory import uids
from pacsconf.inventory.capabilities import stores
from pacsconf.inventory.flows import Entity

MOVES = frozenset(f"1.2.840.10008.5.1.4.1.2.{root}.2" for root in (1, 2, 3))
"""C-MOVE of the three query/retrieve models (PS3.4 section C.3)."""
GETS = frozenset(f"1.2.840.10008.5.1.4.1.2.{root}.3" for root in (1, 2, 3))
RolesOf = Callable[[Entity], Roles]


@dataclass(frozen=True, slots=True)
class Return:
    """A way back, the reasons why it is none, and the SOP classes that do not work without it."""

    way: WayBack
    reasons: tuple[Reason, ...]
    without: frozenset[str] = frozenset()


def returns(
    flows: Flows, roles: RolesOf, caller: Entity, called: Entity, service: str, found: Matched
) -> tuple[Return, ...]:
    """The ways back that a service needs between these two."""
    working = {one.uid for one in found.classes if one.works}
    made = []
    if uids.STORAGE_COMMITMENT in working:
        made.append(_commitment(flows, caller, called, service, reports=found.reports))
    if moves := working & MOVES:
        made.append(_retrieve(flows, roles, caller, called, service, frozenset(moves), working))
    return tuple(made)


# --- storage commitment ------------------------------------------------------------------------------------------


def _commitment(flows: Flows, caller: Entity, called: Entity, service: str, *, reports: bool) -> Return:
    """Source: PS3.4 section J.3.3: N-EVENT-REPORT may come on an association of its own."""
    flow = flows.way("commitment", called, caller)
    broken: Reason | None
    if reports:
        broken = None if flow else _never_requested(caller, called, service)
    elif flow:
        broken = _blocked(
            caller, called, service, "commitment-blocked", "the report of storage commitment", flow
        )
    else:
        broken = _no_report(caller, called, service)
    back = WayBack("storage-commitment", service, flow, works=broken is None)
    return Return(
        back, (broken,) if broken else (), frozenset() if back.works else frozenset({uids.STORAGE_COMMITMENT})
    )


def _no_report(caller: Entity, called: Entity, service: str) -> Reason:
    listens, calls = caller[1].acceptor, called[1].initiator
    why = ": {caller} is called by nobody" if not listens else "" if calls else ": {called} calls nobody"
    more = "" if listens else "; let {caller} offer verification and give it a port, so that it can be called"
    more += "" if calls else "; let {called} use storage-commitment, so that it calls"
    return Reason(
        "PACS-REACH-010",
        "commitment-one-way" if listens and calls else "commitment-deaf" if calls else "commitment-mute",
        "{called} has no way back to {caller} for storage commitment" + why,
        "The answer comes later, on a connection that the archive opens (N-EVENT-REPORT, PS3.4 section J.3.3). "
        "Without it the caller never hears that it may delete, and its disk fills up.",
        f"Add a flow from {{called}} to {{caller}} with storage-commitment{more}.",
        breaks=True,
        told=True,
        service=service,
        sides=_ends(caller, called),
    )


def _never_requested(caller: Entity, called: Entity, service: str) -> Reason:
    return Reason(
        "PACS-REACH-010",
        "commitment-unasked",
        "{caller} may report storage commitment to {called}, and no flow lets that one ask for it",
        "A report answers a request; without a flow for the request there is none.",
        "Add a flow from {called} to {caller} with storage-commitment, or remove this one.",
        breaks=True,
        told=True,
        service=service,
        sides=_ends(caller, called),
    )


def _blocked(
    caller: Entity,
    called: Entity,
    service: str,
    cause: str,
    what: str,
    flow: str,
    rule: str = "PACS-REACH-010",
) -> Reason | None:
    """Why a declared way back leads nowhere, by what stands in the way; None where nothing does."""
    first = next((reason for reason in way(called, caller).reasons if reason.breaks), None)
    if first is None:
        return None
    # Seen from the other end: whoever is called there is the caller here.
    said = first.said.replace("{caller}", "\0").replace("{called}", "{caller}").replace("\0", "{called}")
    return Reason(
        rule,
        f"{cause}-{first.cause}",
        f"{what} from {{called}} to {{caller}} does not get through (flow {flow}): {said}",
        "It comes on a connection that the called one opens.",
        first.fix.replace("{caller}", "\0").replace("{called}", "{caller}").replace("\0", "{called}"),
        breaks=True,
        told=True,
        service=service,
        sides=first.sides,
    )


# --- C-MOVE ------------------------------------------------------------------------------------------------------


def _retrieve(
    flows: Flows,
    roles: RolesOf,
    caller: Entity,
    called: Entity,
    service: str,
    moves: frozenset[str],
    working: set[str],
) -> Return:
    """C-MOVE: the called one sends to a destination by title, here the caller (PS3.4 section C.4.2)."""
    flow = flows.way("storage", called, caller)
    sends = {uid for uid in roles(called).uses if stores(uid)}
    takes = {uid for uid in roles(caller).offers if stores(uid)}
    not_known = untold(called, "SCU") or untold(caller, "SCP")
    broken: Reason | None
    if not flow:
        broken = _no_destination(caller, called, service, also_gets=bool(working & GETS))
    elif not sends & takes and not not_known:
        broken = _nothing_to_send(caller, called, service, sends=bool(sends))
    else:
        broken = _blocked(caller, called, service, "move-blocked", "what is sent for", flow, "PACS-REACH-011")
    back = WayBack("retrieve", service, flow, works=broken is None)
    return Return(back, (broken,) if broken else (), frozenset() if back.works else moves)


def _no_destination(caller: Entity, called: Entity, service: str, *, also_gets: bool) -> Reason:
    get = " If it fetches by C-GET alone, let it use study-root-get instead of C-MOVE." if also_gets else ""
    return Reason(
        "PACS-REACH-011",
        "move-one-way",
        "{caller} asks {called} to send (C-MOVE), and no flow lets {called} send images to it",
        "The archive opens a connection of its own to the destination, and must know it: else it says A801, move "
        "destination unknown.",
        "Add a flow from {called} to {caller} with storage, where {caller} offers what it takes." + get,
        breaks=True,
        told=True,
        service=service,
        sides=_ends(caller, called),
    )


def _nothing_to_send(caller: Entity, called: Entity, service: str, *, sends: bool) -> Reason:
    said = (
        "{caller} offers none of the storage SOP classes that {called} uses, so nothing sent for arrives"
        if sends
        else "{called} uses no storage SOP class, so it sends nothing that {caller} sends for"
    )
    return Reason(
        "PACS-REACH-011",
        "move-nothing-in-common" if sends else "move-sends-nothing",
        said,
        "Images come back by C-STORE, from the archive (SCU) to the destination (SCP).",
        "Add the SOP classes to the offers of {caller} and the uses of {called}.",
        breaks=True,
        told=True,
        service=service,
        sides=_ends(caller, called),
    )


def gets_unknown(asked: Asked, classes: Iterable[ClassReach]) -> Iterator[Reason]:
    """That it is not declared which images a caller takes by C-GET: it takes them as SCP (PS3.4 section C.4.3)."""
    if not any(one.uid in GETS and one.works for one in classes):
        return
    if not any(stores(uid) for uid in asked.roles[0].offers):
        yield Reason(
            "PACS-REACH-011",
            "get-unknown",
            "which images {caller} takes by C-GET is not declared",
            "They come on the connection that it opened, and it takes them as SCP: SOP classes that it offers.",
            service=asked.service,
            sides=((answer.at(asked.caller), "what it offers"),),
        )


def left_out(flows: Flows, roles: RolesOf, caller: Entity, called: Entity) -> tuple[str, ...]:
    """The storage SOP classes that others send to the called one, and that the caller does not take."""
    takes = roles(caller).offers
    held = {
        uid
        for sender in flows.callers_of("storage", called)
        for uid in roles(sender).uses
        if uid in roles(called).offers and stores(uid)
    }
    return tuple(sorted(held - takes.keys()))


def _ends(caller: Entity, called: Entity) -> tuple[answer.Side, ...]:
    return (
        (answer.at(caller), f"{caller[1].title} asks"),
        (answer.at(called), f"{called[1].title} would have to call back"),
    )
