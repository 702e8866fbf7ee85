"""Where a directory keeps people, for whoever does not know it yet: the branches with accounts, and with groups."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pacsconf.inventory.accounts import Flavour
from pacsconf.systems._accounts.active_directory import ActiveDirectory
from pacsconf.systems._accounts.openldap import OpenLDAP
from pacsconf.systems._ldap import Directory, Missing, names
from pacsconf.systems.abilities import Surveyed

_MICROSOFT = "1.2.840.113556.1.4.801"
"""A control that Active Directory offers, and Samba as one (LDAP_SERVER_SD_FLAGS_OID)."""
_LEAF = re.compile(r"(?:\\.|[^,\\])*, *", re.DOTALL)
_SEVERAL = 6
"""More branches than so many are named by the suffix that they have in common."""


def survey(directory: Directory, base: str | None = None) -> Surveyed | None:
    """The branches below `base`, or in all that the server holds; None where there is nobody, or no group.

    Raises: Unavailable, Refused, BadAnswer.
    """
    flavour: Flavour = "active-directory" if directory.supports(_MICROSOFT) else "openldap"
    filters = ActiveDirectory if flavour == "active-directory" else OpenLDAP
    root = directory.root_dse()
    contexts = (
        (root.text("defaultNamingContext"),)
        if flavour == "active-directory"
        else root.texts("namingContexts")
    )
    people, groups = set[str](), set[str]()
    for context in (base,) if base else contexts:
        if context:
            people |= set(_branches(_found(directory, context, filters.accounts), context))
            groups |= set(_branches(_found(directory, context, filters.groups), context))
    return Surveyed(flavour, tuple(sorted(people)), tuple(sorted(groups))) if people and groups else None


def _found(directory: Directory, context: str, matching: str) -> list[str]:
    try:
        return [entry.dn for entry in directory.search(context, matching, ["1.1"])]
    except Missing:
        return []  # a context that this account may not see


def _branches(dns: Iterable[str], context: str) -> tuple[str, ...]:
    """What these entries stand below, without what is within another; the context itself where that is too much."""
    found: dict[names.Key, str] = {}
    for dn in dns:
        above = names.key(dn)[1:]
        if above and above not in found:
            found[above] = _LEAF.sub("", dn, count=1)
    outer = [key for key in found if not any(key[-len(other) :] == other and key != other for other in found)]
    return (context,) if len(outer) > _SEVERAL else tuple(found[key] for key in outer)
