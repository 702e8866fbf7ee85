"""What is accepted stops nothing until its day, and nothing else is let through with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pacsconf.core.finding import errors
from pacsconf.inventory.loader import Loaded, load

TWO = """
devices:
  us-1: {type: modality, ae_title: US_1, host: 10.0.0.1, port: 104, offers: verification}
  us-2: {type: modality, ae_title: US_1, host: 10.0.0.2, port: 104, offers: verification}
"""
ENTRY = """
baseline:
  carts: {{rule: {rule}, at: {at}, owner: radiology-it, until: 2027-05-31}}
"""


@pytest.fixture
def loaded(tmp_path: Path):
    def make(rule: str, at: str, today: date | None = date(2026, 11, 24), devices: str = TWO) -> Loaded:
        (tmp_path / "inventory").mkdir(exist_ok=True)
        text = devices + ENTRY.format(rule=rule, at=at)
        (tmp_path / "inventory" / "all.yaml").write_text(text)
        return load(tmp_path, today)

    return make


def told(loaded: Loaded) -> list[tuple[str, str]]:
    return [(finding.rule, finding.accepted) for finding in loaded.findings]


@pytest.mark.parametrize("at", ["devices.us-2.ae_titles.US_1", "devices.us-2"])
def test_an_accepted_fault_is_found_and_stops_nothing(loaded, at):
    found = loaded("PACS-AE-003", at)
    assert told(found) == [("PACS-AE-003", "until 2027-05-31 by radiology-it")]
    assert found.inventory is not None


@pytest.mark.parametrize(
    ("rule", "at"),
    [
        ("PACS-AE-013", "devices.us-2"),
        ("PACS-AE-003", "devices.us-1"),
        ("PACS-AE-003", "devices.us"),
        ("PACS-AE-003", "devices.us-2.ae_titles.US_12"),
    ],
)
def test_another_rule_or_another_place_is_not_accepted(loaded, rule, at):
    found = loaded(rule, at)
    assert [(f.rule, f.accepted) for f in errors(found.findings)] == [("PACS-AE-003", "")]
    assert found.inventory is None


@pytest.mark.parametrize(("today", "stands"), [(date(2027, 5, 31), True), (date(2027, 6, 1), False)])
def test_it_is_accepted_to_the_end_of_its_day(loaded, today, stands):
    found = loaded("PACS-AE-003", "devices.us-2", today)
    assert (found.inventory is not None) is stands
    assert ("PACS-BASE-001" in {finding.rule for finding in found.findings}) is not stands


def test_what_was_mended_is_told(loaded):
    mended = TWO.replace("ae_title: US_1, host: 10.0.0.2", "ae_title: US_2, host: 10.0.0.2")
    assert told(loaded("PACS-AE-003", "devices.us-2", devices=mended)) == [("PACS-BASE-002", "")]


def test_what_cannot_be_read_cannot_be_accepted(loaded):
    broken = TWO.replace("port: 104", "port: 70000", 1)
    found = loaded("PACS-HOST-002", "devices.us-1", devices=broken)
    assert found.inventory is None
    assert ("PACS-HOST-002", "") in told(found)
