"""HL7 applications and feeds: how they are written, what follows from them, what does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory import hl7_formats
from pacsconf.inventory.hl7_feeds import messages_of, senders_of, speaker
from pacsconf.inventory.loader import Loaded, load

NETWORK = """
devices:
  ris:
    type: ris
    connections:
      dicom: {host: 10.1.1.1, port: 104}
      hl7: {host: 10.1.1.1, port: 2575, protocol: hl7}
    ae_titles: {RIS: {offers: modality-worklist}}
    hl7_applications:
      RIS|HOSP: {}
  pacs:
    type: archive
    connections:
      dicom: {host: 10.1.1.2, port: 104}
      hl7: {host: 10.1.1.2, port: 2575, protocol: hl7}
    ae_titles: {PACS: {offers: storage}}
    hl7_applications:
      PACS|HOSP: {ae_title: PACS}
hl7_feeds:
  adt: {from: ris, to: pacs/PACS|HOSP, messages: [ADT^A08, ORM^O01, ADT^A08]}
"""


@pytest.fixture
def loaded(tmp_path: Path):
    def of(text: str) -> Loaded:
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        (folder / "all.yaml").write_text(text)
        return load(tmp_path)

    return of


def findings(loaded: Loaded) -> list[tuple[str, int, int]]:
    return sorted((each.rule, each.place.line, each.place.column) for each in loaded.findings if each.place)


def changed(*pairs: str) -> str:
    """The network with each first text in place of the second."""
    text = NETWORK
    for before, after in zip(pairs[::2], pairs[1::2], strict=True):
        assert before in text
        text = text.replace(before, after)
    return text


# --- what follows -------------------------------------------------------------------------------------------------


def test_feeds_say_who_is_let_in_and_with_what(loaded):
    inventory = loaded(NETWORK).inventory
    pacs = speaker(inventory, "pacs/PACS|HOSP")

    assert findings(loaded(NETWORK)) == []
    assert inventory.hl7_feeds["adt"].messages == ("ADT^A08", "ORM^O01")
    assert pacs is not None
    assert senders_of(inventory, pacs) == ("RIS|HOSP",)
    assert messages_of(inventory, pacs) == ("ADT^A08", "ORM^O01")


def test_what_an_application_says_itself_counts(loaded):
    said = "{ae_title: PACS, accepted_senders: any, accepted_message_types: any}"
    inventory = loaded(changed("{ae_title: PACS}", said)).inventory
    pacs = speaker(inventory, "pacs")

    assert pacs is not None
    assert senders_of(inventory, pacs) is None
    assert messages_of(inventory, pacs) == ("*",)


def test_nobody_uses_connections_of_another_protocol_unless_told(loaded):
    inventory = loaded(NETWORK).inventory

    assert inventory.devices["pacs"].ae_titles["PACS"].connections == ("dicom",)
    assert inventory.devices["pacs"].hl7_applications["PACS|HOSP"].connections == ("hl7",)


def test_a_profile_gives_applications_and_a_device_takes_them_away(loaded):
    text = """
profiles:
  p:
    type: ris
    hl7_applications: {A|X: {accepted_senders: any}, B|X: {}}
devices:
  one: {profile: p, ae_title: ONE, host: 10.1.1.1, port: 104, hl7_applications: {B|X: null}}
