"""What kind of account it probably is, by its name, its branch and what the directory says of it. Pure.

Directories have no word for it, and an inventory needs one. A wrong guess harms nothing, since no account is
changed by it, and is put right by hand. Words are those of hospitals in English and German.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pacsconf.inventory.people import UserKind
from pacsconf.people.live import LiveAccount, LiveAccounts, LiveGroup


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


GENERIC = _words_of(
    "admin administrator anmeldung arzt befund befundung clinic cr ct dem demo department dept desk doctor dx er "
    "front gast guest hospital icu kiosk klinik konsole console mg mr mri mrt mta mtra night nm nurse office op or "
    "pacs pc pet portal rad radiologie radiology raum reading reception ris room root service shared staff station "
    "student team tech technologist temp test training us user users viewer ward workstation ws xray"
)
"""Words of which a name consists that is nobody's in particular (PACS-USR-005)."""

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
_EMERGENCY = _words_of("breakglass emergency notfall")
_ADMINISTERS = _words_of("admin admins administrator administrators administratoren superuser superusers")
_WORD = re.compile(r"[^\W\d_]+")
_BRANCH = re.compile(r"(?<!\\),\s*(?:ou|cn|o)=((?:\\.|[^,+\\])+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guess:
    """A kind of user, and why it is taken for one; no reason: nothing speaks for anything else than a person."""

    kind: UserKind
    why: str = ""


def kind_of(account: LiveAccount) -> Guess:
    """What an account probably is."""
    words, branch = _words(account.login), frozenset(_branch(account))
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


def looks_shared(login: str) -> bool:
    """Whether a name says no person but a place, a device or a job: `ct2`, `xray-room`, `admin` (PACS-USR-005)."""
    words = _words(login)
    return bool(words) and all(word in GENERIC for word in words)


def is_program(login: str) -> bool:
    """Whether a name is one that programs have: `svc-router`, `orthanc`, `backup-job`."""
    words = _words(login)
    if len(words) > 1 and {words[0], words[-1]} & SERVICE_MARKS:
        return True
    return bool(_PROGRAMS & set(words)) and all(word in _PROGRAMS | GENERIC | SERVICE_MARKS for word in words)


def administers(group: str) -> bool:
    """Whether a group is one of administrators, by its name."""
    return bool(_ADMINISTERS & set(_words(group)))


def administrators(live: LiveAccounts) -> tuple[LiveGroup, ...]:
    """The groups of administrators, by their names."""
    return tuple(group for name, group in sorted(live.groups.items()) if administers(name))


def _words(text: str) -> list[str]:
    """The words of a name in small letters; digits and marks part them, as a capital after a small letter does."""
    parted = re.sub(r"(?<=[a-zäöü])(?=[A-ZÄÖÜ])", " ", text)
    return [word.casefold() for word in _WORD.findall(parted)]


def _branch(account: LiveAccount) -> list[str]:
    """The words of the names of the branches that an account stands in."""
    return [word for name in (account.place, *_BRANCH.findall(account.dn)) for word in _words(name)]
