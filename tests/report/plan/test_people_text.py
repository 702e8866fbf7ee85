"""People in plans, drift, applies and change sets: a user is the head, and groups read as people say it."""

from __future__ import annotations

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.compare import Difference, field_differences
from pacsconf.core.mark import OTHER, mark
from pacsconf.core.plan import Plan
from pacsconf.core.resource import Fields, State
from pacsconf.people.entries import MEMBER, membership_field
from pacsconf.report.lines import plain
from pacsconf.report.plan.apply_text import outcome_text
from pacsconf.report.plan.changes_text import changes_text
from pacsconf.report.plan.drift_text import drift_text, drifts_text
from pacsconf.report.plan.history_text import changeset_text
from pacsconf.report.plan.in_out import told_of
from pacsconf.report.plan.plan_markdown import plan_markdown
from pacsconf.report.plan.sections import waiting_text
from pacsconf.report.view import View
from tests.report.conftest import BASIS

VIEW = View(
    origin=lambda at, field: "inventory/people.yaml:7" if at.name != "gone" else "",
    asked=lambda _: "since 20 Nov 2026",
)


def user(name: str) -> Address:
    return Address.of("accounts", "user", name)


def groups(*names: str) -> dict[str, str]:
    return {membership_field(name): MEMBER for name in names}


def account(name: str, before: Fields | None, after: Fields, reason: str = "") -> Change:
    sides = [
        State(user(name), user(name), fields) if fields is not None else None for fields in (before, after)
    ]
    return Change("update" if before is not None else "create", *sides, risk="access", reason=reason)


def member(name: str, before: Fields | None, after: Fields, reason: str = "") -> Change:
    address = Address.of("accounts", "membership", name)
    sides = [State(address, user(name), fields) if fields is not None else None for fields in (before, after)]
    return Change("update" if before is not None else "create", *sides, risk="access", reason=reason)


MOVED = member("bob", groups("pacs-readers"), groups("pacs-qc"))


def test_a_user_is_the_head_also_where_only_their_groups_change():
    assert plain(changes_text([MOVED], VIEW)) == (
        "  ~ accounts/user/bob                                                     access\n"
        "      + in pacs-qc                                       inventory/people.yaml:7\n"
        "      - in pacs-readers                                  inventory/people.yaml:7\n"
    )


def test_an_account_and_its_groups_are_one_block_and_one_reason():
    why = "not in the inventory any more"
    closed = account("gone", {"account": "enabled"}, {"account": "disabled"}, why)
    out = member("gone", groups("pacs-qc", "pacs-readers"), {}, why)
    assert plain(changes_text([out, closed], VIEW)) == (
        "  ~ accounts/user/gone                                                    access\n"
        "      not in the inventory any more\n"
        "      account           enabled → disabled\n"
        "      - in pacs-qc\n"
        "      - in pacs-readers\n"
    )


def test_why_only_a_group_goes_is_said_too():
    ended = member("bob", groups("pacs-qc"), {}, "qc-lead ended 2026-11-25")
    assert plain(changes_text([ended], VIEW)).splitlines()[1:] == [
        "      qc-lead ended 2026-11-25",
        "      - in pacs-qc                                       inventory/people.yaml:7",
    ]


def test_nobody_s_name_is_shown_only_whether_it_stands():
    named = mark(user("new"), "name", "Nora Neu")
    made = account("new", None, {"account": "enabled", "name": named})
    renamed = account("new", {"name": OTHER}, {"name": named})
    assert "name              as declared (not shown)" in plain(changes_text([made], VIEW))
    assert "name              otherwise → as declared (not shown)" in plain(changes_text([renamed], VIEW))


ASKED = View(asks=lambda change: f"for the identity team: make the account {change.address.parts[0]}")


