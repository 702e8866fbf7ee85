import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from pacsconf.cli.exits import MEANINGS, PRECEDENCE, Exit, exit_of, worst
from pacsconf.core import errors

DOCS = Path(__file__).parents[2] / "docs"


def test_every_exit_has_a_meaning():
    assert list(MEANINGS) == list(Exit)


def test_the_numbers_are_those_that_scripts_rely_on():
    assert {code.name: code.value for code in Exit} == {
        "OK": 0, "ERROR": 1, "CHANGES": 2, "INVALID": 3, "POLICY": 4, "REFUSED": 5, "STALE": 6, "LOCKED": 7,
        "PARTIAL": 8, "UNREACHABLE": 9, "USAGE": 64,
    }  # fmt: skip


def test_what_makes_a_result_untrustworthy_comes_first():
    assert [code.value for code in PRECEDENCE] == [3, 1, 7, 9, 6, 5, 4, 8, 2]


@pytest.mark.parametrize(("first", "second"), [*combinations(PRECEDENCE, 2)])
def test_of_two_exits_the_one_that_comes_first_wins_in_any_order(first, second):
    assert worst(first, second) == worst(second, first, Exit.OK) == first


def test_nothing_wrong_is_exit_0():
    assert worst() == worst(Exit.OK, Exit.OK) == Exit.OK


UNAVAILABLE = errors.Unavailable("directory", "down")
REFUSED = errors.Refused("directory", "no")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.PacsconfError("x"), Exit.ERROR),
        (errors.InventoryError([]), Exit.INVALID),
        (UNAVAILABLE, Exit.UNREACHABLE),
        (REFUSED, Exit.ERROR),
        (errors.BadAnswer("directory", "x"), Exit.ERROR),
        (errors.SystemFaults([UNAVAILABLE]), Exit.UNREACHABLE),
        (errors.SystemFaults([UNAVAILABLE, REFUSED]), Exit.ERROR),
        (errors.PlanError("x"), Exit.ERROR),
        (errors.StalePlan("x"), Exit.STALE),
        (errors.UnsafePlan("x"), Exit.REFUSED),
        (errors.Violation("x"), Exit.POLICY),
        (errors.DependencyCycle([]), Exit.ERROR),
        (errors.RecordError("x"), Exit.ERROR),
        (errors.LockHeld("x"), Exit.LOCKED),
        (errors.Overtaken("x"), Exit.PARTIAL),
        (errors.Unfinished("x"), Exit.PARTIAL),
        (errors.RecordUnknown("x"), Exit.REFUSED),
        (errors.OperatorError("x"), Exit.REFUSED),
        (errors.TemplateFault("x"), Exit.INVALID),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_error_has_its_exit(error, code):
    assert exit_of(error) == code


def test_no_error_of_the_core_was_forgotten_above():
    def below(kind: type[Exception]) -> Iterator[str]:
        yield kind.__name__
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                yield from below(child)

    (marked,) = (mark for mark in test_every_error_has_its_exit.pytestmark if mark.name == "parametrize")
    tested = {type(error).__name__ for error, _ in marked.args[1]}
    assert set(below(errors.PacsconfError)) - tested == {"SystemFault"}  # never raised itself


def test_the_user_guide_has_the_same_table():
    guide = (DOCS / "user-guide.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| *(\d+) *\| *(.*?) *\|", guide, re.MULTILINE)
    assert told == [(str(code.value), meaning) for code, meaning in MEANINGS.items()]
