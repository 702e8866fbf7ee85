"""Capability sets for AEs that can do more than lists of services can say: those of archives.

    what is spelled out ─▶ how each is named ─▶ who has what ─▶ sets of what the same AEs have ─▶ their names

A *trait* is a SOP class with its transfer syntaxes and the way its entry is named, in whatever roles. Traits that
the same AEs have are a *share*, split by what people look for (storage, queries, other services). A share that
is worth it becomes a set. Where some AEs have all of a share in one role only, they name its set with that role.
What is left stays with its AE. AEs share sets only with those of devices of their kind: nobody expects that a
change for archives reaches a workstation.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pacsconf.adopt.cn import Naming, namings
from pacsconf.adopt.draft import Plain
from pacsconf.adopt.naming import Names
from pacsconf.adopt.services import Capability, further, spelled_out, syntax_words, words, words_of_groups
from pacsconf.inventory import uids
from pacsconf.inventory.formats import USUAL_NAMES

MANY = 20
"""A device is looked at if one of its AEs has so many capabilities to be spelled out; others are quickly read."""

AE = tuple[str, str]
"""Device and title."""
Roles = frozenset[str]


@dataclass(frozen=True, slots=True)
class Said:
    """What an AE says: the sets that it names, as they are written, and the capabilities that none of them has."""

    sets: tuple[Any, ...]
    rest: tuple[Capability, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Sets by name, and of each AE that names some of them what it says."""

    sets: Mapping[str, Plain] = field(default_factory=dict)
    said: Mapping[AE, Said] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)
    """By set: how many AEs name it."""


@dataclass(frozen=True, slots=True)
class _Trait:
    """A SOP class as an AE can do it, apart from the role; `further` is all else that is said of it, as JSON."""

    sop_class: str
    syntaxes: frozenset[str]
    naming: Naming
    further: str

    @property
    def lines(self) -> int:
        """How many lines it takes where it is spelled out."""
        return 4 if self.syntaxes != _DEFAULT or self.further != _NOTHING else 2


_DEFAULT = frozenset(uids.DEFAULT_TRANSFER_SYNTAXES)
_NOTHING = "{}"

Holders = Mapping[AE, Roles]
Had = tuple[_Trait, Holders]
"""A trait, and who has it in which roles."""


