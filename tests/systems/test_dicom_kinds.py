"""What guards count and how much is at stake, by kind."""

from __future__ import annotations

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.resource import State
from pacsconf.systems._dicom.check import Check
from pacsconf.systems._dicom.kinds import KINDS, DeviceEntry, NetworkAEEntry, NetworkConnectionEntry
from pacsconf.systems._dicom.tree import Tree

HERE = {"host": "a", "port": 104, "tls": ("X",)}


@pytest.mark.parametrize(
    ("after", "effects", "risk"),
    [
        (HERE, set(), "none"),
        (HERE | {"host": "b"}, {"readdresses"}, "workflow"),
        (HERE | {"port": 105}, {"readdresses"}, "workflow"),
        (HERE | {"tls": ("Y",)}, set(), "access"),
        ({"host": "a", "port": 104}, {"widens"}, "access"),
        (None, {"removes"}, "workflow"),
    ],
)
def test_a_connection_that_moves_or_opens_up_counts(after, effects, risk):
    assert NetworkConnectionEntry.effects(HERE, after) == effects
    assert NetworkConnectionEntry.risk(HERE, after) == risk


def test_an_entity_with_other_connections_has_another_address():
    before, after = {"connections": ("a",)}, {"connections": ("b",)}
    assert NetworkAEEntry.effects(before, after) == {"readdresses"}
    assert NetworkAEEntry.effects(before, before) == set()
    assert NetworkAEEntry.effects(None, after) == set()


def test_titles_alone_linger():
    assert [name for name, kind in KINDS.items() if kind.lingers] == ["unique-ae-title"]


def test_a_hidden_schema_is_unknown_and_only_matters_for_what_is_written():
    address = Address("d", "device", "ct-1")
    state = State(address, address, {"installed": True})
    check = Check(Tree("d"), None)
    (finding,) = check.findings([Change("create", None, state, state)])
    assert (finding.rule, finding.severity, finding.verdict) == ("DIR-SCHEMA-HIDDEN", "warning", "unknown")
    assert check.findings([Change("delete", state, None)]) == ()


@pytest.mark.parametrize("kind", [DeviceEntry, NetworkConnectionEntry, NetworkAEEntry])
def test_what_is_switched_off_counts_as_taken_away(kind):
    assert "removes" in kind.effects({"installed": True}, {"installed": False})
    assert "removes" in kind.effects({}, {"installed": False})
    assert "removes" not in kind.effects({"installed": False}, {"installed": False})
    assert "removes" not in kind.effects({"installed": False}, {"installed": True})
