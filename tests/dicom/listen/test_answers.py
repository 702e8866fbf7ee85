"""How a listener that stores nothing answers each message."""

from __future__ import annotations

import pytest

from pacsconf.dicom.listen import answers
from pacsconf.dicom.upper_layer.messages import Message

CT = "1.2.840.10008.5.1.4.1.1.2"
ASKED = [
    (0x0001, "C-STORE", 0xA700),
    (0x0010, "C-GET", 0xA702),
    (0x0020, "C-FIND", 0xA700),
    (0x0021, "C-MOVE", 0xA702),
    (0x0030, "C-ECHO", 0x0000),
    (0x0100, "N-EVENT-REPORT", 0x0213),
    (0x0140, "N-CREATE", 0x0213),
    (0x0999, "message 0999H", 0x0211),
    (0x0FFF, "message 0FFFH", None),
    (0x8001, "message 8001H", None),
]


@pytest.mark.parametrize(("field", "name", "status"), ASKED)
def test_each_message_has_a_name_and_its_answer(field, name, status):
    message = Message(1, {"CommandField": field})
    assert (answers.name(message), answers.status(message)) == (name, status)


@pytest.mark.parametrize("keyword", ["AffectedSOPClassUID", "RequestedSOPClassUID"])
def test_a_message_is_about_what_it_affects_or_asks_for(keyword):
    assert answers.sop_class(Message(1, {keyword: CT})) == CT
