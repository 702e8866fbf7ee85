"""What kind of account it probably is, by its name, its branch and what the directory says of it. Pure.

Directories have no word for it, and an inventory needs one. A wrong guess harms nothing, since no account is
changed by it, and is put right by hand. Words are those of hospitals in English and German.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pacsconf.inventory.account_names import GENERIC, looks_shared, parted
from pacsconf.inventory.people import UserKind
from pacsconf.people.live import LiveAccount, LiveAccounts, LiveGroup


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


SERVICE_MARKS = _words_of("app bot daemon robot sa service services srv svc system")
"""Words that stand at the beginning or end of a program's name, and in the name of a branch for programs."""

_PROGRAMS = _words_of(
    "api archive backup batch bind broker ci dcm4chee gateway hl7 job keycloak ldap monitor monitoring orthanc "
    "pacsconf router scheduler sync worklist"
)
_VENDOR_MARKS = _words_of("contractor contractors ext extern external externe lieferant vendor vendors")
_MAKERS = _words_of(
    "agfa canon carestream fuji fujifilm hitachi hologic philips samsung sectra siemens toshiba visage"
)
_NOBODY = _words_of("dummy empty leer niemand nobody none placeholder platzhalter")
_EMERGENCY = _words_of("breakglass emergency notfall")
_ADMINISTERS = _words_of("admin admins administrator administrators administratoren superuser superusers")
_BRANCH = re.compile(r"(?<!\\),\s*(?:ou|cn|o)=((?:\\.|[^,+\\])+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guess:
    """A kind of user, and why it is taken for one; no reason: nothing speaks for anything else than a person."""

    kind: UserKind
    why: str = ""


def kind_of(account: LiveAccount) -> Guess:
    """What an account probably is."""
    words, branch = parted(account.login), frozenset(_branch(account))
    if _EMERGENCY & set(words) or "breakglass" in "".join(words):
        return Guess("break-glass", "by its name")
    if branch & SERVICE_MARKS:
        return Guess("service", "by the branch that it stands in")
    if branch & _VENDOR_MARKS:
        return Guess("vendor", "by the branch that it stands in")
    if len(words) > 1 and words[0] in _VENDOR_MARKS | _MAKERS:
        return Guess("vendor", "by its name")
    if is_program(account.login):
        return Guess("service", "by its name")
    if looks_shared(account.login):
        return Guess("shared", "by its name")
    if not account.password_expires and account.personal and "given_name" not in account.personal:
        return Guess("service", "its password never expires, and it is no person's by name")
    return Guess("person")


def is_program(login: str) -> bool:
    """Whether a name is one that programs have: `svc-router`, `orthanc`, `backup-job`."""
    words = parted(login)
    if len(words) > 1 and {words[0], words[-1]} & SERVICE_MARKS:
        return True
    return bool(_PROGRAMS & set(words)) and all(word in _PROGRAMS | GENERIC | SERVICE_MARKS for word in words)


def administers(group: str) -> bool:
    """Whether a group is one of administrators, by its name."""
    return bool(_ADMINISTERS & set(parted(group)))


def is_placeholder(dn: str) -> bool:
    """Whether a member that is no account stands where nobody is, by its name: `cn=nobody,ou=groups,…`."""
    _, equals, value = dn.partition(",")[0].partition("=")
    return bool(equals) and bool(_NOBODY & set(parted(value)))


def administrators(live: LiveAccounts) -> tuple[LiveGroup, ...]:
    """The groups of administrators, by their names."""
    return tuple(group for name, group in sorted(live.groups.items()) if administers(name))


def _branch(account: LiveAccount) -> list[str]:
    """The words of the names of the branches that an account stands in."""
    return [word for name in (account.place, *_BRANCH.findall(account.dn)) for word in parted(name)]
