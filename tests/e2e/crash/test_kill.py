"""kill -9 of `apply` at every point of record, journal and directory: nothing is lost, and nothing done twice."""

from __future__ import annotations

import pytest

from tests.e2e.crash.hospital import AFTER_THE_LEASE

UNOPENED = ["open.before", "open.written"]
"""Killed here, nothing was opened, so that nobody is kept out and nothing is to be resumed."""

OPEN = [
    "open.published",
    "open.after",
    "intents.before",
    "intents.half",
    "intents.unsynced",
    "intents.after",
    "intents.before*3",
    "intents.half*3",
    *(f"write.{moment}*{nth}" for moment in ("before", "sent", "after") for nth in (1, 5, 9)),
    "outcomes.before",
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

RECORD = [
    point for point in (*UNOPENED, *OPEN, *CLOSED) if point.split(".")[0] in ("open", "renewed", "closed")
]


def killed(clone, plan, point):
    """Apply until `point`, and die there. The clock runs fast where the lease is to be renewed."""
    name, _, nth = point.partition("*")
    ran = clone.run("apply", plan, point=name, nth=int(nth or 1), tick=300 if "renewed" in name else 0)
    assert ran.code == -9, ran.text


def require_shut_out(clone, plan):
    """While the lease runs nobody applies or resumes, and nothing changes."""
    head, writes = clone.git("rev-parse", "pacsconf/test"), clone.stage.directory.writes()
    for arguments in (("apply", plan), ("resume",)):
        ran = clone.run(*arguments)
        assert ran.code == 7, ran.text
        assert "is open on test: by Maria Weber <mweber@example.org>" in ran.text
    assert clone.git("rev-parse", "pacsconf/test") == head
    late = clone.stage.directory.writes() - writes
    # What was sent before the kill may reach the directory's log after it; nothing else may.
    assert late.total() <= 1
    assert all(count == 1 for count in clone.stage.directory.writes().values())


@pytest.mark.parametrize("point", UNOPENED)
def test_killed_before_it_opened_it_leaves_nothing(alone, point):
    plan = alone.stage.plan
    killed(alone, plan, point)
    resumed = alone.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, "no change set is open on test" in resumed.text) == (1, True)
    assert alone.run("apply", plan).code == 0
    alone.require_converged()


@pytest.mark.parametrize("point", OPEN)
def test_killed_while_open_it_keeps_others_out_and_is_resumed(alone, point):
    plan = alone.stage.plan
    killed(alone, plan, point)
    require_shut_out(alone, plan)
    resumed = alone.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, "9 of 9 changes done" in resumed.text) == (0, True), resumed.text
    alone.require_converged()


@pytest.mark.parametrize("point", CLOSED)
def test_killed_after_it_closed_it_has_done_all(alone, point):
    plan = alone.stage.plan
    killed(alone, plan, point)
    resumed = alone.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, "no change set is open on test" in resumed.text) == (1, True)
    alone.require_converged()
