"""From inventory, systems and observers to subjects in the vocabulary of rules.

relations                     what devices and AEs are to each other, worked out once for all
network, places, systems, retention, people   what is declared, kind by kind
configured, observed          what live systems hold, and what was seen on the wire, by kind and name
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from pacsconf.dicom.reach.access import Doors
from pacsconf.policy.evidence import Configured, Evidence
from pacsconf.policy.facts import people, retention
from pacsconf.policy.facts.network import Addresses, Network
from pacsconf.policy.facts.places import Sites, whole
from pacsconf.policy.facts.systems import Systems, typed
from pacsconf.policy.subject import Facts, Subject
from pacsconf.policy.vocabulary import KINDS

_PLACES = frozenset({"inventory", "site"})
_NETWORK = frozenset({"device", "ae", "flow", "feed"})
_SYSTEMS = frozenset({"system", "storage", "backup"})
_RETENTION = frozenset({"retention", "retention-rule", "hold"})
_PEOPLE = frozenset({"user", "role", "group", "password-policy"})


def subjects(evidence: Evidence, kinds: Collection[str] = KINDS.keys()) -> dict[str, tuple[Subject, ...]]:
    """Everything of these kinds that rules are judged on, by kind and in order of name."""
    given, evidence = evidence, _typed(evidence)
    wanted = frozenset(kinds)
    found = _without_systems(given, wanted - _PEOPLE) | _declared(evidence, wanted & _PEOPLE)
    seen = _observed(evidence)
    held = {**_configured(evidence), **people.configured(evidence)}
    unreached = {name: one.why for name, one in evidence.systems.items() if one.how == "unreached"}
    return {
        kind: tuple(_with_evidence(found.get(kind, ()), held.get(kind, {}), seen.get(kind, {}), unreached))
        for kind in kinds
    }


def declared(evidence: Evidence) -> dict[str, tuple[Subject, ...]]:
    """What is declared alone, by kind."""
    return _declared(_typed(evidence), KINDS.keys())


def differing(*environments: Evidence) -> frozenset[str]:
    """The kinds that may come to something else in environments of one inventory: what is of systems, and of the
    network where these list other peers, or have devices and AEs elsewhere."""
    several = [_typed(each) for each in environments]
    first, *others = [
        (_addresses(Systems(each, Sites(each))), Doors(each.inventory).tables) for each in several
    ]
    return _SYSTEMS if all(one == first for one in others) else _SYSTEMS | _NETWORK


def _typed(evidence: Evidence) -> Evidence:
    """The evidence with each system as the model of its type, also where no environment was chosen."""
    inventory = evidence.inventory
    systems = {name: typed(config) for name, config in inventory.systems.items()}
    return replace(evidence, inventory=inventory.model_copy(update={"systems": systems}))


def _declared(evidence: Evidence, kinds: Collection[str]) -> dict[str, tuple[Subject, ...]]:
    sites = Sites(evidence)
    systems = Systems(evidence, sites)
    rooms: Mapping[frozenset[str], Callable[[], Mapping[str, tuple[Subject, ...]]]] = {
        _PLACES: lambda: {"inventory": (whole(evidence, sites),), "site": sites.subjects()},
        _NETWORK: lambda: Network(evidence, sites, _addresses(systems)).subjects(),
        _SYSTEMS: systems.subjects,
        _RETENTION: lambda: retention.subjects(evidence, sites),
        _PEOPLE: lambda: people.declared(evidence, sites),
    }
    return {
        kind: made
        for room, make in rooms.items()
        if not room.isdisjoint(kinds)
        for kind, made in make().items()
    }


_last: list[tuple[Evidence, frozenset[str], dict[str, tuple[Subject, ...]]]] = []


def _without_systems(evidence: Evidence, kinds: frozenset[str]) -> dict[str, tuple[Subject, ...]]:
    """What is declared of these kinds, on which systems that were read have no bearing. A plan asks for it twice,
    with what is live before and after, so that the last is kept."""
    if not (_last and _last[0][1] == kinds and _is_same(_last[0][0], evidence)):
        _last[:] = [(evidence, kinds, _declared(_typed(evidence), kinds))]
    return _last[0][2]


def _is_same(one: Evidence, other: Evidence) -> bool:
    """Whether all is the same of which what is declared is made, but for people."""
    alike = ("inventory", "accepted", "former_lifecycles", "findings")
    return one.now == other.now and all(getattr(one, name) is getattr(other, name) for name in alike)


def _addresses(systems: Systems) -> Addresses:
    return Addresses(systems.directories, systems.peers)


def _observed(evidence: Evidence) -> Configured:
    if not (evidence.sightings or evidence.systems):
        return {}
    from pacsconf.policy.facts import observed

    return observed.of(evidence)


def _configured(evidence: Evidence) -> Configured:
    if not evidence.systems:
        return {}
    from pacsconf.policy.facts import configured

    return configured.of(evidence)


def _with_evidence(
    several: Iterable[Subject],
    held: Mapping[str, Facts],
    seen: Mapping[str, Facts],
    unreached: Mapping[str, str],
) -> Iterable[Subject]:
    """The subjects with what is known of them beyond the inventory, and why that is not more."""
    for one in several:
        blind = one.blind
        if unreached and not blind:
            systems = {address.system for address in one.about} | (
                {one.name} if one.kind == "system" else set()
            )
            blind = _blind(systems & unreached.keys(), unreached)
        if blind or one.name in held or one.name in seen:
            yield replace(
                one,
                configured=held.get(one.name, one.configured),
                observed=seen.get(one.name, one.observed),
                blind=blind,
            )
        else:
            yield one


def _blind(systems: Iterable[str], unreached: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {unreached[name] or 'not reached'}" for name in sorted(systems))
