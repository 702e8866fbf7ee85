"""What commands that ask nobody say of the wire."""

from __future__ import annotations

from datetime import UTC, datetime

from pacsconf.dicom.probe.run import Known, Sighting
from pacsconf.report.status import wire
from pacsconf.report.wire_news import WireNews
from tests.dicom.probe.runs import a_target, healthy, shut

NOW = datetime(2026, 11, 26, 10, 10, tzinfo=UTC)


def news(*seen, unasked=()) -> WireNews:
    return WireNews(
        Known(tuple(Sighting(one, "ws-3") for one in seen), tuple(unasked)), NOW, "pacsconf -e lab"
    )


def test_the_age_and_the_counts_are_one_line():
    seen = [
        *(healthy(f"ct-{n}", f"CT{n}") for n in range(3)),
        shut("mr-1", "MR1"),
        shut("us", "US", verdict="asleep"),
    ]
    assert news(*seen, unasked=[a_target("xa", "XA")]).text == (
        "last probed 4 hours ago, 3 of 5 healthy, 1 failing, 1 asleep, 1 never probed"
    )


def test_what_was_never_probed_says_how_to():
    assert news(unasked=[a_target()]).text == "never probed (pacsconf -e lab probe)"
    assert list(news(unasked=[a_target()]).findings()) == []


def test_where_nobody_may_be_asked_nothing_is_said():
    assert (news().text, list(news().findings())) == ("", [])


def test_what_failed_is_a_finding_with_its_age_that_stands_in_no_ones_way():
    found = list(news(shut()).findings())
    assert [(one.rule, one.severity, one.evidence) for one in found] == [("WIRE-TCP", "warning", "observed")]
    assert found[0].detail.endswith("Seen 4 hours ago from ws-3.")


def test_of_many_that_failed_a_few_are_told():
    found = list(news(*(shut(f"mr-{n}", f"MR{n}") for n in range(9))).findings())
    assert [one.rule for one in found] == ["WIRE-TCP"] * 5 + ["WIRE-MORE"]
    assert found[-1].summary == "4 more targets failed when probed last"


def test_those_never_probed_are_one_finding():
    found = list(news(healthy(), unasked=[a_target(f"xa-{n}", f"XA{n}") for n in range(7)]).findings())
    assert [(one.rule, one.verdict) for one in found] == [("WIRE-UNSEEN", "unknown")]
    assert found[0].summary == "7 of 8 targets were never probed as declared now"
    assert "xa-4/XA4 and 2 more" in found[0].detail


def test_for_machines_nothing_is_shortened():
    body = news(healthy(), shut("mr-1", "MR1"), unasked=[a_target("xa", "XA")]).body()
    assert body["last"] == "2026-11-26T06:10:00Z"
    assert (body["never"], body["counts"]["healthy"]) == (["xa/XA"], 1)
    assert body["failing"][0]["subject"] == "mr-1/MR1"


# --- on the morning screen --------------------------------------------------------------------------------------


def test_a_node_is_told_by_itself():
    node = shut("ct", "CT", target=a_target("ct", "CT", node="n-1"))
    told = wire([Sighting(healthy("ct", "CT")), Sighting(node)])
    assert {one.subject: one.verdict for one in told} == {"ct/CT": "healthy", "ct/CT (n-1)": "failing"}
