"""What we send to open and close an association, built by pynetdicom (PS3.8 section 9.3)."""

from __future__ import annotations

from functools import cache, lru_cache

from pacsconf.dicom.upper_layer.acceptance import Contexts, context_id

MAX_PDU = 16384
"""What we offer to receive, in bytes; an answer longer than four of these is not read."""

MAX_CONTEXTS = 128
"""Of one association: their ids are the odd numbers of one byte (PS3.8 section 9.3.2.2)."""

VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"

VERIFICATION_ALONE: Contexts = ((VERIFICATION, (IMPLICIT_LITTLE_ENDIAN,)),)

_CALLED, _CALLING = slice(10, 26), slice(26, 42)
"""Where the titles are in an A-ASSOCIATE-RQ (PS3.8 section 9.3.2)."""


def proposal(calling: str, called: str, proposed: Contexts = VERIFICATION_ALONE) -> bytes:
    """An A-ASSOCIATE-RQ for these contexts, 128 at most (PS3.8 section 9.3.2)."""
    request = bytearray(_untitled(tuple((uid, tuple(syntaxes)) for uid, syntaxes in proposed)))
    request[_CALLED] = _title(called)
    request[_CALLING] = _title(calling)
    return bytes(request)


def _title(title: str) -> bytes:
    return title.encode("ascii", "replace")[:16].ljust(16)


@lru_cache(512)
def _untitled(proposed: tuple[tuple[str, tuple[str, ...]], ...]) -> bytes:
    """The request without its titles: devices of one kind are asked the same."""
    from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, build_context
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        MaximumLengthNotification,
    )

    built = [build_context(sop_class, list(syntaxes)) for sop_class, syntaxes in proposed]
    for at, context in enumerate(built):
        context.context_id = context_id(at)
    length = MaximumLengthNotification()
    length.maximum_length_received = MAX_PDU
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = PYNETDICOM_IMPLEMENTATION_UID

    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title = "CALLING"
    primitive.called_ae_title = "CALLED"
    primitive.presentation_context_definition_list = built
    primitive.user_information = [length, implementation]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    return pdu.encode()


@cache
def release_request() -> bytes:
    """A-RELEASE-RQ (PS3.8 section 9.3.6)."""
    from pynetdicom.pdu import A_RELEASE_RQ

    return A_RELEASE_RQ().encode()


ABORT_REQUEST = bytes([0x07, 0, 0, 0, 0, 4, 0, 0, 0, 0])
"""A-ABORT by the service user (PS3.8 section 9.3.8)."""
