"""What a change of an Orthanc's own options means: whom it lets in, and what it deletes."""

from __future__ import annotations

import pytest

from pacsconf.core.resource import Fields
from pacsconf.inventory.orthanc_settings import OrthancSettings
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.systems._orthanc.options import DEFAULTS, ServerSettings, address, live, version


def test_what_can_be_declared_has_a_field_and_a_default_of_orthancs():
    own = {name for name in ServerSettings.model_fields if name[0].isupper()}
    assert own == set(DEFAULTS) == set(OrthancSettings.model_fields)


@pytest.mark.parametrize(
    ("before", "after", "risk", "effects"),
    [
        ({"DicomAlwaysAllowStore": False}, {"DicomAlwaysAllowStore": True}, "access", {"widens"}),
        ({"DicomAlwaysAllowStore": True}, {"DicomAlwaysAllowStore": False}, "access", {"removes"}),
        ({}, {"DicomAlwaysAllowFind": True}, "access", {"widens"}),
        ({"DicomCheckCalledAet": True}, {"DicomCheckCalledAet": False}, "access", {"widens"}),
        ({"DicomCheckModalityHost": False}, {"DicomCheckModalityHost": True}, "access", {"removes"}),
        ({"DeidentifyLogs": True}, {"DeidentifyLogs": False}, "access", {"widens"}),
        ({"ExecuteLuaEnabled": False}, {"ExecuteLuaEnabled": True}, "access", {"widens"}),
        ({"OverwriteInstances": False}, {"OverwriteInstances": True}, "data-loss", set()),
        ({"LimitFindResults": 0}, {"LimitFindResults": 50}, "workflow", set()),
        ({"WebDavEnabled": True}, {"WebDavEnabled": True}, "none", set()),
    ],
)
def test_opening_widens_and_shutting_takes_away(before: Fields, after: Fields, risk, effects):
    assert ServerSettings.risk(before, after) == risk
    assert ServerSettings.effects(before, after) == effects


SOME, MORE, NONE = {"MaximumStorageSize": 100}, {"MaximumStorageSize": 200}, {"MaximumStorageSize": 0}
RECYCLE, REJECT = {"MaximumStorageMode": "Recycle"}, {"MaximumStorageMode": "Reject"}


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        (NONE, SOME, "it deletes the oldest patients once it holds 100 MB"),
        (MORE, SOME, "it deletes the oldest patients once it holds 100 MB"),
        ({}, SOME, "it deletes the oldest patients once it holds 100 MB"),
        (SOME, MORE, None),
        (SOME, SOME, None),
        (SOME, NONE, None),
        ({**NONE, **REJECT}, {**SOME, **REJECT}, None),
        (REJECT, RECYCLE, "it deletes the oldest patients once it is full"),
        ({**SOME, **REJECT}, {**SOME, **RECYCLE}, "it deletes the oldest patients once it is full"),
        (RECYCLE, REJECT, None),
        (
            {"MaximumStorageSize": 0, "MaximumPatientCount": 0, **REJECT},
            {"MaximumStorageSize": 0, "MaximumPatientCount": 0, **RECYCLE},
            None,
        ),
        (
            {"MaximumPatientCount": 9},
            {"MaximumPatientCount": 5},
            "it deletes the oldest patients once it holds 5 patients",
        ),
    ],
)
def test_what_brings_deletion_nearer_is_said(before: Fields, after: Fields, note: str | None):
    assert ServerSettings.purge_note(before, after) == note


def test_what_the_configuration_does_not_say_is_as_orthanc_has_it_and_what_is_no_value_is_left_out():
    wanted = {"DicomAlwaysAllowStore": False, "WebDavEnabled": False, "LimitFindResults": 5}
    said = {"WebDavEnabled": "${WEBDAV}", "LimitFindResults": True, "RegisteredUsers": {"me": "hunter2"}}
    config = OrthancConfig.model_validate(
        {"name": "pacs", "type": "orthanc", "url": "https://h", "settings": wanted}
    )
    assert live(config, said).fields == {"DicomAlwaysAllowStore": True}


@pytest.mark.parametrize(("ae", "name"), [(None, "server"), ("pacs-1", "pacs-1"), ("pacs-1/PACS", "pacs-1")])
def test_it_is_called_by_its_device(ae: str | None, name: str):
    config = OrthancConfig.model_validate({"name": "pacs", "type": "orthanc", "url": "https://h", "ae": ae})
    assert address(config).parts == (name,)


@pytest.mark.parametrize(
    ("text", "numbers"), [("1.10.1", (1, 10, 1)), ("1.12.4-beta", (1, 12, 4)), ("mainline", ()), ("", ())]
)
def test_versions_are_compared_by_their_numbers(text, numbers):
    assert version(text) == numbers
