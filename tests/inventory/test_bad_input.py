"""What a person mistypes, and what is said: one test per mistake, the message read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacsconf.inventory.declaration import FlowDeclaration
from pacsconf.inventory.loader import load
from pacsconf.inventory.validation import checked

DEVICE = "devices:\n  ct-1: {type: modality, ae_title: %s, host: ct-1.example.org, port: 104}\n"


def test_tab_is_named_with_its_place(told):
    assert told("devices:\n\tct-1: {type: modality}\n") == [
        "error PACS-YAML-002 inventory/hospital.yaml:2:1 A tab indents this line"
    ]


def test_broken_indentation_is_told_by_counting_spaces(declare):
    (finding,) = declare("devices:\n  ct-1:\n    type: modality\n     host: h\n").findings
    assert str(finding.place) == "inventory/hospital.yaml:4:6"
    assert finding.summary == "The indentation of this line fits nothing above it"
    assert finding.detail == "It starts after 5 spaces; the lines it could belong to start after 0, 2, 4."


def test_unclosed_quote_is_told_with_where_it_began(declare):
    (finding,) = declare('devices:\n  ct-1: {type: "modality}\n').findings
    assert (finding.rule, finding.summary) == ("PACS-YAML-001", "This cannot be read as YAML")
    assert [(str(place), words) for place, words in finding.also] == [
        ("inventory/hospital.yaml:2:16", "what it belongs to starts here")
    ]


def test_duplicate_key_names_both_places(declare):
    (finding,) = declare("devices:\n  ct-1:\n    type: modality\n    type: archive\n").findings
    assert (finding.rule, str(finding.place)) == ("PACS-YAML-004", "inventory/hospital.yaml:4:5")
    assert finding.summary == 'The key "type" stands twice in the same map'
    assert [str(place) for place, _ in finding.also] == ["inventory/hospital.yaml:3:5"]


def test_same_device_in_two_files_names_both(declare):
    (finding,) = declare(
        ct="devices:\n  ct-1: {type: modality}\n", mr="devices:\n\n  ct-1: {type: modality}\n"
    ).findings
    assert (finding.rule, str(finding.place)) == ("PACS-NAME-001", "inventory/mr.yaml:3:3")
    assert finding.summary == "Device ct-1 is declared twice"
    assert finding.also == ((finding.also[0][0], "declared first here"),)
    assert str(finding.also[0][0]) == "inventory/ct.yaml:2:3"


def test_unknown_key_comes_with_the_nearest_known_one(told):
    assert told("devices:\n  mr-2:\n    type: modality\n    stationname: MR2\ndevises: {}\n") == [
        (
            'error PACS-KEY-001 inventory/hospital.yaml:4:5 Unknown key "stationname" in devices.mr-2; '
            'did you mean "station_name"?'
        ),
        'error PACS-KEY-001 inventory/hospital.yaml:5:1 Unknown key "devises"; did you mean "devices"?',
    ]


def test_unknown_key_far_from_all_is_answered_with_the_known_ones(declare):
    (finding,) = declare("sites:\n  main: {xyzzy: 1}\n").findings
    assert finding.summary == 'Unknown key "xyzzy" in sites.main'
    assert finding.fix.startswith("Known here: ae_domain, character_sets, institution_name, location,")


def test_unknown_key_deep_inside_is_compared_with_the_keys_there(told):
    text = "devices:\n  ct-1: {type: modality, connections: {dicom: {host: h, porrt: 104}}}\n"
    assert told(text) == [
        (
            'error PACS-KEY-001 inventory/hospital.yaml:2:57 Unknown key "porrt" in '
            'devices.ct-1.connections.dicom; did you mean "port"?'
        )
    ]


@pytest.mark.parametrize(
    ("text", "told_at", "words"),
    [
        ("port: far", "2:56", "port: a whole number is needed here, without leading zeros"),
        ("port: 010", "2:56", "port: a whole number is needed here, without leading zeros"),
        ("port: '104'", "2:56", "port: a whole number is needed here, not text: remove the quotes"),
        ("port: 70000", "2:56", "port: a port is a whole number from 1 to 65535, not 70000"),
        ("external: NO", "2:60", "external: true or false is needed here"),
        ("connections: [a]", "2:50", "connections needs a map (lines of `key: value`); here stands a list"),
        ("manufacturer: [a]", "2:50", "manufacturer needs text; here stands a list"),
        ("lifecycle: activ", "2:61", 'lifecycle cannot be "activ"; did you mean "active"?'),
    ],
)
def test_wrong_type_says_what_is_needed(told, text, told_at, words):
    (line,) = told(f"devices:\n  ct-1: {{type: modality, host: ct-1.example.org, {text}}}\n")
    assert f"inventory/hospital.yaml:{told_at} devices.ct-1.{words}" in line


def test_a_name_where_a_selector_is_needed_is_answered_with_its_keys():
    flow = {"from": "ct-1", "to": {"type": "archive"}, "services": ["storage"]}
    _, (finding,) = checked(FlowDeclaration, flow, ("flows", "images"))
    assert finding.path == ("flows", "images", "from")
    assert finding.fix == "Its keys: device, type, modality, site, profile, ae_title, lifecycle."


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("CT_EMERGENCY_ROOM_1", "an AE title has at most 16 characters, this one 19 (PS3.5 section 6.2)"),
        (r"CT\1", "an AE title may not hold a backslash (PS3.5 section 6.2)"),
        ("''", "an AE title needs at least one character that is not a space (PS3.5 section 6.2)"),
        ("'   '", "an AE title needs at least one character that is not a space (PS3.5 section 6.2)"),
        ('"CT\\t1"', "an AE title holds printable ASCII characters only (PS3.5 section 6.2)"),
        ("RÖ_1", "an AE title holds printable ASCII characters only (PS3.5 section 6.2)"),
    ],
)
def test_ae_title_that_breaks_the_standard_is_told_by_the_rule(told, title, words):
    assert told(DEVICE % title) == [
        f"error PACS-AE-001 inventory/hospital.yaml:2:36 devices.ct-1.ae_title: {words}"
    ]


def test_ae_title_as_a_key_is_checked_like_any_other(told):
    assert told(
        "devices:\n  ct-1:\n    type: m\n    host: h\n    ae_titles:\n      A_TITLE_FAR_TOO_LONG: {}\n"
    ) == [
        (
            "error PACS-AE-001 inventory/hospital.yaml:6:7 devices.ct-1.ae_titles.A_TITLE_FAR_TOO_LONG: "
            "an AE title has at most 16 characters, this one 20 (PS3.5 section 6.2)"
        )
    ]


@pytest.mark.parametrize("title", ["NO", "010", "1:30", "1e3", "true", "0x1F", "2026-01-01", "null_1", ".5"])
def test_scalar_stays_what_it_looks_like(declare, title):
    loaded = declare(DEVICE % title)
    assert loaded.findings == ()
    assert list(loaded.inventory.devices["ct-1"].ae_titles) == [title]


def test_titles_that_differ_by_case_are_a_warning(told):
    text = DEVICE % "CT_1" + "  ct-2: {type: modality, ae_title: Ct_1, host: ct-2.example.org, port: 104}\n"
    assert told(text) == [
        "warning PACS-AE-013 inventory/hospital.yaml:3:36 AE title Ct_1 differs from CT_1 only by capital letters"
    ]


def test_two_devices_with_one_title_are_told_at_the_second_with_the_first(declare):
    text = DEVICE % "CT_1" + "  ct-2:\n    type: modality\n    host: h\n    ae_titles:\n      CT_1: {}\n"
    (finding,) = declare(text).findings
    assert (finding.rule, finding.severity, str(finding.place)) == (
        "PACS-AE-003",
        "error",
        "inventory/hospital.yaml:7:7",
    )
    assert finding.summary == "AE title CT_1 belongs to two devices, ct-1 and ct-2"
    assert [(str(place), words) for place, words in finding.also] == [
        ("inventory/hospital.yaml:2:36", "also the title of ct-1")
    ]
    assert "images may reach the wrong one" in finding.detail


def test_missing_references_are_all_named(told):
    text = """\
