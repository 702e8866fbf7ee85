"""Which application entities the patterns name that a person types: `ct-*`, `ct-1/CT1`, `ARCHIVE`, `north/*`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import NamedTuple

from pacsconf.inventory.flows import Entity
from pacsconf.inventory.hl7_feeds import speakers
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory

_WILD = frozenset("*?[")


class _Named(NamedTuple):
    """What can be meant: an AE title or an HL7 application, with its device and that one's site."""

    device: str
    name: str
    aliases: tuple[str, ...]
    site: str | None

    @property
    def spellings(self) -> Iterable[str]:
        own = (self.device, f"{self.device}/{self.name}", self.name, *self.aliases)
        yield from own
        if self.site is not None:
            yield from (f"{self.site}/{name}" for name in own)


def chosen(inventory: Inventory, patterns: Iterable[str], site: str | None = None) -> tuple[Entity, ...]:
    """The entities that any of the patterns names, of this site where one is given; without patterns all of them.

    A pattern is a device, `device/AE_TITLE`, an AE title or an alias of one, each also behind `site/`; `*`, `?` and
    `[…]` stand for any text, any character, any of these.

    Raises: ValueError for a pattern, or a site, that names nothing, with what comes nearest.
    """
    found = _chosen(inventory, _entities(inventory), patterns, site, "AE title")
    return tuple(
        (inventory.devices[one.device], inventory.devices[one.device].ae_titles[one.name]) for one in found
    )


def chosen_names(
    inventory: Inventory, patterns: Iterable[str], site: str | None = None, *, hl7: bool = True
) -> frozenset[tuple[str, str]]:
    """The entities and HL7 applications that any of the patterns names, as `chosen`: each by device and name.

    Without `hl7` entities alone. Raises: ValueError as `chosen` does.
    """
    if not hl7:
        return frozenset((device.name, ae.title) for device, ae in chosen(inventory, patterns, site))
    every = (*_entities(inventory), *_applications(inventory))
    found = _chosen(inventory, every, patterns, site, "AE title or HL7 application")
    return frozenset((one.device, one.name) for one in found)


def _entities(inventory: Inventory) -> tuple[_Named, ...]:
    return tuple(
        _Named(device.name, ae.title, ae.answers_to, device.site) for device, ae in inventory.entities()
    )


def _applications(inventory: Inventory) -> tuple[_Named, ...]:
    return tuple(
        _Named(device.name, one.name, one.other_names, device.site) for device, one in speakers(inventory)
    )


def _chosen(
    inventory: Inventory, every: tuple[_Named, ...], patterns: Iterable[str], site: str | None, kind: str
) -> list[_Named]:
    if site is not None and site not in inventory.sites:
        raise ValueError(f'there is no site "{site}"{nearest(site, inventory.sites)}')
    here = [one for one in every if site is None or one.site == site]
    given = tuple(patterns)
    if not given:
        return here
    named: set[_Named] = set()
    for pattern in given:
        found = _fitting(pattern, here)
        if not found:
            raise ValueError(_nothing(pattern, every, site, kind))
        named.update(found)
    return sorted(named, key=lambda one: one[:2])


def _fitting(pattern: str, among: Iterable[_Named]) -> list[_Named]:
    fits = re.compile(translate(pattern)).match
    return [one for one in among if any(map(fits, one.spellings))]


def _nothing(pattern: str, every: tuple[_Named, ...], site: str | None, kind: str) -> str:
    where = f" at site {site}" if site is not None else ""
    if not _WILD.isdisjoint(pattern):
        return f'"{pattern}" fits no declared device or {kind}{where}'
    if site is not None and _fitting(pattern, every):
        return f'"{pattern}" is not at site {site}'
    known = {name for one in every for name in one.spellings}
    return f'"{pattern}" is no declared device or {kind}{where}{nearest(pattern, known)}'
