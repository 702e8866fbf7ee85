"""A practice directory of people: what a real slapd does with accounts, groups and password policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.accounts_lab import (
    DEFAULT_POLICY,
    DISABLED,
    GROUPS,
    INVALID_CREDENTIALS,
    PEOPLE,
    POLICIES,
    SERVICES,
    SUCCESS,
    Account,
    AccountsLab,
    Branch,
    Groups,
    Layout,
    keycloak,
    started,
)

READERS = f"cn=pacs-readers,{GROUPS}"
OTHERS = f"cn=finance,{GROUPS}"
MUELLER = Account("mmueller", PEOPLE, ("Martha", "Müller"), groups=(READERS,))
ROUTER = Account("svc-router", SERVICES)
COMMA = Account('#a, b+c "d" <e>\\=', PEOPLE, groups=(READERS,))
NEW = "a new long password"

NO_SUCH_ATTRIBUTE = 16
CONSTRAINT = 19
EXISTS = 20
REFUSED = 50
NEEDS_A_MEMBER = 65


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    policy = {"pwdLockout": "TRUE", "pwdMaxFailure": "3", "pwdInHistory": "3", "pwdMinLength": "12"}
    layout = Layout(
        accounts=[MUELLER, ROUTER, COMMA],
        policy=policy | {"pwdCheckQuality": "2"},
        empty_groups=[OTHERS],
    )
    with started(tmp_path_factory.mktemp("people"), layout) as found:
        yield found


@pytest.fixture
def people(lab) -> AccountsLab:
    lab.reset()
    return lab


@pytest.fixture
def ours(people):
    """The connection of cn=pacsconf."""
    conn = people.open_as(people.server.pacsconf_dn)
    yield conn
    conn.unbind()


def result(conn, dn, **changes) -> int:
    """The result code of a change: by attribute how, and the values."""
    conn.modify(dn, {name: [(f"MODIFY_{how}", values)] for name, (how, values) in changes.items()})
    return int(conn.result["result"])


def time(away: timedelta) -> str:
    return (datetime.now(UTC) + away).strftime("%Y%m%d%H%M%SZ")


# --- how it begins -----------------------------------------------------------------------------------------------


def test_who_is_there_from_the_start_can_sign_in_and_is_in_the_groups(people):
    assert people.can_bind(MUELLER.dn) == SUCCESS
    assert people.can_bind(MUELLER.dn, "wrong") == INVALID_CREDENTIALS
    assert people.entry(MUELLER.dn)["memberOf"] == [READERS]
    assert people.entry(MUELLER.dn)["cn"] == ["Martha Müller"]


def test_a_name_full_of_special_characters_is_kept(people):
    assert people.entry(COMMA.dn)["uid"] == [COMMA.uid]
    assert people.can_bind(COMMA.dn) == SUCCESS
    assert len(people.members(READERS)) == 2


def test_the_server_keeps_no_password_in_clear(people):
    assert people.entry(MUELLER.dn)["userPassword"][0].startswith("{SSHA}")


def test_the_last_sign_in_is_remembered_where_there_was_one(people):
    assert people.can_bind(ROUTER.dn) == SUCCESS
    assert abs(datetime.now(UTC) - seen(people, ROUTER.dn)) < timedelta(minutes=10)


def seen(people, dn) -> datetime:
    return datetime.strptime(people.entry(dn)["pwdLastSuccess"][0], "%Y%m%d%H%M%S%z")


_CHARACTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"), include_characters=" ")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(_CHARACTERS, min_size=1, max_size=8).filter(str.strip))
def test_any_name_is_found_again_under_the_dn_that_it_is_given(lab, name):
    try:
        dn = lab.add_account(Account(name, PEOPLE))
        assert lab.entry(dn)["uid"] == [name]
    finally:
        lab.reset()


# --- disabling, expiry, lockout ----------------------------------------------------------------------------------


def test_a_disabled_account_cannot_sign_in_and_an_enabled_one_can_again(people, ours):
    assert result(ours, ROUTER.dn, pwdAccountLockedTime=("ADD", [DISABLED])) == SUCCESS
    assert people.can_bind(ROUTER.dn) == INVALID_CREDENTIALS
    assert result(ours, ROUTER.dn, pwdAccountLockedTime=("DELETE", [DISABLED])) == SUCCESS
    assert people.can_bind(ROUTER.dn) == SUCCESS


@pytest.mark.parametrize("policy", ["no lockout", "none"])
def test_disabling_does_nothing_where_no_policy_locks(people, ours, policy):
    if policy == "none":
        people.delete(DEFAULT_POLICY)
    else:
        people.modify(DEFAULT_POLICY, pwdLockout="FALSE")
    assert result(ours, ROUTER.dn, pwdAccountLockedTime=("ADD", [DISABLED])) == SUCCESS
    assert people.can_bind(ROUTER.dn) == SUCCESS


def test_disabling_does_nothing_where_the_account_s_own_policy_is_gone(people, ours):
    people.modify(ROUTER.dn, pwdPolicySubentry=f"cn=gone,{POLICIES}")
    assert result(ours, ROUTER.dn, pwdAccountLockedTime=("ADD", [DISABLED])) == SUCCESS
    assert people.can_bind(ROUTER.dn) == SUCCESS


@pytest.mark.parametrize(
    ("away", "code"), [(-timedelta(hours=1), INVALID_CREDENTIALS), (timedelta(days=1), SUCCESS)]
)
def test_an_account_ends_at_its_end_time(people, ours, away, code):
    assert result(ours, ROUTER.dn, pwdEndTime=("REPLACE", [time(away)])) == SUCCESS
    assert people.can_bind(ROUTER.dn) == code


def test_the_end_time_counts_without_lockout_but_not_without_any_policy(people):
    people.modify(ROUTER.dn, pwdEndTime=time(-timedelta(hours=1)))
    people.modify(DEFAULT_POLICY, pwdLockout="FALSE")
    assert people.can_bind(ROUTER.dn) == INVALID_CREDENTIALS
    people.delete(DEFAULT_POLICY)
    assert people.can_bind(ROUTER.dn) == SUCCESS


def test_failed_attempts_lock_an_account_until_it_is_unlocked(people, ours):
    people.fail_to_bind(ROUTER.dn, 3)
    assert people.can_bind(ROUTER.dn) == INVALID_CREDENTIALS
    assert people.entry(ROUTER.dn)["pwdAccountLockedTime"] != [DISABLED]
    assert result(ours, ROUTER.dn, pwdAccountLockedTime=("REPLACE", [])) == SUCCESS
    assert people.can_bind(ROUTER.dn) == SUCCESS


def test_a_policy_without_a_limit_of_attempts_still_lets_an_account_be_disabled(people):
    people.modify(DEFAULT_POLICY, pwdMaxFailure="0")
    people.fail_to_bind(ROUTER.dn, 5)
    assert people.can_bind(ROUTER.dn) == SUCCESS
    people.modify(ROUTER.dn, pwdAccountLockedTime=DISABLED)
    assert people.can_bind(ROUTER.dn) == INVALID_CREDENTIALS


def test_one_attempt_less_does_not_lock(people):
    people.fail_to_bind(ROUTER.dn, 2)
    assert people.can_bind(ROUTER.dn) == SUCCESS


def test_an_account_is_made_disabled_without_a_password_in_one_step(people, ours):
    dn = f"uid=svc-new,{SERVICES}"
    made = {"uid": "svc-new", "cn": "new", "sn": "new", "pwdAccountLockedTime": DISABLED}
    assert ours.add(dn, ["inetOrgPerson"], made | {"pwdEndTime": time(timedelta(days=9))})
    assert people.can_bind(dn, "anything") == INVALID_CREDENTIALS
    assert result(ours, dn, pwdAccountLockedTime=("DELETE", [DISABLED])) == SUCCESS
    assert people.can_bind(dn, "anything") == INVALID_CREDENTIALS  # nobody has set one
    assert result(ours, dn, userPassword=("REPLACE", [NEW])) == SUCCESS
    assert people.can_bind(dn, NEW) == SUCCESS


# --- passwords ---------------------------------------------------------------------------------------------------


def test_a_new_password_enables_a_disabled_account_unless_the_same_change_locks_it_after(people, ours):
    people.modify(ROUTER.dn, pwdAccountLockedTime=DISABLED)
    assert result(ours, ROUTER.dn, userPassword=("REPLACE", [NEW])) == SUCCESS
    assert people.can_bind(ROUTER.dn, NEW) == SUCCESS
    locked = {"pwdAccountLockedTime": ("REPLACE", [DISABLED])}
    assert result(ours, ROUTER.dn, userPassword=("REPLACE", [NEW + "2"]), **locked) == SUCCESS
    assert people.can_bind(ROUTER.dn, NEW + "2") == INVALID_CREDENTIALS


def test_a_password_is_written_and_not_read(people, ours):
    assert result(ours, ROUTER.dn, userPassword=("REPLACE", [NEW])) == SUCCESS
    assert result(ours, ROUTER.dn, userPassword=("REPLACE", [NEW + "2"])) == SUCCESS
    ours.search(ROUTER.dn, "(objectClass=*)", "BASE", attributes=["*", "+"])
    shown = ours.response[0]["raw_attributes"]
    assert [name for name in shown if name in ("userPassword", "pwdHistory")] == []
    assert not ours.compare(ROUTER.dn, "userPassword", NEW)
    assert ours.result["result"] == REFUSED


@pytest.mark.parametrize("password", ["short", "{SSHA}xxxxxxxxxxxxxxxxxxxxxxxxxxxx"])
def test_a_password_that_the_policy_refuses_is_refused(people, ours, password):
    assert result(ours, ROUTER.dn, userPassword=("REPLACE", [password])) == CONSTRAINT


def test_a_former_password_is_refused(people, ours):
    assert result(ours, ROUTER.dn, userPassword=("REPLACE", [NEW])) == SUCCESS
    assert result(ours, ROUTER.dn, userPassword=("REPLACE", [people.password])) == CONSTRAINT


# --- groups ------------------------------------------------------------------------------------------------------


def test_memberof_follows_the_groups(people, ours):
    assert result(ours, READERS, member=("ADD", [ROUTER.dn])) == SUCCESS
    assert people.entry(ROUTER.dn)["memberOf"] == [READERS]
    assert result(ours, READERS, member=("DELETE", [MUELLER.dn])) == SUCCESS
    assert "memberOf" not in people.entry(MUELLER.dn)


def test_a_member_twice_one_that_is_none_and_the_last_one_are_refused(people, ours):
    assert result(ours, READERS, member=("ADD", [MUELLER.dn])) == EXISTS
    assert result(ours, READERS, member=("DELETE", [ROUTER.dn])) == NO_SUCH_ATTRIBUTE
    everybody = [MUELLER.dn, COMMA.dn, people.placeholder]
    assert result(ours, READERS, member=("DELETE", everybody)) == NEEDS_A_MEMBER


def test_a_member_who_is_nowhere_is_accepted(people, ours):
    """So it is for pacsconf to look."""
    assert result(ours, READERS, member=("ADD", [f"uid=nobody,{PEOPLE}"])) == SUCCESS


def test_who_is_deleted_goes_from_the_groups(people):
    people.delete(COMMA.dn)
    assert people.members(READERS) == [MUELLER.dn]


def test_a_name_cannot_be_had_twice_in_the_directory(people, ours):
    again = {"uid": "MMueller", "cn": "m", "sn": "m"}
    assert not ours.add(f"uid=MMueller,{SERVICES}", ["inetOrgPerson"], again)
    assert ours.result["result"] == CONSTRAINT


# --- rights ------------------------------------------------------------------------------------------------------


def test_pacsconf_makes_groups_of_its_names_and_no_others(people, ours):
    made = {"member": [people.placeholder]}
    assert ours.add(f"cn=PACS-New,{GROUPS}", ["groupOfNames"], made | {"cn": "PACS-New"})
    assert not ours.add(f"cn=hr-all,{GROUPS}", ["groupOfNames"], made | {"cn": "hr-all"})
    assert ours.result["result"] == REFUSED
    assert result(ours, OTHERS, member=("ADD", [MUELLER.dn])) == REFUSED


def test_pacsconf_changes_no_account_of_the_identity_team_s_and_none_of_its_policies(people, ours):
    assert result(ours, MUELLER.dn, pwdAccountLockedTime=("REPLACE", [DISABLED])) == REFUSED
    assert result(ours, MUELLER.dn, userPassword=("REPLACE", [NEW])) == REFUSED
    assert not ours.delete(MUELLER.dn)
    assert result(ours, DEFAULT_POLICY, pwdMaxFailure=("REPLACE", ["5"])) == SUCCESS  # a branch of its own


@pytest.mark.parametrize("dn", [READERS, ROUTER.dn, DEFAULT_POLICY])
def test_pacsconf_deletes_nothing(people, ours, dn):
    assert not ours.delete(dn)
    assert ours.result["result"] == REFUSED
    assert people.entry(dn) is not None


def test_members_alone_may_be_all_that_pacsconf_writes(tmp_path):
    layout = Layout(
        people=(Branch(PEOPLE),),
        groups=(Groups(GROUPS, ("pacs-*",), members_only=True),),
        policies=None,
        accounts=[MUELLER],
    )
    with started(tmp_path, layout, audited=False) as found:
        ours = found.open_as(found.server.pacsconf_dn)
        assert result(ours, READERS, member=("DELETE", [MUELLER.dn])) == SUCCESS
        assert result(ours, READERS, description=("REPLACE", ["x"])) == REFUSED
        assert not ours.delete(READERS)
        ours.unbind()


def test_a_user_changes_the_own_password(people):
    own = people.open_as(MUELLER.dn)
    assert result(own, MUELLER.dn, userPassword=("REPLACE", [NEW])) == SUCCESS
    own.unbind()
    assert people.can_bind(MUELLER.dn, NEW) == SUCCESS


# --- the layout of a Keycloak ------------------------------------------------------------------------------------


def test_a_keycloak_s_roles_stand_beside_the_users(tmp_path):
    with started(tmp_path, keycloak(), audited=False) as found:
        users = "ou=users,dc=dcm4che,dc=org"
        assert found.members(f"cn=admin,{users}") == [f"uid=admin,{users}", f"uid=root,{users}"]
        assert found.can_bind(f"uid=user,{users}") == SUCCESS
        ours = found.open_as(found.server.pacsconf_dn)
        assert result(ours, f"cn=auditlog,{users}", member=("ADD", [f"uid=user,{users}"])) == SUCCESS
        ours.unbind()


# --- what tests are helped with ----------------------------------------------------------------------------------


def test_writes_are_told_by_who_wrote(people, ours):
    result(ours, READERS, member=("ADD", [ROUTER.dn]))
    team = people.open_as(people.server.colleague_dn)
    assert result(team, ROUTER.dn, description=("REPLACE", ["by the identity team"])) == SUCCESS
    team.unbind()
    assert people.written() == [("modify", READERS, [f"member:+ {ROUTER.dn}"])]
    assert people.writes(people.server.colleague_dn) == [("modify", ROUTER.dn)]


def test_signing_in_writes_as_the_administrator(people, ours):
    people.fail_to_bind(ROUTER.dn, 1)
    assert people.can_bind(ROUTER.dn) == SUCCESS
    assert people.writes() == []
    assert ("modify", ROUTER.dn) in people.writes(people.server.admin_dn)


def test_reset_puts_everything_back(people, ours):
    before = {dn: people.entry(dn) for dn in people.dns()}
    people.fail_to_bind(ROUTER.dn, 3)
    result(ours, ROUTER.dn, userPassword=("REPLACE", [NEW]))
    result(ours, READERS, member=("ADD", [ROUTER.dn]))
    people.delete(MUELLER.dn)
    people.add_account(Account("new", PEOPLE, groups=(OTHERS,)))
    people.add_group(f"cn=pacs-new,{GROUPS}", [COMMA.dn])
    people.modify(DEFAULT_POLICY, pwdLockout="FALSE", pwdMaxAge="9")
    people.reset()
    assert {dn: lasting(people.entry(dn)) for dn in people.dns()} == {
        dn: lasting(entry) for dn, entry in before.items()
    }
    assert people.writes() == []
    assert people.can_bind(ROUTER.dn) == SUCCESS


def lasting(entry) -> dict[str, list[str]]:
    """What does not change with every write."""
    passing = ("entryCSN", "entryUUID", "modif", "creat", "pwdLastSuccess", "pwdChangedTime")
    return {name: sorted(values) for name, values in entry.items() if not name.startswith(passing)}
