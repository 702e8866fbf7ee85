"""Capability sets for AEs that can do more than lists of services can say: those of archives.

    what would be spelled out ─▶ how each is named ─▶ who has what ─▶ sets of what the same AEs have ─▶ names

What is looked at is a *trait*: a SOP class with its transfer syntaxes and the way its entry is named, whatever its
roles. AEs that have a trait in the same roles as each other have it in common with all that they share so; each such
share of some size becomes a set, split by what people look for (storage, queries, other services). An AE that has a
trait in one role only names the set with that role. The rest stays with its AE.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pacsconf.adopt.cn import Naming, namings
from pacsconf.adopt.draft import Plain
from pacsconf.adopt.naming import Names
from pacsconf.adopt.services import Capability, spelled_out, syntax_words, words
from pacsconf.inventory import uids
from pacsconf.inventory.formats import USUAL_NAMES

MANY = 20
"""A device is looked at if one of its AEs has so many capabilities that would be spelled out; others are read quickly."""

AE = tuple[str, str]
"""Device and title."""
Roles = frozenset[str]
Who = tuple[tuple[AE, Roles], ...]
"""Those who share something, each with the roles it has it in, in order."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an AE says: the sets that it names as they are written, and the capabilities that are in none of them."""

    sets: tuple[Any, ...]
    rest: tuple[Capability, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Sets by name, and of each AE that names some of them what it says."""

    sets: Mapping[str, Plain] = field(default_factory=dict)
    said: Mapping[AE, Said] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Trait:
    """A SOP class as an AE can do it, apart from the role; `further` is all else that is said of it, as JSON."""

    sop_class: str
    syntaxes: frozenset[str]
    naming: Naming
    further: str


@dataclass(frozen=True, slots=True)
class _Share:
    """Traits that the same AEs have in the same roles."""

    who: Who
    pattern: str
    sort: str
    traits: tuple[_Trait, ...]

    @property
    def roles(self) -> Roles:
        return frozenset[str]().union(*(roles for _, roles in self.who))

    @property
    def replaced(self) -> int:
        """How many capabilities need not be spelled out any more."""
        return len(self.traits) * sum(len(roles) for _, roles in self.who)

    @property
    def word(self) -> str:
        """What it is called: the one service that it is, else its sort."""
        known = words(one.sop_class for one in self.traits)
        return known[0] if len(known) == 1 and not self.traits[0].naming.own else self.sort

    @property
    def is_worth_it(self) -> bool:
        """Whether a set says it in far fewer lines; one that is spelled out takes up to five."""
        groups = len({(one.syntaxes, one.further) for one in self.traits})
        return self.replaced >= 3 + 2 * groups + len(self.traits) // 3


def gathered(
    devices: Mapping[str, Plain], kinds: Mapping[str, str], taken: Collection[str] = ()
) -> Gathered:
    """The sets that devices in long form can be said with.

    `kinds` says what each device is called after (`archive`); `taken` are names of sets there are.
    """
    long = {ae: tuple(capabilities) for ae, capabilities in _long(devices)}
    if not long:
        return Gathered()
    traits = _traits(long)
    shares = list(_shares(traits, long))
    names = _named(shares, kinds, Names(taken))
    uses: dict[AE, list[Any]] = defaultdict(list)
    covered: dict[AE, set[tuple[str, str]]] = defaultdict(set)
    for name, share in sorted(names.items()):
        for ae, roles in share.who:
            uses[ae].append(name if roles == share.roles else {"set": name, "role": min(roles)})
            covered[ae] |= {(one.sop_class, role) for one in share.traits for role in roles}
    said = {ae: Said(tuple(named), _without(_all(devices, ae), covered[ae])) for ae, named in uses.items()}
    return Gathered({name: _set(share) for name, share in sorted(names.items())}, said)


def _long(devices: Mapping[str, Plain]) -> Iterator[tuple[AE, Sequence[Capability]]]:
    """The AEs of devices one of whose AEs has many capabilities to be spelled out, and what each has of these."""
    for name, device in devices.items():
        entities = {(name, title): _all(devices, (name, title)) for title in device.get("ae_titles", {})}
        if any(len(capabilities) >= MANY for capabilities in entities.values()):
            left = {ae: spelled_out(capabilities) for ae, capabilities in entities.items()}
            if any(len(spelled) >= MANY for spelled in left.values()):
                yield from left.items()


def _all(devices: Mapping[str, Plain], ae: AE) -> Sequence[Capability]:
    found: Sequence[Capability] = devices[ae[0]]["ae_titles"][ae[1]].get("transfer_capabilities", ())
    return found


def _without(capabilities: Iterable[Capability], keys: Collection[tuple[str, str]]) -> tuple[Capability, ...]:
    return tuple(one for one in capabilities if (one["sop_class"], one["role"]) not in keys)


# --- who has what -------------------------------------------------------------------------------------------------


def _traits(long: Mapping[AE, Sequence[Capability]]) -> dict[_Trait, dict[AE, set[str]]]:
    """By trait, who has it in which roles; without what has a name that no pattern makes."""
    every = (one for ae in sorted(long) for one in long[ae])
    naming = namings((one.get("name", ""), one["sop_class"], one["role"]) for one in every)
    found: dict[_Trait, dict[AE, set[str]]] = defaultdict(lambda: defaultdict(set))
    for ae in sorted(long):
        for one in long[ae]:
            named = naming(one.get("name", ""), one["sop_class"], one["role"])
            if named is not None:
                trait = _Trait(one["sop_class"], frozenset(one["transfer_syntaxes"]), named, _further(one))
                found[trait][ae].add(one["role"])
    return found


_SAID = frozenset({"name", "sop_class", "role", "transfer_syntaxes"})


def _further(one: Capability) -> str:
    return json.dumps({key: value for key, value in one.items() if key not in _SAID and value}, sort_keys=True)


def _shares(
    traits: Mapping[_Trait, Mapping[AE, set[str]]], long: Mapping[AE, Sequence[Capability]]
) -> Iterator[_Share]:
    """What is worth a set: first what several have alike, then what is left of each alone."""
    left: dict[AE, dict[_Trait, set[str]]] = {ae: {} for ae in sorted(long)}
    for share in _sorted_out((_who(holders), trait) for trait, holders in traits.items()):
        if share.is_worth_it:
            yield share
        else:
            for ae, roles in share.who:
                left[ae] |= {trait: set(roles) for trait in share.traits}
    for ae, own in left.items():
        alone = ((_who({ae: roles}), trait) for trait, roles in own.items())
        yield from (share for share in _sorted_out(alone) if share.is_worth_it)


def _who(holders: Mapping[AE, set[str]]) -> Who:
    return tuple(sorted(((ae, frozenset(roles)) for ae, roles in holders.items()), key=lambda each: each[0]))


def _sorted_out(pairs: Iterable[tuple[Who, _Trait]]) -> list[_Share]:
    """The traits by who has them, how they are named and what they are for."""
    found: dict[tuple[Who, str, str], list[_Trait]] = defaultdict(list)
    for who, trait in pairs:
        found[who, trait.naming.pattern, sort_of(trait.sop_class)].append(trait)
    shares = [_Share(*key, tuple(traits)) for key, traits in found.items()]
    return sorted(shares, key=lambda one: (-one.replaced, one.sort, one.pattern, [ae for ae, _ in one.who]))


def sort_of(uid: str) -> str:
    """What people look for when they look for this SOP class; a private one is nearly always one of storage."""
    entry = uids.dictionary().get(uid)
    if entry is None or ("Storage" in entry.keyword and uid != uids.STORAGE_COMMITMENT):
        return "storage"
    asks = "InformationModel" in entry.keyword and uid != uids.MODALITY_WORKLIST
    return "query-retrieve" if asks else "services"


# --- as they are written ------------------------------------------------------------------------------------------


def _named(shares: Iterable[_Share], kinds: Mapping[str, str], names: Names) -> dict[str, _Share]:
    """Each share by its name: what has it and what it is, then who has it if that is one alone, then a number."""
    found: dict[str, _Share] = {}
    for share in shares:
        kind = {kinds[device] for (device, _), _ in share.who}
        wanted = f"{next(iter(kind))}-{share.word}" if len(kind) == 1 else share.word
        if len(share.who) == 1 and not names.are_free(wanted):
            wanted = f"{share.who[0][0][1]}-{share.word}"
        found[names.new(wanted, share.sort)] = share
    return found


def _set(share: _Share) -> dict[str, Any]:
    roles = sorted(share.roles, reverse=True)
    by_facts: dict[tuple[tuple[str, ...], str], list[_Trait]] = defaultdict(list)
    for trait in share.traits:
        by_facts[tuple(syntax_words(trait.syntaxes)), trait.further].append(trait)
    groups = [
        _group(roles, list(syntaxes), further, traits)
        for (syntaxes, further), traits in sorted(by_facts.items(), key=lambda each: (-len(each[1]), each[0]))
    ]
    names = {} if share.pattern == USUAL_NAMES else {"names": share.pattern}
    return {**names, "groups": groups}


def _group(roles: Sequence[str], syntaxes: list[str], further: str, traits: Iterable[_Trait]) -> dict[str, Any]:
    listed = [trait for trait in traits]
    known = words(trait.sop_class for trait in listed if not trait.naming.own)
    named = {trait.naming.own: trait.sop_class for trait in listed if trait.naming.own}
    plain = syntax_words(uids.DEFAULT_TRANSFER_SYNTAXES)
    return {
        "role": roles[0] if len(roles) == 1 else list(roles),
        **({"sop_classes": list(known)} if known else {}),
        **({"named": dict(sorted(named.items()))} if named else {}),
        **({"transfer_syntaxes": syntaxes} if syntaxes != plain else {}),
        **json.loads(further),
    }
