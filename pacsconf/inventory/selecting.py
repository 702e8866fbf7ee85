"""Which application entities the patterns name that a person types: `ct-*`, `ct-1/CT1`, `ARCHIVE`, `north/*`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate

from pacsconf.inventory.flows import Entity
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.model import Inventory

_WILD = frozenset("*?[")


def chosen(inventory: Inventory, patterns: Iterable[str], site: str | None = None) -> tuple[Entity, ...]:
    """The entities that any of the patterns names, of this site where one is given; without patterns all of them.

    A pattern is a device, `device/AE_TITLE`, an AE title or an alias of one, each also behind `site/`; `*`, `?` and
    `[…]` stand for any text, any character, any of these.

    Raises: ValueError for a pattern, or a site, that names nothing, with what comes nearest.
    """
    if site is not None and site not in inventory.sites:
        raise ValueError(f'there is no site "{site}"{nearest(site, inventory.sites)}')
    here = [one for one in inventory.entities() if site is None or one[0].site == site]
    given = tuple(patterns)
    if not given:
        return tuple(here)
    named: dict[tuple[str, str], Entity] = {}
    for pattern in given:
        found = _named(pattern, here)
        if not found:
            raise ValueError(_nothing(pattern, inventory, site))
        named |= {(device.name, ae.title): (device, ae) for device, ae in found}
    return tuple(named[key] for key in sorted(named))


def _named(pattern: str, entities: Iterable[Entity]) -> list[Entity]:
    fits = re.compile(translate(pattern)).match
    return [entity for entity in entities if any(map(fits, _names(entity)))]


def _names(entity: Entity) -> Iterable[str]:
    device, ae = entity
    own = (device.name, f"{device.name}/{ae.title}", ae.title, *ae.answers_to)
    yield from own
    if device.site is not None:
        yield from (f"{device.site}/{name}" for name in own)


def _nothing(pattern: str, inventory: Inventory, site: str | None) -> str:
    where = f" at site {site}" if site is not None else ""
    if not _WILD.isdisjoint(pattern):
        return f'"{pattern}" fits no declared device or AE title{where}'
    if site is not None and _named(pattern, inventory.entities()):
        return f'"{pattern}" is not at site {site}'
    known = {name for entity in inventory.entities() for name in _names(entity)}
    return f'"{pattern}" is no declared device or AE title{where}{nearest(pattern, known)}'