"""
    device = loaded(text).inventory.devices["one"]

    assert {name: each.accepted_senders for name, each in device.hl7_applications.items()} == {"A|X": "any"}


# --- what does not fit --------------------------------------------------------------------------------------------

WRONG = {
    "an AE at a port of HL7": (
        ("{PACS: {offers: storage}}", "{PACS: {offers: storage, connections: hl7}}"),
        [("PACS-REF-009", 16, 54)],
    ),
    "an HL7 application at a port of DICOM": (
        ("{ae_title: PACS}", "{ae_title: PACS, connections: [dicom]}"),
        [("PACS-REF-009", 18, 35)],
    ),
    "an application at a connection that is not declared": (
        ("{ae_title: PACS}", "{ae_title: PACS, connections: [hl8]}"),
        [("PACS-REF-003", 18, 35)],
    ),
    "an AE where there is nothing but HL7": (
        ("      dicom: {host: 10.1.1.2, port: 104}\n", ""),
        [("PACS-DEV-003", 15, 17)],
    ),
    "a protocol that is none": (
        ("protocol: hl7}", "protocol: HL7}"),
        [("PACS-VAL-002", 7, 51), ("PACS-VAL-002", 15, 51)],
    ),
    "a name without a facility": (("RIS|HOSP", "RIS"), [("PACS-HL7-001", 10, 7)]),
    "a name that ends a field": (("RIS|HOSP", "RIS^X|HOSP"), [("PACS-HL7-001", 10, 7)]),
    "a sender that is all": (
        ("{ae_title: PACS}", "{accepted_senders: ['*']}"),
        [("PACS-HL7-001", 18, 19)],
    ),
    "senders that are a map": (("{ae_title: PACS}", "{accepted_senders: {}}"), [("PACS-HL7-001", 18, 19)]),
    "a type of message in small letters": (("ORM^O01", "orm^o01"), [("PACS-HL7-002", 20, 60)]),
    "a feed of everything": (("ORM^O01", "'*'"), [("PACS-HL7-002", 20, 60)]),
    "a name that two have": (("PACS|HOSP", "RIS|HOSP"), [("PACS-HL7-003", 10, 7)]),
    "a further name that another has": (
        ("{ae_title: PACS}", "{other_names: [NEW|HOSP, RIS|HOSP]}"),
        [("PACS-HL7-003", 10, 7)],
    ),
    "an AE that another device has": (("{ae_title: PACS}", "{ae_title: RIS}"), [("PACS-HL7-004", 18, 29)]),
    "a character set of DICOM": (
        ("{ae_title: PACS}", "{default_character_set: ISO_IR 100}"),
        [("PACS-HL7-005", 18, 42)],
    ),
    "an end that is not declared": (("from: ris", "from: rix"), [("PACS-HL7-006", 20, 15)]),
    "an end without its application": (("to: pacs/PACS|HOSP", "to: pacs/PACS|H"), [("PACS-HL7-006", 20, 24)]),
    "an end that is gone": (
        ("    type: ris\n", "    type: ris\n    lifecycle: retired\n"),
        [("PACS-HL7-006", 21, 15)],
    ),
    "a receiver without a port": (
        ("hl7: {host: 10.1.1.2, port: 2575, ", "hl7: {host: 10.1.1.2, "),
        [("PACS-HL7-007", 20, 24)],
    ),
    "a receiver without HL7": (
        ("      hl7: {host: 10.1.1.2, port: 2575, protocol: hl7}\n", ""),
        [("PACS-HL7-007", 19, 24)],
    ),
    "a message that is not taken": (
        ("{ae_title: PACS}", "{accepted_message_types: ORM^O01}"),
        [("PACS-HL7-008", 20, 51)],
    ),
    "a sender that is not let in": (
        ("{ae_title: PACS}", "{accepted_senders: OTHER|HOSP}"),
        [("PACS-HL7-009", 20, 15)],
    ),
    "a feed to oneself": (("to: pacs/PACS|HOSP", "to: ris"), [("PACS-HL7-010", 20, 24)]),
    "two protocols at one port": (("10.1.1.2, port: 104", "10.1.1.2, port: 2575"), [("PACS-AE-005", 15, 7)]),
    "HL7 of one device at the port of another": (
        ("10.1.1.2, port: 2575", "10.1.1.1, port: 104"),
        [("PACS-AE-005", 15, 7)],
    ),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_what_does_not_fit_is_told_with_its_place(loaded, case: str):
    pairs, expected = WRONG[case]

    assert findings(loaded(changed(*pairs))) == expected


def test_datagrams_have_ports_of_their_own(loaded):
    text = changed(
        "hl7: {host: 10.1.1.2, port: 2575, protocol: hl7}",
        "hl7: {host: 10.1.1.2, port: 514, protocol: hl7}\n"
        "      log: {host: 10.1.1.2, port: 514, protocol: syslog-udp}",
    )

    assert findings(loaded(text)) == []


def test_merged_hospitals_may_have_one_name_twice(loaded):
    text = changed(
        "PACS|HOSP: {ae_title: PACS}", "RIS|HOSP: {ae_title: PACS}", "to: pacs/PACS|HOSP", "to: pacs",
        "    type: archive\n", "    type: archive\n    ae_domain: east\n",
    )  # fmt: skip

    assert findings(loaded(text)) == []


def test_star_is_nobodys_own_name(loaded):
    text = changed(
        "      RIS|HOSP: {}", "      '*': {}", "PACS|HOSP: {ae_title: PACS}", "'*': {}", "PACS|HOSP", "'*'"
    )

    assert "PACS-HL7-003" not in {rule for rule, _, _ in findings(loaded(text))}


# --- how they are written -----------------------------------------------------------------------------------------

PART = st.text(
    st.characters(codec="utf-8", exclude_characters="|^~\\&", exclude_categories=("C", "Z")), max_size=20
)


@given(PART.filter(bool), PART)
def test_a_name_is_kept_as_it_is(name: str, facility: str):
    assert hl7_formats.application(f"{name}|{facility}") == f"{name}|{facility}"


@given(PART, st.sampled_from("^~\\&\r\n\0\x0b\x1c"), PART)
def test_what_ends_a_part_of_a_message_is_in_no_name(before: str, letter: str, after: str):
    for name in (f"{before}{letter}{after}|X", f"X|{before}{letter}{after}"):
        with pytest.raises(ValueError, match="HL7"):
            hl7_formats.application(name)


@pytest.mark.parametrize(
    "name", ["", "|", "|X", "A", "A|B|C", " A|B", "A|B ", "A |B", "A" * 181 + "|B", "**"]
)
def test_what_is_no_name_is_refused(name: str):
    with pytest.raises(ValueError, match="HL7"):
        hl7_formats.application(name)


@pytest.mark.parametrize(
    ("written", "taken", "said"),
    [
        (hl7_formats.sent_type, "ORM^O01^ORM_O01", "write ORM^O01"),
        (hl7_formats.message_type, "ORM^O01^ORM_O01", "write ORM^O01"),
        (hl7_formats.sent_type, "orm^o01", "such as ADT^A08"),
        (hl7_formats.message_type, "orm^o01", "such as ADT^A08, or *"),
        (hl7_formats.sender, "5", "such as RIS|HOSPITAL"),
        (hl7_formats.application, "5", "such as RIS|HOSPITAL, or *"),
    ],
)
def test_what_is_suggested_is_taken(written, taken: str, said: str):
    with pytest.raises(ValueError, match="write ") as caught:
        written(taken)
    assert str(caught.value).endswith(said)