@dataclass(frozen=True, slots=True)
class _Share:
    """Traits that become a set, with their roles in it; `who` are those that name it, some with one role only."""

    kind: str
    sort: str
    pattern: str
    who: Mapping[AE, str | None]
    traits: tuple[tuple[_Trait, Roles], ...]

    @classmethod
    def of(cls, kind: str, sort: str, pattern: str, had: Sequence[Had]) -> _Share:
        """Of traits that have the same holders, if not in the same roles, then each holder in its own for all."""
        holders = had[0][1]
        traits = tuple((trait, frozenset[str]().union(*each.values())) for trait, each in had)
        alike = len(set(holders.values())) == 1
        who = {ae: None if alike or len(roles) > 1 else min(roles) for ae, roles in holders.items()}
        return cls(kind, sort, pattern, who, traits)

    def held_by(self, ae: AE) -> Iterator[tuple[str, str]]:
        """SOP class and role of what an AE has by it."""
        only = self.who[ae]
        for trait, roles in self.traits:
            yield from ((trait.sop_class, role) for role in roles if only in (None, role))

    @property
    def is_worth_it(self) -> bool:
        """Whether a set says it in clearly fewer lines."""
        spelled = sum(trait.lines * len(roles) for trait, roles in self.traits) * len(self.who)
        groups = len({(roles, trait.syntaxes, trait.further) for trait, roles in self.traits})
        return spelled >= 2 * (2 + 3 * groups + len(self.traits) // 3)

    @property
    def word(self) -> str:
        """What it is called: the one service that it is, else its sort."""
        known = words(trait.sop_class for trait, _ in self.traits)
        return known[0] if len(known) == 1 and not self.traits[0][0].naming.own else self.sort


def gathered(devices: Mapping[str, Plain], kinds: Mapping[str, str], taken: Collection[str] = ()) -> Gathered:
    """The sets that devices in long form can be said with.

    `kinds` says what each device is called after (`archive`); `taken` are names of sets there are.
    """
    long = dict(_long(devices))
    shares = list(_shares(long, kinds)) if long else []
    named = _named(shares, Names(taken))
    uses: dict[AE, list[Any]] = defaultdict(list)
    covered: dict[AE, set[tuple[str, str]]] = defaultdict(set)
    for name, share in named.items():
        for ae, role in share.who.items():
            uses[ae].append({"set": name, "role": role} if role else name)
            covered[ae].update(share.held_by(ae))
    said = {ae: Said(tuple(own), _without(_all(devices, ae), covered[ae])) for ae, own in uses.items()}
    users = {name: len(share.who) for name, share in named.items()}
    return Gathered({name: _set(share) for name, share in named.items()}, said, users)


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


def _shares(long: Mapping[AE, Sequence[Capability]], kinds: Mapping[str, str]) -> Iterator[_Share]:
    """What is worth a set: first what several have alike, then what is left of each alone."""
    by_kind: dict[str, list[AE]] = defaultdict(list)
    for ae in sorted(long):
        by_kind[kinds[ae[0]]].append(ae)
    for kind, entities in sorted(by_kind.items()):
        left: dict[AE, list[Had]] = defaultdict(list)
        for share, had in _sorted_out(kind, _traits({ae: long[ae] for ae in entities}).items()):
            if share.is_worth_it:
                yield share
            else:
                for trait, holders in had:
                    for ae, roles in holders.items():
                        left[ae].append((trait, {ae: roles}))
        for _, own in sorted(left.items()):
            yield from (share for share, _ in _sorted_out(kind, own, alone=True) if share.is_worth_it)


def _traits(long: Mapping[AE, Sequence[Capability]]) -> dict[_Trait, Holders]:
    """Who has each trait in which roles; without what has a name that no pattern makes."""
    naming = namings(
        (one.get("name", ""), one["sop_class"], one["role"]) for each in long.values() for one in each
    )
    found: dict[_Trait, dict[AE, Roles]] = defaultdict(dict)
    for ae, capabilities in long.items():
        for one in capabilities:
            named = naming(one.get("name", ""), one["sop_class"], one["role"])
            if named is not None:
                trait = _Trait(
                    one["sop_class"],
                    frozenset(one["transfer_syntaxes"]),
                    named,
                    json.dumps(further(one), sort_keys=True),
                )
                found[trait][ae] = found[trait].get(ae, frozenset()) | {one["role"]}
    return dict(found)


def _sorted_out(kind: str, had: Iterable[Had], *, alone: bool = False) -> list[tuple[_Share, Sequence[Had]]]:
    """Traits by who has them, how they are named, and what they are for; those of one AE `alone` all together."""
    found: dict[tuple[Any, str, str], list[Had]] = defaultdict(list)
    for trait, holders in had:
        alike = len(set(holders.values())) == 1
        who = tuple(sorted(holders)) if alike else tuple(sorted(holders.items(), key=lambda each: each[0]))
        found[who, trait.naming.pattern, "" if alone else _sort_of(trait.sop_class)].append((trait, holders))
    shares = []
    for (_, pattern, sort), same in found.items():
        sorts = {_sort_of(trait.sop_class) for trait, _ in same}
        named = sort or (sorts.pop() if len(sorts) == 1 else _SERVICES)
        shares.append((_Share.of(kind, named, pattern, same), same))
    return sorted(shares, key=lambda one: _rank(one[0]))


def _rank(share: _Share) -> tuple[Any, ...]:
    """What many have first, since it gets the simplest name."""
    return -len(share.who) * len(share.traits), share.sort, share.pattern, sorted(share.who)


_SERVICES = "services"


def _sort_of(uid: str) -> str:
    """What people look for when they look for this SOP class; a private one is nearly always one of storage."""
    entry = uids.dictionary().get(uid)
    if entry is None or ("Storage" in entry.keyword and "Commitment" not in entry.keyword):
        return "storage"
    asks = "InformationModel" in entry.keyword and uid != uids.MODALITY_WORKLIST
    return "query-retrieve" if asks else _SERVICES


# --- as they are written ------------------------------------------------------------------------------------------


def _named(shares: Iterable[_Share], names: Names) -> dict[str, _Share]:
    """Each share by its name: what has it and what it is, then who has it if that is one alone, then a number."""
    found: dict[str, _Share] = {}
    for share in shares:
        wanted = f"{share.kind}-{share.word}"
        if len(share.who) == 1 and not names.are_free(wanted):
            wanted = f"{next(iter(share.who))[1]}-{share.word}"
        found[names.new(wanted, share.sort)] = share
    return dict(sorted(found.items()))


def _set(share: _Share) -> dict[str, Any]:
    groups: dict[tuple[Roles, frozenset[str], str], list[_Trait]] = defaultdict(list)
    for trait, roles in share.traits:
        groups[roles, trait.syntaxes, trait.further].append(trait)
    ordered = sorted(groups.items(), key=lambda each: (-len(each[1]), sorted(each[0][0]), sorted(each[0][1])))
    said = _words([(roles, traits) for (roles, _, _), traits in ordered])
    names = {} if share.pattern == USUAL_NAMES else {"names": share.pattern}
    written = [_group(*facts, traits, known) for (facts, traits), known in zip(ordered, said, strict=True)]
    return {**names, "groups": written if len(written) > 1 else written[0]}


def _words(groups: Sequence[tuple[Roles, Sequence[_Trait]]]) -> list[tuple[str, ...]]:
    """The words of each group; only those of the same roles may leave something to each other."""
    found: list[tuple[str, ...]] = [() for _ in groups]
    for roles in {roles for roles, _ in groups}:
        same = [number for number, (each, _) in enumerate(groups) if each == roles]
        traits = [groups[number][1] for number in same]
        classes = [frozenset(trait.sop_class for trait in each) for each in traits]
        named = {trait.sop_class for each in traits for trait in each if trait.naming.own}
        for number, known in zip(same, words_of_groups(classes, named), strict=True):
            found[number] = known
    return found


def _group(
    roles: Roles, syntaxes: frozenset[str], more: str, traits: Iterable[_Trait], known: Sequence[str]
) -> dict[str, Any]:
    named = {trait.naming.own: trait.sop_class for trait in traits if trait.naming.own}
    return {
        "role": min(roles) if len(roles) == 1 else sorted(roles, reverse=True),
        **({"sop_classes": _single(list(known))} if known else {}),
        **({"named": dict(sorted(named.items()))} if named else {}),
        **({"transfer_syntaxes": _single(syntax_words(syntaxes))} if syntaxes != _DEFAULT else {}),
        **json.loads(more),
    }


def _single(listed: list[str]) -> list[str] | str:
    return listed[0] if len(listed) == 1 else listed
