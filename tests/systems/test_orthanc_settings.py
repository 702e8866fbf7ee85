"""A copy of Orthanc's configuration: how it is read, and what is taken from it."""

from __future__ import annotations

import json

import pytest

from pacsconf.inventory.systems import OrthancConfig
from pacsconf.systems._orthanc import settings
from pacsconf.systems._orthanc.live import Server
from pacsconf.systems._orthanc.settings import UnreadableSettings, findings, load

CAREFUL = {
    "DicomAet": "PACS",
    "DicomModalitiesInDatabase": True,
    "OrthancPeersInDatabase": True,
    "DicomCheckCalledAet": True,
    "DicomAlwaysAllowEcho": False,
    "DicomAlwaysAllowStore": False,
}
SERVER = Server("1.10.1", "PACS", 4242, None)


def copy(tmp_path, text):
    path = tmp_path / "orthanc.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


def found(path, **keys):
    data = {"name": "pacs", "type": "orthanc", "url": "https://h", "settings_file": str(path)} | keys
    return list(findings(OrthancConfig.model_validate(data), SERVER))


def test_comments_are_no_part_of_it_and_stay_in_texts(tmp_path):
    text = """\
/** The name **/
{
  "Name" : "http://not/a//comment /* nor this */",  // "DicomAet": "NO"
  /* "DicomCheckCalledAet" : false, */
  "DicomAet" : "PA\\"//CS", "DicomCheckCalledAet" : true
}
"""
    read = load(copy(tmp_path, text))
    assert (read.ae_title, read.checks_called) == ('PA"//CS', True)


def test_what_it_does_not_say_is_as_orthanc_has_it(tmp_path):
    read = load(copy(tmp_path, "{}"))
    assert (read.ae_title, read.in_database, read.checks_called) == ("ORTHANC", False, False)
    assert read.always == ("DicomAlwaysAllowEcho", "DicomAlwaysAllowStore")


def test_files_of_a_folder_are_joined_and_others_in_it_left_alone(tmp_path):
    copy(tmp_path, {"DicomAet": "PACS"})
    (tmp_path / "more.json").write_text('{"DicomCheckCalledAet": true}')
    (tmp_path / "notes.txt").write_text("not JSON")
    read = load(tmp_path)
    assert (read.ae_title, read.checks_called) == ("PACS", True)


def test_a_variable_of_the_environment_is_not_guessed(tmp_path):
    read = load(
        copy(tmp_path, {**CAREFUL, "DicomModalitiesInDatabase": "${KEEP}", "DicomAlwaysAllowStore": "${S}"})
    )
    assert read.in_database is None
    assert read.always == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON as Orthanc reads it"),
        ("[1]", "is not JSON as Orthanc reads it"),
        ("[" * 100_000, "is not JSON as Orthanc reads it"),
        ('{"a": "hunter2', "is not JSON as Orthanc reads it"),
    ],
)
def test_what_is_no_configuration_is_told_without_repeating_it(tmp_path, text, words):
    with pytest.raises(UnreadableSettings, match=words) as caught:
        load(copy(tmp_path, text))
    assert "hunter2" not in str(caught.value)


def test_it_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "_LARGEST", 100)
    with pytest.raises(UnreadableSettings, match="too large"):
        load(copy(tmp_path, {"Name": "x" * 100}))


def test_a_copy_that_is_not_there_or_an_empty_folder(tmp_path):
    with pytest.raises(UnreadableSettings, match="does not exist"):
        load(tmp_path / "none.json")
    with pytest.raises(UnreadableSettings, match="holds 0 JSON files"):
        load(tmp_path)
    (one,) = found(tmp_path / "none.json")
    assert (one.rule, one.severity, one.verdict) == ("ORTHANC-SETTINGS-FILE", "warning", "unknown")


@pytest.mark.parametrize(
    ("change", "keys", "expected"),
    [
        ({}, {}, []),
        ({"DicomAet": "OTHER"}, {}, [("ORTHANC-SETTINGS-FILE", "warning")]),
        ({"DicomModalitiesInDatabase": False}, {}, [("ORTHANC-FORGETS", "warning")]),
        ({"OrthancPeersInDatabase": False}, {}, []),
        (
            {"OrthancPeersInDatabase": False},
            {"orthanc_peers": {"p": {"url": "https://p"}}},
            [("ORTHANC-FORGETS", "warning")],
        ),
        ({}, {"dicomweb_servers": {"p": {"url": "https://p"}}}, [("ORTHANC-FORGETS", "warning")]),
        ({"DicomWeb": {"ServersInDatabase": True}}, {"dicomweb_servers": {"p": {"url": "https://p"}}}, []),
        ({"DicomCheckCalledAet": False}, {}, [("ORTHANC-CALLED-TITLE", "warning")]),
        ({"DicomAlwaysAllowEcho": True}, {}, [("ORTHANC-OPEN-ECHO", "info")]),
        ({"DicomAlwaysAllowStore": True}, {}, [("ORTHANC-OPEN-STORE", "warning")]),
        ({"DicomAlwaysAllowFindWorklist": True}, {}, [("ORTHANC-OPEN-QUERY", "warning")]),
        ({"DicomAlwaysAllowGet": True}, {}, [("ORTHANC-OPEN-QUERY", "warning")]),
    ],
)
def test_each_careless_setting_is_told_by_its_own_name(tmp_path, change, keys, expected):
    one = found(copy(tmp_path, CAREFUL | change), **keys)
    assert [(finding.rule, finding.severity) for finding in one] == expected
    assert all(finding.evidence == "configured" for finding in one)
