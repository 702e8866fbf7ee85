"""Every field of the live tiers is filled in by something: what nobody tells makes each rule about it unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacsconf.policy.vocabulary import KINDS

PACKAGE = Path(__file__).parents[3] / "pacsconf"
FILLED = (
    "".join(
        file.read_text(encoding="utf-8")
        for folder in ("systems", "policy/facts")
        for file in sorted((PACKAGE / folder).rglob("*.py"))
        if file != PACKAGE / "policy/facts/configured.py"  # which names every field to join it
    )
    + (PACKAGE / "policy/facts/configured.py").read_text(encoding="utf-8").partition("\ndef merged")[2]
)


@pytest.mark.parametrize(
    ("kind", "field"),
    sorted(
        {
            (kind, field)
            for kind in KINDS
            for tier in ("configured", "observed")
            for field in KINDS[kind].fields(tier)
        }
    ),
)
def test_somebody_fills_it_in(kind, field):
    assert f'"{field}"' in FILLED