def test_what_is_asked_of_the_identity_team_is_told_before_it_is():
    made = account("new", None, {"account": "enabled"})
    assert plain(changes_text([made, member("new", None, groups("pacs-qc"))], ASKED)).splitlines()[1] == (
        "      for the identity team: make the account new"
    )
    many = [account(f"u{n:02}", None, {"account": "enabled"}) for n in range(13)]
    assert plain(changes_text(many, ASKED)).splitlines()[1:3] == [
        "      for the identity team: as below, of each account",
        "      account enabled",
    ]


# --- many -------------------------------------------------------------------------------------------------------


def crowd() -> list[Change]:
    """A first apply: forty readers, sixty of quality control who get accounts that end, and one administrator."""
    readers = [member(f"r{number:02}", None, groups("pacs-readers", "pacs-users")) for number in range(40)]
    made = [
        change
        for number in range(60)
        for change in (
            account(
                f"q{number:02}",
                None,
                {
                    "account": "enabled",
                    "expires": f"2027-01-{number % 28 + 1:02}",
                    "name": mark(user(f"q{number:02}"), "name", f"Q {number}"),
                },
            ),
            member(f"q{number:02}", None, groups("pacs-qc")),
        )
    ]
    return [*readers, *made, member("root", None, groups("pacs-admins"))]


def test_of_many_users_those_who_get_the_same_are_told_together(golden):
    golden("people-many.txt", plain(changes_text(crowd(), VIEW)))


def test_all_of_many_are_shown_when_it_is_asked_for():
    shown = plain(changes_text(crowd(), View(verbose=True))).splitlines()
    assert sum(line.startswith(("  + accounts/user/", "  ~ accounts/user/")) for line in shown) == 101


def test_many_who_leave_on_one_day_are_told_with_that_day():
    left = [
        account(
            f"u{n:02}",
            {"account": "enabled"},
            {"account": "disabled", "expires": "2026-11-25"},
            "ended 2026-11-25",
        )
        for n in range(13)
    ]
    shown = plain(changes_text(left, VIEW)).splitlines()
    assert shown[:3] == [
        "  ~ 13 users of accounts                                                  access",
        "      ended 2026-11-25",
        "      account enabled → disabled · expires 2026-11-25",
    ]


# --- what others did --------------------------------------------------------------------------------------------


def drifted() -> Plan:
    address = Address.of("accounts", "membership", "root")
    last, live = groups("pacs-admins", "pacs-qc"), groups("pacs-admins", "pacs-readers")
    sides = [State(address, user("root"), fields) for fields in (last, live, last)]
    one = Difference(address, *sides, "drift", field_differences(last, live, last))
    return Plan(
        "lab", BASIS, drifts=(one,), counts={"accounts": 12}, notes={address: "by cn=jdoe, 23 Nov 03:12"}
    )


def test_what_somebody_did_by_hand_reads_so_in_drift():
    assert plain(drift_text(drifted(), VIEW)) == (
        "Drift in lab: 1 resource of 12 was changed outside pacsconf\n"
        "\n"
        "  ! accounts/user/root                                  by cn=jdoe, 23 Nov 03:12\n"
        "      - in pacs-qc       taken out by hand\n"
        "      + in pacs-readers  put in by hand\n"
        "\n"
        "    put it back  pacsconf -e lab plan --repair accounts/membership/root\n"
        "    keep it      end the role that leads to pacs-qc in inventory/people.yaml:7\n"
        "                 give them a role that leads to pacs-readers in\n"
        "                 inventory/people.yaml:7\n"
        "\n"
    ).removesuffix("\n")


def test_and_so_in_a_plan():
    shown = plain(drifts_text(drifted(), VIEW)).splitlines()
    assert shown[1:4] == [
        "  ! accounts/user/root                                  by cn=jdoe, 23 Nov 03:12",
        "      - in pacs-qc       taken out by hand",
        "      + in pacs-readers  put in by hand",
    ]


# --- apply ------------------------------------------------------------------------------------------------------


