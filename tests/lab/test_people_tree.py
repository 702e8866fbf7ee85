"""A practice directory of people: what a real slapd does with accounts, groups and password policies."""

from __future__ import annotations

import pytest

from tests.accounts_lab import (
    GROUPS,
    INVALID_CREDENTIALS,
    PEOPLE,
    SERVICES,
    SUCCESS,
    Account,
    AccountsLab,
    Layout,
    started,
)

READERS = f"cn=pacs-readers,{GROUPS}"
MUELLER = Account("mmueller", PEOPLE, ("Martha", "Müller"), groups=(READERS,))
ROUTER = Account("svc-router", SERVICES)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    layout = Layout(
        accounts=[MUELLER, ROUTER], policy={"pwdLockout": "TRUE", "pwdMaxFailure": "3", "pwdInHistory": "3"}
    )
    with started(tmp_path_factory.mktemp("people"), layout) as found:
        yield found


@pytest.fixture
def people(lab) -> AccountsLab:
    lab.reset()
    return lab


def test_who_is_there_from_the_start_can_sign_in_and_is_in_the_groups(people):
    assert people.can_bind(MUELLER.dn) == SUCCESS
    assert people.can_bind(MUELLER.dn, "wrong") == INVALID_CREDENTIALS
    assert people.members(READERS) == [MUELLER.dn]
    assert people.entry(MUELLER.dn)["memberOf"] == [READERS]
    assert people.entry(MUELLER.dn)["cn"] == ["Martha Müller"]
