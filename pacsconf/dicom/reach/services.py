"""Roles, SOP classes and transfer syntaxes: what two application entities have in common for one service.

The caller uses a SOP class (SCU), the called one offers it (SCP). Storage commitment has a second half that goes
the other way: who commits (SCP) opens a connection to who asked (SCU) and reports (PS3.4 section J.3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pacsconf.dicom.reach import answer
from pacsconf.dicom.reach.answer import ClassReach, End, Fit, Outcome, Reason
from pacsconf.dicom.reach.syntaxes import losing
from pacsconf.inventory import uids
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import NetworkAE, Role, TransferCapability

Offered = Mapping[str, tuple[int, TransferCapability]]
"""The capabilities of one role by SOP class, each with its position."""


class Roles(NamedTuple):
    """What an application entity uses (SCU), and what it offers (SCP)."""

    uses: Offered
    offers: Offered


def untold(entity: Entity, role: Role) -> bool:
    """Whether an entity calls (SCU), or is called (SCP), and nothing is declared of what for."""
    ae = entity[1]
    takes_part = ae.initiator if role == "SCU" else ae.acceptor
    return takes_part and all(one.role != role for one in ae.capabilities)


def roles_of(ae: NetworkAE) -> Roles:
    """Its capabilities by role."""
    found: Mapping[str, dict[str, tuple[int, TransferCapability]]] = {"SCU": {}, "SCP": {}}
    for number, one in enumerate(ae.capabilities):
        found[one.role][one.sop_class] = (number, one)
    return Roles(found["SCU"], found["SCP"])


@dataclass(frozen=True, slots=True)
class Asked:
    """A service between two, as far as its reasons need to know.

    `insists`: the caller was named for it, so that it is a mistake if it never asks. `keeps`: the called one is
    also asked whether it has everything for good (storage commitment), so that it should take everything.
    """

    service: str
    caller: Entity
    called: Entity
    roles: tuple[Roles, Roles]
    insists: bool = False
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """What of a service the caller may ask for, and how each SOP class fares; `reports` as in `ServiceReach`.

    `untold` is whose part is not declared, so that it is not known whether the service works.
    """

    asked: bool
    classes: tuple[ClassReach, ...] = ()
    offers_any: bool = False
    reports: bool = False
    untold: End | None = None


def outcome_of(classes: tuple[ClassReach, ...]) -> Outcome:
    """All of them work, some, or none; of all of them it may be unknown."""
    working = sum(one.works for one in classes)
    if not working:
        return "unknown" if any(one.fit == "unknown" for one in classes) else "fails"
    return "works" if working == len(classes) else "partly"


def matched(asked_of: Asked, *, stores: bool = False) -> Matched:
    """The SOP classes of a service between two, in order of UID; `stores`: the caller also sends images there."""
    caller, called = asked_of.roles
    covered = uids.covers(asked_of.service)
    if uids.STORAGE_COMMITMENT in covered and _answers(caller, called, stores=stores):
        asks = uids.STORAGE_COMMITMENT in called.uses
        common = uids.DEFAULT_TRANSFER_SYNTAXES
        classes = (ClassReach(uids.STORAGE_COMMITMENT, "works", common),) if asks else ()
        silent: End | None = "called" if untold(asked_of.called, "SCU") else None
        return Matched(asks, classes, offers_any=True, reports=True, untold=silent)
    if untold(asked_of.caller, "SCU"):
        return Matched(asked=False, untold="caller")
    asked = sorted(covered & caller.uses.keys())
    if asked and untold(asked_of.called, "SCP"):
        return Matched(True, tuple(ClassReach(uid, "unknown") for uid in asked), untold="called")
    return Matched(
        bool(asked),
        tuple(_class(uid, caller.uses[uid][1], called.offers.get(uid)) for uid in asked),
        offers_any=not covered.isdisjoint(called.offers),
    )


def _answers(caller: Roles, called: Roles, *, stores: bool) -> bool:
    """Whether, of commitment, the caller is the one who reports: the called one commits to nothing.

    Of a pair that cannot be told by what the called one uses, who sends images is the one who asks.
    """
    commitment = uids.STORAGE_COMMITMENT
    if commitment not in caller.offers or commitment in called.offers:
        return False
    return commitment in called.uses or commitment not in caller.uses or not stores


def _class(uid: str, used: TransferCapability, offered: tuple[int, TransferCapability] | None) -> ClassReach:
    if offered is None:
        return ClassReach(uid, "not-offered")
    theirs = frozenset(offered[1].transfer_syntaxes)
    common = tuple(one for one in used.transfer_syntaxes if one in theirs)
    if not common:
        return ClassReach(uid, "no-syntax")
    fits: Mapping[str, Fit] = {"lossless": "works", "lossy": "lossy", "either": "may-be-lossy"}
    return ClassReach(uid, fits[losing(common)], common)


# --- what is wrong with it ---------------------------------------------------------------------------------------


def reasons(asked: Asked, found: Matched) -> tuple[Reason, ...]:
    """What keeps a service, or some SOP classes of it, from working, and where images would suffer."""
    if found.untold:
        return (_untold(asked, found.untold, reports=found.reports),)
    if not found.asked:
        return (_unused(asked, found),)
    if not found.offers_any:
        return (_unoffered(asked, found),)
    by_fit: dict[Fit, list[str]] = {}
    for one in found.classes:
        by_fit.setdefault(one.fit, []).append(one.uid)
    told = {fit: tuple(several) for fit, several in by_fit.items()}
    return tuple(made(asked, told[fit]) for fit, made in _OF_FIT.items() if fit in told)


def _untold(asked: Asked, end: End, *, reports: bool) -> Reason:
    key = "uses" if end == "caller" or reports else "offers"
    entity = asked.caller if end == "caller" else asked.called
    return Reason(
        "PACS-REACH-002" if end == "caller" else "PACS-REACH-003",
        f"{end}-untold",
        f"what {{{end}}} {key} is not declared",
        fix=f"Say under {key} of {{{end}}} what it does, by its conformance statement.",
        sides=((answer.at(entity), f"what {entity[1].title} {key}"),),
    )


def _unused(asked: Asked, found: Matched) -> Reason:
    if found.reports:
        return Reason(
            "PACS-REACH-002",
            "never-asked",
            "{called} never asks for storage commitment, so {caller} has nothing to report to it",
            fix="Let {called} use storage-commitment, if it does.",
            service=asked.service,
            sides=_both(asked),
        )
    return Reason(
        "PACS-REACH-002",
        "caller-lacks",
        f"{{caller}} does not use {asked.service}",
        "The flow lets it ask for what it never asks for: nothing comes of it.",
        f"Add {asked.service}, or those SOP classes of it that it asks for, to its uses; or take it out of the "
        "flow.",
        breaks=asked.insists,
        told=asked.insists,
        service=asked.service,
        sides=_both(asked),
    )


def _unoffered(asked: Asked, found: Matched) -> Reason:
    return Reason(
        "PACS-REACH-003",
        "called-lacks",
        f"{{called}} does not offer {asked.service}, which {{caller}} asks of it",
        "It refuses the presentation contexts: the association may stand, and nothing gets through.",
        f"Add {asked.service} to the offers of {{called}}, if it has it; else let no flow ask for it there.",
        breaks=True,
        told=True,
        service=asked.service,
        uids=tuple(one.uid for one in found.classes),
        sides=_both(asked),
    )


def _not_taken(asked: Asked, classes: tuple[str, ...]) -> Reason:
    kept = (
        "The same pair has storage commitment, so it is where everything is kept: these objects stay behind at "
        "the caller."
        if asked.keeps
        else "Objects of these SOP classes are refused; the others get through."
    )
    return Reason(
        "PACS-REACH-004",
        "classes-lack",
        "{called} does not take {classes} of {caller}",
        kept,
        "Add them to the offers of {called}, if it takes them; else name in the flow what it is for.",
        breaks=True,
        told=asked.keeps,
        service=asked.service,
        uids=classes,
        sides=_both(asked, classes[0]),
    )


def _no_syntax(asked: Asked, classes: tuple[str, ...]) -> Reason:
    return Reason(
        "PACS-REACH-005",
        "no-syntax",
        "{caller} and {called} have no transfer syntax in common for {classes}",
        "The called one takes the SOP class, but in no packing that the caller has (PS3.5 section 10). Implicit VR "
        "little endian is required of nearly everybody: one of the two lists is probably not whole.",
        "Compare transfer_syntaxes of both with their conformance statements, and add what one can do.",
        breaks=True,
        told=True,
        service=asked.service,
        uids=classes,
        sides=_both(asked, classes[0]),
    )


def _lossy(asked: Asked, classes: tuple[str, ...]) -> Reason:
    return Reason(
        "PACS-REACH-006",
        "lossy-only",
        "{caller} can send {classes} to {called} only with loss",
        "Each transfer syntax that both have discards something of the image, for good.",
        "Add an uncompressed or lossless transfer syntax on the side that lacks it, if it has one.",
        told=True,
        service=asked.service,
        uids=classes,
        sides=_both(asked, classes[0]),
    )


def _may_be_lossy(asked: Asked, classes: tuple[str, ...]) -> Reason:
    return Reason(
        "PACS-REACH-006",
        "maybe-lossy",
        "whether {caller} loses something of {classes} is left to its own settings",
        "The transfer syntaxes that both have (such as JPEG 2000) can be used with loss or without.",
        "See on the scanner which is set, or add a lossless one on both sides.",
        service=asked.service,
        uids=classes,
        sides=_both(asked, classes[0]),
    )


_OF_FIT: Mapping[Fit, Callable[[Asked, tuple[str, ...]], Reason]] = {
    "not-offered": _not_taken,
    "no-syntax": _no_syntax,
    "lossy": _lossy,
    "may-be-lossy": _may_be_lossy,
}


def _both(asked: Asked, uid: str = "") -> tuple[answer.Side, ...]:
    """What each side says of a SOP class, else where each is declared."""
    words = (f"what {asked.caller[1].title} uses", f"what {asked.called[1].title} offers")
    ends = ((asked.caller, asked.roles[0].uses), (asked.called, asked.roles[1].offers))
    return tuple(
        ((*answer.at(entity), "capabilities", having[uid][0]) if uid in having else answer.at(entity), said)
        for (entity, having), said in zip(ends, words, strict=True)
    )
