"""What we send to open an association (PS3.8 section 9.3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pacsconf.dicom.upper_layer import pdu
from pacsconf.dicom.upper_layer.acceptance import Contexts, context_id
from pacsconf.inventory import uids

VERIFICATION_ALONE: Contexts = ((uids.VERIFICATION, (uids.IMPLICIT_VR_LE,)),)


def proposal(
    calling: str, called: str, proposed: Contexts = VERIFICATION_ALONE, taking: Sequence[str] = ()
) -> bytes:
    """An A-ASSOCIATE-RQ for these contexts, 128 at most; of the SOP classes `taking` we offer to be the SCP."""
    told = _items(tuple((uid, tuple(syntaxes)) for uid, syntaxes in proposed)) + pdu.user_information(*taking)
    return pdu.pdu(pdu.REQUEST, b"\0\1\0\0" + _title(called) + _title(calling) + bytes(32) + told)


def _title(title: str) -> bytes:
    return title.encode("ascii", "replace")[:16].ljust(16)


@lru_cache(512)
def _items(proposed: tuple[tuple[str, tuple[str, ...]], ...]) -> bytes:
    """Application context and presentation contexts: devices of one kind are asked the same."""
    assert len(proposed) <= pdu.MOST_CONTEXTS, "who proposes counts"
    contexts = (_context(context_id(at), *one) for at, one in enumerate(proposed))
    return pdu.item(pdu.APPLICATION_CONTEXT, pdu.DICOM) + b"".join(contexts)


def _context(number: int, sop_class: str, syntaxes: Sequence[str]) -> bytes:
    inner = pdu.item(pdu.ABSTRACT_SYNTAX, sop_class.encode("ascii"))
    inner += b"".join(pdu.item(pdu.TRANSFER_SYNTAX, one.encode("ascii")) for one in syntaxes)
    return pdu.item(pdu.CONTEXT, bytes([number, 0, 0, 0]) + inner)
