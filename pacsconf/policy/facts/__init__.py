"""From inventory, systems and observers to subjects in the vocabulary of rules.

relations                     what devices and AEs are to each other, worked out once for all
network, places, systems, retention, people   what is declared, kind by kind
configured, observed          what live systems hold, and what was seen on the wire, by kind and name
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts import configured, observed, people, retention
from pacsconf.policy.facts.network import Addresses, Network
from pacsconf.policy.facts.places import Sites, whole
from pacsconf.policy.facts.systems import Systems, typed
from pacsconf.policy.subject import Facts, Subject
from pacsconf.policy.vocabulary import KINDS


def subjects(evidence: Evidence) -> dict[str, tuple[Subject, ...]]:
    """Everything that rules are judged on, by kind and in order of name."""
    evidence = _typed(evidence)
    found, seen = _declared(evidence), observed.of(evidence)
    held = {**configured.of(evidence), **people.configured(evidence)}
    unreached = {name: one.why for name, one in evidence.systems.items() if one.how == "unreached"}
    return {
        kind: tuple(_with_evidence(found.get(kind, ()), held.get(kind, {}), seen.get(kind, {}), unreached))
        for kind in KINDS
    }


def declared(evidence: Evidence) -> dict[str, tuple[Subject, ...]]:
    """What is declared alone, by kind."""
    return _declared(_typed(evidence))


def _typed(evidence: Evidence) -> Evidence:
    """The evidence with each system as the model of its type, also where no environment was chosen."""
    inventory = evidence.inventory
    systems = {name: typed(config) for name, config in inventory.systems.items()}
    return replace(evidence, inventory=inventory.model_copy(update={"systems": systems}))


def _declared(evidence: Evidence) -> dict[str, tuple[Subject, ...]]:
    sites = Sites(evidence)
    systems = Systems(evidence, sites)
    network = Network(evidence, sites, Addresses(systems.directories, systems.peers))
    return {
        "inventory": (whole(evidence, sites),),
        "site": sites.subjects(),
        **network.subjects(),
        **systems.subjects(),
        **retention.subjects(evidence, sites),
        **people.declared(evidence, sites),
    }


def _with_evidence(
    several: Iterable[Subject],
    held: Mapping[str, Facts],
    seen: Mapping[str, Facts],
    unreached: Mapping[str, str],
) -> Iterable[Subject]:
    """The subjects with what is known of them beyond the inventory, and why that is not more."""
    for one in several:
        systems = {address.system for address in one.about} | ({one.name} if one.kind == "system" else set())
        yield replace(
            one,
            configured=held.get(one.name, one.configured),
            observed=seen.get(one.name, one.observed),
            blind=one.blind or _blind(systems & unreached.keys(), unreached),
        )


def _blind(systems: Iterable[str], unreached: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {unreached[name] or 'not reached'}" for name in sorted(systems))
