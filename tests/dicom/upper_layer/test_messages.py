"""Messages put together from what came, whole or in pieces, and from what is none."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pynetdicom.pdu import P_DATA_TF

from pacsconf.dicom.upper_layer import messages, pdu
from pacsconf.dicom.upper_layer.messages import Assembler, Message, message, response

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
    elements = {
        "CommandField": messages.C_STORE,
        "MessageID": 7,
        "Status": status,
        "AffectedSOPClassUID": uid,
    }
    assembler = Assembler()
    sent = bodies(message(3, elements, data, longest))
    found = [one for body in sent for one in assembler.add(body)]

    assert longest == 0 or all(len(body) <= max(longest, 64) for body in sent)
    assert len(found) == 1
    assert (found[0].context, found[0].status, found[0].text("AffectedSOPClassUID")) == (3, status, uid)
    assert found[0].data == (data or b"")


@given(st.binary(max_size=400))
def test_what_is_no_message_is_a_mistake_with_a_name(data):
    try:
        list(Assembler().add(data))
    except ValueError as error:
        assert str(error)  # noqa: PT017 - by chance it can be read, and nothing else may be raised


def test_a_data_set_without_a_command_is_refused():
    with pytest.raises(ValueError, match="without a command"):
        list(Assembler().add(struct.pack(">IBB", 4, 1, 2) + b"ab"))


@pytest.mark.parametrize(("of_command", "said"), [(1, "a command of more"), (0, "a data set of more")])
def test_a_message_without_an_end_is_cut_off(of_command, said):
    assembler = Assembler()
    elements = {"CommandField": messages.C_STORE, "MessageID": 1}
    first, *_ = bodies(message(1, elements, b"data", 0))
    assert list(assembler.add(first)) == []
    piece = struct.pack(">IBB", 60002, 1, of_command) + bytes(60000)
    with pytest.raises(ValueError, match=said):
        [list(assembler.add(piece)) for _ in range(300)]


def test_data_that_is_not_kept_is_counted_all_the_same():
    assembler = Assembler(keeps=False)
    elements = {"CommandField": messages.C_STORE, "MessageID": 1}
    first, *rest = bodies(message(1, elements, b"data" * 9000, 0))
    assert list(assembler.add(first)) == []
    (whole,) = [one for body in rest for one in assembler.add(body)]
    assert (whole.field, whole.data) == (messages.C_STORE, b"")


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_fragments_or_an_error(data):
    with suppress(ValueError):
        assert all(isinstance(each.data, bytes) for each in pdu.fragments(data))


@given(st.binary(max_size=200))
def test_whatever_command_comes_is_answered_in_a_way_that_pydicom_reads(data):
    with suppress(ValueError):
        for came in Assembler().add(struct.pack(">IBB", len(data) + 2, 1, 3) + data):
            assert command_set(response(came, 0xA700, 0, "no")).Status == 0xA700
            assert came.text("AffectedSOPInstanceUID").isprintable()


def test_an_answer_says_what_its_request_was_about():
    about = {
        "RequestedSOPClassUID": CT,
        "RequestedSOPInstanceUID": "1.2.3",
        "CommandField": messages.N_SET,
    }
    answer = response(Message(5, {**about, "MessageID": 7}), 0x0213, 0)
    (part,) = pdu.fragments(answer[6:])
    read = command_set(answer)
    assert (part.number, part.of_command, part.last) == (5, True, True)
    assert (read.CommandField, read.MessageIDBeingRespondedTo, read.Status) == (0x8120, 7, 0x0213)
    assert read.AffectedSOPClassUID == CT
    assert read.AffectedSOPInstanceUID == "1.2.3"
    assert [each.tag for each in read] == sorted(each.tag for each in read)
    assert "ErrorComment" not in read


def test_what_no_uid_may_be_is_repeated_as_it_came_and_shown_in_ascii():
    elements = {"CommandField": 1, "AffectedSOPInstanceUID": "1.2\xff\x1b"}
    (came,) = Assembler().add(message(1, elements, None)[6:])
    assert came.text("AffectedSOPInstanceUID") == r"1.2\xff\x1b"
    assert b"1.2\xff\x1b\0" in response(came, 0, 0)


def test_messages_are_read_by_pynetdicom():
    read = P_DATA_TF()
    read.decode(message(5, {"CommandField": messages.C_ECHO, "MessageID": 1}, None))
    (value,) = read.presentation_data_value_items
    assert value.presentation_context_id == 5
    assert as_dataset(value.presentation_data_value[1:]).CommandField == messages.C_ECHO


def as_dataset(data: bytes):
    return read_dataset(DicomBytesIO(data), is_implicit_VR=True, is_little_endian=True)


def command_set(sent: bytes):
    return as_dataset(b"".join(part.data for body in bodies(sent) for part in pdu.fragments(body)))
