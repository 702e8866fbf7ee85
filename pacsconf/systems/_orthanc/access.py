"""Who is let in at an Orthanc: nobody without a password, and its users with theirs. Each is tried once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pacsconf.core.errors import BadAnswer, OperatorError, SystemFault
from pacsconf.core.finding import Finding
from pacsconf.inventory.systems import Login, OrthancConfig, OrthancUser
from pacsconf.people.orthanc import Logins
from pacsconf.systems._http import Answer, Web
from pacsconf.systems.abilities import LoginTried
from pacsconf.systems.base import Secrets

ANONYMOUS = "nobody (without a password)"
_UNAUTHORIZED = 401
_TURNED_AWAY = frozenset({301, 302, 303, 307, 308, _UNAUTHORIZED, 403})
"""How a caller is turned away: by Orthanc with 401, by a plug-in or a proxy also otherwise."""


Verdict = Literal["closed", "tells of itself", "open", "unknown"]


@dataclass(frozen=True, slots=True)
class Door:
    """What somebody without a password meets; `told` is what was answered, in words."""

    verdict: Verdict
    told: str


def anonymous(config: OrthancConfig, secrets: Secrets) -> Door:
    """Try the door without a password: /system, and where that opens /modalities, which is nobody's business."""
    web = _web(config, None, secrets)
    try:
        first = web.ask("GET", "system")
        if first.status in _TURNED_AWAY:
            return Door("closed", f"answered with {first.status}")
        if not _is_orthancs(first):
            return Door("unknown", f"/system was answered with {first.status}, and not as Orthanc answers")
        second = web.ask("GET", "modalities")
    except SystemFault as fault:
        return Door("unknown", fault.message)
    finally:
        web.close()
    if second.ok:
        return Door("open", "/system and /modalities are answered")
    return Door("tells of itself", "/system is answered")


def _is_orthancs(answer: Answer) -> bool:
    """Whether Orthanc itself answered /system; a page to sign in is a good answer, too, as HTTP has it."""
    try:
        found = answer.json("", "/system") if answer.ok else None
    except BadAnswer:
        return False
    return isinstance(found, dict) and "Version" in found


def door_findings(config: OrthancConfig, door: Door) -> Iterator[Finding]:
    """What is wrong with how somebody without a password is met, where passwords are meant to be asked for."""
    if door.verdict == "unknown":
        yield Finding(
            "ORTHANC-REST-UNTRIED",
            "warning",
            f"Whether Orthanc {config.name} asks for a password is not known",
            f"It was asked without one: {door.told}.",
            "Ask /system without a password by hand: the answer must be 401.",
            path=("systems", config.name),
            evidence="observed",
            verdict="unknown",
        )
    elif door.verdict == "open":
        yield Finding(
            "ORTHANC-REST-OPEN",
            "error",
            f"Orthanc {config.name} lets anybody in over REST, without a password, though a login is declared",
            f"Without one {door.told}: whoever reaches it may read about patients, delete studies, and change it.",
            "Set AuthenticationEnabled to true in its configuration, and restart it: 401 is the right answer.",
            path=("systems", config.name),
            evidence="observed",
        )
    elif door.verdict == "tells of itself":
        yield Finding(
            "ORTHANC-REST-TELLS",
            "info",
            f"Orthanc {config.name} tells anybody its version and AE title, without a password",
            "Nothing else that was tried was answered.",
            "Have /system asked for with a password too, in the plug-in or proxy that lets it through.",
            path=("systems", config.name),
            evidence="observed",
        )


def tried(config: OrthancConfig, logins: Logins, secrets: Secrets) -> Iterator[LoginTried]:
    """Each user of the Orthanc, by one try; those that are left out must be refused."""
    door = anonymous(config, secrets)
    yield LoginTried(ANONYMOUS, False, _LETS_IN[door.verdict], door.told)
    for name, login in logins.registered.items():
        yield _tried(config, name, login, True, secrets)
    for one in logins.left_out:
        yield _tried(config, one.name, config.users[one.name], False, secrets)


_LETS_IN: Mapping[Verdict, Literal["yes", "no", "unknown"]] = {
    "closed": "no",
    "tells of itself": "yes",
    "open": "yes",
    "unknown": "unknown",
}


def _tried(
    config: OrthancConfig, name: str, login: OrthancUser, wanted: bool, secrets: Secrets
) -> LoginTried:
    web = _web(config, Login(user=name, password=login.password), secrets)
    try:
        answer = web.ask("GET", "system")
    except (SystemFault, OperatorError) as fault:
        return LoginTried(name, wanted, "unknown", fault.message)
    finally:
        web.close()
    return LoginTried(name, wanted, _let_in(answer), f"answered with {answer.status}")


def _let_in(answer: Answer) -> Literal["yes", "no", "unknown"]:
    """403 is of somebody known who may not, or of a proxy's: it does not tell."""
    if _is_orthancs(answer):
        return "yes"
    return "no" if answer.status == _UNAUTHORIZED else "unknown"


def _web(config: OrthancConfig, login: Login | None, secrets: Secrets) -> Web:
    return Web(config.model_copy(update={"login": login}), secrets)
