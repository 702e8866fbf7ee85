"""Capabilities one by one, said in as few words as mean exactly the same.

The inverse of `inventory.capabilities.written`: what has its usual name and its usual transfer syntaxes goes into
`uses` and `offers`, the rest is spelled out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from pacsconf.inventory import uids
from pacsconf.inventory.capabilities import stores, usual_name

Capability = Mapping[str, Any]

_DEFAULT = frozenset(uids.DEFAULT_TRANSFER_SYNTAXES)
_LISTS = {"SCU": "uses", "SCP": "offers"}


def in_words(capabilities: Sequence[Capability]) -> dict[str, Any]:
    """`uses`, `offers`, `transfer_syntaxes` and `transfer_capabilities` that come to these capabilities.

    Each of them has `sop_class` and `transfer_syntaxes` as UIDs, `role`, and a `name` if it is not the usual one.
    """
    listed, common = _listed(capabilities)
    spelled = [_spelled(one) for one in _others(capabilities, listed)]
    found: dict[str, Any] = {}
    for role, key in _LISTS.items():
        classes = {one["sop_class"] for one in listed if one["role"] == role}
        found |= {key: list(words(classes))} if classes else {}
    if common != _DEFAULT:
        found["transfer_syntaxes"] = syntax_words(common)
    return found | ({"transfer_capabilities": spelled} if spelled else {})


def spelled_out(capabilities: Sequence[Capability]) -> list[Capability]:
    """Those of them that `in_words` says one by one."""
    return _others(capabilities, _listed(capabilities)[0])


def _listed(capabilities: Sequence[Capability]) -> tuple[list[Capability], frozenset[str]]:
    """Those that lists of services can say, and the transfer syntaxes of what stores."""
    plain = [one for one in capabilities if _is_usual(one)]
    common = _common_syntaxes(plain)
    return [
        one for one in plain if _syntaxes(one) == (common if stores(one["sop_class"]) else _DEFAULT)
    ], common


def _others(capabilities: Iterable[Capability], listed: Iterable[Capability]) -> list[Capability]:
    said = {id(one) for one in listed}
    return [one for one in capabilities if id(one) not in said]


def _is_usual(one: Capability) -> bool:
    """Whether a list of services could stand for it: nothing is said of it but what every such entry has."""
    usual = usual_name(one["sop_class"], one["role"])
    return one.get("name", usual) == usual and not further(one)


_BARE = frozenset({"name", "sop_class", "role", "transfer_syntaxes"})


def further(one: Capability) -> dict[str, Any]:
    """All that is said of a capability beside what every one has: attributes of vendors, object classes.

    No object classes (`[]`) are another thing than the usual ones.
    """
    return {key: value for key, value in one.items() if key not in _BARE and value not in (None, {})}


def _syntaxes(one: Capability) -> frozenset[str]:
    return frozenset(one["transfer_syntaxes"])


def _common_syntaxes(capabilities: Iterable[Capability]) -> frozenset[str]:
    """The transfer syntaxes that most storage SOP classes have."""
    counts = Counter(_syntaxes(one) for one in capabilities if stores(one["sop_class"]))
    return max(counts, key=lambda each: (counts[each], each == _DEFAULT, sorted(each)), default=_DEFAULT)


def _spelled(one: Capability) -> dict[str, Any]:
    uid, role = one["sop_class"], one["role"]
    found: dict[str, Any] = {"sop_class": sop_class_word(uid), "role": role}
    if one.get("name", "") not in ("", usual_name(uid, role)):
        found["name"] = one["name"]
    if _syntaxes(one) != _DEFAULT:
        found["transfer_syntaxes"] = syntax_words(_syntaxes(one))
    return found | further(one)


# --- words --------------------------------------------------------------------------------------------------


def words(classes: Iterable[str]) -> tuple[str, ...]:
    """The fewest services and SOP classes that stand for exactly these: storage first, then by name."""
    wanted = frozenset(classes)
    left = set(wanted)
    found: list[tuple[bool, str]] = []
    for name, members in _broad_services():
        if members <= wanted and members & left:
            left -= members
            found.append((not any(map(stores, members)), name))
    found += [(not stores(uid), _narrow_word(uid)) for uid in left]
    return tuple(word for _, word in sorted(found))


def words_of_groups(groups: Sequence[frozenset[str]], named: Collection[str] = ()) -> list[tuple[str, ...]]:
    """The words of each group of a set, of which the narrowest counts where several stand for a SOP class.

    A service is said in the group that has most of it, if all of it is in some group: what others have of it, they
    name themselves. No SOP class is in two groups; those of `named` stand in theirs already.
    """
    of = {uid: number for number, group in enumerate(groups) for uid in group}
    said: list[tuple[str, frozenset[str], int]] = []
    left = of.keys() - set(named)
    for name, members in _broad_services():
        if members <= of.keys():
            counts = Counter(of[uid] for uid in members)
            most = max(counts, key=lambda number: (counts[number], -number))
            trial = [*said, (name, members, most)]
            others = _said_otherwise(of, trial) - set(named)
            if len(others) + 1 < len(left):
                said, left = trial, others
    found: list[list[tuple[bool, str]]] = [[] for _ in groups]
    for name, members, number in said:
        found[number].append((not any(map(stores, members)), name))
    for uid in left:
        found[of[uid]].append((not stores(uid), _narrow_word(uid)))
    return [tuple(word for _, word in sorted(words)) for words in found]


def _said_otherwise(of: Mapping[str, int], said: Sequence[tuple[str, frozenset[str], int]]) -> set[str]:
    """The SOP classes for which the narrowest of these services, the last, is in another group than they are."""
    meant = {uid: number for _, members, number in said for uid in members}
    return {uid for uid, number in of.items() if meant.get(uid) != number}


def _narrow_word(uid: str) -> str:
    return _single_services().get(uid) or sop_class_word(uid)


@cache
def _broad_services() -> tuple[tuple[str, frozenset[str]], ...]:
    """Services for several SOP classes, the widest first."""
    several = [
        (name, frozenset(one.classes)) for name, one in uids.services().items() if len(one.classes) > 1
    ]
    return tuple(sorted(several, key=lambda pair: -len(pair[1])))


@cache
def _single_services() -> Mapping[str, str]:
    """Services for one SOP class, by its UID; of two names the first."""
    found: dict[str, str] = {}
    for name, one in uids.services().items():
        if len(one.classes) == 1:
            found.setdefault(one.classes[0], name)
    return found


@cache
def sop_class_word(uid: str) -> str:
    """The name of a SOP class if it leads back to it, else its UID."""
    return _word(uid, lambda text: uids.sop_classes(text) == (uid,))


@cache
def _syntax_word(uid: str) -> str:
    return _word(uid, lambda text: uids.transfer_syntax(text) == uid)


def _word(uid: str, leads_back: Callable[[str], bool]) -> str:
    label = uids.label(uid)
    try:
        return label if leads_back(label) else uid
    except ValueError:
        return uid


def syntax_words(syntaxes: Iterable[str]) -> list[str]:
    """Uncompressed ones first, as everybody lists them."""
    return [_syntax_word(uid) for uid in sorted(syntaxes, key=lambda uid: (uid not in _DEFAULT, uid))]
