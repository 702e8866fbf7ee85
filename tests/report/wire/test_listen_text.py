"""The screens of `listen`: every width, whatever callers send, and the same for machines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.finding import Finding, Place
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.listen.listener import Called, Ended, Ready, Said, Stranger
from pacsconf.dicom.listen.logs.reading import Log, Repeated
from pacsconf.report.lines import plain
from pacsconf.report.wire.listen_text import (
    Compared,
    Reading,
    Sum,
    again_text,
    called_text,
    event_json,
    event_text,
    log_json,
    log_text,
    logged_text,
    ready_text,
    sum_text,
)

CT, MR, COMMITMENT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.20.1"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
SEEN = Heard(
    "CT_ER1".ljust(16),
    "ARCHIVE".ljust(16),
    "10.20.4.17",
    at="2026-11-26T08:00:01Z",
    contexts=((CT, (IMPLICIT, EXPLICIT)), (COMMITMENT, (IMPLICIT,)), (MR, (IMPLICIT, EXPLICIT))),
    implementation="1.2.3",
    version="SCANNER_9",
    max_pdu=0,
    as_scp=(COMMITMENT,),
    answer="accepted",
)
NEAR = Finding(
    "HEARD-NEAR",
    "error",
    '"CT_ER1" is no declared title',
    "Two titles.",
    "Set it.",
    place=Place("inventory/ct.yaml", 14, 5, 7),
    evidence="observed",
)
NOTE = Finding("HEARD-SYNTAX", "info", "other syntaxes", evidence="observed")
READING = Reading(lambda _: None, lambda _file, _number: "    CT_ER_1: {}")


def test_a_caller_is_shown_with_all_that_it_said():
    compared = Compared("likely CT_ER_1 of ct-er-1 (inventory/ct.yaml:14)", "ct-er-1", (NEAR,))
    assert plain(called_text(Called(3, SEEN), compared, READING)) == (
        "\n"
        '  3  10.20.4.17 calls as "CT_ER1", to "ARCHIVE"\n'
        "     heard     2026-11-26T08:00:01Z\n"
        "     software  SCANNER_9 · 1.2.3 · PDUs without limit\n"
        "     asks for  ct-image-storage · mr-image-storage\n"
        "               in implicit-vr-little-endian, explicit-vr-little-endian\n"
        "               storage-commitment-push-model (as SCP)\n"
        "               in implicit-vr-little-endian\n"
        "     ! likely CT_ER_1 of ct-er-1 (inventory/ct.yaml:14)\n"
        "\n"
        'error[HEARD-NEAR] "CT_ER1" is no declared title\n'
        "   inventory/ct.yaml:14:5\n"
        "   14 |     CT_ER_1: {}\n"
        "      |     ^^^^^^^\n"
        "   why  Two titles.\n"
        "   fix  Set it.\n"
        "\n"
    )


def test_a_note_is_no_fault():
    assert not Compared("x", "x", (NOTE,)).wrong
    assert Compared("x", "x", (NOTE, NEAR)).wrong
    assert "✓ this is CT1" in plain(
        called_text(Called(1, SEEN), Compared("this is CT1", "ct", (NOTE,)), READING)
    )


def test_what_is_as_declared_says_so():
    assert "✓ this is CT1: as declared" in plain(
        called_text(Called(1, SEEN), Compared("this is CT1", "ct"), READING)
    )


def test_without_an_inventory_nothing_is_compared():
    assert plain(called_text(Called(1, SEEN), Compared(), READING)).splitlines()[-1].endswith(IMPLICIT_NAME)


IMPLICIT_NAME = "in implicit-vr-little-endian"


def test_a_log_says_how_often_and_what_it_does_not_tell():
    seen = Heard("CT1", "", "", source="server.log:7", answer="rejected (1/1/3)")
    text = plain(logged_text(Repeated(seen, 3), Compared(), READING))
    assert text == (
        "\n"
        '  -  an address that is not told calls as "CT1", to a title that is not told, 3\n'
        "     times\n"
        "     heard     server.log:7\n"
        "     answer    rejected (1/1/3)\n"
    )


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Said(1, "C-ECHO", "1.2.840.10008.1.1", 0), "  1  C-ECHO answered\n"),
        (
            Said(1, "C-STORE", CT, 0xA700),
            "  1  C-STORE of ct-image-storage refused (A700H): nothing is stored here\n",
        ),
        (Said(1, "C-STORE", CT, None), "  1  C-STORE of ct-image-storage needs no answer\n"),
        (Ended(12, "released", well=True), " 12  ended: released\n"),
        (Stranger("10.20.9.9", "said nothing"), "  ?  10.20.9.9 requested no association: said nothing\n"),
    ],
)
def test_each_event_is_a_line(event, text):
    assert plain(event_text(event, 80)) == text


def test_the_first_line_says_who_can_reach_it():
    every = plain(ready_text(Ready("", 104), ("PACSCONF", "TEST"), 80, tls=True))
    assert every.startswith(
        "Listening as PACSCONF and TEST at port 104 of every address of this machine with TLS\n"
    )
    assert plain(ready_text(Ready("10.20.0.9", 104), (), 80, tls=False)).startswith(
        "Listening at 10.20.0.9 port 104\n"
    )


def test_the_end_counts():
    said = plain(sum_text(Sum(3, 2, 1, strangers=4, command="pacsconf diagnose ct-1 PACS"), 80))
    assert said == (
        "\n3 associations · 2 callers · 1 not as declared · 4 requested none\nNext: pacsconf diagnose ct-1 PACS\n"
    )
    assert "no inventory here" in plain(sum_text(Sum(1, 1, 0, compared=False), 80))
    assert "Not remembered: no room." in plain(sum_text(Sum(1, 1, 0, forgotten="no room"), 80))


def test_a_log_is_summed_up():
    log = Log("server.log", (), 100, {"DCMTK": 40, "dcm4che": 2}, nameless=3, cut=True, left=2)
    said = " ".join(plain(log_text(log, 80)).split())
    assert said.startswith("server.log: 100 lines · 40 of DCMTK, 2 of dcm4che about associations ·")
    assert "3 associations without the caller's title" in said
    assert "the end was left out" in said
    assert "2 more associations did not fit in" in said
    assert log.unknown == 58


texts = st.text(max_size=16)


@given(calling=texts, called=texts, host=texts, sop=texts, width=st.integers(1, 200))
def test_nothing_that_a_caller_sends_acts_on_a_terminal(calling, called, host, sop, width):
    heard = Heard(
        calling, called, host, contexts=((sop, (sop,)),), version=sop, implementation=sop, answer=sop
    )
    reading = Reading(lambda _: None, lambda _file, _number: None, width)
    screens = (
        called_text(Called(1, heard, sop), Compared("who"), reading),
        logged_text(Repeated(heard, 2), Compared("who"), reading),
        again_text(2, heard, 1, width),
        event_text(Stranger(host, sop), width),
    )
    for screen in screens:
        assert all(each.isprintable() or each in "\n\u3000" for each in plain(screen))
    body = json.loads(event_json(Called(1, heard), Compared("who", "ct-1", (NEAR,))))
    assert (body["calling"], body["device"], body["findings"][0]["rule"]) == (calling, "ct-1", "HEARD-NEAR")
    assert event_json(Called(1, heard)).isascii()


def test_a_log_for_machines_has_all_of_it():
    log = Log("server.log", (Repeated(SEEN, 3),), 100, {"DCMTK": 40})
    body = json.loads(log_json(log, [Compared("x", "ct-1", (NEAR,))], Sum(3, 1, 3), lambda _: None))
    (one,) = body["associations"]
    assert (one["count"], one["contexts"][0][0], one["max_pdu"]) == (3, CT, 0)
    assert one["findings"][0]["place"] == {"file": "inventory/ct.yaml", "line": 14, "column": 5, "length": 7}
    assert (body["format_version"], body["wrong"], body["callers"]) == (1, 3, 1)
