"""What stands below what is found by the text of names, and is what comparing them part by part says."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pacsconf.systems._dicom.branches import NoName, branches
from pacsconf.systems._ldap import Entry, names

LEAVES = st.sampled_from(
    [
        "cn=a",
        "CN=A",
        "cn = a",
        "cn=a\\,cn=b",
        "cn=b",
        "cn=a+sn=b",
        "sn=b+cn=A",
        "cn=a  b",
        "cn=a b",
        "cn=\\20",
        "cn=a\\3D",
    ]
)
DNS = st.lists(LEAVES, min_size=1, max_size=4).map(", ".join) | st.lists(LEAVES, min_size=1, max_size=4).map(
    ",".join
)


@settings(max_examples=300)
@example(["cn=a\\,b,cn=r", "cn=c, cn=a\\,b,cn=r"])
@given(st.lists(DNS, max_size=6))
def test_entries_stand_where_their_names_say(dns):
    """Below what is equal for all spellings; orphans are below nothing that is there, but for the topmost."""
    found = branches(Entry(dn, {}) for dn in dns)
    seen = defaultdict(list)
    for above, below in found.below.items():
        for entry, name in below:
            assert names.key(above) == names.key(entry.dn)[1:]
            own = names.parse(entry.dn)[0]
            assert name == (own[0][1] if len(own) == 1 else ":".join(value for _, value in sorted(own)))
            seen[entry.dn].append(entry)
    assert sorted(dn for dn, each in seen.items() for _ in each) == sorted(dns)
    known = {names.key(dn) for dn in dns}
    assert {names.key(top) for top in found.tops} == {key[1:] for key in known} - known
    shortest = min(map(len, known), default=0)
    assert found.orphans == sum(
        len(names.key(dn)) > shortest and names.key(dn)[1:] not in known for dn in dns
    )


@given(st.lists(DNS, max_size=6, unique_by=names.key))
def test_everything_is_reached_from_the_tops(dns):
    found = branches(Entry(dn, {}) for dn in dns)
    left, reached = list(found.tops), []
    while left:
        for entry, _ in found.below[left.pop()]:
            reached.append(entry.dn)
            left += found.of(entry.dn)
    assert sorted(reached) == sorted(dns)


@pytest.mark.parametrize("dn", ["a", "cn=a,", "cn=a,b", "cn=a,b,cn=c", 'cn="'])
def test_a_name_that_is_none_is_told(dn):
    with pytest.raises(NoName) as caught:
        branches([Entry("cn=a,cn=b", {}), Entry(dn, {})])
    assert dn.endswith(caught.value.dn)
