"""A few subjects of the example hospital, whole: what rules, reports and waivers build on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts import subjects
from tests.policy.facts.conftest import MORNING

CASES = Path(__file__).parent / "cases"
WHOLE = (
    "inventory:inventory",
    "site:north",
    "device:ct-er-1",
    "device:digitizer-1",
    "ae:archive/ARCHIVE_TEST",
    "flow:acceptance-tests",
    "flow:north-to-router",
    "feed:patients-and-orders",
    "system:orthanc",
    "storage:device/archive",
    "backup:archive-nightly",
    "retention:retention",
    "retention-rule:mammography",
    "hold:case-2026-014",
)
"""By what they are called; `PACSCONF_GOLDEN=write` writes the files, to be read before committing."""


@pytest.fixture(scope="module")
def found(hospital):
    made = subjects(Evidence(hospital, MORNING))
    return {one.where: one for several in made.values() for one in several}


@pytest.mark.parametrize("where", WHOLE)
def test_a_subject_of_the_example_hospital(found, where):
    one = found[where]
    shown = {
        "path": list(one.path),
        "device": one.device,
        "about": list(map(str, one.about)),
        "site": one.site["name"] if one.site else None,
        "declared": one.declared,
    }
    text = json.dumps(shown, indent=1, ensure_ascii=False) + "\n"
    file = CASES / f"{where.replace(':', '-').replace('/', '-')}.json"
    if os.environ.get("PACSCONF_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