sites:
  main: {}
profiles:
  ct: {type: modality}
devices:
  ct-1: {profile: cct, site: main}
  ct-2: {profile: ct, site: mian}
  ct-3: {profile: ct, connections: {dicom: {host: h}}, ae_titles: {CT_3: {connections: [dicm]}}}
  ct-4: {profile: ct, host: h4, seen_from: {north: {host: h5}}}
  ct-5: {profile: ct, replaces: old-ct}
"""
    assert told(text) == [
        'error PACS-REF-001 inventory/hospital.yaml:6:19 There is no profile "cct"; did you mean "ct"?',
        (
            'error PACS-REF-004 inventory/hospital.yaml:7:29 There is no site "mian", which device ct-2 names; '
            'did you mean "main"?'
        ),
        (
            "error PACS-REF-003 inventory/hospital.yaml:8:75 AE title CT_3 of device ct-3 names the connection "
            "dicm, which is not declared"
        ),
        (
            'error PACS-REF-004 inventory/hospital.yaml:9:45 There is no site "north", which connection dicom of '
            "device ct-4 names"
        ),
        (
            'error PACS-REF-004 inventory/hospital.yaml:10:33 There is no device "old-ct", which device ct-5 names'
        ),
    ]


def test_worklist_from_an_ae_that_is_not_there(told):
    text = """\
