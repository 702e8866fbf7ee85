"""AEs of archives are adopted as a few named sets, which come to exactly what was there."""

from __future__ import annotations

from pathlib import Path

from tests.adopt import archives, trees


def test_an_archive_as_delivered_is_adopted_in_few_lines_and_planned_to_no_change(tmp_path: Path) -> None:
    entries = archives.archive()
    adoption = trees.adopted(entries)
    assert trees.faults(adoption, entries, tmp_path) == []
    lines = sum(text.count("\n") for path, text in adoption.files.items() if path != "systems.yaml")
    assert adoption.counts["capabilities"] > 2000
    assert lines < 150
