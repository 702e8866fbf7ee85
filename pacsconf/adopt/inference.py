"""Flows that a live system hints at: who may talk to whom, by access lists and by the rights of peers. Pure.

A hint becomes a flow where it says enough and where nothing live would be another thing for it. What says less is
proposed only: it is written as a comment, with what it needs, for a person to judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pacsconf.adopt.draft import Draft, Plain
from pacsconf.adopt.orthanc import device_name, free_name
from pacsconf.core.address import Address
from pacsconf.core.finding import Path
from pacsconf.core.resource import State, Value
from pacsconf.inventory import uids
from pacsconf.inventory.declaration import DeviceDeclaration
from pacsconf.inventory.expand import Expansion
from pacsconf.inventory.flows import UNASKED, Entity
from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.systems import RIGHTS, rights
from pacsconf.inventory.validation import checked

_ACCEPTED = ("extra.dcmacceptedcallingaetitle", "dcm4chee.accepted_callers")
"""The access list of archives of the dcm4chee family, in lower case: an AE answers these calling titles only.

It has a word of its own where the directory speaks the extension.
"""
_ANYBODY = "*"

_SERVICES = (
    "storage", "storage-commitment", "modality-worklist", "mpps", "query-retrieve", "query", "retrieve", "print",
    "color-print", "unified-procedure-step",
)  # fmt: skip
"""Words for what flows let through, the wide before the narrow; a greeting goes without saying."""

_RIGHTS: Mapping[str, frozenset[str]] = {
    "storage": frozenset({"store"}),
    "storage-commitment": frozenset({"n-action", "n-event-report"}),
    "modality-worklist": frozenset({"worklist"}),
    "query-retrieve": frozenset({"find", "get", "move"}),
    "query": frozenset({"find"}),
    "retrieve": frozenset({"get", "move"}),
}
"""The rights that a peer needs for each service that it asks for (`inventory.peers` derives them so)."""
_ALWAYS = frozenset({"echo", "transcoding"})
"""The rights that every peer has by a flow, whatever it is for."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A flow that is not declared, and why not."""

    name: str
    flow: Plain
    evidence: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inferred:
    """A draft with the flows that its source hints at, and those that are for a person to judge."""

    draft: Draft
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class _Hint:
    """`callers` may ask `called` for `services`; a `reason` says why that is not enough for a flow."""

    callers: tuple[str, ...]
    called: str
    services: tuple[str, ...]
    evidence: str
    reason: str = ""


def inferred(draft: Draft, states: Mapping[Address, State], inventory: Inventory | None = None) -> Inferred:
    """The draft with flows, by what its source (`states`) says; `inventory` is what stands beside it."""
    people = _Entities(draft, inventory)
    hints = [*_by_rights(draft), *_by_lists(states, people)]
    taken = {name.casefold() for name in inventory.flows} if inventory else set()
    flows: dict[str, Plain] = {}
    comments: dict[Path, str] = {}
    proposals: list[Proposal] = []
    for hint in hints:
        judged = hint if hint.reason else replace(hint, reason=people.obstacle(hint))
        name = free_name(_named(judged, people), taken)
        taken.add(name.casefold())
        flow = _flow(judged)
        if judged.reason:
            proposals.append(Proposal(name, flow, judged.evidence, judged.reason))
        else:
            flows[name] = flow
            comments["flows", name] = judged.evidence
    whole = replace(draft, flows={**draft.flows, **flows}, comments={**draft.comments, **comments})
    return Inferred(whole, tuple(proposals))


def service_words(classes: Iterable[str]) -> tuple[str, ...]:
    """The services that these SOP classes belong to; those that belong to none by their own names."""
    left = set(classes) - {uids.VERIFICATION}
    found: list[str] = []
    for name in _SERVICES:
        service = uids.services()[name]
        whole = left.issuperset(service.classes) if name == "query-retrieve" else bool(left & service.covers)
        if whole:
            found.append(name)
            left -= service.covers
    return (*found, *sorted(map(uids.label, left)))


