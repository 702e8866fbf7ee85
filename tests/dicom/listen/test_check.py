"""What a caller sent, compared with what is declared: who it is taken for, and what is not as declared."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.dicom.heard import Heard, significant
from pacsconf.dicom.listen.check import case, check
from pacsconf.dicom.listen.identify import Known, fits, identify
from pacsconf.dicom.listen.odd_title import forbidden, spelt, suspicious
from pacsconf.inventory.loader import load

CT, MR, US = (f"1.2.840.10008.5.1.4.1.1.{arc}" for arc in ("2", "4", "6.1"))
VERIFICATION, WORKLIST = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.31"
COMMITMENT = "1.2.840.10008.1.20.1"
IMPLICIT, EXPLICIT, JPEG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70"
USUAL = (IMPLICIT, EXPLICIT)

HOSPITAL = """\
sites: {main: {networks: [10.20.0.0/16]}}
devices:
  archive: {type: archive, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112, offers: [verification, storage]}
  gateway: {type: workstation, ae_title: PACSCONF, host: 10.20.0.9, port: 11112, uses: [verification]}
  ct-er-1:
    {type: modality, ae_title: CT_ER_1, host: 10.20.4.17, port: 104, uses: [ct-image-storage, modality-worklist]}
  mr-1: {type: modality, ae_title: MR1, host: 10.20.5.17, port: 104, uses: [mr-image-storage]}
  us-1:
    type: modality
    ae_title: US1
    connections: {dicom: {host: us-1.example.org, port: 104, calls_from: [10.20.6.0/24]}}
    uses: [ultrasound-image-storage]
  us-2: {type: modality, ae_title: US2, host: us-2.example.org, port: 104, uses: [ultrasound-image-storage]}
  ct-old:
    {type: modality, lifecycle: retired, ae_title: CT_OLD, host: 10.20.4.99, port: 104, uses: [ct-image-storage]}
  moved:
    type: modality
    ae_title: MOVED
    host: 10.20.7.1
    port: 104
    was: {host: 10.20.7.99}
    uses: [ct-image-storage]
  silent: {type: archive, ae_title: SILENT, host: 10.20.7.2, port: 104, offers: [storage]}
  bare: {type: modality, ae_title: BARE, host: 10.20.7.3, port: 104, initiator: true}
  router: {type: router, ae_title: ROUTER, host: 10.20.8.1, port: 104, rewrites: {CT_ER_1: CT_R}, uses: [storage]}
flows:
  images: {from: {type: modality}, to: {ae_title: ARCHIVE}, services: [storage]}
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    root = tmp_path_factory.mktemp("hospital")
    (root / "inventory").mkdir()
    (root / "inventory" / "hospital.yaml").write_text(HOSPITAL)
    loaded = load(root)
    assert loaded.inventory is not None, loaded.findings
    return Known(loaded.inventory)


def heard(
    calling="CT_ER_1", host="10.20.4.17", called="PACSCONF", *contexts: str, syntaxes=USUAL, **more
) -> Heard:
    asked = ((VERIFICATION, (IMPLICIT,)), *((uid, syntaxes) for uid in contexts))
    return Heard(calling.ljust(16), called.ljust(16), host, contexts=asked, **more)


def found(known, seen: Heard, own=("PACSCONF",)):
    return check(case(known, seen, own))


def rules(known, seen: Heard, own=("PACSCONF",)) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in found(known, seen, own)]


def only(known, seen: Heard):
    (finding,) = found(known, seen)
    return finding


# --- as declared -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seen",
    [
        heard(),
        heard("CT_ER_1", "10.20.4.17", "PACSCONF", CT, WORKLIST),
        heard("CT_ER_1", "10.20.4.17", "ARCHIVE", CT),
        heard("US1", "10.20.6.200", "ARCHIVE", US),
        heard("US2", "US-2.example.org.", "ARCHIVE", US),
        heard("MOVED", "10.20.7.1", "ARCHIVE", CT),
        heard("CT_R", "10.20.8.1", "PACSCONF"),
    ],
    ids=["echo", "all it uses", "to the archive", "its network", "by name", "moved", "through a router"],
)
def test_what_is_as_declared_is_no_finding(known, seen):
    assert found(known, seen) == ()


