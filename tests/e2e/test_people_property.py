"""Whatever is declared, done by hand and applied in whatever order: who is out is out, and the rest is left alone.

Rounds of edits, colleagues at work and days that pass, each ending with something that writes, on a real slapd. The
walk is called in this process, so that a thousand steps are a matter of minutes. What colleagues did is kept beside
(`Byhand`), and says what may differ from what is declared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pacsconf import engine, upkeep
from pacsconf.cli import workspace
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.cli.world import world_of
from pacsconf.core.change import Change
from pacsconf.core.changeset import ChangeSet
from pacsconf.core.errors import InventoryError
from pacsconf.core.permission import Approval
from pacsconf.core.plan import Options
from pacsconf.world import World
from tests.accounts_lab import DISABLED, GROUPS, INVALID_CREDENTIALS, PEOPLE, SERVICES, Account, AccountsLab
from tests.e2e.conftest import Hospital
from tests.e2e.people import directory, dn, hospital_of

WHO = ("ada", "bob", "nia")
"""The last one has no account at the beginning."""
LANDS = {"reader": "pacs-readers", "qc": "pacs-qc", "admin": "pacs-admins"}
OTHERS = f"cn=laundry,{GROUPS}"
"""A group that is none of ours."""
ALL = tuple(f"cn={name},{GROUPS}" for name in LANDS.values())
SECRET = "Beeblebrox"
"""What everybody is called: no record may hold it."""
ATTRIBUTES = {"account": "pwdAccountLockedTime", "expires": "pwdEndTime", "name": "cn"}
POLICY = "pacsconf: {guards: {removals: {user: 90}, updates: {user: 90}}}\n"
NUMBERS = count()


# --- what may happen ------------------------------------------------------------------------------------------

_who, _role, _group = (
    st.sampled_from(WHO),
    st.sampled_from(sorted(LANDS)),
    st.sampled_from(sorted(LANDS.values())),
)
_days = st.integers(-2, 3)


def _step(name: str, *of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *of)


DECLARED = st.one_of(
    _step("roles", _who, st.sets(_role)),
    _step("for_a_time", _who, _role, st.none() | _days, _days),
    _step("gone", _who),
    _step("ends", _who, st.none() | _days),
    _step("starts", _who, st.none() | _days),
    _step("status", _who, st.sampled_from(["active", "suspended", "left"])),
    _step("owning", st.booleans()),
)
BY_HAND = st.one_of(
    _step("put_in", _who, _group),
    _step("taken_out", _who, _group),
    _step("closed", _who),
    _step("opened", _who),
    _step("deleted", _who),
    _step("named", _who),
    _step("end_changed", _who, _days),
    _step("team"),
)
PASSING = _step("days", st.integers(1, 3))
WRITES = st.one_of(
    _step("apply"), _step("apply"), _step("due"), _step("rollback"), _step("cut", st.integers(0, 5), BY_HAND)
)
STEPS = st.lists(st.one_of(DECLARED, DECLARED, BY_HAND, PASSING), min_size=1, max_size=4)
ROUNDS = st.lists(st.tuples(STEPS, WRITES), min_size=3, max_size=8)


# --- the house ------------------------------------------------------------------------------------------


class Cut(BaseException):
    """The machine dies."""


@dataclass
class Watching:
    """Progress that dies after so many outcomes."""

    left: int = -1

    def reading(self, system): ...
    def read(self, system, count, seconds): ...
    def opened(self, changeset, total): ...
    def proved(self, proof): ...

    def outcome(self, outcome):
        if self.left == 0:
            raise Cut
        self.left -= 1


Live = Mapping[str, Mapping[str, list[bytes]]]


@dataclass
class House:
    hospital: Hospital
    lab: AccountsLab
    day: int = 0
    owns: bool = True
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    put_in: set[tuple[str, str]] = field(default_factory=set)
    """Who is in which group because a colleague put them in."""
    taken_out: set[tuple[str, str]] = field(default_factory=set)
    """Who is not in a group of their roles because a colleague took them out."""
    closed: set[str] = field(default_factory=set)
    """Whose account a colleague closed."""
    ended: set[str] = field(default_factory=set)
    """Whose last day a colleague changed."""
    last_days: dict[str, date | None] = field(default_factory=dict)
    """The last days that were applied last of those whose accounts were ours."""
    loose: set[str] = field(default_factory=set)
    """Whose account a colleague deleted, or a rollback wrote: what they are in is not known here."""
    kept: dict[tuple[str, str], object] = field(default_factory=dict)
    """What a rollback took back: of which kind, whose, and what was declared of it then."""
    later: timedelta = timedelta()
    """What the clock was put forward by, beside days."""

    # --- what is so --------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.day) + self.later

    def today(self) -> date:
        return self.now().date()

    def on(self, away: int) -> date:
        return self.today() + timedelta(days=away)

    def stage(self, user: str) -> str:
        one = self.users.get(user)
        if one is None or not (self.owns or one["roles"] or self.passing(user)):
            return "absent"  # of whom nothing leads here, and whose account others keep
        if one["status"] != "active":
            return str(one["status"])
        if one.get("ends") and self.today() > one["ends"]:
            return "left"
        return "joining" if one.get("starts") and self.today() < one["starts"] else "active"

    def groups(self, user: str) -> set[str]:
        """Where somebody belongs."""
        if self.stage(user) != "active":
            return set()
        found = {LANDS[role] for role in self.users[user]["roles"]}
        for role, starts, until in self.passing(user):
            if (starts is None or self.today() >= starts) and self.today() <= until:
                found.add(LANDS[role])
        return found

    def passing(self, user: str) -> list[tuple[str, date | None, date]]:
        """Roles for a time; those within the time of their work, which `validate` asks for."""
        one = self.users[user]
        first, last = one.get("starts") or date.min, one.get("ends") or date.max
        return [
            (role, starts, until)
            for role, starts, until in one["for_a_time"]
            if role not in one["roles"] and first <= (starts or first) and first <= until <= last
        ]

    def wanted(self, kind: str, user: str) -> object:
        """What is declared of somebody's groups, or of their account."""
        stage = self.stage(user)
        if stage == "absent" or kind == "membership":
            return stage == "absent" or frozenset(self.groups(user))
        return stage if self.owns else stage == "left", self.users[user].get("ends"), self.owns

    def live(self) -> Live:
        return self.lab._read(self.lab.layout.base, "SUBTREE", ["*", "pwdAccountLockedTime", "pwdEndTime"])

    def has_account(self, user: str) -> bool:
        return self.lab.entry(dn(user)) is not None

    def is_closed(self, user: str) -> bool:
        return (
            (self.lab.entry(dn(user)) or {}).get("pwdAccountLockedTime", [""])[0].startswith("000001010000")
        )

    def is_in(self, user: str) -> set[str]:
        return {name for name in LANDS.values() if dn(user) in self.lab.members(f"cn={name},{GROUPS}")}

    # --- what is declared ----------------------------------------------------------------------------------------

    def user(self, who: str) -> dict[str, Any]:
        return self.users.setdefault(who, {"roles": set(), "for_a_time": [], "status": "active"})

    def do_roles(self, who, roles):
        self.user(who)["roles"] = roles

    def do_for_a_time(self, who, role, starts, until):
        if starts is None or starts <= until:
            self.user(who)["for_a_time"] = [
                (role, None if starts is None else self.on(starts), self.on(until))
            ]

    def do_gone(self, who):
        self.users.pop(who, None)

    def do_ends(self, who, away):
        one = self.user(who)
        ends = None if away is None else self.on(away)
        if not (ends and one.get("starts") and ends < one["starts"]):
            one["ends"] = ends

    def do_starts(self, who, away):
        one = self.user(who)
        starts = None if away is None else self.on(away)
        if not (starts and one.get("ends") and one["ends"] < starts):
            one["starts"] = starts

    def do_status(self, who, status):
        self.user(who)["status"] = status

    def do_owning(self, owns):
        self.owns = owns

    def do_days(self, days):
        self.day += days

    def write(self) -> None:
        """Put what is declared into files."""
        users: dict[str, Any] = {"root": {"roles": ["admin"]}}
        for who, one in self.users.items():
            passing = [
                {"role": role, "until": until, **({"from": starts} if starts else {})}
                for role, starts, until in self.passing(who)
            ]
            users[who] = {"roles": [*sorted(one["roles"]), *passing], "name": f"{SECRET} of {who}"}
            users[who] |= {name: one[name] for name in ("starts", "ends") if one.get(name)}
            users[who] |= {"status": one["status"]} if one["status"] != "active" else {}
        self.hospital.file("people").write_text(yaml.safe_dump({"users": users}))
        systems = self.hospital.file("systems")
        staff = f'staff: {{base: "{PEOPLE}", '
        plain = systems.read_text().replace(f"{staff}owns_accounts: true, ", staff)
        systems.write_text(plain.replace(staff, f"{staff}owns_accounts: true, ") if self.owns else plain)

    # --- what is done by hand -------------------------------------------------------------------------------------

    def do_put_in(self, who, group):
        if self.has_account(who) and group not in self.is_in(who):
            self.lab.change(f"cn={group},{GROUPS}", member=("MODIFY_ADD", dn(who)))
            if (who, group) in self.taken_out:
                self.taken_out.discard((who, group))
            else:
                self.put_in.add((who, group))

    def do_taken_out(self, who, group):
        if group in self.is_in(who):
            at = f"cn={group},{GROUPS}"
            if self.lab.entry(at)["member"] == [dn(who)]:  # somebody must be in it
                self.lab.change(at, member=("MODIFY_ADD", self.lab.placeholder))
            self.lab.change(at, member=("MODIFY_DELETE", dn(who)))
            if (who, group) in self.put_in:
                self.put_in.discard((who, group))
            else:
                self.taken_out.add((who, group))

    def do_closed(self, who):
        if self.has_account(who) and not self.is_closed(who):
            self.lab.modify(dn(who), pwdAccountLockedTime=DISABLED)
            self.closed.add(who)

    def do_opened(self, who):
        if self.has_account(who) and self.is_closed(who):
            self.lab.modify(dn(who), pwdAccountLockedTime=[])
            self.closed.discard(who)

    def do_deleted(self, who):
        if self.has_account(who):
            self.lab.delete(dn(who))
            while any(dn(who) in self.lab.entry(group)["member"] for group in (OTHERS, *ALL)):
                continue  # the server takes it out of groups a moment later
            self.forget(who)
            self.loose.add(who)

    def forget(self, who):
        self.put_in = {one for one in self.put_in if one[0] != who}
        self.taken_out = {one for one in self.taken_out if one[0] != who}
        self.closed.discard(who)
        self.ended.discard(who)

    def do_named(self, who):
        if self.has_account(who):
            self.lab.modify(dn(who), cn="Trillian")

    def do_end_changed(self, who, away):
        if self.has_account(who):
            self.lab.modify(dn(who), pwdEndTime=f"{self.on(away):%Y%m%d}120000Z")
            self.ended.add(who)

    def do_team(self):
        """The identity team does all that it was asked for."""
        with self.world() as world:
            asked = world.record.state().waiting
        for address, one in asked.items():
            if address.kind != "user" or one.change.after is None:
                continue
            who = address.parts[0]
            if not self.has_account(who):
                self.lab.add_account(Account(who, PEOPLE))
            if one.change.after.fields.get("account") == "disabled":
                self.lab.modify(dn(who), pwdAccountLockedTime=DISABLED)
            else:
                self.lab.modify(dn(who), pwdAccountLockedTime=[])

    # --- what writes ----------------------------------------------------------------------------------------------

    @contextmanager
    def world(self, watching: Watching | None = None) -> Iterator[World]:
        with chdir(self.hospital.path):
            try:
                work = workspace.opened(Path(), "lab")
            except InventoryError as exc:
                raise AssertionError([one for one in exc.findings if one.severity == "error"]) from exc
            with world_of(work, Reporter(Screen(None))) as world:
                yield replace(world, progress=watching or Watching())

    def do(self, step: tuple[Any, ...]) -> None:
        getattr(self, f"do_{step[0]}")(*step[1:])

    def carried_out(self, options: Options, *, dies_after: int = -1) -> ChangeSet | None:
        with self.world(Watching(dies_after)) as world:
            planned = engine.plan(world, options)
            assert not planned.plan.blocked
            if not planned.plan.changes and not planned.plan.takes and not planned.plan.forgets:
                return None
            digest = planned.plan.digest
            acks = tuple(f"{digest}:{name}" for guard in planned.plan.guards for name in guard.acks)
            return engine.apply(world, planned, Approval("Maria <m@x>", "x:1", "a test", acks=acks))

    def do_apply(self):
        self.write()
        before = self.live()
        with self.world() as world:
            owned = world.record.state().owned
        known = {address.parts[0] for address in owned if address.kind == "membership"}
        theirs = {address.parts[0] for address in owned if address.kind == "user"}
        done = self.carried_out(Options())
        assert done is None or {one.status for one in done.outcomes} <= {"applied", "waiting"}, done.outcomes
        self.only_as_planned(before, done)
        self.look(before, known, theirs)

    def do_due(self):
        self.write()
        before = self.live()
        self.carried_out(Options(due=(str(self.today()),)))
        after = self.live()
        for at, entry in before.items():
            assert at in after
            gone, more = (set(one.get("member", [])) for one in (entry, after[at]))
            assert more - gone <= {self.lab.placeholder.encode()}, "somebody was given something"
            if b"inetOrgPerson" in entry["objectClass"]:
                locked = [one.get("pwdAccountLockedTime") for one in (entry, after[at])]
                assert locked[0] == locked[1] or locked[1] == [DISABLED.encode()]
                assert {**entry, "pwdAccountLockedTime": []} == {**after[at], "pwdAccountLockedTime": []}
        assert before.keys() == after.keys()

    def do_rollback(self):
        self.write()
        closed = self.last_change_set()
        if closed is None:
            return
        before = self.live()
        done = self.carried_out(Options(rollback=(closed,)))
        with self.world() as world:
            held = {(one.kind, one.parts[0]) for one in world.record.state().held if one.parts[0] in WHO}
        for who in WHO:
            if before.get(dn(who)) != self.live().get(dn(who)) or self.is_in(who) != self.was_in(before, who):
                self.as_it_is(who)
        back = {str(one.address) for one in done.applied} if done else set()
        for one in held:
            if f"accounts/{'/'.join(one)}" in back or one not in self.kept:
                self.kept[one] = self.wanted(*one)
        fields = {(one.address, each.name) for one in (done.applied if done else ()) for each in one.fields}
        again = {(one.address, each.name) for one in self.next_changes() for each in one.fields}
        assert not fields & again, "what was taken back is put forth again"

    def as_it_is(self, who):
        """What a rollback left is nobody's doing."""
        self.forget(who)
        self.loose.add(who)
        self.put_in |= {(who, group) for group in self.is_in(who) - self.groups(who)}

    @staticmethod
    def was_in(live: Live, who: str) -> set[str]:
        own = dn(who).encode()
        return {
            name for name in LANDS.values() if own in live.get(f"cn={name},{GROUPS}", {}).get("member", [])
        }

    def last_change_set(self) -> str | None:
        ran = self.hospital.ok("history", "--format", "json")
        return next((one["id"] for one in ran.json["entries"] if one["kind"] == "closed"), None)

    def do_cut(self, after, by_hand):
        """An apply is killed, somebody does something, and it is taken up again an hour later."""
        self.write()
        try:
            self.carried_out(Options(), dies_after=after)
        except Cut:
            self.do(by_hand)
            self.later += timedelta(hours=2)
            with self.world() as world:
                engine.resume(world)
        self.do_apply()

    # --- what must be so afterwards -------------------------------------------------------------------------------

    def next_changes(self) -> tuple[Change, ...]:
        with self.world() as world:
            return engine.plan(world, Options()).plan.changes

    def look(self, before: Live, known: set[str], theirs: set[str]) -> None:
        assert not self.next_changes(), "a second plan has changes"
        self.kept = {one: then for one, then in self.kept.items() if self.wanted(*one) == then}
        for who in WHO:
            self.look_at(who, before, is_known=who in known, is_theirs=who in theirs)
        self.settled(known)

    def only_as_planned(self, before: Live, done: ChangeSet | None) -> None:
        """Nothing was written but what the plan says, of whomever."""
        planned: dict[str, set[str]] = {}
        for change in done.applied if done else ():
            name = change.address.parts[0]
            for one in change.fields:
                if change.address.kind == "membership":
                    planned.setdefault(f"cn={one.name.removeprefix('group ')},{GROUPS}", set()).add("member")
                elif change.address.kind == "user":
                    planned.setdefault(dn(name), set()).add(ATTRIBUTES[one.name])
        after = self.live()
        for at, entry in before.items():
            other = {name for name in {*entry, *after[at]} if entry.get(name) != after[at].get(name)}
            assert other <= planned.get(at, set()), f"{other} of {at} was written unplanned"

    def look_at(self, who: str, before: Live, *, is_known: bool, is_theirs: bool) -> None:
        if not {("membership", who), ("user", who)} & self.kept.keys():  # groups wait for a held account
            self.look_at_groups(who, is_known=is_known)
        if ("user", who) not in self.kept:
            self.look_at_account(who, before, is_theirs=is_theirs)

    def look_at_groups(self, who: str, *, is_known: bool) -> None:
        stage, inside, wanted = self.stage(who), self.is_in(who), self.groups(who)
        extra = {group for user, group in self.put_in if user == who}
        without = {group for user, group in self.taken_out if user == who}
        if stage in ("left", "suspended", "joining") or (stage == "absent" and is_known):
            assert not inside, f"{who} ({stage}) is in {inside}"
        elif stage == "active" and self.has_account(who):
            assert inside - wanted <= (extra if is_known else set()), f"{who} is in {inside}, not {wanted}"
            if is_known and who not in self.loose:
                assert inside >= extra, f"{who} was taken out of {extra - inside}"
                assert not inside & without, f"{who} was put back into {inside & without}"
            waits = not self.owns and self.is_closed(who)  # for the team that was asked to let them in
            if who not in self.loose and not waits:
                assert inside >= wanted - (without if is_known else set()), (
                    f"{who} is in {inside}, not {wanted}"
                )

    def look_at_account(self, who: str, before: Live, *, is_theirs: bool) -> None:
        stage = self.stage(who)
        is_out = stage in ("left", "suspended") or (stage == "absent" and is_theirs)
        if self.owns and self.has_account(who):
            if is_out:
                assert self.is_closed(who), f"{who} ({stage}) is let in"
            elif stage == "active" and is_theirs and who in self.closed:
                assert self.is_closed(who), f"{who} was let in again"
        stays = self.users.get(who, {}).get("ends") == self.last_days.get(who, date.min)
        if self.owns and stage == "active" and is_theirs and stays and who in self.ended - self.loose:
            ends = [side.get(dn(who), {}).get("pwdEndTime") for side in (before, self.live())]
            assert ends[0] == ends[1], f"the last day of {who} was written"
        if not self.owns:
            own = ({**side.get(dn(who), {}), "memberOf": []} for side in (before, self.live()))
            assert next(own) == next(own), "an account of others was written"

    def settled(self, known: set[str]) -> None:
        """What colleagues did that is ours by now, or over."""
        kept = {who for _, who in self.kept}
        for who in (one for one in WHO if one not in kept):
            stage, wanted = self.stage(who), self.groups(who)
            if stage != "active":
                if stage != "absent" or who in known:
                    self.put_in = {one for one in self.put_in if one[0] != who}
                self.taken_out = {one for one in self.taken_out if one[0] != who}
                self.closed.discard(who)
                self.loose.discard(who)
            if who not in known and stage == "active":
                self.forget(who)
            ends = self.users[who].get("ends") if stage == "active" and self.owns else date.min
            if self.last_days.get(who) != ends:
                self.ended.discard(who)
                self.last_days[who] = ends
            self.put_in = {(user, group) for user, group in self.put_in if user != who or group not in wanted}
            self.taken_out = {
                (user, group) for user, group in self.taken_out if user != who or group in wanted
            }

    def at_the_end(self) -> None:
        ours = {*LANDS.values()}
        for kind, where in self.lab.writes():
            assert kind in ("add", "modify"), (kind, where)
            name, _, base = where.partition(",")
            is_group = base == GROUPS and name.removeprefix("cn=") in ours
            assert is_group or base in (PEOPLE, SERVICES), where
        assert OTHERS not in {where for _, where in self.lab.writes()}
        told = self.hospital.git("log", "-p", "--format=%B", "pacsconf/lab")
        assert "accounts/" in told or not self.users
        assert SECRET not in told
        assert "Trillian" not in told
        for who in WHO:
            if self.owns and self.is_closed(who) and self.has_account(who):
                assert self.lab.can_bind(dn(who)) == INVALID_CREDENTIALS


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with directory(tmp_path_factory.mktemp("people")) as found:
        found.add_group(OTHERS, [dn("bob")])
        found.start = {
            **found.start,
            OTHERS: dict(found._read(OTHERS, "BASE", ["objectClass", "cn", "member"])[OTHERS]),
        }
        yield found


