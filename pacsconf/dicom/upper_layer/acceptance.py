"""What an A-ASSOCIATE-AC says (PS3.8 section 9.3.3): pure, and never raises anything but PeerFault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pacsconf.dicom.observation import Software
from pacsconf.dicom.upper_layer import pdu
from pacsconf.dicom.upper_layer.pdu import items, text_of
from pacsconf.dicom.upper_layer.peer_fault import PeerFault

Contexts = Sequence[tuple[str, Sequence[str]]]
"""SOP classes to propose, each with its transfer syntaxes; their ids are 1, 3, 5 ... (PS3.8 section 9.3.2.2)."""

NO_ANSWER = 2
"""The result of a context that the peer says nothing of: no reason given."""


def context_id(at: int) -> int:
    """The id of the context at this place of a proposal, from 0."""
    return 1 + 2 * at


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a proposed context: 0 accepted, with this transfer syntax; else PS3.8 section 9.3.3.2."""

    result: int
    syntax: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The answer to a proposal: what became of each of its contexts, in their order, and who answers."""

    results: tuple[Result, ...]
    software: Software


def acceptance(body: bytes, proposed: Contexts) -> Acceptance:
    """What the body of an A-ASSOCIATE-AC makes of this proposal.

    Raises: PeerFault when it tells of contexts that were not proposed, of one twice, or accepts one with a transfer
    syntax that was not proposed.
    """
    found: dict[int, Result] = {}
    known = {context_id(at): syntaxes for at, (_, syntaxes) in enumerate(proposed)}
    for number, result, syntax in contexts(body):
        found[number] = _checked(number, Result(result, syntax), known, found)
    missing = Result(NO_ANSWER)
    return Acceptance(tuple(found.get(number, missing) for number in known), software(body))


def _checked(
    number: int, result: Result, known: Mapping[int, Sequence[str]], found: Mapping[int, Result]
) -> Result:
    if number not in known:
        raise PeerFault(f"its acceptance tells of presentation context {number}, which was not proposed")
    if number in found:
        raise PeerFault(f"its acceptance tells of presentation context {number} twice")
    if result.result != 0:
        return Result(result.result)
    syntaxes = known[number]
    if not result.syntax and len(syntaxes) == 1:  # left out, where there is one that it can mean
        return Result(0, syntaxes[0])
    if result.syntax not in syntaxes:
        raise PeerFault(
            f"it accepts presentation context {number} with a transfer syntax that was not proposed"
        )
    return result


def contexts(body: bytes) -> Iterator[tuple[int, int, str]]:
    """Id, result and transfer syntax of each presentation context in an A-ASSOCIATE-AC (PS3.8 section 9.3.3)."""
    for kind, item in items(body[pdu.FIXED :]):
        if kind == pdu.ANSWERED_CONTEXT and len(item) >= 4:
            syntax = next((value for kind, value in items(item[4:]) if kind == pdu.TRANSFER_SYNTAX), b"")
            yield item[0], item[2], text_of(syntax)


def software(body: bytes) -> Software:
    """What the peer calls itself (PS3.7 annex D.3.3)."""
    told = {
        kind: value
        for outer, item in items(body[pdu.FIXED :])
        if outer == pdu.USER
        for kind, value in items(item)
    }
    return Software(
        text_of(told.get(pdu.CLASS_UID, b"")),
        text_of(told.get(pdu.VERSION, b"")),
        int.from_bytes(told.get(pdu.LONGEST, b"")[:4], "big"),
    )
