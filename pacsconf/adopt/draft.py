"""What a source came to, before it is made into files: plain values, as they may be written in YAML.

A source (a directory, an Orthanc, an LDIF file) makes one `Draft`; everything after that is the same for all:
profiles are found, defaults left out, what does not stand is left unmanaged, files are laid out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.finding import Path

Plain = Mapping[str, Any]
"""What stands under one name of a collection: mappings, lists, texts, numbers and switches, nothing else."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a person should know of what was adopted: left out, doubtful, or different between sources."""

    summary: str
    fix: str = ""
    about: Address | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """Members of the inventory's collections by name, in long form, each as it may be declared.

    `system` is the name of the source's own system, which stands in `systems` too. `origin` leads from a device,
    or from `device/AE_TITLE`, to the live address it was made from. `comments` are what is to stand above something
    in the files, by its path (`("systems", "orthanc", "peers")`).
    """

    system: str
    devices: Mapping[str, Plain] = field(default_factory=dict)
    systems: Mapping[str, Plain] = field(default_factory=dict)
    flows: Mapping[str, Plain] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, Plain]] = field(default_factory=dict)
    """By collection (`users`, `service_accounts`, `roles`)."""
    remarks: tuple[Remark, ...] = ()
    origin: Mapping[str, Address] = field(default_factory=dict)
    comments: Mapping[Path, str] = field(default_factory=dict)
