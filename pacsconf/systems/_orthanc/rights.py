"""What an account may do at an Orthanc, found out without changing anything.

Orthanc itself knows no rights of users: a Lua script, a plug-in or a proxy in front of it refuses requests, by
method and path. So each is asked for: reading by reading, writing by deleting a name that does not exist.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Literal

from pacsconf.core.errors import Refused
from pacsconf.systems._http import Answer, Web
from pacsconf.systems._orthanc.kinds import DICOMWEB, ORTHANC, PEER
from pacsconf.systems._orthanc.live import Live, Path
from pacsconf.systems.abilities import AccountRight

_NAMES = {PEER: "modalities", ORTHANC: "Orthanc peers", DICOMWEB: "DICOMweb servers"}
_REFUSALS = frozenset({401, 403})


def rights(web: Web, *, holds: bool = False) -> Iterator[AccountRight]:
    """Each right that looking or writing needs, as far as this server has what it is for.

    `holds`: studies are on hold.

    Raises: Unavailable; Refused when the account is not let in at all.
    """
    server = Live(web).server()
    yield AccountRight("read what the server tells of itself", "looking", "yes")
    for kind, place in server.places().items():
        yield _reading(web, kind, place)
    if holds:
        yield _listing(web)
    for kind, place in server.places().items():
        yield _writing(web, kind, place)
    if holds:
        yield _protecting(web)


def _reading(web: Web, kind: str, place: Path) -> AccountRight:
    answer = web.ask("GET", *place, query="expand")
    verdict: Literal["yes", "no"] = "yes" if answer.ok else "no"
    grant = f"Allow GET {'/'.join(('', *place))} to this account. It was told: {answer.text}."
    return AccountRight(f"read the {_NAMES[kind]}", "looking", verdict, "" if answer.ok else grant)


def _listing(web: Web) -> AccountRight:
    """Where studies are on hold, all are gone through."""
    answer = web.ask("GET", "studies", query="since=0&limit=1")
    grant = f"Allow GET /studies to this account, since studies are on hold. It was told: {answer.text}."
    return AccountRight(
        "read the list of studies", "looking", "yes" if answer.ok else "no", "" if answer.ok else grant
    )


def _protecting(web: Web) -> AccountRight:
    """Found out by protecting a patient that there is not; Orthanc calls such a one out of range (400)."""
    name, path = "protect patients", "/patients/*/protected"
    made_up = "-".join(secrets.token_hex(4) for _ in range(5))
    try:
        answer = web.ask("PUT", "patients", made_up, "protected", body=1)
    except Refused as fault:
        return AccountRight(name, "writing", "unknown", fault.message)
    if answer.status in _REFUSALS:
        return AccountRight(name, "writing", "no", f"Allow GET and PUT {path} to this account.")
    if answer.status in (400, 404) and answer.remark:
        detail = f"found out by PUT {path} of a patient that does not exist"
        return AccountRight(name, "writing", "yes", detail)
    return AccountRight(name, "writing", "unknown", f"PUT {path} was answered otherwise: {answer.text}")


def _writing(web: Web, kind: str, place: Path) -> AccountRight:
    name = f"write the {_NAMES[kind]}"
    made_up = f"pacsconf-{secrets.token_hex(8)}"
    path = "/".join(("", *place, "*"))
    try:
        answer = web.ask("DELETE", *place, made_up)
    except Refused as fault:
        return AccountRight(name, "writing", "unknown", fault.message)
    if answer.status in _REFUSALS:
        return AccountRight(name, "writing", "no", f"Allow PUT and DELETE {path} to this account.")
    if _knows_nothing_of(kind, answer):
        return AccountRight(
            name, "writing", "yes", f"found out by DELETE {path} of a name that does not exist"
        )
    return AccountRight(name, "writing", "unknown", f"DELETE {path} was answered otherwise: {answer.text}")


def _knows_nothing_of(kind: str, answer: Answer) -> bool:
    """Whether the server itself looked for the name; the DICOMweb plugin calls a missing one a bad request."""
    return answer.status == (400 if kind == DICOMWEB else 404) and bool(answer.remark)
