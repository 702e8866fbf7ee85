"""The question that creates nothing, and what acknowledges it."""

from __future__ import annotations

from datetime import UTC, datetime

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.hl7.messages import (
    CODES,
    QUESTION,
    Acknowledgement,
    NotHL7,
    acknowledgement,
    control_id,
    question,
)

NOW = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)
HEADER = "MSH|^~\\&|RIS|HOSP|PACSCONF||20261126183000||ACK^Q23|1|T|2.5\r"
NAME = st.text(
    st.characters(codec="utf-8", exclude_characters="|^~\\&", exclude_categories=("C", "Z")), max_size=20
)


def asked(sender: str = "PACS|ADMIN", receiver: str = "RIS|HOSP") -> hl7.Message:
    return hl7.parse(question(sender, receiver, "PC1", NOW).decode())


def test_the_question_holds_nothing_that_could_be_created():
    names = [str(segment[0]) for segment in asked()]

    assert names == ["MSH", "QPD", "RCP"]


def test_the_question_says_who_asks_whom_what_and_that_it_is_training():
    header = asked().segment("MSH")

    assert [str(header[at]) for at in range(3, 13)] == [
        "PACS", "ADMIN", "RIS", "HOSP", "20261126183000+0000", "", "QBP^Q23^QBP_Q21", "PC1", "T", "2.5",
    ]  # fmt: skip
    assert str(header[9]).startswith(QUESTION)


def test_the_question_is_for_an_identifier_of_an_authority_that_nobody_has():
    query = asked().segment("QPD")

    assert str(query[3]) == "PC1^^^PACSCONF-PROBE"
    assert str(asked().segment("RCP")[2]).startswith("1^RD")


def test_what_takes_everything_is_addressed_by_no_name():
    header = asked(receiver="*").segment("MSH")

    assert (str(header[5]), str(header[6])) == ("", "")


@given(NAME.filter(bool), NAME)
def test_any_name_comes_through_whole(name: str, facility: str):
    header = asked(receiver=f"{name}|{facility}").segment("MSH")

    assert (str(header[5]), str(header[6])) == (name, facility)
    said = str(header[18]) if len(header) > 18 else ""
    assert said == ("" if f"{name}{facility}".isascii() else "UNICODE UTF-8")


def test_numbers_are_of_a_length_that_every_version_takes_and_no_two_alike():
    made = {control_id() for _ in range(1000)}

    assert len(made) == 1000
    assert {len(number) for number in made} == {20}


# --- acknowledgements ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_hl7_is_known(code: str):
    answer = acknowledgement(f"{HEADER}MSA|{code}|PC1\r".encode())

    assert answer == Acknowledgement(code, "PC1")
    assert answer.known == code


@pytest.mark.parametrize("code", ["", "aa", "OK", "AA^x"])
def test_other_codes_are_none(code: str):
    assert acknowledgement(f"{HEADER}MSA|{code}|PC1\r".encode()).known is None


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        ("MSA|AR|PC1|no such type", "no such type"),
        ("MSA|AR|PC1\rERR|||200^Unsupported message type^HL70357|E||||not here", "not here"),
        ("MSA|AR|PC1\rERR|||200^Unsupported message type^HL70357|E", "200^Unsupported message type^HL70357"),
        ("MSA|AR|PC1\rERR|MSH^1^9", "MSH^1^9"),
        ("MSA|AR|PC1|\x1b[31mred\x07", "[31mred"),
        ("MSA|AR|PC1|" + "x" * 500, "x" * 120 + "…"),
        ("MSA|AR|PC1", ""),
    ],
)
def test_what_is_said_of_a_refusal_is_told_within_bounds(rest: str, text: str):
    assert acknowledgement(f"{HEADER}{rest}\r".encode()).text == text


@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n", "\r\r"])
def test_however_segments_end_they_are_read(ends: str):
    content = f"{HEADER.rstrip()}{ends}MSA|AA|PC1{ends}"

    assert acknowledgement(content.encode()) == Acknowledgement("AA", "PC1")


@pytest.mark.parametrize("filler", ["|", "^~&|", "a\r", "PID|ZZTEST^PACSCONF\r", "\\"])
def test_what_stands_beside_the_acknowledgement_is_not_read(filler: str):
    content = f"{HEADER}ZZZ|{filler * (250_000 // len(filler))}\rMSA|AE|PC1|no\r"

    assert acknowledgement(content.encode()) == Acknowledgement("AE", "PC1", "no")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "what is in it is no HL7 message"),
        (b"hello", "what is in it is no HL7 message"),
        (b"MSH", "what is in it is no HL7 message"),
        (b"MSH|", "what is in it is no HL7 message"),
        (b"\xff\xfe" * 40, "what is in it is no HL7 message"),
        (
            b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\rPID|1||x",
            "it is a message of type ADT^A01 that acknowledges nothing",
        ),
        (b"MSH|^~\\&|A", "it is a message without a type of HL7 that acknowledges nothing"),
        (
            b"MSH|^~\\&|A|B|C|D|2026||ZZTEST PACSCONF|1|P|2.5\r",
            "it is a message without a type of HL7 that acknowledges nothing",
        ),
        (
            b"MSH|^~\\&|A|B|C|D|2026||ZZT^TEST|1|P|2.5\r",
            "it is a message without a type of HL7 that acknowledges nothing",
        ),
        (
            b"MSH|^~\\&|A|B|C|D|2026||ORU^R01^ORU_R01|1|P|2.5\r",
            "it is a message of type ORU^R01^ORU_R01 that acknowledges nothing",
        ),
        (b"\rPID|1\rMSH|^~\\&|A\rMSA|AA|1", "what is in it is no HL7 message"),
    ],
)  # fmt: skip
def test_what_acknowledges_nothing_is_told_without_what_stands_in_it(content: bytes, why: str):
    with pytest.raises(NotHL7) as caught:
        acknowledgement(content)
    assert str(caught.value) == why


PIECES = ["MSH", "MSA", "ERR", "|", "^", "~", "\\", "&", "\r", "\n", "AA", "1", "\x0b", "\x1c", "MSH|^~\\&|A"]


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text(), st.booleans())
def test_whatever_comes_is_read_or_refused(text: str, begins: bool):
    try:
        answer = acknowledgement(f"{'MSH' if begins else ''}{text}".encode(errors="replace"))
    except NotHL7:
        return
    assert len(answer.text) <= 121
