"""The example hospital in the practice lab: green, then broken in five ways, each found and named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FAULTS = [
    # fault, device; how it is asked; what is said
    ("title ct-er-1", "ct-er-1 research", ["knows CT_ER1, not CT_ER_1", "inventory/devices/ct.yaml:"]),
    (
        "port ct-er-2",
        "pacs-admin ct-er-2",
        ["nothing listens at 10.20.4.18:104", "inventory/devices/ct.yaml:"],
    ),
    (
        "certificate telerad-gw",
        "pacs-admin telerad-gw/TELERAD_OUT",
        ["has expired", "inventory/devices/servers.yaml:"],
    ),
    (
        "syntax read-1",
        "archive/ARCHIVE read-1",
        ["Explicit VR Little Endian", "inventory/devices/workstations.yaml:"],
    ),
    ("worklist mr-1", "mr-1 ris/RIS_MWL", ["none for MR_1", "inventory/profiles.yaml:"]),
]


@pytest.fixture
def example(repository, monkeypatch, tmp_path) -> Iterator[object]:
    """The example hospital in a lab of its own, applied."""
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(tmp_path / "the lab"))
    made = repository()
    for path in (ROOT / "inventory").rglob("*.yaml"):
        there = made.path / "inventory" / path.relative_to(ROOT / "inventory")
        there.parent.mkdir(exist_ok=True)
        there.write_text(path.read_text())
    made.commit("the example")
    made.env["PACSCONF_LAB_DIR"] = str(tmp_path / "the lab")
    yield made
    made.here("lab", "down")


def test_the_example_is_green_and_every_fault_is_found_and_named(example):
    example.here("lab", "up")
    new = example.here("-e", "lab", "probe")
    assert (new.code, " 0 failing " in new.out) == (0, True), new.out

    example.here("-e", "lab", "record", "init")
    example.here("-e", "lab", "plan", "--out", "plan.json")
    applied = example.here("-e", "lab", "apply", "plan.json", "--reason", "first roll-out", "--ticket", "T-1")
    assert applied.code == 0, applied.said

    for fault, asked, said in FAULTS:
        assert example.here("lab", "break", *fault.split()).code == 0
        found = example.here("-e", "lab", "diagnose", *asked.split())
        assert found.code == 2, found.said
        plain = " ".join(found.out.split())
        assert [words for words in said if words not in plain] == [], found.out

    broken = example.here("-e", "lab", "probe", "ct-er-2", "telerad-gw", "read-1")
    assert (broken.code, "1 healthy · 3 failing" in broken.out) == (2, True), broken.out
    told = example.here("lab", "status")
    assert (told.code, told.out.count("broken on purpose")) == (0, 5)

    assert "The lab is whole again." in example.here("lab", "mend").out
    assert "Nothing was broken." in example.here("lab", "mend").out
    assert example.here("-e", "lab", "probe").code == 0


def test_without_a_lab_nothing_can_be_broken_and_a_fault_that_there_is_not_is_wrong_usage(example):
    none = example.here("lab", "break", "port", "ct-er-1")
    assert (none.code, "no practice lab is up" in none.err) == (9, True)
    wrong = example.here("lab", "break", "cable", "ct-er-1")
    assert (wrong.code, "cable" in wrong.err) == (64, True)
