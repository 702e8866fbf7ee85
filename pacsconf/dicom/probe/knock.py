"""One association with an application entity that nobody need have declared: whether it is there, what it takes.

Verification and the common services are proposed, no data is sent, and where verification is accepted one C-ECHO
goes over the same association. What a peer accepts is what it would take as the called side; it says nothing of
what it calls others for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from pacsconf.dicom.names import Names, NotFound
from pacsconf.dicom.probe.attempt import since
from pacsconf.dicom.probe.way import not_reached
from pacsconf.dicom.upper_layer.acceptance import Acceptance
from pacsconf.dicom.upper_layer.association import Association
from pacsconf.dicom.upper_layer.peer_fault import PeerFault, context_result
from pacsconf.dicom.upper_layer.stream import connect
from pacsconf.inventory import uids

Came = Literal["accepted", "rejected", "aborted", "closed", "silent", "not DICOM", "otherwise", "unreachable"]
"""What came of it; `silent` connected and never answered, `unreachable` did not even connect."""

_COMMON = (
    *uids.services()["verification"].classes,
    *("1.2.840.10008.5.1.4.1.1." + arc for arc in ("1", "1.1", "1.2", "2", "2.1", "4", "4.1", "6.1", "3.1")),
    *("1.2.840.10008.5.1.4.1.1." + arc for arc in ("7", "12.1", "12.2", "20", "128", "481.1", "481.3")),
    *("1.2.840.10008.5.1.4.1.1." + arc for arc in ("11.1", "88.11", "88.22", "88.59", "88.67", "104.1")),
    *uids.services()["query-retrieve"].classes,
    *("1.2.840.10008.5.1.4.1.2." + arc for arc in ("1.1", "1.2", "1.3")),
    *uids.services()["modality-worklist"].classes,
    *uids.services()["mpps"].classes,
    *uids.services()["storage-commitment"].classes,
)
"""Verification first; then what most devices in a hospital's network store, ask for and tell."""


_ADVICE = {
    (1, 3): (
        "It does not know the title that called it. Call under one that it knows (--calling), or add ours there."
    ),
    (1, 7): "It does not answer to this title. Ask for its own, or try it in other letters: capitals count.",
    (3, 1): "It has no association free. Try again later.",
    (3, 2): "It has no association free. Try again later.",
}
"""By source and reason of a rejection (PS3.8 section 9.3.4)."""
_HUNG_UP = (
    "What listens there may take encrypted connections alone (TLS), which are not tried here, or no calls from "
    "this machine. Ask who runs it."
)


@dataclass(frozen=True, slots=True)
class Context:
    """One SOP class that was proposed: the transfer syntax it was accepted with, or why it was not."""

    sop_class: str
    syntax: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Knock:
    """What came of one association. `text` says it in words; `echo` is what became of the C-ECHO.

    `implementation` is what the peer calls itself: its version name and class UID (PS3.7 annex D.3.3.2). `advice`
    is what to do about it, where how it ended tells; `why` is its source and reason.
    """

    came: Came
    text: str
    advice: str = ""
    contexts: tuple[Context, ...] = ()
    implementation: str = ""
    max_pdu: int | None = None
    echo: str = ""
    milliseconds: float = 0.0
    why: tuple[int, int] | None = None


def knock(title: str, host: str, port: int, calling: str, timeout: float = 5.0) -> Knock:
    """Call `title` once under the title `calling`; every step has `timeout` seconds."""
    began = time.monotonic()
    try:
        stream = connect(Names().addresses(host, timeout), port, timeout)
    except NotFound:
        return Knock("unreachable", f'the name "{host}" is not known to this machine')
    except OSError as exc:
        return Knock("unreachable", str(not_reached(exc, port, timeout)))
    return _speak(Association(stream, timeout), title, calling, began)


def _speak(association: Association, title: str, calling: str, began: float) -> Knock:
    proposed = [(uid, uids.DEFAULT_TRANSFER_SYNTAXES) for uid in _COMMON]
    try:
        with association:
            answer = association.request(calling, title, proposed)
            found = tuple(_contexts(answer))
            echo = _echo(association) if not found[0].refused else f"not asked: {found[0].refused}"
    except PeerFault as fault:
        advice = _ADVICE.get(fault.why, "") if fault.why else _HUNG_UP if fault.how == "closed" else ""
        return Knock(cast("Came", fault.how), str(fault), advice, milliseconds=since(began), why=fault.why)
    accepted = sum(not context.refused for context in found)
    text = f"the association was accepted, with {accepted} of {len(found)} services that were proposed"
    told = answer.software
    implementation = " · ".join(told.names)
    return Knock("accepted", text, "", found, implementation, told.max_pdu or None, echo, since(began))


def _echo(association: Association) -> str:
    try:
        association.echo()
    except PeerFault as fault:
        return str(fault)
    return "answered"


def _contexts(answer: Acceptance) -> Iterator[Context]:
    """What became of each context, in the order in which they were proposed."""
    for sop_class, seen in zip(_COMMON, answer.results, strict=True):
        if seen.result == 0:
            yield Context(sop_class, seen.syntax)
        else:
            yield Context(sop_class, refused=context_result(seen.result))
