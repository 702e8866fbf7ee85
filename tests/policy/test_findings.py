"""Results of rules as findings of `validate`."""

from __future__ import annotations

import pytest

from pacsconf.policy.findings import as_finding
from pacsconf.policy.results import Result
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Subject

RULE = Rule("SITE-AE-001", "Somebody answers", "high", "device", "true", why="Somebody must.")


@pytest.mark.parametrize(
    ("name", "message", "said"),
    [
        ("ct-1", "ct-1 has no owner", "ct-1 has no owner. Somebody must."),
        ("ct-1/CT1", "CT1 has no owner", "CT1 has no owner. Somebody must."),
        ("ct-1", "nothing says who owns ct-1", "Nothing says who owns ct-1. Somebody must."),
        ("ct-1", "", "Somebody must."),
    ],
)
def test_what_is_wrong_is_a_sentence_and_names_keep_their_letters(name, message, said):
    result = Result(RULE, Subject("device", name, {}), "fail", message=message)
    assert as_finding(result, "high").detail == said
