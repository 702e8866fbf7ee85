"""An audit as a comment on a pull request."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from pacsconf.report.audit.markdown import audit_markdown
from tests.audits import audits
from tests.report.audit.sample import AUDIT, clean, large


def test_a_busy_audit(golden):
    golden("audit.md", audit_markdown(AUDIT, link_to=lambda place: f"https://git.example.org/{place}"))


def test_that_nothing_fails_is_said_with_what_was_looked_at():
    shown = audit_markdown(clean())
    assert shown.index("No failures") < shown.index("| network AEs | 8 | 5 observed")


@pytest.mark.parametrize("room", [60_000, 6_000, 2_000])
def test_a_comment_never_exceeds_its_budget(room):
    shown = audit_markdown(large(60), max_bytes=room)
    assert len(shown.encode()) <= room
    assert shown.startswith("<!-- pacsconf audit ")


@settings(max_examples=40, deadline=None)
@given(audits())
def test_data_cannot_break_out_of_the_comment(audit):
    shown = audit_markdown(audit)
    outside = re.sub(r"(`+) ?.*? ?\1", "", shown)
    assert not re.search(r"<(?!!--|/?details|/?summary|/?b>)|\]\(http|\*bold", outside)
