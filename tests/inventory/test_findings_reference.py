"""`docs/findings.md` lists every rule that the program knows, each once, and no other."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
NO_RULES = re.compile(r"[CN]-[A-Z-]+|ECDHE-.*|SNOMED-CT|PACSCONF-PROBE|YYYY-MM-DD")
"""Messages of DIMSE, cipher suites, a coding scheme, a made-up identifier, how a date is typed."""


def listed() -> list[str]:
    """The rules in the first column of the tables."""
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def known() -> set[str]:
    """Every text in the code that has the form of a rule's id."""
    rule = re.compile(r'"([A-Z]+(?:-(?:[A-Z]+|HL7))+(?:-[0-9]{3})?)"')
    files = (ROOT / "pacsconf").rglob("*.py")
    found = {each for file in files for each in rule.findall(file.read_text(encoding="utf-8"))}
    return {each for each in found if not NO_RULES.fullmatch(each)}


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
    rows = re.findall(r"^\| `([^`]+)` \| (error|warning|error or warning) \|", text, re.MULTILINE)
    assert found - {(rule, each) for rule, severity in rows for each in severity.split(" or ")} == set()