@dataclass(slots=True)
class _Entities:
    """Who there is, by AE title: of the draft, and of the inventory beside it."""

    draft: Draft
    inventory: Inventory | None
    found: dict[str, list[Entity]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        devices = [device for each in self.draft.devices.items() if (device := _expanded(*each))]
        devices += self.inventory.devices.values() if self.inventory else ()
        for device in devices:
            if device.lifecycle in UNASKED:
                for ae in device.ae_titles.values():
                    for title in (ae.title, *ae.answers_to):
                        self.found[title].append((device, ae))

    def get(self, title: str) -> Entity | None:
        """Who holds a title; None where nobody does, or several do."""
        several = self.found.get(title, [])
        return several[0] if len(several) == 1 else None

    def obstacle(self, hint: _Hint) -> str:
        """Why a hint is no flow yet; empty where it can be one."""
        called = self.get(hint.called)
        if called is None:
            return f"{hint.called} is not the title of exactly one active device"
        if not called[1].acceptor:
            return f"{hint.called} is declared to be called by nobody (acceptor: false)"
        silent = [title for title in hint.callers if not (one := self.get(title)) or not one[1].initiator]
        if silent:
            return f"not just one active device is declared that calls as {_some(silent)}"
        return "" if hint.services else "what the callers ask for is not known"


def _expanded(name: str, plain: Plain) -> Device | None:
    declared, _ = checked(DeviceDeclaration, plain, ("devices", name))
    return Expansion(name, declared, None).device() if declared else None


# --- rights of peers ----------------------------------------------------------------------------------------------


def _by_rights(draft: Draft) -> Iterator[_Hint]:
    """What peers may ask the server for, those with the same rights together."""
    config = draft.systems.get(draft.system, {})
    own = str(config.get("ae", "")).partition("/")[2]
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    for alias, entry in config.get("peers", {}).items():
        title = str(entry.get("ae_title") or str(entry.get("ae", "")).partition("/")[2] or alias)
        if title != own:
            groups[frozenset(rights(entry.get("allow", "all")))].append(title)
    for allowed, titles in sorted(groups.items(), key=lambda each: sorted(each[0])) if own else ():
        yield _of_rights(allowed, tuple(sorted(set(titles))), own, draft.system)


def _of_rights(allowed: frozenset[str], callers: tuple[str, ...], own: str, system: str) -> _Hint:
    asked = allowed - _ALWAYS
    services: list[str] = []
    for name, needs in _RIGHTS.items():
        if needs <= asked:
            services.append(name)
            asked -= needs
    evidence = f"{_some(callers)}: allowed {', '.join(sorted(allowed)) or 'nothing'} in {system}"
    given = _ALWAYS.union(*(_RIGHTS[name] for name in services))
    return _Hint(callers, own, tuple(services), evidence, _why_not(allowed, given))


def _why_not(allowed: frozenset[str], given: frozenset[str]) -> str:
    """Why rights tell too little; `given` is what a flow would give in their place."""
    if allowed >= frozenset(RIGHTS):
        return "they are allowed everything, which is what every peer is unless somebody takes it away"
    if given == _ALWAYS:
        return "they may ask for nothing"
    more, less = sorted(given - allowed), sorted(allowed - given)
    if more or less:
        words = [*(f"+ {right}" for right in more), *(f"- {right}" for right in less)]
        return f"by this flow they would have other rights: {', '.join(words)}"
    return ""


# --- access lists -------------------------------------------------------------------------------------------------


def _by_lists(states: Mapping[Address, State], people: _Entities) -> Iterator[_Hint]:
    """Who is let in by whom, and whom somebody prefers to call; callers that want the same together."""
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for address in sorted(states):
        if address.kind == "network-ae":
            title = address.parts[1]
            for caller in _listed(states[address].fields, *_ACCEPTED):
                reasons[caller, title].append(f"the accepted calling titles of {title}")
            for called in _listed(states[address].fields, "preferred_called"):
                reasons[title, called].append("the preferred called titles of the callers")
    groups: dict[tuple[str, tuple[str, ...], str], list[str]] = defaultdict(list)
    for (caller, called), why in sorted(reasons.items()):
        if caller != called and _ANYBODY not in (caller, called):
            groups[called, _common(people.get(caller), people.get(called)), " and ".join(why)].append(caller)
    for (called, services, evidence), titles in sorted(groups.items()):
        yield _Hint(tuple(titles), called, services, f"{_some(titles)}: by {evidence}")


def _listed(fields: Mapping[str, Value], *names: str) -> Iterator[str]:
    """The members of fields, whatever the case of their names."""
    for key, value in fields.items():
        if key.lower() in names and isinstance(value, tuple):
            yield from value


def _common(caller: Entity | None, called: Entity | None) -> tuple[str, ...]:
    """What one asks for and the other does; where one of them does not say, what the other says."""
    uses = _classes(caller, "SCU")
    offers = _classes(called, "SCP")
    return service_words(uses & offers if uses and offers else uses | offers)


def _classes(entity: Entity | None, role: str) -> frozenset[str]:
    found = entity[1].capabilities if entity else ()
    return frozenset(each.sop_class for each in found if each.role == role)


# --- as it is written ---------------------------------------------------------------------------------------------


def _flow(hint: _Hint) -> Plain:
    callers = list(hint.callers)
    return {
        "from": {"ae_title": callers[0] if len(callers) == 1 else callers},
        "to": {"ae_title": hint.called},
        "services": list(hint.services) or ["verification"],
    }


def _named(hint: _Hint, people: _Entities) -> str:
    """`modalities-to-archive` where all callers are of one type, the caller's own name where it is one alone."""
    called = device_name(hint.called)
    if len(hint.callers) == 1:
        return _short(f"{device_name(hint.callers[0])}-to-{called}")
    types = {one[0].type if (one := people.get(title)) else "" for title in hint.callers}
    kind = next(iter(types)) if len(types) == 1 else ""
    plurals = {
        "modality": "modalities",
        "archive": "archives",
        "workstation": "workstations",
        "router": "routers",
    }
    return _short(f"{plurals.get(kind, 'peers')}-to-{called}")


def _short(name: str) -> str:
    return name[:56].strip()


def _some(titles: Iterable[str]) -> str:
    """Up to six titles by name, the rest counted."""
    listed = list(titles)
    more = len(listed) - 6
    return ", ".join(listed[:6]) + (f" and {more} more" if more > 0 else "")
