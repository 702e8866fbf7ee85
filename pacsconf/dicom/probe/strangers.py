"""Whom an application entity lets in: associations under a title that nobody has, one to a title that it is not.

Intrusion alarms and device logs notice both, so this is done only when a person asks for it. Nothing is stored:
contexts to store are negotiated and given back. A query matches nothing. That a context is accepted does not show
that its operation is allowed: Orthanc accepts them all and aborts the operation (1.10.1, seen 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Path
from pacsconf.dicom.names import Names, NotFound
from pacsconf.dicom.observation import Doors, Open
from pacsconf.dicom.probe.way import not_reached
from pacsconf.dicom.targets import Level
from pacsconf.dicom.upper_layer.acceptance import Acceptance, Contexts, context_id
from pacsconf.dicom.upper_layer.association import Association
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.upper_layer.proposals import VERIFICATION_ALONE
from pacsconf.dicom.upper_layer.query import QUERIES
from pacsconf.dicom.upper_layer.stream import Stream, connect
from pacsconf.inventory import uids
from pacsconf.inventory.model import Accepts

NOBODY = "PACSCONF_NOBODY"
"""A calling title that is in no list of callers, and says in the other side's log who it was."""

NOWHERE = "PACSCONF_NO_ONE"
"""A called title that no device has."""

_CALLED_UNKNOWN, _CALLING_UNKNOWN = (1, 7), (1, 3)

_STORED = tuple("1.2.840.10008.5.1.4.1.1." + arc for arc in ("1", "1.1", "2", "4", "6.1", "7", "20", "128"))
"""SOP classes that most archives store."""

_PROPOSED: Contexts = tuple(
    (uid, uids.DEFAULT_TRANSFER_SYNTAXES) for uid in (uids.VERIFICATION, *QUERIES, *_STORED)
)

Opened = Callable[[], Stream]
"""Opens a connection. Raises: PeerFault."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What strangers met, and in words why the one of unknown title, and the one that took a wrong title, did."""

    doors: Doors
    caller: str
    title: str
    title_why: tuple[int, int] | None = None


def tried(
    opened: Opened,
    title: str,
    calling: str,
    timeout: float,
    *,
    known: bool = False,
    level: Level = "services",
) -> Tried:
    """What strangers meet at `title`, in two associations, and one more for a query.

    `known`: `calling` was let in before, so that a rejection is because of the title. A stranger goes no further
    than `level`: at `echo` no more than that, at `contexts` without a query, and at `tcp` the association alone.
    """
    doors, caller = _unknown_caller(opened, title, timeout, level)
    wrong, words, why = _wrong_title(opened, calling, timeout, known=known)
    return Tried(replace(doors, wrong_called=wrong), caller, words, why)


def _unknown_caller(opened: Opened, title: str, timeout: float, level: Level) -> tuple[Doors, str]:
    more = level in ("contexts", "services")
    try:
        with Association(opened(), timeout) as association:
            answer = association.request(NOBODY, title, _PROPOSED if more else VERIFICATION_ALONE)
            if level == "tcp":
                return Doors(unknown_calling="open"), "accepted"
            echo = _operation(association.echo) if answer.results[0].result == 0 else "refused"
    except PeerFault as fault:
        return _kept_out(fault), str(fault)
    if not more:
        return Doors("unknown", "open", echo), "accepted"
    query = _query(opened, title, timeout, answer, may=level == "services")
    return Doors("unknown", "open", echo, _store(answer, echo, query), query), "accepted"


def _kept_out(fault: PeerFault) -> Doors:
    """No association: for good, or for a reason that says nothing of the caller."""
    if fault.how != "rejected" or not _for_good(fault):
        return Doors()
    return Doors("unknown", *(("refused",) * 4))


def _for_good(fault: PeerFault) -> bool:
    """Whether the called application itself refused, permanently (PS3.8 section 9.3.4)."""
    return fault.fault.numbers[:2] == (1, 1)


def _operation(ask: Callable[[], None]) -> Open:
    """What comes of one over an accepted context."""
    try:
        ask()
    except PeerFault as fault:
        if fault.how == "status":
            return _STATUSES.get(fault.fault.numbers[0], "unknown")
        return "refused" if fault.how in ("aborted", "closed") else "unknown"
    return "open"


_STATUSES: Mapping[int, Open] = {0x0122: "refused", 0x0124: "refused", 0xFF00: "open"}
"""Of a status other than success; pending: it even found something."""


def _query(opened: Opened, title: str, timeout: float, answer: Acceptance, *, may: bool) -> Open:
    """Whether a stranger may query, tried (if it `may` be) in an association of its own where a context for it was
    accepted."""
    accepted = {
        uid: seen.syntax for (uid, _), seen in zip(_PROPOSED, answer.results, strict=True) if not seen.result
    }
    sop_class = next((uid for uid in QUERIES if uid in accepted), None)
    if sop_class is None:
        return "refused"
    if not may:
        return "unknown"
    identifier = QUERIES[sop_class].identifier(accepted[sop_class])
    try:
        with Association(opened(), timeout) as association:
            again = association.request(NOBODY, title, ((sop_class, (accepted[sop_class],)),))
            if again.results[0].result != 0:
                return "unknown"
            return _operation(lambda: association.find(context_id(0), sop_class, identifier))
    except PeerFault:
        return "unknown"


