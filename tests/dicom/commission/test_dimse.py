"""Messages put together from what came, whole or in pieces, and from what is none."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.dicom.commission import dimse
from pacsconf.dicom.commission.dimse import Assembler, message
from pacsconf.dicom.commission.exchange import with_roles
from pacsconf.dicom.commission.objects import from_bytes
from pacsconf.dicom.listen.request import request
from pacsconf.dicom.upper_layer.proposals import proposal

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def bodies(data: bytes) -> list[bytes]:
    """The bodies of P-DATA-TF PDUs."""
    found = []
    while data:
        kind, _, size = struct.unpack_from(">BBI", data)
        assert kind == 4
        found.append(data[6 : 6 + size])
        data = data[6 + size :]
    return found


@given(
    st.binary(max_size=3000) | st.none(),
    st.integers(0, 700),
    st.integers(0, 65535),
    st.sampled_from(["1.2.3", CT, "1.2.840.10008.5.1.4.1.1.88.11"]),
)
def test_a_message_is_the_same_however_long_its_pdus_may_be(data, longest, status, uid):
    elements = {"CommandField": dimse.C_STORE, "MessageID": 7, "Status": status, "AffectedSOPClassUID": uid}
    assembler = Assembler()
    sent = bodies(message(3, elements, data, longest))
    found = [one for body in sent for one in assembler.add(body)]

    assert longest == 0 or all(len(body) + 6 <= max(longest, 82) for body in sent)
    assert len(found) == 1
    assert (found[0].context, found[0].status, found[0].text("AffectedSOPClassUID")) == (3, status, uid)
    assert found[0].data == (data or b"")


@given(st.binary(max_size=400))
def test_what_is_no_message_is_a_mistake_with_a_name(data):
    try:
        list(Assembler().add(data))
    except ValueError as error:
        assert str(error)  # noqa: PT017 - by chance it can be read, and nothing else may be raised


@given(st.binary(max_size=400), st.sampled_from(["1.2.840.10008.1.2", EXPLICIT, "1.2.840.10008.1.2.1.99"]))
def test_what_is_no_data_set_raises_nothing_else(data, syntax):
    try:
        from_bytes(data, syntax)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - by chance it can be read, and nothing else may be raised


def test_a_data_set_without_a_command_is_refused():
    with pytest.raises(ValueError, match="without a command"):
        list(Assembler().add(struct.pack(">IBB", 4, 1, 2) + b"ab"))


@pytest.mark.parametrize(("of_command", "said"), [(1, "a command of more"), (0, "a data set of more")])
def test_a_message_without_an_end_is_cut_off(of_command, said):
    assembler = Assembler()
    elements = {"CommandField": dimse.C_STORE, "MessageID": 1}
    first, *_ = bodies(message(1, elements, b"data", 0))
    assert list(assembler.add(first)) == []
    piece = struct.pack(">IBB", 60002, 1, of_command) + bytes(60000)
    with pytest.raises(ValueError, match=said):
        [list(assembler.add(piece)) for _ in range(300)]


def test_roles_are_added_to_a_request_that_stays_the_same_otherwise():
    asked = proposal("PROBE", "ARCHIVE", [(CT, (EXPLICIT,))])
    before, after = request(asked[6:]), request(with_roles(asked, [CT, CT])[6:])

    assert with_roles(asked, []) == asked
    assert after.as_scp == (CT,)
    assert (after.calling, after.contexts, after.max_pdu) == (before.calling, before.contexts, before.max_pdu)
    assert int.from_bytes(with_roles(asked, [CT])[2:6], "big") == len(with_roles(asked, [CT])) - 6