# A failing case is not made smaller: each try is a whole life of a house, and hundreds of them take minutes.
ONCE = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def begun(lab, repository, tmp_path, monkeypatch):
    """Makes a house in which everybody has two roles."""
    monkeypatch.setenv("PACSCONF_CONFIG", "")

    def begin(owns: bool) -> House:
        lab.reset()
        people = hospital_of(lambda **files: repository(f"house-{next(NUMBERS)}", **files), lab, tmp_path)
        people.hospital.file("settings").write_text(POLICY)
        house = House(people.hospital, lab, owns=owns)
        monkeypatch.setattr(workspace, "now", house.now)
        house.write()
        people.hospital.commit("people")
        with house.world() as world:
            upkeep.begin_record(world, reason="a test")
        house.users = {who: {"roles": {"reader", "qc"}, "for_a_time": [], "status": "active"} for who in WHO}
        house.do_apply()  # the groups are there then
        return house

    return begin


@settings(ONCE, max_examples=5)
@given(st.booleans(), ROUNDS)
@example(True, [([("deleted", "ada"), ("starts", "ada", 1)], ("apply",))])
@example(
    True,
    [
        ([("deleted", "nia")], ("apply",)),
        ([("starts", "nia", 1)], ("apply",)),
        ([("days", 1)], ("apply",)),
    ],
)
@example(True, [([("status", "bob", "left")], ("apply",)), ([("opened", "bob")], ("apply",))])
@example(True, [([("gone", "ada")], ("apply",)), ([], ("rollback",)), ([], ("apply",))])
@example(False, [([("status", "ada", "left")], ("apply",)), ([("owning", True)], ("apply",))])
@example(
    False, [([], ("apply",)), ([("team",), ("closed", "nia")], ("apply",)), ([("opened", "nia")], ("apply",))]
)
def test_who_is_out_is_out_and_the_rest_is_left_alone(begun, owns, rounds):
    house = begun(owns)
    for steps, write in rounds:
        for step in steps:
            house.do(step)
        house.do(write)
    house.at_the_end()
