"""What is odd about a directory of people."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pacsconf.people.live import LiveAccount, LiveAccounts, LiveGroup
from pacsconf.people.oddities import oddities

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def account(login: str, **more: object) -> LiveAccount:
    place = more.pop("place", "people")
    return LiveAccount(login, login, f"uid={login},ou=people,dc=x", place, **more)  # type: ignore[arg-type]


def live(*accounts: LiveAccount, **groups: tuple[str, ...] | LiveGroup) -> LiveAccounts:
    made = {
        name.replace("_", "-"): group
        if isinstance(group, LiveGroup)
        else LiveGroup(name.replace("_", "-"), "", group)
        for name, group in groups.items()
    }
    return LiveAccounts("accounts", {one.user: one for one in accounts}, made)


def found(look: LiveAccounts) -> list[tuple[str, str]]:
    return [(one.rule, one.summary) for one in oddities(look, NOW)]


def test_a_sound_directory_has_none() -> None:
    seen = datetime(2026, 11, 20, tzinfo=UTC)
    anna, ben = (account(name, last_seen=seen, last_seen_known=True) for name in ("anna", "ben"))
    assert found(live(anna, ben, pacs_admin=("anna", "ben"), pacs_reader=("anna",))) == []


def test_members_that_are_not_there() -> None:
    ghosts = [account(f"g{number}", exists=False, place="") for number in range(7)]
    assert found(live(*ghosts, account("anna"), readers=("anna", *(one.user for one in ghosts)))) == [
        ("PEOPLE-ODD-DANGLING", "7 members of group readers are not there: g0, g1, g2, g3, g4 and 2 more")
    ]


def test_members_from_elsewhere() -> None:
    group = LiveGroup("readers", "", elsewhere=("uid=x,ou=other,dc=x",))
    assert found(live(readers=group)) == [
        (
            "PEOPLE-ODD-ELSEWHERE",
            "1 member of group readers is neither an account nor a group of the branches that were read",
        )
    ]


def test_a_circle_is_told_once() -> None:
    look = live(a=LiveGroup("a", "", groups=("b",)), b=LiveGroup("b", "", groups=("a",)))
    assert found(look) == [("PEOPLE-ODD-CIRCLE", "Groups contain each other in a circle: a → b → a")]


def test_administrators_are_counted_through_groups_and_only_where_they_can_sign_in() -> None:
    inner = LiveGroup("inner", "", ("anna", "gone"), ("pacs-admin",))
    outer = LiveGroup("pacs-admin", "", (), ("inner",))
    look = live(account("anna"), account("gone", exists=False), inner=inner, pacs_admin=outer)
    assert ("PEOPLE-ODD-ONE-ADMIN", "Only anna is in group pacs-admin") in found(look)
    assert found(live(pacs_admin=())) == [("PEOPLE-ODD-NO-ADMIN", "Nobody is in group pacs-admin")]


def test_an_administrator_by_primary_group_counts_and_one_whose_account_is_over_does_not() -> None:
    by_itself = account("anna", by_itself=("pacs-admin",))
    over = account("over", expires=date(2026, 11, 25))
    look = live(by_itself, over, pacs_admin=("over",))
    assert ("PEOPLE-ODD-ONE-ADMIN", "Only anna is in group pacs-admin") in found(look)


def test_who_cannot_sign_in_and_is_in_groups_still() -> None:
    away, over = account("away", enabled=False), account("over", expires=date(2026, 11, 25))
    today = account("today", expires=date(2026, 11, 26))
    assert found(live(away, over, today, a=("away", "over", "today"), b=("away",))) == [
        ("PEOPLE-ODD-DISABLED-MEMBER", "away is disabled and is still in 2 groups: a and b"),
        ("PEOPLE-ODD-DISABLED-MEMBER", "over ended on 2026-11-25 and is still in 1 group: a"),
    ]


def test_an_account_without_groups_is_nobodys_business() -> None:
    assert found(live(account("ct1", enabled=False), a=())) == []


def test_dormant_accounts_are_told_where_the_server_knows() -> None:
    old = datetime(2026, 8, 1, tzinfo=UTC)
    margin = datetime(2026, 8, 20, tzinfo=UTC)
    some = (
        account("old", last_seen=old, last_seen_known=True),
        account("late", last_seen=margin, last_seen_known=True),
        account("never", last_seen_known=True),
        account("unknown"),
    )
    assert found(live(*some, a=("late", "never", "old", "unknown"))) == [
        ("PEOPLE-ODD-NEVER-USED", "Nobody has ever signed in as never"),
        ("PEOPLE-ODD-DORMANT", "Nobody has signed in as old since 01 Aug 2026"),
    ]


def test_shared_names_and_passwords_for_ever() -> None:
    person = account("anna", password_expires=False)
    program = account("svc-router", password_expires=False)
    assert found(live(account("ct1"), person, program, a=("anna", "ct1", "svc-router"))) == [
        ("PEOPLE-ODD-PASSWORD-FOREVER", "The password of anna never expires, though those of others do"),
        ("PEOPLE-ODD-SHARED", "ct1 looks like an account that several share"),
    ]


def test_one_mail_address_of_two_accounts_is_told_without_it() -> None:
    mail = {"email": "Anna@hospital.example"}
    look = live(
        account("anna", personal=mail),
        account("anna2", personal={"email": "anna@HOSPITAL.example"}),
        a=("anna", "anna2"),
    )
    (one,) = oddities(look, NOW)
    assert one.summary == "anna and anna2 have the same mail address"
    assert "hospital.example" not in repr((one, look))
