"""The course of audits as a drawing: order, scale, names that do not lie on each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.policy.audit import Point
from pacsconf.report.audit.trend import HEIGHT, MOST, WIDTH, trend_of
from tests.report.audit.sample import AUDIT, TREND


def test_this_audit_is_the_last_in_whatever_order_the_others_come():
    found = trend_of(AUDIT, tuple(reversed(TREND)))
    assert [point.id for point in found.points] == [*(one.id for one in TREND), AUDIT.id]
    assert [(one.state, one.last) for one in found.curves] == [("fail", 5), ("unknown", 22), ("waived", 2)]


def test_this_audit_is_not_drawn_twice_where_it_is_recorded_already():
    recorded = replace(TREND[0], id=AUDIT.id)
    assert len(trend_of(AUDIT, (*TREND[1:], recorded)).points) == len(TREND)


def test_only_the_last_audits_are_drawn_and_how_many_are_not_is_told():
    many = tuple(replace(TREND[0], id=f"{at:04}", at=f"2025-01-01T00:00:{at:02}Z") for at in range(50))
    found = trend_of(AUDIT, many)
    assert (len(found.points), found.before) == (MOST, 51 - MOST)


def test_an_audit_for_other_frameworks_is_no_point_of_its_course():
    narrow = replace(TREND[-1], frameworks=("hipaa",))
    assert len(trend_of(AUDIT, (*TREND[:-1], narrow)).points) == len(TREND)
    asked = replace(AUDIT, frameworks=("hipaa",))
    assert [one.id for one in trend_of(asked, (*TREND[:-1], narrow)).points] == [narrow.id, AUDIT.id]


def test_an_audit_that_counts_nothing_of_a_state_has_nought():
    found = trend_of(AUDIT, (Point("a", "2026-01-01T00:00:00Z", "", {}, {}),))
    assert found.points[0].states["fail"] == found.points[0].failures["high"] == 0


@given(st.lists(st.integers(0, 2_000_000), max_size=40))
def test_all_is_drawn_within_the_picture(numbers):
    points = [
        Point(f"{at:03}", f"2026-01-01T00:{at:02}:00Z", "", {"fail": number, "unknown": at, "waived": 0}, {})
        for at, number in enumerate(numbers)
    ]
    found = trend_of(AUDIT, points)
    marks = [mark for curve in found.curves for mark in curve.marks]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in marks)
    labels = sorted(curve.label for curve in found.curves)
    assert all(0 <= label <= HEIGHT for label in labels)
    assert all(below - above >= 15.9 for above, below in pairwise(labels))
    assert 2 <= len(found.ticks) <= 6
