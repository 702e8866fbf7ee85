"""Whom a real Orthanc lets in, seen on the wire: careful and as it is when nobody thought about it."""

from __future__ import annotations

import pytest

from pacsconf.dicom.probe.strangers import try_the_door
from pacsconf.lab import orthanc

KNOWN = {"probe": ["PROBE", "127.0.0.1", 104]}


@pytest.mark.parametrize(
    ("careless", "expected"),
    [
        ({}, []),
        ({"always_allow_echo": True}, ["WIRE-STRANGER"]),
        ({"check_called_aet": False}, ["WIRE-ANY-TITLE"]),
        ({"always_allow_store": True, "check_called_aet": False}, ["WIRE-STRANGER", "WIRE-ANY-TITLE"]),
    ],
    ids=["careful", "echo for all", "any title", "store for all, any title"],
)
def test_each_careless_setting_shows_on_the_wire(tmp_path, careless, expected):
    options = orthanc.Options(modalities_in_database=False, modalities=KNOWN, **careless)
    with orthanc.started(tmp_path / "pacs", options) as running:
        door = try_the_door(running.aet, "127.0.0.1", running.dicom_port, "PROBE", None)
    assert [finding.rule for finding in door.findings] == expected
    assert door.unseen == ()
