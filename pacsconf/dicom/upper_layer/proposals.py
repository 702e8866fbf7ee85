"""What we send to open an association, built by pynetdicom (PS3.8 section 9.3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pacsconf.dicom.upper_layer import pdu
from pacsconf.dicom.upper_layer.acceptance import Contexts, context_id
from pacsconf.inventory import uids

VERIFICATION_ALONE: Contexts = ((uids.VERIFICATION, (uids.IMPLICIT_VR_LE,)),)

_CALLED, _CALLING = slice(10, 26), slice(26, 42)
"""Where the titles are in an A-ASSOCIATE-RQ."""


def proposal(
    calling: str, called: str, proposed: Contexts = VERIFICATION_ALONE, taking: Sequence[str] = ()
) -> bytes:
    """An A-ASSOCIATE-RQ for these contexts, 128 at most; of the SOP classes `taking` we offer to be the SCP."""
    asked = tuple((uid, tuple(syntaxes)) for uid, syntaxes in proposed)
    request = bytearray(_untitled(asked, tuple(dict.fromkeys(taking))))
    request[_CALLED], request[_CALLING] = _title(called), _title(calling)
    return bytes(request)


def ready() -> None:
    """Have pynetdicom imported (0.3 s), before anybody's answer is timed."""
    _untitled((), ())


def _title(title: str) -> bytes:
    return title.encode("ascii", "replace")[:16].ljust(16)


@lru_cache(512)
def _untitled(proposed: tuple[tuple[str, tuple[str, ...]], ...], taking: tuple[str, ...]) -> bytes:
    """The request without its titles: devices of one kind are asked the same."""
    assert len(proposed) <= pdu.MOST_CONTEXTS, "who proposes counts"
    from pynetdicom import build_context
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        ImplementationVersionNameNotification,
        MaximumLengthNotification,
        SCP_SCU_RoleSelectionNegotiation,
    )

    built = [build_context(sop_class, list(syntaxes)) for sop_class, syntaxes in proposed]
    for at, context in enumerate(built):
        context.context_id = context_id(at)
    length = MaximumLengthNotification()
    length.maximum_length_received = pdu.MAX_PDU
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = pdu.IMPLEMENTATION
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = pdu.VERSION_NAME
    roles = []
    for sop_class in taking:
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid = sop_class
        role.scu_role, role.scp_role = False, True
        roles.append(role)

    primitive = A_ASSOCIATE()
    primitive.application_context_name = pdu.DICOM.decode("ascii")
    primitive.calling_ae_title = "CALLING"
    primitive.called_ae_title = "CALLED"
    primitive.presentation_context_definition_list = built
    primitive.user_information = [length, implementation, *roles, version]
    request = A_ASSOCIATE_RQ()
    request.from_primitive(primitive)
    return request.encode()
