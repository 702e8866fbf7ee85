"""What entries are called that only their DN tells apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.systems._accounts.disguise import disguised, is_other

DNS = st.integers(0, 5000).map(lambda number: f"cn=Person {number},o=else")


@given(st.sets(DNS, min_size=1, max_size=300))
def test_each_has_a_name_of_its_own_that_is_nobody_s(dns):
    first = disguised(dns, ())
    assert len(set(first.values())) == len(dns)
    taken = frozenset(first.values())
    again = disguised(dns, taken)
    assert len(set(again.values())) == len(dns)
    assert not taken & set(again.values())
    assert all(map(is_other, first.values()))


def test_the_same_entry_has_one_name_however_it_is_spelled():
    names = disguised(["cn=Ada B,o=else", "CN=ada b, O=else"], ())
    assert len(set(names.values())) == 1


def test_what_tells_no_more_than_a_login_stays():
    assert disguised(["uid=ada,o=else"], ()) == {}