def test_an_outcome_says_which_groups():
    done = Outcome(MOVED.address, "update", "applied", milliseconds=7)
    assert plain(outcome_text(done, 80, told_of([MOVED]))) == (
        "  ✓ changed    accounts/user/bob  + in pacs-qc · - in pacs-readers          7 ms\n"
    )
    made = member("bob", None, groups(*(f"pacs-{n:02}" for n in range(9))))
    joined = Outcome(made.address, "create", "applied")
    assert plain(outcome_text(joined, 60, told_of([made]))) == (
        "  ✓ changed    accounts/user/bob\n"
        "               + in pacs-00, pacs-01, pacs-02, pacs-03,\n"
        "                 pacs-04, pacs-05, pacs-06, pacs-07, pacs-08\n"
    )


def test_a_change_set_tells_what_went_wrong_by_whose_groups():
    failed = Outcome(MOVED.address, "update", "failed", "there is no group pacs-qc")
    one = ChangeSet(
        "20261126-221841-7940", Plan("lab", BASIS, changes=(MOVED,)), "A", "r", "2026-11-26T22:18:41Z", ""
    )
    shown = plain(
        changeset_text(ChangeSet(**{**_fields(one), "outcomes": (failed,), "status": "closed"}), VIEW)
    )
    assert "✗ failed     accounts/user/bob  + in pacs-qc · - in pacs-readers\n" in shown
    assert "- in pacs-readers   " in shown


def _fields(one: ChangeSet) -> dict[str, object]:
    return {name: getattr(one, name) for name in ChangeSet.__slots__}


# --- the identity team ------------------------------------------------------------------------------------------


def asked(number: int = 1) -> Plan:
    waiting = [
        change
        for at in range(number)
        for change in (
            account(f"new{at:02}", None, {"account": "enabled", "expires": "2027-06-30"}),
            Change(
                "create",
                None,
                State(
                    Address.of("accounts", "membership", f"new{at:02}"),
                    user(f"new{at:02}"),
                    groups("pacs-qc"),
                    frozenset({user(f"new{at:02}")}),
                ),
            ),
        )
    ]
    return Plan("lab", BASIS, waiting=tuple(waiting))


def test_what_an_identity_team_is_asked_for_is_said_with_the_sheet():
    assert plain(waiting_text(asked(), VIEW)) == (
        "Asked of the identity team: open until it is seen to be done\n"
        "  ? accounts/user/new00                                        since 20 Nov 2026\n"
        "      make the account new00, good until 2027-06-30\n"
        "    then follows  new00: + in pacs-qc\n"
        "    their sheet   pacsconf -e lab render accounts-sheet accounts\n"
    )


def test_of_many_requests_the_first_are_listed():
    shown = plain(waiting_text(asked(40), VIEW))
    assert shown.count("make the account") == 10
    assert "    … 30 more (--verbose)\n" in shown
    assert plain(waiting_text(asked(40), View(verbose=True))).count("make the account") == 40


def test_a_pull_request_tells_them_apart_from_what_is_keyed_in():
    text = plan_markdown(asked(), VIEW)
    assert "2 waiting for the identity team" in text
    assert "waiting for a person" not in text


def test_what_a_team_is_asked_for_is_in_words():
    closed = account("gone", {"account": "enabled", "expires": "2026-01-01"}, {"account": "disabled"})
    policy = Address.of("accounts", "password-policy", "default")
    made = Change("create", None, State(policy, policy, {"min_length": 12, "applies_to": ("a", "b")}))
    stuck = member("bob", groups("pacs-qc"), {})
    shown = plain(waiting_text(Plan("lab", BASIS, waiting=(closed, made, stuck)), VIEW))
    assert "      disable the account gone; let gone not end\n" in shown
    assert "      make the password policy default: applies_to a, b, min_length 12\n" in shown
    assert "      give bob another primary group than pacs-qc\n" in shown
