"""From the values of a spelled-out device back to what was written: aliases for `Sources`.

They mirror what `expand` does, and are worked out for one device when something of it is to be reported: a device
has a score of them, nearly all of which nobody ever asks for.
"""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.finding import Path
from pacsconf.inventory import capabilities
from pacsconf.inventory.capabilities import Written
from pacsconf.inventory.capability_sets import CapabilitySets
from pacsconf.inventory.declaration import AEDeclaration, DeviceDeclaration
from pacsconf.inventory.expand import (
    AE_KEYS,
    FROM_SITE,
    SHORT,
    SHORT_KEYS,
    SILENT,
    given_by_site,
    short_keys,
)
from pacsconf.inventory.model import Site
from pacsconf.inventory.sources import Aliases


def aliases(
    name: str, declared: DeviceDeclaration, site: Site | None, sets: CapabilitySets, *, inherits: bool
) -> Aliases:
    """Those of one device; `inherits`: it could be spelled out, and so came to have what its site says."""
    device: Path = ("devices", name)
    within = (*_worklist(), *_connections(declared), *_titles(declared, site))
    found = {device + made: (device + written, "") for made, written in within}
    for made, one in _capabilities(declared, sets):
        found[device + made] = (one.at, f"set {one.of_set}") if one.of_set else (device + one.at, "")
    of_site = [((key,), key) for key in given_by_site(declared, site)] if inherits else []
    for made, key in (*_character_sets(declared, site), *of_site):
        found[device + made] = (("sites", declared.site or "", FROM_SITE[key]), f"site {declared.site}")
    return found


def _worklist() -> Iterator[tuple[Path, Path]]:
    yield ("worklist", "source"), ("worklist", "from")


def _connections(declared: DeviceDeclaration) -> Iterator[tuple[Path, Path]]:
    """The short form as the connection that it makes; TLS suites of the device at those that name none."""
    if declared.connections:
        for name, connection in declared.connections.items():
            if connection.host is not None and "tls" not in connection.model_fields_set:
                yield ("connections", name, "tls"), ("tls",)
    elif declared.host is not None and short_keys(declared):
        yield from ((("connections", SHORT, key), (key,)) for key in SHORT_KEYS)
        yield ("connections", SHORT), ("host",)


def _entities(declared: DeviceDeclaration) -> Iterator[tuple[str, AEDeclaration]]:
    """The AEs by title, also the one of the short form."""
    if declared.ae_title and not declared.ae_titles:
        yield declared.ae_title, SILENT
    yield from declared.ae_titles.items()


def _titles(declared: DeviceDeclaration, site: Site | None) -> Iterator[tuple[Path, Path]]:
    """What AEs have from their device."""
    for title, ae in _entities(declared):
        at: Path = ("ae_titles", title)
        if title not in declared.ae_titles:
            yield at, ("ae_title",)
        for key in AE_KEYS:
            if key not in ae.model_fields_set:
                yield (*at, key), (key,)
        if not ae.character_sets and not _of_site(declared, site):
            yield (*at, "character_sets"), ("character_sets",)


def _capabilities(declared: DeviceDeclaration, sets: CapabilitySets) -> Iterator[tuple[Path, Written]]:
    """The capabilities of all AEs; those of a set stand where the set does."""
    for title, ae in _entities(declared):
        at: Path = ("ae_titles", title)
        for number, one in enumerate(capabilities.written(declared, ae, at, sets)):
            yield (*at, "capabilities", number), one


def _character_sets(declared: DeviceDeclaration, site: Site | None) -> Iterator[tuple[Path, str]]:
    """Those that AEs have from the site, with the key of the device."""
    if _of_site(declared, site):
        for title, ae in _entities(declared):
            if not ae.character_sets:
                yield ("ae_titles", title, "character_sets"), "character_sets"


def _of_site(declared: DeviceDeclaration, site: Site | None) -> bool:
    """Whether AEs that name no character sets have those of the site, if it names any."""
    return site is not None and "character_sets" not in declared.model_fields_set
