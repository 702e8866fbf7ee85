"""Names of accounts that are nobody's in particular: `xray`, `rad1`, `admin`."""

from __future__ import annotations

import re

_GENERIC = """
admin administrator anmeldung arzt befund befundung clinic console cr ct dem demo department dept desk doctor dx er
front gast guest hospital icu kiosk klinik konsole mg mr mri mrt mta mtra mtr night nm nurse office op or pacs pc
pet portal rad radiologie radiology raum reading reception ris room root service shared staff station student
team tech technologist temp test training us user users viewer ward workstation ws xray
"""
GENERIC = frozenset(_GENERIC.split())
"""Words of hospitals in English and German of which a name consists that says no person (PACS-USR-005)."""
_WORD = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"(?<=[a-zäöü])(?=[A-ZÄÖÜ])")


def parted(name: str) -> list[str]:
    """The words of a name in small letters; digits and marks part them, as a capital after a small letter does."""
    return [word.casefold() for word in _WORD.findall(_HUMP.sub(" ", name))]


def looks_shared(name: str) -> bool:
    """Whether a name says no person but a place, a device or a job: `ct2`, `xray-room`, `admin`."""
    found = parted(name)
    return bool(found) and all(word in GENERIC for word in found)