def _store(answer: Acceptance, echo: Open, query: Open) -> Open:
    """By negotiation alone, which counts where the peer has not shown that it accepts what it then refuses."""
    results = {uid: seen.result for (uid, _), seen in zip(_PROPOSED, answer.results, strict=True)}
    if all(results[uid] != 0 for uid in _STORED):
        return "refused"
    accepts_in_vain = (echo == "refused" and results[uids.VERIFICATION] == 0) or (
        query == "refused" and any(results[uid] == 0 for uid in QUERIES)
    )
    return "unknown" if accepts_in_vain else "open"


def _wrong_title(
    opened: Opened, calling: str, timeout: float, *, known: bool
) -> tuple[Open, str, tuple[int, int] | None]:
    try:
        with Association(opened(), timeout) as association:
            association.request(calling, NOWHERE)
    except PeerFault as fault:
        refused = fault.why == _CALLED_UNKNOWN or (known and fault.how == "rejected" and _for_good(fault))
        return "refused" if refused else "unknown", str(fault), fault.why
    return "open", "accepted", None


def without_tls(dial: Callable[[], Stream], title: str, calling: str, timeout: float) -> Open:
    """What comes of an association without TLS at a port that speaks it; `dial` raises OSError.

    Whoever answers in DICOM speaks it there, and be it to reject. Silence may be that it waits for TLS.
    """
    try:
        with Association(dial(), timeout) as association:
            association.request(calling, title, VERIFICATION_ALONE)
    except PeerFault as fault:
        if fault.how == "rejected":
            return "open"
        return "refused" if fault.how in ("closed", "not DICOM") else "unknown"
    except OSError:
        return "unknown"
    return "open"


# --- what it comes to ---------------------------------------------------------------------------------------------


def must_refuse(accepts: Accepts | None) -> bool:
    """Whether it is declared that an unknown calling title is refused."""
    if accepts is None or accepts == "any":
        return False
    return accepts == "declared" or not any(fnmatchcase(NOBODY, pattern) for pattern in accepts)


def let_in(
    where: str, doors: Doors, accepts: Accepts | None = None, path: Path = (), about: Address | None = None
) -> Finding:
    """It takes a caller of unknown title."""
    declared = must_refuse(accepts)
    could = ", ".join(f"{what} {_COULD[door]}" for what, door in _tried_things(doors))
    return Finding(
        "WIRE-STRANGER",
        "error" if declared else "warning",
        f"{where} takes associations under a title that nobody has ({NOBODY})",
        f"Whoever reaches it can call it. {f'Tried as a stranger: {could}.' if could else _NOT_TRIED}",
        "Have it accept the titles that it knows alone."
        + (" Or declare that it takes any (accepts: any)." if declared else ""),
        path=path,
        about=about,
        evidence="observed",
    )


_NOT_TRIED = "What it lets strangers store or query was not tried."
_COULD: Mapping[Open, str] = {"open": "taken", "refused": "refused", "unknown": "not known"}


def _tried_things(doors: Doors) -> Iterator[tuple[str, Open]]:
    things: tuple[tuple[str, Open], ...] = (
        ("echo", doors.echo),
        ("store", doors.store),
        ("query", doors.query),
    )
    if any(door != "unknown" for _, door in things):
        yield from things


def took(where: str, path: Path = (), about: Address | None = None) -> Finding:
    """It answers to a title that is not its own."""
    return Finding(
        "WIRE-ANY-TITLE",
        "warning",
        f"{where} answers to a title that is not its own ({NOWHERE})",
        "A device that was set up for another archive, and reaches this one, would send its images here.",
        "Have it check the title that it is called by.",
        path=path,
        about=about,
        evidence="observed",
    )


# --- for `look` ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Door:
    """What strangers met: what is wrong, and what could not be found out, in sentences."""

    findings: tuple[Finding, ...] = ()
    unseen: tuple[str, ...] = ()


def try_the_door(
    title: str, host: str, port: int, calling: str, about: Address | None, timeout: float = 5.0
) -> Door:
    """Request two associations of `title` as strangers would; the second under the title `calling`."""
    met = tried(partial(_opened, host, port, timeout), title, calling, timeout, level="tcp")
    where, found = f"{title} at {host}:{port}", []
    if met.doors.unknown_calling == "open":
        found.append(let_in(where, met.doors, about=about))
    if met.doors.wrong_called == "open":
        found.append(took(where, about=about))
    return Door(tuple(found), tuple(_unseen(where, calling, met)))


def _opened(host: str, port: int, timeout: float) -> Stream:
    try:
        return connect(Names().addresses(host, timeout), port, timeout)
    except NotFound as exc:
        raise PeerFault(f'the name "{host}" {exc}', exc.how) from exc
    except OSError as exc:
        raise not_reached(exc, port, timeout) from exc


def _unseen(where: str, calling: str, met: Tried) -> Iterator[str]:
    if met.doors.unknown_calling == "unknown":
        yield f"Whether {where} lets strangers in is not known: {met.caller}."
    if met.doors.wrong_called == "unknown":
        reason = met.title
        if met.title_why == _CALLING_UNKNOWN:
            reason = (
                f"it does not know {calling}, and looks no further. Give a title that it knows (--calling)"
            )
        yield f"Whether {where} answers to any title is not known: {reason}."
