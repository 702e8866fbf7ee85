"""kill -9 of `apply` at every point of record, journal and directory: nothing is lost, and nothing done twice."""

from __future__ import annotations

import pytest

from tests.e2e.crash.hospital import AFTER_THE_LEASE, killed, require_shut_out

UNOPENED = ["open.before", "open.written"]
"""Killed here, nothing was opened, so that nobody is kept out and nothing is to be resumed."""

OPEN = [
    "open.published",
    "open.after",
    "intents.before",
    "intents.half",
    "intents.unsynced",
    "intents.after",
    "intents.half*3",
    *(f"write.{moment}*{nth}" for moment in ("before", "sent", "after") for nth in (1, 5, 9)),
    "outcomes.half",
    "outcomes.after",
    "outcomes.half*5",
    "outcomes.after*9",
    "renewed.before",
    "renewed.published",
    "settle.before",
    "prove.after",
    "outcomes.after*10",
    "closed.before",
    "closed.written",
]
"""Killed here, the change set is open. `*N` is the Nth time; `outcomes` come once a change, and all in closing."""

CLOSED = ["closed.published", "closed.after", "finish.before", "finish.after"]
"""Killed here, all is done, and only this clone's own notes are not."""


@pytest.mark.parametrize("point", UNOPENED)
def test_killed_before_it_opened_it_leaves_nothing(alone, point):
    killed(alone, point)
    resumed = alone.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, "No change set is open on test" in resumed.text) == (0, True)
    assert alone.run("apply", alone.stage.plan).code == 0
    alone.require_converged()


@pytest.mark.parametrize("point", OPEN)
def test_killed_while_open_it_keeps_others_out_and_is_resumed(alone, point):
    killed(alone, point)
    require_shut_out(alone)
    resumed = alone.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, "9 of 9 changes done" in resumed.text) == (0, True), resumed.text
    alone.require_converged()


@pytest.mark.parametrize("point", CLOSED)
def test_killed_after_it_closed_it_has_done_all(alone, point):
    killed(alone, point)
    resumed = alone.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, "No change set is open on test" in resumed.text) == (0, True)
    alone.require_converged()
