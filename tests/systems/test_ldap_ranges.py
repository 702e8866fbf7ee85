"""Attributes that come in parts, as a domain controller of Windows gives those with very many values.

Samba gives all values at once unless it is asked for a part. So the answers here are spelled as [MS-ADTS] section
3.1.1.3.1.3.3 has them, and what is asked for the rest is asked of Samba too.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.errors import BadAnswer
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.systems._ldap import Directory, Entry, ranges
from pacsconf.systems._ldap.ranges import Range
from tests.domains import GROUPS, PEOPLE
from tests.systems.test_ldap_stream import answering, done, entry_message


@pytest.mark.parametrize(
    ("spelled", "found"),
    [
        ("member;range=0-1499", Range("member", 0, 1500)),
        ("member;range=1500-*", Range("member", 1500, None)),
        ("member;binary;range=0-9", Range("member;binary", 0, 10)),
        ("member", None),
        ("member;binary", None),
        ("member;range=*-9", None),
        ("member;range=0-", None),
        (f"member;range=0-{'9' * 40}", None),
    ],
)
def test_the_name_says_which_part_it_is(spelled, found):
    assert ranges.parse(spelled) == found


@given(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.integers(0, 10**8), st.integers(0, 10**8))
def test_what_is_asked_for_the_rest_is_a_part_itself(name, first, more):
    part = Range(name, first, first + more + 1)
    assert ranges.parse(part.rest) == Range(name, part.following, None)


def part(spelled, count, first=0, *, also=()):
    """An answer with this part of a group's members."""
    values = [b"cn=u%d" % number for number in range(first, first + count)]
    return lambda number: (
        entry_message(number, "cn=g", [("cn", [b"g"]), *also, (spelled, values)]) + done(number)
    )


def members(count):
    return tuple(b"cn=u%d" % number for number in range(count))


def found(opened):
    (entry,) = opened.search("", "(objectClass=*)", ["member"], "BASE")
    return entry


def test_parts_are_followed_to_the_end():
    answers = (
        part(
            "member;range=0-1499", 1500, also=[("member", [])]
        ),  # Windows tells the bare name too, without values
        part("member;range=1500-2999", 1500, 1500),
        part("member;Range=3000-*", 500, 3000),
    )
    with answering(*answers) as opened:
        assert found(opened) == Entry("cn=g", {"cn": (b"g",), "member": members(3500)})


def test_a_whole_attribute_in_the_form_of_a_part_is_not_asked_for_again():
    with answering(part("member;range=0-*", 3)) as opened:
        assert found(opened).values("member") == members(3)


def test_a_rest_that_is_gone_by_now_is_empty():
    with answering(part("member;range=0-1499", 1500), part("member;range=1500-*", 0, 1500)) as opened:
        assert found(opened).values("member") == members(1500)


def test_values_that_moved_into_a_later_part_are_counted_once():
    with answering(part("member;range=0-1499", 1500), part("member;range=1500-*", 11, 1490)) as opened:
        assert found(opened).values("member") == members(1501)


@pytest.mark.parametrize(
    "second",
    [
        part("member", 0),
        part("cn;range=1500-*", 1, 1500),
        part("member;range=1400-*", 1, 1500),
        part("member;range=0-1499", 1500),
        part("member;range=1500-1400", 1, 1500),
        lambda number: done(number),
    ],
    ids=["no part", "another attribute", "before", "the first again", "backwards", "no entry"],
)
def test_an_answer_that_does_not_lead_on_is_no_answer(second):
    with (
        answering(part("member;range=0-1499", 1500), second) as opened,
        pytest.raises(BadAnswer, match="gave only a part of member"),
    ):
        found(opened)


def test_what_begins_in_the_middle_is_no_answer():
    with (
        answering(part("member;range=1500-*", 3, 1500)) as opened,
        pytest.raises(BadAnswer, match="gave only a part of member"),
    ):
        found(opened)


def test_parts_of_several_entries_and_attributes_are_followed_each():
    def two(number):
        return (
            entry_message(number, "cn=g", [("member;range=0-1", [b"a", b"b"]), ("x;range=0-0", [b"1"])])
            + entry_message(number, "cn=h", [("member", [b"c"])])
            + done(number)
        )

    def rest(name, value):
        return lambda number: entry_message(number, "cn=g", [(name, [value])]) + done(number)

    with answering(two, rest("member;range=2-*", b"c"), rest("x;range=1-*", b"2")) as opened:
        assert opened.search("", "(objectClass=*)", ["*"], "BASE") == (
            Entry("cn=g", {"member": (b"a", b"b", b"c"), "x": (b"1", b"2")}),
            Entry("cn=h", {"member": (b"c",)}),
        )


@settings(max_examples=30)
@given(st.integers(1, 400), st.integers(1, 60))
def test_whatever_the_size_of_parts_all_values_come(count, size):
    answers = []
    for first in range(0, count, size):
        last = first + size >= count
        end = "*" if last else str(first + size - 1)
        answers.append(part(f"member;range={first}-{end}", min(size, count - first), first))
    with answering(*answers) as opened:
        assert found(opened).values("member") == members(count)


# --- a real domain ----------------------------------------------------------------------------------------------


@pytest.fixture
def domain(shared_domain):
    shared_domain.reset()
    return shared_domain


def test_a_domain_is_asked_for_the_rest_of_what_came_in_part(domain):
    users = [domain.add_account(f"u{number}", password="") for number in range(12)]
    domain.add_group("pacs-many", users)
    server = domain.server
    keys = {
        "name": "d",
        "type": "accounts",
        "url": server.tls_url,
        "ca_file": str(server.ca_file),
        "bind": {"dn": server.pacsconf_dn, "password": "env:X"},
        "people": {"staff": {"base": PEOPLE}},
        "groups": {"pacs": {"base": GROUPS}},
    }
    opened = Directory(AccountsConfig.model_validate(keys), lambda _: Secret(server.password))
    try:
        (whole,) = opened.search(GROUPS, "(cn=pacs-many)", ["member"])
        (parts,) = opened.search(GROUPS, "(cn=pacs-many)", ["member;range=0-4"])
        assert sorted(parts.texts("member")) == sorted(whole.texts("member"))
        assert len(parts.values("member")) == len(users)
    finally:
        opened.close()