# --- who it is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calling", "host", "device", "by"),
    [
        ("CT_ER_1", "10.20.4.17", "ct-er-1", "title"),
        ("CT_ER_1", "10.20.99.1", "ct-er-1", "title"),
        ("CT_ER1", "10.20.4.17", "ct-er-1", "likeness and address"),
        ("CT_ER1", "10.20.99.1", "ct-er-1", "likeness"),
        ("SIEMENS_9", "10.20.5.17", "mr-1", "address"),
        ("US9", "10.20.99.1", "", "nothing"),
        ("XYZ", "10.20.99.1", "", "nothing"),
        ("", "10.20.99.1", "", "nothing"),
        ("CT_R", "10.20.8.1", "router", "title"),
    ],
)
def test_the_caller_is_known_by_title_then_by_likeness_then_by_address(known, calling, host, device, by):
    caller = identify(known, heard(calling, host))
    assert (caller.device, caller.by) == (device, by)


def test_of_two_that_hold_a_title_the_one_at_the_address_is_meant(tmp_path):
    (tmp_path / "inventory").mkdir()
    pool = "{type: archive, ae_titles: {POOL: {shared_title: a pool}}, host: %s, port: 104, uses: [storage]}"
    text = f"devices:\n  a: {pool % '10.20.0.1'}\n  b: {pool % '10.20.0.2'}\n"
    (tmp_path / "inventory" / "x.yaml").write_text(text)
    loaded = load(tmp_path).inventory
    assert loaded is not None
    assert identify(Known(loaded), heard("POOL", "10.20.0.2")).device == "b"


# --- titles ------------------------------------------------------------------------------------------------------


def test_a_title_that_differs_by_a_character_leads_to_its_line(known):
    finding = only(known, heard("CT_ER1"))
    assert (finding.rule, finding.severity, finding.evidence) == ("HEARD-NEAR", "error", "observed")
    assert finding.summary == (
        '"CT_ER1" is no declared title; CT_ER_1 of ct-er-1 differs by one character (_ missing)'
    )
    assert finding.detail.startswith("It called from 10.20.4.17, which is an address of ct-er-1.")
    assert finding.path == ("devices", "ct-er-1", "ae_titles", "CT_ER_1")
    assert "Is CT_ER1 right? Write it in the inventory here. Is CT_ER_1 right?" in finding.fix


def test_capitals_count(known):
    assert "differs by capitals alone" in only(known, heard("ct_er_1")).summary


def test_a_similar_title_from_elsewhere_is_called_a_guess(known):
    finding = only(known, heard("CT_ER1", "10.20.99.1"))
    assert "which no device has, so this is a guess" in finding.detail


def test_the_right_address_with_quite_another_title(known):
    finding = only(known, heard("SIEMENS_9", "10.20.5.17"))
    assert (finding.rule, finding.path) == ("HEARD-UNKNOWN", ("devices", "mr-1", "ae_titles", "MR1"))
    assert "it called from an address of mr-1, which is declared as MR1" in finding.summary


def test_a_stranger_is_to_be_declared(known):
    finding = only(known, heard("XYZ", "10.20.99.1"))
    assert (finding.rule, finding.path) == ("HEARD-UNKNOWN", ())
    assert "NAME: {type: TYPE, ae_title: XYZ, host: 10.20.99.1}" in finding.fix


def test_a_stranger_from_a_network_of_others_is_taken_for_none_of_them(known):
    finding = only(known, heard("XYZ", "10.20.6.200"))
    assert (finding.rule, finding.path) == ("HEARD-UNKNOWN", ())
    assert "It called from 10.20.6.200, in a network from which us-1 may call." in finding.detail


def test_a_log_that_does_not_say_from_where_is_told_so_and_proves_nothing_of_addresses(known):
    stranger, near = only(known, heard("XYZ", "")), only(known, heard("CT_ER1", ""))
    assert stranger.detail.startswith("The log does not say from where it called.")
    assert "ae_title: XYZ, host: HOST}" in stranger.fix
    assert "The log does not say from where it called, so this is a guess." in near.detail
    assert found(known, heard("CT_ER_1", "")) == ()


