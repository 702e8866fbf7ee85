"""Names of an archive's entries: those that stand side by side and are named by one attribute share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pacsconf.core.finding import Finding, Path
from pacsconf.systems._dcm4chee.rules.archives import Archive
from pacsconf.systems.directory_extension import Child, Part, children_of

Named = tuple[str, str, Path]
"""The attribute that names an entry, its name, and where it is declared."""


def findings(archive: Archive) -> Iterator[Finding]:
    """Two entries of one archive that would be one in the directory: two rules, a rule and a connection."""
    device = archive.device
    connections = [
        ("cn", name.casefold(), ("devices", device.name, "connections", name)) for name in device.connections
    ]
    yield from _shared(device.name, [*connections, *_below(archive.part, archive.path, archive)])
    for title, part in archive.entities.items():
        at: Path = ("devices", device.name, "ae_titles", title, "capabilities")
        abilities = [
            ("cn", one.name.casefold(), (*at, place))
            for place, one in enumerate(device.ae_titles[title].capabilities)
            if one.name
        ]
        yield from _shared(title, [*abilities, *_below(part, archive.path_of(title), archive)])


def _below(part: Part, path: Path, archive: Archive) -> Iterator[Named]:
    """The entries right below the device or an AE title."""
    origins = archive.origins if part is archive.part else {}
    for key, kind in children_of(type(part)):
        for name in getattr(part, key):
            yield kind.naming, _spelled(kind, name), origins.get((key, name), (*path, key, name))


def _spelled(kind: type[Child], name: str) -> str:
    return name if kind.exact else name.casefold()


def _shared(of: str, named: Iterable[Named]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Path] = {}
    for attribute, name, path in named:
        other = first.setdefault((attribute, name), path)
        if other != path:
            yield Finding(
                "ARC-NAME-001",
                "error",
                f'Two entries of {of} are named "{name}": in {_kind(other)} and in {_kind(path)}',
                f"Both would be {attribute}={name} in the directory, which can hold one of them.",
                "Name one of them otherwise.",
                path=path,
            )


def _kind(path: Path) -> str:
    """The key that an entry stands under; the default of rules is its own."""
    return str(path[-2])