devices:
  ris: {type: worklist, ae_title: RIS_MWL, host: ris.example.org, port: 104}
  ct-1: {type: modality, host: h, worklist: {from: ris/RIS_MLW}}
"""
    assert told(text) == [
        (
            'error PACS-REF-005 inventory/hospital.yaml:3:52 The worklist of device ct-1 comes from "ris/RIS_MLW", '
            'which is not declared; did you mean "ris/RIS_MWL"?'
        )
    ]


def test_selector_that_matches_nothing(declare):
    text = (
        DEVICE % "CT_1"
        + "flows:\n  f: {from: {type: modalty}, to: {ae_title: CT_1}, services: verification}\n"
    )
    (finding,) = declare(text).findings
    assert (finding.rule, str(finding.place)) == ("PACS-FLOW-001", "inventory/hospital.yaml:4:7")
    assert finding.summary == 'Flow f: nobody fits "from" (type modalty); did you mean "modality"?'


def test_alias_bomb_is_refused_before_it_is_expanded(told):
    levels = "".join(f"b{n}: &b{n} [{','.join([f'*b{n - 1}'] * 10)}]\n" for n in range(1, 12))
    (line,) = told(f"b0: &b0 [x]\n{levels}")
    assert line.startswith("error PACS-YAML-005 inventory/hospital.yaml:")
    assert line.endswith("This file expands to too much")


def test_recursive_alias_is_refused(told):
    assert told("devices: &all\n  ct-1: *all\n") == [
        "error PACS-YAML-006 inventory/hospital.yaml:2:9 The alias *all holds itself"
    ]


def test_a_file_of_200_mb_is_refused_unread(tmp_path: Path):
    (tmp_path / "inventory").mkdir()
    with (tmp_path / "inventory" / "dump.yaml").open("wb") as file:
        file.truncate(200_000_000)
    (finding,) = load(tmp_path).findings
    assert (finding.rule, str(finding.place)) == ("PACS-FILE-001", "inventory/dump.yaml:1:1")
    assert finding.summary == "The file has 200.0 MB and was not read; the limit is 5 MB"


def test_file_that_is_not_utf8_is_told_by_line_and_column(told):
    assert told("devices:\n  rö: {type: m}\n".encode("latin-1")) == [
        "error PACS-FILE-002 inventory/hospital.yaml:2:4 The file is not UTF-8 text"
    ]


def test_utf16_is_recognised(declare):
    (finding,) = declare("devices: {}\n".encode("utf-16")).findings
    assert finding.summary == "The file is not UTF-8 text"
    assert finding.detail.startswith("It looks like UTF-16.")


def test_mistakes_in_several_files_are_reported_together(told):
    assert told(
        a="devices:\n\tct-1: {}\n",
        b=DEVICE % r"A\B",
        c="sites:\n  main: {nam: Main}\n",
        d="foo: 1\n",
    ) == [
        "error PACS-YAML-002 inventory/a.yaml:2:1 A tab indents this line",
        (
            "error PACS-AE-001 inventory/b.yaml:2:36 devices.ct-1.ae_title: an AE title may not hold a backslash "
            "(PS3.5 section 6.2)"
        ),
        'error PACS-KEY-001 inventory/c.yaml:2:10 Unknown key "nam" in sites.main; did you mean "name"?',
        'error PACS-KEY-001 inventory/d.yaml:1:1 Unknown key "foo"',
    ]


def test_mistake_in_a_profile_is_told_once_at_the_profile(told):
    text = "profiles:\n  ct: {type: modality, uses: [ct-imge-storage]}\ndevices:\n" + "".join(
        f"  ct-{n}: {{profile: ct}}\n" for n in range(3)
    )
    assert told(text) == [
        (
            'error PACS-UID-002 inventory/hospital.yaml:2:31 profiles.ct.uses: "ct-imge-storage" is no '
            'service or SOP class of the standard (PS3.6 Annex A); did you mean "ct-image-storage"?'
        )
    ]


def test_secret_written_out_is_never_repeated(declare):
    loaded = declare("systems:\n  d: {type: dicom-directory, url: ldap://h, bind: hunter2}\n")
    assert not any("hunter2" in repr(finding) for finding in loaded.findings)


def test_missing_folder_says_what_to_do(tmp_path: Path):
    (finding,) = load(tmp_path).findings
    assert finding.summary == "There is no folder inventory here"
    assert finding.fix.endswith("pacsconf init")


def test_link_out_of_the_repository_is_not_followed(tmp_path: Path):
    (tmp_path / "secret").write_text("sites: {a: {}}")
    root = tmp_path / "repository"
    (root / "inventory").mkdir(parents=True)
    (root / "inventory" / "a.yaml").symlink_to(tmp_path / "secret")
    loaded = load(root)
    assert [finding.rule for finding in loaded.findings] == ["PACS-FILE-005"]
    assert loaded.texts == {}


@pytest.mark.parametrize(
    ("text", "rule", "at"),
    [
        ("<<: {a: 1}\n", "PACS-YAML-007", "1:1"),
        ("sites: !!map {}\n", "PACS-YAML-008", "1:8"),
        ("sites: {a: !env X}\n", "PACS-YAML-008", "1:12"),
        ("sites: {}\n---\nsites: {}\n", "PACS-YAML-009", "2:1"),
        ("[sites]: {}\n", "PACS-YAML-010", "1:1"),
        ("sites: *other\n", "PACS-YAML-014", "1:8"),
        ("sites: " + "[" * 60 + "]" * 60 + "\n", "PACS-YAML-011", "1:57"),
        ("- sites\n", "PACS-YAML-012", "1:1"),
        ("sites: {a: \x07}\n", "PACS-YAML-013", "1:12"),
    ],
)
def test_yaml_we_do_not_read_is_refused_at_its_place(declare, text, rule, at):
    found = [(finding.rule, str(finding.place)) for finding in declare(text).findings]
    assert (rule, f"inventory/hospital.yaml:{at}") in found


def test_deep_nesting_of_brackets_does_no_harm(told):
    (line,) = told("[" * 500_000)
    assert line.startswith("error PACS-YAML-001")


def test_empty_value_where_a_name_stands_is_no_silent_removal(declare):
    (finding,) = declare(
        "devices:\n  ct-1:\n    type: modality\n    host: h\n    ae_titles:\n      CT_1:\n"
    ).findings
    assert finding.summary == "CT_1 of device ct-1 is empty"
    assert finding.fix == "Write {} after it if all its values are the usual ones, else remove it."


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "devices:\n", "﻿sites: {}\n", "---\nsites: {}\n"])
def test_empty_file_and_byte_order_mark_are_fine(declare, content):
    loaded = declare(content)
    assert loaded.findings == ()
    assert loaded.inventory is not None