@pytest.mark.parametrize(
    ("title", "severity", "words"),
    [
        (" CT_ER_1", "warning", "it begins with 1 space"),
        ("CT_ER_1" + "\0" * 9, "warning", "it is filled up with zeros"),
        ("CT_ER\x01_1", "error", r"character 6 is a control character (\x01)"),
        ("CT_ER_1\xe4", "error", r"character 8 is none of ASCII (\xe4)"),
        ("  CT\\1", "error", "character 5 is a backslash"),
        ('"CT_ER_1"', "warning", "it stands in quotation marks"),
        ("", "error", "it is empty"),
        ("C" * 17, "error", "it has 17 characters"),
    ],
)
def test_what_is_odd_in_a_title_is_said_by_character(known, title, severity, words):
    (odd,) = [finding for finding in found(known, heard(title)) if finding.rule == "HEARD-TITLE"]
    assert odd.severity == severity
    assert words in odd.summary


def test_spaces_around_a_title_do_not_count(known):
    assert [rule for rule, _ in rules(known, heard(" CT_ER_1"))] == ["HEARD-TITLE"]


def test_several_that_are_like_it_are_named(known):
    assert '"US9" is no declared title, and US1 of us-1, US2 of us-2 are like it' in [
        finding.summary for finding in found(known, heard("US9", "10.20.99.1"))
    ]


# --- addresses and life ------------------------------------------------------------------------------------------


def test_the_address_of_another_device(known):
    finding = only(known, heard("CT_ER_1", "10.20.5.17"))
    assert (finding.rule, finding.severity) == ("HEARD-ADDRESS", "error")
    assert finding.summary == "CT_ER_1 of ct-er-1 called from 10.20.5.17; declared is 10.20.4.17"
    assert "That is an address of mr-1" in finding.detail
    assert finding.path == ("devices", "ct-er-1", "connections", "dicom", "host")


def test_an_address_that_nobody_has(known):
    finding = only(known, heard("CT_ER_1", "10.20.4.18"))
    assert "host: 10.20.4.18" in finding.fix
    assert "calls_from: [10.20.4.18]" in finding.fix


@pytest.mark.parametrize(
    "seen",
    [
        heard(host="127.0.0.1"),
        heard(host="localhost"),
        heard(host="::1"),
        heard("US2", "10.20.6.1"),
        heard(host="ct"),
    ],
)
def test_an_address_that_cannot_be_compared_is_unknown(known, seen):
    finding = only(known, seen)
    assert (finding.rule, finding.severity, finding.verdict) == ("HEARD-ADDRESS", "info", "unknown")


@pytest.mark.parametrize(
    ("seen", "name"), [(heard("US2", "10.20.6.1"), "us-2.example.org"), (heard(host="ct"), "ct")]
)
def test_a_name_is_to_be_looked_up_by_a_person(known, seen, name):
    assert only(known, seen).fix == f"Look the name up: getent hosts {name}"


def test_a_former_address(known):
    assert rules(known, heard("MOVED", "10.20.7.99")) == [("HEARD-WAS", "warning")]


def test_what_is_retired_or_never_to_call(known):
    assert ("HEARD-LIFE", "warning") in rules(known, heard("CT_OLD", "10.20.4.99"))
    assert ("HEARD-LIFE", "warning") in rules(known, heard("SILENT", "10.20.7.2"))


# --- the called side ---------------------------------------------------------------------------------------------


def test_a_called_title_that_is_nearly_right(known):
    finding = only(known, heard(called="ARCHIV"))
    assert (finding.rule, finding.severity) == ("HEARD-CALLED", "error")
    assert "ARCHIVE differs by one character (E missing)" in finding.summary
    assert finding.path == ("devices", "archive", "ae_titles", "ARCHIVE")


def test_a_called_title_that_nobody_has(known):
    assert rules(known, heard(called="NOBODY")) == [("HEARD-CALLED", "warning")]


def test_a_listener_under_a_title_of_its_own_may_be_called_by_it(known):
    assert found(known, heard(called="TEST"), own=("TEST",)) == ()


# --- services ----------------------------------------------------------------------------------------------------


def test_what_it_asks_and_is_not_declared(known):
    finding = only(known, heard("CT_ER_1", "10.20.4.17", "PACSCONF", CT, MR, WORKLIST))
    assert (finding.rule, finding.severity) == ("HEARD-CONTEXT", "warning")
    assert finding.summary == "CT_ER_1 of ct-er-1 asked to use what is not declared: mr-image-storage"
    assert "add to uses: [mr-image-storage]" in finding.fix


