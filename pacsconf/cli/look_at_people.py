"""A look at a directory of people, where `look` found no DICOM configuration in it."""

from __future__ import annotations

import shlex
from contextlib import AbstractContextManager
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from pacsconf.cli import source
from pacsconf.cli.source import Branches, Typed

if TYPE_CHECKING:
    from pacsconf.report.look_text import Look
    from pacsconf.systems.abilities import Surveyed
    from pacsconf.systems.base import System

_KINDS = {"openldap": "A directory of people", "active-directory": "An Active Directory"}


def look_at_people(opened: source.Source, typed: Typed) -> Look | None:
    """What there is of people in a directory; None where there are none.

    Raises: SystemFault.
    """
    from pacsconf.report.look_text import Look
    from pacsconf.systems.abilities import Inspectable, Peopled

    since = perf_counter()
    found = _surveyed(opened, typed)
    if found is None:
        return None
    with _accounts(opened, typed, Branches(found.people, found.groups, flavour=found.flavour)) as system:
        assert isinstance(system, Peopled), "it holds people"
        assert isinstance(system, Inspectable), "and tells what is odd about them"
        system.read()
        live = system.live()
        return Look(
            where=str(getattr(opened.config, "url", typed.where)),
            what=_KINDS[found.flavour],
            counts={
                "account": sum(account.exists for account in live.accounts.values()),
                "group": len(live.groups),
                "membership": sum(len(group.users) for group in live.groups.values()),
            },
            findings=tuple(system.oddities()),
            unseen=tuple(system.unseen()),
            account=typed.account or "",
            seconds=perf_counter() - since,
            command=_adopt(typed, found),
        )


def _surveyed(opened: source.Source, typed: Typed) -> Surveyed | None:
    from pacsconf.systems.abilities import Surveying

    base = getattr(opened.config, "base", None)
    nowhere = base or "dc=nowhere"  # nothing is read there: where to read is what is asked
    with _accounts(opened, typed, Branches((nowhere,), (nowhere,))) as system:
        assert isinstance(system, Surveying), "it finds people"
        return system.survey(base)


def _accounts(opened: source.Source, typed: Typed, branches: Branches) -> AbstractContextManager[System]:
    return opened.declared_as(source.config_of(typed, "accounts", branches))


def _adopt(typed: Typed, found: Surveyed) -> str:
    """What to type next."""
    branches = [f"--people {shlex.quote(dn)}" for dn in found.people]
    branches += [f"--groups {shlex.quote(dn)}" for dn in found.groups]
    flavour = [f"--flavour {found.flavour}"] if found.flavour != "openldap" else []
    place = replace(typed, where=(typed.where or "").partition("://")[0] + "://" + _host(typed), base=None)
    return " ".join(["pacsconf adopt accounts --url", place.again(), *branches, *flavour])


def _host(typed: Typed) -> str:
    """Host and port, without a base that the address may end with."""
    return (typed.where or "").partition("://")[2].partition("/")[0]
