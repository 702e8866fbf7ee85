from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.lingering import Lingering, linger
from pacsconf.core.resource import State
from tests.core.strategies import worlds

TODAY = date(2026, 11, 24)
KINDS = {("directory", "title")}
CT, DEVICE, ELSEWHERE = map(Address.parse, ("directory/title/CT", "directory/device/ct", "other/title/CT"))
OWNED = {address: State(address, DEVICE, {"title": "CT"}) for address in (CT, DEVICE, ELSEWHERE)}


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def test_a_name_that_is_let_go_stays_declared_as_it_was_for_the_quarantine():
    assert linger({}, OWNED, {}, KINDS, TODAY, 90) == Lingering({CT: OWNED[CT]}, {CT: in_days(90)})


def test_the_day_does_not_move_on():
    assert linger({}, OWNED, {CT: in_days(1)}, KINDS, TODAY, 90).reserved == {CT: in_days(1)}


def test_a_name_is_released_on_its_day():
    assert linger({}, OWNED, {CT: TODAY}, KINDS, TODAY, 90) == Lingering({}, {}, frozenset({CT}))


def test_a_name_that_is_declared_again_is_no_longer_reserved():
    successor = {CT: State(CT, Address.parse("directory/device/ct-2"), {"title": "CT"})}

    assert linger(successor, OWNED, {CT: in_days(30)}, KINDS, TODAY, 90) == Lingering(successor, {})


def test_without_a_quarantine_a_name_goes_at_once_and_counts_as_removed():
    assert linger({}, OWNED, {}, KINDS, TODAY, 0) == Lingering({}, {})


def test_a_name_that_is_not_owned_any_more_is_not_reserved():
    assert linger({}, {}, {CT: in_days(30)}, KINDS, TODAY, 90) == Lingering({}, {})


def test_a_system_that_is_left_out_keeps_its_reservations():
    assert linger({}, OWNED, {ELSEWHERE: TODAY}, KINDS, TODAY, 90).reserved == {
        CT: in_days(90),
        ELSEWHERE: TODAY,
    }


@given(worlds(), worlds(), st.integers(0, 3), st.integers(0, 3))
def test_a_name_is_declared_until_its_day_and_released_then(declared, last, days, later):
    """Looked at again some days later, with what was reserved the first time."""
    first = linger(declared, last, {}, KINDS, TODAY, days)
    then = linger(declared, last, first.reserved, KINDS, in_days(later), days)

    gone = {a for a in last if a not in declared and (a.system, a.kind) in KINDS}
    assert set(first.declared) == set(declared) | (gone if days else set())
    assert then.released == (gone if days and later >= days else set())
    assert set(then.declared) == set(declared) | (gone if days and later < days else set())
