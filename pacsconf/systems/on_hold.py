"""Legal holds, seen over all systems that keep studies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from pacsconf.core.finding import Finding
from pacsconf.inventory.retention import LegalHold
from pacsconf.retention.policy import is_in_force
from pacsconf.systems.abilities import Keeping
from pacsconf.systems.base import System

_SHOWN = 12
"""Digits of a hash that tell one from another."""


def nowhere(holds: Mapping[str, LegalHold], systems: Iterable[System], today: date) -> Iterator[Finding]:
    """The holds that name studies of which none of these systems has anything; nothing where none keeps studies.

    To be asked of all systems there are, after they were read.
    """
    absent = [system.without() for system in systems if isinstance(system, Keeping)]
    if not absent:
        return
    lost = frozenset.intersection(*map(frozenset, absent))
    for name, hold in sorted(holds.items()):
        studies = sorted(lost.intersection(hold.studies)) if is_in_force(hold, today) else []
        if studies:
            yield _finding(name, studies, len(hold.studies))


def _finding(name: str, studies: list[str], of: int) -> Finding:
    first = studies[0].removeprefix("sha256:")[:_SHOWN]
    which = f"study {first}…" if len(studies) == 1 else f"{len(studies)} studies ({first}… and others)"
    return Finding(
        "ORTHANC-HELD-NOWHERE",
        "warning",
        f"Hold {name} names {which} that no Orthanc here holds, of {of} in all",
        "It protects nothing there: the study was deleted, or is in another archive, or the hash is wrong.",
        "Find out which; hash the Study Instance UID again; place the hold where the study is.",
        path=("retention", "holds", name),
        evidence="observed",
    )
