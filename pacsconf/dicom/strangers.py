"""Whom an application entity lets in: one association under a title that nobody has, one to a title that it is not.

Intrusion alarms and device logs notice both, so this is done only when a person asks for it. Nothing but a C-ECHO
goes over what is accepted: what a stranger could store or query is not tried.
"""

from __future__ import annotations

from dataclasses import dataclass

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding
from pacsconf.dicom.knock import Knock, knock

NOBODY = "PACSCONF_NOBODY"
"""A calling title that is in no list of callers, and says in the other side's log who it was."""

NOWHERE = "PACSCONF_NO_ONE"
"""A called title that no device has."""

_CALLED_UNKNOWN, _CALLING_UNKNOWN = (1, 7), (1, 3)


@dataclass(frozen=True, slots=True)
class Door:
    """What strangers met: what is wrong, and what could not be found out, in sentences."""

    findings: tuple[Finding, ...] = ()
    unseen: tuple[str, ...] = ()


def try_the_door(
    title: str, host: str, port: int, calling: str, about: Address | None, timeout: float = 5.0
) -> Door:
    """Request two associations of `title` as strangers would; the second under the title `calling`."""
    unknown = knock(title, host, port, NOBODY, timeout)
    elsewhere = knock(NOWHERE, host, port, calling, timeout)
    where = f"{title} at {host}:{port}"
    return Door(
        (*_let_in(where, unknown, about), *_took(where, elsewhere, about)),
        (*_untold_caller(where, unknown), *_untold_title(where, calling, elsewhere)),
    )


def _let_in(where: str, seen: Knock, about: Address | None) -> tuple[Finding, ...]:
    if seen.came != "accepted":
        return ()
    return (
        Finding(
            "WIRE-STRANGER",
            "warning",
            f"{where} takes associations under a title that nobody has ({NOBODY})",
            "Whoever reaches it can call it. What it lets strangers store or query was not tried.",
            "Have it accept the titles that it knows alone.",
            about=about,
            evidence="observed",
        ),
    )


def _took(where: str, seen: Knock, about: Address | None) -> tuple[Finding, ...]:
    if seen.came != "accepted":
        return ()
    return (
        Finding(
            "WIRE-ANY-TITLE",
            "warning",
            f"{where} answers to a title that is not its own ({NOWHERE})",
            "A device that was set up for another archive, and reaches this one, would send its images here.",
            "Have it check the title that it is called by.",
            about=about,
            evidence="observed",
        ),
    )


def _untold_caller(where: str, seen: Knock) -> tuple[str, ...]:
    if seen.came in ("accepted", "rejected"):
        return ()
    return (f"Whether {where} lets strangers in is not known: {seen.text}.",)


def _untold_title(where: str, calling: str, seen: Knock) -> tuple[str, ...]:
    if seen.came == "accepted" or seen.why == _CALLED_UNKNOWN:
        return ()
    if seen.why == _CALLING_UNKNOWN:
        reason = f"it does not know {calling}, and looks no further. Give a title that it knows (--calling)"
    else:
        reason = seen.text
    return (f"Whether {where} answers to any title is not known: {reason}.",)
