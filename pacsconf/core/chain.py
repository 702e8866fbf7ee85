"""The chain of change sets: each names the one before it, by its id and the SHA-256 of its file, and so all before.

The digest is of the bytes of `changeset.json` as the change set ended (closed or abandoned), which hold the digest
of its own predecessor. Whoever alters one that is past has to alter every later one, and arrives at another end
than audits, evidence packs and other clones know. A chain shows only what its end is held against.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Follows:
    """What a change set says of the one before it: id, digest, and how many there are up to that one."""

    id: str
    digest: str
    number: int


@dataclass(frozen=True, slots=True)
class Link:
    """One change set as it ended: its digest, and what it says of its predecessor (None: it names none)."""

    id: str
    digest: str
    follows: Follows | None = None

    @property
    def number(self) -> int:
        """How many change sets the chain has up to this one."""
        return self.follows.number + 1 if self.follows else 1


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is broken, and how."""

    changeset: str
    why: str


def digest_of(file: bytes) -> str:
    """The digest by which a later change set names the one in this file: `sha256sum` gives it too."""
    return hashlib.sha256(file).hexdigest()


def breaks(links: Sequence[Link]) -> tuple[Break, ...]:
    """Where this history of change sets, the oldest first, does not lead from each to the next.

    Change sets before the first that names another were made by versions that named none, and are no break.
    """
    found = []
    begun = False
    for at, link in enumerate(links):
        former = links[at - 1] if at else None
        begun = begun or link.follows is not None
        why = _why(link, former) if begun else ""
        if why:
            found.append(Break(link.id, why))
    return tuple(found)


def _why(link: Link, former: Link | None) -> str:
    follows = link.follows
    if follows is None:
        return "names no change set before it, though there are some"
    if former is None:
        return f"follows {follows.id}, which is not there"
    if follows.id != former.id:
        return f"follows {follows.id}, but the one before it is {former.id}"
    if follows.digest != former.digest:
        return f"follows {follows.id} as it was then; it was altered since"
    if follows.number != former.number:
        return f"follows {follows.id} as number {follows.number} of the chain; it is number {former.number}"
    return ""


def follows_to_json(follows: Follows) -> dict[str, Any]:
    """What a change set says of its predecessor, as JSON."""
    return {"id": follows.id, "digest": follows.digest, "number": follows.number}


def follows_from_json(data: Any) -> Follows:
    """The inverse of `follows_to_json`.

    Raises: ValueError, KeyError or TypeError for what is none.
    """
    digest, number = str(data["digest"]), data["number"]
    if not _DIGEST.fullmatch(digest) or type(number) is not int or number < 1:
        raise ValueError("it does not name the change set before it as it should")
    return Follows(str(data["id"]), digest, number)
