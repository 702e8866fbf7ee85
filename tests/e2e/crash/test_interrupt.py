"""Ctrl-C and SIGTERM while changes are made."""

from __future__ import annotations

import pytest

from tests.e2e.crash.hospital import AFTER_THE_LEASE


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_it_finishes_what_it_began_and_records_that(alone, name):
    ran = alone.run("apply", alone.stage.plan, point="write.sent", nth=2, signal=name)
    assert ran.code == 8, ran.text
    assert "stopping: what was begun is finished and recorded (again to end at once)" in ran.text
    assert "2 of 9 changes done, 7 skipped" in ran.text
    assert ran.text.count("not begun, since somebody stopped it") == 7
    assert alone.stage.directory.writes().total() == 2
    assert alone.journal() == {}
    _, changeset = alone.record()
    assert (changeset.status, [one.status for one in changeset.outcomes].count("applied")) == ("closed", 2)
    assert alone.run("apply", str(alone.plan())).code == 0
    alone.require_converged()


@pytest.mark.parametrize("point", ["open.before", "open.written", "open.after"])
def test_before_the_first_change_it_closes_with_nothing_done(alone, point):
    ran = alone.run("apply", alone.stage.plan, point=point, signal="SIGINT")
    assert (ran.code, "0 of 9 changes done, 9 skipped" in ran.text) == (8, True), ran.text
    assert alone.stage.directory.writes().total() == 0
    assert alone.run("apply", alone.stage.plan).code == 0
    alone.require_converged()


def test_after_the_last_change_it_ends_as_if_nobody_had_asked(alone):
    ran = alone.run("apply", alone.stage.plan, point="closed.before", signal="SIGTERM")
    assert (ran.code, "9 of 9 changes done" in ran.text) == (0, True), ran.text
    alone.require_converged()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_asked_twice_it_ends_at_once_and_is_resumed(alone, name):
    ran = alone.run("apply", alone.stage.plan, point="write.sent", nth=2, signal=name, times=2)
    assert (ran.code, "if an apply was running: pacsconf resume" in ran.text) == (130, True), ran.text
    assert alone.run("resume", later=AFTER_THE_LEASE).code == 0
    alone.require_converged()


def test_resume_is_stopped_alike(alone):
    assert alone.run("apply", alone.stage.plan, point="write.after", nth=2).code == -9
    ran = alone.run("resume", later=AFTER_THE_LEASE, point="write.sent", nth=2, signal="SIGINT")
    assert (ran.code, "skipped" in ran.text) == (8, True), ran.text
    assert alone.run("apply", str(alone.plan())).code == 0
    alone.require_converged()


def test_a_remote_that_does_not_answer_once_ends_it_in_order(one):
    """A Ctrl-C on a terminal reaches git as well, so that it cannot say whose the lock is."""
    flag, script = one.path / ".git" / "fail-once", one.path / ".git" / "upload-pack"
    script.write_text(f'#!/bin/sh\nif rm "{flag}" 2>/dev/null; then exit 1; fi\nexec git-upload-pack "$@"\n')
    script.chmod(0o755)
    one.git("config", "remote.origin.uploadpack", str(script))
    living = one.stopped("apply", one.stage.plan, point="write.after", nth=2)
    flag.touch()
    ended = living.end()
    assert (ended.code, "4 of 9 changes done, 5 skipped" in ended.text) == (8, True), ended.text
    assert "the lock could not be checked: origin does not answer" in " ".join(ended.text.split())
    assert one.run("apply", str(one.plan())).code == 0
    one.require_converged()
