"""Names for entries that only their DN tells apart: a DN is often called after a person, and plans are kept.

Such a name says a little of the DN, as a mark does (`core.mark`): the same entry has the same name from day to day,
and whose it is cannot be told from it. Where two would have one name, or somebody is called so, it says more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

from pacsconf.systems._ldap import names

_OTHER = "other-"
_FEWEST = 3
_IDS = frozenset({"uid", "0.9.2342.19200300.100.1.1"})
"""Attributes by which an entry is called that tell no more than a login does."""


def disguised(dns: Iterable[str], taken: Collection[str]) -> Mapping[str, str]:
    """By DN the name to be used instead, none of `taken`; a DN that tells no more than a login stays out."""
    digests = {dn: hashlib.sha256(names.canonical(dn).encode()).hexdigest() for dn in dns if not _is_id(dn)}
    sizes = _sizes(sorted(set(digests.values())))
    return {dn: _free(digest, sizes[digest], taken) for dn, digest in digests.items()}


def is_other(user: str) -> bool:
    """Whether this may be the name of an entry that only its DN tells apart, or such a DN."""
    return user.startswith(_OTHER) or "=" in user


def _sizes(digests: list[str]) -> dict[str, int]:
    """How many digits of each tell it from all others; they are in order, so only neighbours can be alike."""
    beside = ["", *digests, ""]
    return {
        own: max(_FEWEST, *(_alike(own, other) + 1 for other in (before, after)))
        for before, own, after in zip(beside, digests, beside[2:], strict=False)
    }


def _alike(one: str, other: str) -> int:
    """How many digits two have in common at the beginning."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(other)
    )


def _free(digest: str, size: int, taken: Collection[str]) -> str:
    while (name := f"{_OTHER}{digest[:size]}") in taken and size < len(digest):
        size += 1
    return name


def _is_id(dn: str) -> bool:
    try:
        return all(attribute.lower() in _IDS for attribute, _ in names.parse(dn)[0])
    except ValueError:
        return False  # no DN at all: what it tells is not known
