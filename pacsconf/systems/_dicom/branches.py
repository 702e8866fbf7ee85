"""Which entry stands below which.

A server spells the name of an entry in the same way wherever it is part of another name, so that what is above an
entry is found by the text of the name alone. Only names that are not among the entries so are taken apart and
compared as a server compares them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pacsconf.systems._ldap import Entry, names

Named = tuple[Entry, str]
"""An entry and its own name: of a foreign form (dicomHostname+dicomPort) the values joined."""

_PLAIN = re.compile(r'[A-Za-z][A-Za-z0-9-]*=([^\\,;+"=\s]+(?: +[^\\,;+"=\s]+)*)(?:,(?!\Z)|\Z)').match
"""The relative name of an entry, of one part and without escapes, which is how most are written."""


class NoName(ValueError):
    """A DN of an entry that is none."""

    def __init__(self, dn: str) -> None:
        super().__init__(dn)
        self.dn = dn


@dataclass(frozen=True, slots=True)
class Branches:
    """Entries by the name of what they stand right below, in some spelling of it."""

    below: dict[str, list[Named]]
    tops: tuple[str, ...]
    """Of these names those of no entry."""
    other_spellings: dict[str, list[str]]
    """Of these names those that an entry has in another spelling, by the DN of that."""
    orphans: int
    """How many entries stand below one that is not among them; the topmost ones are not counted."""

    def of(self, dn: str) -> Sequence[str]:
        """The names under which entries stand below this one."""
        own = (dn,) if dn in self.below else ()
        return (*own, *self.other_spellings.get(dn, ())) if self.other_spellings else own


def branches(entries: Iterable[Entry]) -> Branches:
    """Raises: NoName."""
    entries = tuple(entries)
    dns = {entry.dn for entry in entries}
    below: dict[str, list[Named]] = defaultdict(list)
    others: list[str] = []
    for entry in entries:
        dn = entry.dn
        plain = _PLAIN(dn)
        if plain is not None:
            below[dn[plain.end() :]].append((entry, plain[1]))
        else:
            name, above = _taken_apart(dn)
            below[above].append((entry, name))
            others.append(dn)
    unknown = {above: _key(above) for above in below if above not in dns}
    spelled = _spelled(below, others, {len(key) for key in unknown.values()})
    other_spellings: dict[str, list[str]] = defaultdict(list)
    for above, key in unknown.items():
        if key in spelled:
            other_spellings[spelled[key]].append(above)
    tops = {above: len(key) for above, key in unknown.items() if key not in spelled}
    topmost = min(tops.values(), default=0)
    orphans = sum(len(below[above]) for above, depth in tops.items() if depth > topmost)
    return Branches(dict(below), tuple(tops), dict(other_spellings), orphans)


def _taken_apart(dn: str) -> tuple[str, str]:
    """The own name of an entry, and the name of what it stands below."""
    try:
        parsed = names.parse(dn)
    except ValueError as exc:
        raise NoName(dn) from exc
    own = parsed[0] if parsed else ()
    name = own[0][1] if len(own) == 1 else ":".join(value for _, value in sorted(own))
    return name, ",".join("+".join(names.rdn(*part) for part in one) for one in parsed[1:])


def _key(dn: str) -> names.Key:
    try:
        return names.key(dn)
    except ValueError as exc:
        raise NoName(dn) from exc


def _spelled(
    below: Mapping[str, Sequence[Named]], others: Iterable[str], depths: Collection[int]
) -> dict[names.Key, str]:
    """Names by what is equal for all their spellings, as far as they may have one of these numbers of parts.

    Where nothing is escaped each separator parts; so most names need not be taken apart to know, nor looked at one
    by one: all below one name have a part more. `others` are those whose own part is not plain.
    """
    found = {_key(dn): dn for dn in others}
    for above, entries in below.items():
        if "\\" in above or _parts(above) + 1 in depths:
            found |= {_key(entry.dn): entry.dn for entry, _ in entries}
    return found


def _parts(dn: str) -> int:
    """The number of parts of a name in which nothing is escaped."""
    return dn.count(",") + dn.count(";") + 1 if dn else 0
