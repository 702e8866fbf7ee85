"""What the patterns of a waiver mean: resources by kind and name, all that is on a device or at a site, addresses.

ae:ct-er-1/CT_ER_1    one network AE             device:us-1   the device, and all that is on it
ae:us-*/*             those of every us-...      site:north    the site, and all that is at it
orthanc/peer/ct-1     a live resource, and what is below it
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import translate
from functools import lru_cache

from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import KINDS


def is_address(pattern: str) -> bool:
    """Whether it is meant as an address of live resources, and not as KIND:NAME."""
    kind, colon, _ = pattern.partition(":")
    return not colon or "/" in kind


def why_no_scope(pattern: str) -> str:
    """What is wrong with a pattern, in words; empty for one that can be looked for."""
    kind, _, name = pattern.partition(":")
    if is_address(pattern):
        if not _says_something(pattern):
            return "it means everything there is"
        system, _, rest = pattern.partition("/")
        says_which = bool(rest) and _says_something(system)
        return "" if says_which else "it is neither KIND:NAME nor the address of a live resource"
    if kind not in KINDS:
        return f'there is no kind "{kind}"{nearest(kind, KINDS)}'
    return "" if _says_something(name) else f"it means {KINDS[kind].title}, every one there is"


def _says_something(name: str) -> bool:
    """Whether more stands there than "any text"."""
    return bool(re.sub(r"\[[^]]*\]|[*?/!\s]", "", name))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def fits(patterns: Iterable[str], subject: Subject) -> bool:
    """Whether any of the patterns means a subject."""
    known = tuple(names_of(subject))
    return any(name == each or _compiled(each).match(name) for each in patterns for name in known)


def names_of(subject: Subject) -> Iterator[str]:
    """All that a pattern may say to mean a subject."""
    yield subject.where
    if subject.device:
        yield f"device:{subject.device}"
    if subject.site is not None and subject.site.get("name"):
        yield f"site:{subject.site['name']}"
    for address in map(str, subject.about):
        ends = (position for position, character in enumerate(address) if character == "/")
        yield from (address, *(address[:end] for end in ends))


PLACES: Mapping[str, tuple[str, ...]] = {
    "site": ("sites.{}",),
    "device": ("devices.{}",),
    "flow": ("flows.{}",),
    "feed": ("hl7_feeds.{}",),
    "system": ("systems.{}",),
    "user": ("users.{}", "service_accounts.{}"),
    "role": ("roles.{}",),
    "backup": ("security.backups.{}",),
    "password-policy": ("security.password_policies.{}",),
    "retention": ("{}",),
    "retention-rule": ("retention.rules.{}",),
    "hold": ("retention.holds.{}",),
}
"""By kind, where the inventory has what is of it: built-in checks say by path what they found something about."""


def places_of(pattern: str, inventory: Inventory) -> Iterator[str]:
    """The paths and addresses, as patterns, at which a built-in check would find what a pattern means."""
    kind, _, name = pattern.partition(":")
    if is_address(pattern):
        yield pattern
    elif kind == "ae":
        device, _, title = name.partition("/")
        yield f"devices.{device}.ae_titles.{title or '*'}"
    else:
        yield from (each.format(name) for each in PLACES.get(kind, ()))
    if kind == "site":
        there = _compiled(name)
        held = inventory.devices.values()
        yield from (f"devices.{one.name}" for one in held if one.site and there.match(one.site))
