"""kill -9 and Ctrl-C while many changes of one layer are on their way to the directory."""

from __future__ import annotations

import pytest

from tests.e2e.crash.hospital import AFTER_THE_LEASE, FIRST

SCANNERS = 20
MANY = FIRST + "".join(
    f"  mr-{n}: {{type: modality, modality: [MR], site: main, ae_title: MR_{n}, host: 10.0.1.{n}, port: 104}}\n"
    for n in range(SCANNERS)
)
NO_LIMIT = "pacsconf: {guards: {updates: {device: 100}}}\n"
CHANGES = 4 * SCANNERS
"""A device, its title, its connection and its entity."""


@pytest.fixture
def many(alone):
    """A clone in which many scanners are declared, and the plan to make them."""
    alone.declare(MANY + NO_LIMIT, "inventory: many scanners come")
    return alone, str(alone.plan())


def require_made(clone):
    """All is live and owned, made just once, and nothing is planned or kept."""
    planned = clone.run("plan", "--detailed-exitcode", later=AFTER_THE_LEASE)
    assert (planned.code, "No changes" in planned.text) == (0, True), planned.text
    writes = clone.stage.directory.writes()
    assert (writes.total(), set(writes.values())) == (CHANGES, {1})
    owned, changeset = clone.record()
    assert sum(address.kind == "network-ae" for address in owned) == SCANNERS + 2
    assert changeset.status == "closed"
    assert clone.journal() == {}


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("window.unsent", 1),
        ("window.unsent", 9),
        ("window.sent", 1),
        ("window.sent", 4),
        ("window.answered", 30),
    ],
)
def test_killed_with_a_window_open_it_is_resumed_and_nothing_is_done_twice(many, point, nth):
    clone, plan = many
    assert clone.run("apply", plan, point=point, nth=nth).code == -9
    assert "unknown" in clone.journal().values()
    resumed = clone.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, f"{CHANGES} of {CHANGES} changes done" in resumed.text) == (0, True), resumed.text
    require_made(clone)


@pytest.mark.parametrize(("point", "nth"), [("window.sent", 4), ("window.answered", 10)])
def test_interrupted_it_awaits_what_was_sent_and_records_the_rest_as_skipped(many, point, nth):
    clone, plan = many
    ran = clone.run("apply", plan, point=point, nth=nth, signal="SIGINT")
    assert ran.code == 8, ran.text
    assert clone.journal() == {}
    _, changeset = clone.record()
    statuses = [one.status for one in changeset.outcomes]
    assert set(statuses) == {"applied", "skipped"}
    assert clone.stage.directory.writes().total() == statuses.count("applied")
    assert clone.run("apply", str(clone.plan())).code == 0
    require_made(clone)