def test_what_it_asks_where_nothing_is_declared_is_a_note(known):
    assert rules(known, heard("BARE", "10.20.7.3", "PACSCONF", CT)) == [("HEARD-CONTEXT", "info")]


def test_the_part_of_the_provider_is_compared_with_what_is_offered(known):
    seen = replace(heard("CT_ER_1", "10.20.4.17", "PACSCONF", COMMITMENT), as_scp=(COMMITMENT,))
    assert "asked to offer what is not declared" in only(known, seen).summary


def test_other_transfer_syntaxes_are_a_note(known):
    finding = only(known, heard("MR1", "10.20.5.17", "PACSCONF", MR, syntaxes=(IMPLICIT, JPEG)))
    assert (finding.rule, finding.severity) == ("HEARD-SYNTAX", "info")
    assert finding.summary == (
        "MR1 of mr-1 proposes other transfer syntaxes than declared: + jpeg-lossless-sv1 (mr-image-storage); "
        "- explicit-vr-little-endian (mr-image-storage)"
    )


def test_declared_classes_that_it_does_not_store_are_a_note_only_while_it_stores(known):
    router = [rule for rule, _ in rules(known, heard("ROUTER", "10.20.8.1", "PACSCONF", CT))]
    assert router == ["HEARD-MISSING"]
    assert found(known, heard("ROUTER", "10.20.8.1", "PACSCONF")) == ()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (heard("CT_ER_1", "10.20.4.17", "ARCHIVE", CT), []),
        (heard("CT_ER_1", "10.20.4.17", "ARCHIVE"), []),
        (heard("CT_ER_1", "10.20.4.17", "ARCHIVE", WORKLIST), [("HEARD-FLOW", "warning")]),
        (heard("CT_ER_1", "10.20.4.17", "SILENT", CT), [("HEARD-FLOW", "warning")]),
        (heard("CT_ER_1", "10.20.4.17", "SILENT"), [("HEARD-FLOW", "info")]),
        (heard("CT_ER_1", "10.20.4.17", "PACSCONF", CT), []),
    ],
    ids=[
        "covered",
        "an echo",
        "another service",
        "another peer",
        "an echo to another peer",
        "the listener itself",
    ],
)
def test_what_it_asks_of_whom_is_in_a_flow(known, seen, expected):
    assert rules(known, seen) == expected


# --- properties --------------------------------------------------------------------------------------------------

titles = st.text(st.characters(max_codepoint=255), max_size=16)
hosts = (
    st.sampled_from(["10.20.4.17", "10.20.5.17", "127.0.0.1", "::1", "localhost", "fe80::1", "", "name"])
    | st.text()
)
contexts = st.lists(
    st.tuples(st.sampled_from([CT, MR, WORKLIST, VERIFICATION, "1.2.3", "", "x"]), st.just(USUAL)), max_size=4
).map(tuple)


@given(calling=titles, called=titles, host=hosts, contexts=contexts)
def test_whatever_is_heard_is_compared(known, calling, called, host, contexts):
    for finding in found(known, Heard(calling, called, host, contexts=contexts)):
        assert finding.rule.startswith("HEARD-")
        assert finding.evidence == "observed"
        assert finding.summary
        assert finding.fix or finding.verdict == "unknown"


@given(titles)
def test_a_title_of_the_standard_is_not_odd(title):
    allowed = significant(title) != "" and all(
        32 <= ord(each) < 127 and each != "\\" for each in significant(title)
    )
    assert (forbidden(title) == ()) == allowed


@given(titles)
def test_a_title_is_spelt_in_printable_ascii(title):
    assert spelt(title).isascii()
    assert spelt(title).isprintable()
    assert isinstance(suspicious(title), tuple)


@pytest.mark.parametrize(
    ("host", "declared", "answer"),
    [
        ("10.20.4.17", "10.20.4.17", True),
        ("10.20.4.17", "10.20.0.0/16", True),
        ("10.21.4.17", "10.20.0.0/16", False),
        ("fe80::1", "FE80::0001", True),
        ("fe80::1", "10.20.0.0/16", False),
        ("CT.example.org", "ct.example.org", True),
        ("ct", "mr", False),
        ("10.20.4.17", "ct.example.org", None),
        ("ct.example.org", "10.20.4.17", None),
    ],
)
def test_addresses_are_compared_as_numbers_and_names_as_names(host, declared, answer):
    assert fits(host, declared) is answer
