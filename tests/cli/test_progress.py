from __future__ import annotations

import pytest

from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.core.address import Address
from pacsconf.core.change import Outcome
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.plan import Basis, Plan

WHY = "not begun, since somebody stopped it"


def skipped(number: int) -> Outcome:
    return Outcome(Address.parse(f"directory/device/ct-{number}"), "create", "skipped", WHY)


@pytest.fixture
def reporter(capsys):
    """A reporter that was told how many changes there are; what it said of that is gone."""

    def opened(total: int) -> Reporter:
        reporter = Reporter(Screen(None))
        plan = Plan("lab", Basis("", "", "", "", "", "2026-11-24"))
        reporter.opened(ChangeSet("id", plan, "me", "here", "", "2026-11-24T17:00:00Z"), total)
        capsys.readouterr()
        return reporter

    return opened


def test_of_few_changes_each_is_shown(reporter, capsys):
    told = reporter(40)
    for number in range(40):
        told.outcome(skipped(number))
    told.stop()
    assert capsys.readouterr().err.count(WHY) == 40


def test_of_many_that_ended_alike_the_first_are_shown_and_the_rest_is_counted(reporter, capsys):
    told = reporter(1717)
    told.outcome(Outcome(Address.parse("directory/device/ct-0"), "create", "applied"))
    for number in range(1, 913):
        told.outcome(skipped(number))
    told.outcome(Outcome(Address.parse("directory/device/mr-1"), "create", "failed", "not allowed"))
    told.stop()
    told.stop()
    assert capsys.readouterr().err.splitlines() == [
        *(
            text
            for number in range(1, 6)
            for text in (f"  – skipped    directory/device/ct-{number}", f"               {WHY}")  # noqa: RUF001
        ),
        "  ✗ failed     directory/device/mr-1",
        "               not allowed",
        f"  – skipped    … 907 more: {WHY}",  # noqa: RUF001
    ]
