"""`docs/findings.md` lists every rule that the program knows, each once, and no other."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
NO_RULES = {"C-ECHO"}


def listed() -> list[str]:
    """The rules in the first column of the tables."""
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def known() -> set[str]:
    """Every text in the code that has the form of a rule's id."""
    rule = re.compile(r'"([A-Z]+(?:-[A-Z]+)+(?:-[0-9]{3})?)"')
    files = (ROOT / "pacsconf").rglob("*.py")
    return {found for file in files for found in rule.findall(file.read_text(encoding="utf-8"))} - NO_RULES


def test_every_rule_is_listed_once():
    assert [rule for rule, times in Counter(listed()).items() if times > 1] == []


def test_every_rule_of_the_code_is_listed():
    assert sorted(known() - set(listed())) == []


def test_every_rule_that_is_listed_exists():
    assert sorted(set(listed()) - known()) == []


def test_severities_are_those_of_the_code():
    said = re.compile(r'"([A-Z]+-[A-Z0-9-]+)",\s+"(error|warning)"')
    files = (ROOT / "pacsconf").rglob("*.py")
    found = {pair for file in files for pair in said.findall(file.read_text(encoding="utf-8"))}
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert found - set(re.findall(r"^\| `([^`]+)` \| (error|warning) \|", text, re.MULTILINE)) == set()
