"""`apply --due` by night, on a real directory: what has ended is taken away, and nothing else."""

from __future__ import annotations

from contextlib import chdir, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacsconf import engine
from pacsconf.cli import workspace
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.cli.world import world_of
from pacsconf.core.changeset import ChangeSet, changeset_id
from pacsconf.core.plan import Options
from tests.accounts_lab import INVALID_CREDENTIALS, SUCCESS
from tests.e2e.people import QC, STAFF, TODAY, day, directory, dn, hospital_of


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with directory(tmp_path_factory.mktemp("people")) as found:
        yield found


@pytest.fixture
def people(lab, repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    lab.reset()
    return hospital_of(repository, lab, tmp_path)


@pytest.fixture
def on(monkeypatch):
    """Puts the clock forward by days."""

    def put(days: int) -> None:
        monkeypatch.setattr(workspace, "now", lambda: datetime.now(UTC) + timedelta(days=days))

    return put


USERS = """\
users:
  ada: {{roles: [reader, qc], ends: {ends}}}
  bob: {{roles: [reader, {{role: qc, until: {until}}}]}}
  root: {{roles: [admin]}}
"""


def test_who_has_left_cannot_sign_in_and_what_was_for_a_time_is_over(people, on):
    hospital = people.hospital
    people.write(USERS.format(ends=day(1), until=day(1)), on=day(-3))
    hospital.applied()
    assert (people.readers(), people.names(QC)) == (["ada", "bob"], ["ada", "bob"])
    assert people.lab.can_bind(dn("ada")) == SUCCESS
    nothing = hospital.ok("apply", "--due")
    assert "Nobody's work or role has ended" in nothing.said

    ahead = hospital.ok("plan", "--at", str(day(2)))
    assert f"ended {day(1)}" in ahead.said
    assert f"qc ended {day(1)}" in ahead.said
    on(2)
    done = hospital.ok("apply", "--due")
    assert f"only what has ended by {day(2)}" in done.said
    assert f"qc ended {day(1)}" in done.said
    assert (people.readers(), people.names(QC)) == (["bob"], [])
    assert people.lab.can_bind(dn("ada")) == INVALID_CREDENTIALS
    assert people.lab.can_bind(dn("bob")) == SUCCESS
    assert "No changes." in hospital.ok("plan").out
    again = hospital.ok("apply", "--due")
    assert f"Of what has ended by {day(2)}, nothing is to be taken away." in again.said
    shown = hospital.ok("show", hospital.git("rev-parse", "pacsconf/lab"))
    assert f"what had ended by {day(2)} (apply --due)" in shown.said
    assert "Maria Weber" in shown.said


def test_nothing_is_given_and_no_other_change_is_made(people, on):
    hospital = people.hospital
    people.write(USERS.format(ends=day(1), until=day(1)), on=day(-3))
    hospital.applied()
    people.write(
        USERS.format(ends=day(1), until=day(1)).replace(
            "root: {roles: [admin]}", "root: {roles: [admin, qc]}"
        )
        + "  u00: {roles: [reader]}\n"
    )
    text = hospital.file("people").read_text().replace("bob: {roles: [reader, ", "bob: {roles: [admin, ")
    people.write(text)
    on(2)
    hospital.ok("apply", "--due")
    assert (people.readers(), people.names(QC)) == (["bob"], [])
    left = hospital.ok("plan").out
    assert "u00" in left
    assert "bob" in left


def many(ends, names=STAFF) -> str:
    users = "".join(f"  {name}: {{roles: [reader]{f', ends: {ends}' if ends else ''}}}\n" for name in names)
    return f"users:\n  root: {{roles: [admin]}}\n{users}"


def test_many_ends_that_were_known_before_are_no_mistake(people, on):
    people.write(many(day(1)), on=day(-3))
    people.hospital.applied()
    on(2)
    people.hospital.ok("apply", "--due")
    assert people.readers() == []


def test_many_ends_that_were_written_afterwards_are_left_for_somebody_to_look_at(people, on):
    hospital = people.hospital
    people.write(many(None) + f"  ada: {{roles: [reader], ends: {day(1)}}}\n", on=day(-3))
    hospital.applied()
    people.write(many(day(-1)) + f"  ada: {{roles: [reader], ends: {day(1)}}}\n", on=TODAY)
    on(2)
    ran = hospital("apply", "--due")
    assert ran.code == 5
    assert "refused[GUARD-REMOVE] 8 of" in ran.said
    assert "What is counted there is left out; it is for somebody to look at." in ran.said
    assert people.readers() == list(STAFF)
    assert people.lab.can_bind(dn("ada")) == INVALID_CREDENTIALS
    assert people.lab.can_bind(dn("u00")) == SUCCESS
    again = hospital("apply", "--due")
    assert (again.code, "nothing else is to be taken away" in again.said) == (5, True)


def test_an_approval_is_not_asked_for(people, on):
    hospital = people.hospital
    people.write(USERS.format(ends=day(1), until=day(1)), on=day(-3))
    hospital.applied()
    hospital.file("settings").write_text("pacsconf: {approvals: {access: {approvers: [Ben]}}}\n")
    people.commit("approvals")
    on(2)
    hospital.ok("apply", "--due")
    assert people.readers() == ["bob"]
    assert "GUARD-APPROVALS" not in hospital.said[-1]


@pytest.mark.parametrize("more", [["plan.json"], ["--expect", "12345678"], ["--repair", "accounts/user/ada"]])
def test_what_is_due_is_said_by_its_day_alone(people, more):
    assert people.hospital("apply", "--due", *more).code == 64


def test_an_open_change_set_is_not_taken_up_by_night(people, on):
    hospital = people.hospital
    people.write(USERS.format(ends=day(1), until=day(1)), on=day(-3))
    hospital.applied()
    on(2)
    with workspace.record(workspace.opened(hospital.path, "lab")) as store:
        last = store.load(hospital.git("rev-parse", "pacsconf/lab"))
        store.begin(last, store.state()).release()
    assert hospital("apply", "--due").code == 7
    assert people.readers() == ["ada", "bob"]


def test_a_run_that_was_cut_off_is_carried_to_its_end_by_the_next_without_anybodys_approval(people, on):
    hospital = people.hospital
    people.write(USERS.format(ends=day(1), until=day(1)), on=day(-3))
    hospital.file("settings").write_text("pacsconf: {approvals: {access: {approvers: [Ben]}}}\n")
    people.commit("approvals")
    hospital.ok("record", "init")
    refused = hospital("plan", "--out", "plan.json")
    assert "access: 0 of 1, by Ben" in refused.said
    with as_ben(hospital):
        hospital.ok("approve", "plan.json")
    hospital.ok("apply", "plan.json")
    on(2)
    with cut_off(hospital, Options(due=(str(day(2)),))):
        pass
    on(3)
    done = hospital.ok("apply", "--due")
    assert "was left open; it is carried to its end first" in done.said
    assert (people.readers(), people.names(QC)) == (["bob"], [])


def test_a_run_that_gives_something_is_not_taken_up_as_one_that_was_due(people, on):
    hospital = people.hospital
    people.write(USERS.format(ends=day(1), until=day(1)), on=day(-3))
    hospital.applied()
    hospital.file("settings").write_text("pacsconf: {approvals: {access: {approvers: [Ben]}}}\n")
    people.write(hospital.file("people").read_text() + "  u00: {roles: [reader]}\n")
    on(2)
    with cut_off(hospital, Options()) as left:
        left.append(Options(due=(str(day(2)),)))
    on(3)
    refused = hospital("apply", "--due")
    assert refused.code == 5
    assert "access: 0 of 1 approvals by somebody else" in refused.said
    assert "u00" not in people.readers()


@contextmanager
def as_ben(hospital):
    """Somebody else works here."""
    config = Path(hospital.env["HOME"]) / ".gitconfig"
    own = config.read_text()
    config.write_text(own.replace("Maria Weber", "Ben").replace("mweber@", "ben@"))
    yield
    config.write_text(own)


@contextmanager
def cut_off(hospital, options):
    """An apply whose machine died after it had opened its change set; what is put into the list are other options
    for the plan that it says it carries out."""
    said: list[Options] = []
    with chdir(hospital.path):
        work = workspace.opened(Path(), "lab")
        with world_of(work, Reporter(Screen(None))) as world:
            planned = engine.plan(world, options)
            yield said
            whole = replace(planned.plan, options=said[0] if said else options)
            now = f"{world.clock():%Y-%m-%dT%H:%M:%SZ}"
            changeset = ChangeSet(
                changeset_id(now, whole.digest), whole, world.record.identity(), "host:1", now, ""
            )
            world.record.begin(changeset, planned.record).release()


# --- in the morning


def test_what_has_ended_and_stands_is_the_first_line_of_the_morning(people, on):
    hospital = people.hospital
    people.write(USERS.format(ends=day(1), until=day(1)), on=day(-3))
    hospital.applied()
    before = hospital.ok("status")
    assert before.out.startswith("lab · ")
    assert "ada leaves (inventory/people.yaml:2)" in before.said
    assert "bob has qc no longer" in before.said
    on(2)
    morning = hospital.ok("status")
    assert morning.out.startswith("!! 2 users of lab with access that has ended: ")
    assert f"ada ended {day(1)} (accounts), bob qc ended {day(1)} (accounts)" in morning.said
    assert morning.out.splitlines()[-1] == "Next: pacsconf -e lab apply --due"
    told = hospital.ok("status", "--format", "json").json["environments"][0]["still_live"]
    assert [one["user"] for one in told] == ["ada", "bob"]
    hospital.ok("apply", "--due")
    assert hospital.ok("status").out.startswith("lab · ")


def test_what_an_identity_team_was_asked_for_is_open_until_it_is_seen(
    tmp_path_factory, repository, tmp_path, on, monkeypatch
):
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    with directory(tmp_path_factory.mktemp("theirs"), owned=False) as theirs:
        people = hospital_of(repository, theirs, tmp_path, owned=False)
        hospital = people.hospital
        people.write(USERS.format(ends=day(1), until=day(1)), on=day(-3))
        hospital.applied()
        on(2)
        hospital.ok("apply", "--due")
        assert people.readers() == ["bob"]
        assert theirs.can_bind(dn("ada")) == SUCCESS
        again = hospital.ok("apply", "--due")
        assert "Asked of the identity team and not done yet: 1 (pacsconf -e lab status)" in again.said
        on(5)
        morning = hospital.ok("status")
        assert "1 of the identity team" in morning.said
        assert "accounts: disable the account ada, since" in morning.said
        assert "(3 days)" in morning.said
        assert morning.out.startswith("!! 1 user of lab with access that has ended: ada ended")
        theirs.modify(dn("ada"), pwdAccountLockedTime="000001010000Z")
        assert "identity team" not in hospital.ok("status").said


def test_a_review_that_is_due_is_told_in_the_morning(people):
    hospital = people.hospital
    roles = hospital.file("roles")
    roles.write_text(roles.read_text().replace("reader: {", "reader: {review_every: 1d, "))
    people.write(USERS.format(ends=day(50), until=day(50)), on=day(-3))
    hospital.ok("record", "init")
    assert (
        f"{day(-2):%d %b %Y}, 2 days ago: role reader is to be reviewed (inventory/roles.yaml:2)"
        in hospital.ok("status").said
    )


# --- what was known


def listed(ends) -> str:
    return "STAFF_NO;JOB;LEFT_ON\n" + "".join(f"{name};reader;{ends or ''}\n" for name in STAFF)


@pytest.mark.parametrize("is_known", [True, False])
def test_ends_in_a_list_of_the_personnel_office_are_known_from_its_former_file(people, on, is_known):
    hospital = people.hospital
    (hospital.path / "people").mkdir()
    hr = hospital.path / "people" / "hr.csv"
    hr.write_text(listed(day(1) if is_known else None))
    hospital.file("lists").write_text(
        "users_from: [{csv: people/hr.csv, delimiter: ';', columns: {id: STAFF_NO, roles: JOB, ends: LEFT_ON}}]\n"
    )
    people.write("users: {root: {roles: [admin]}}\n", on=day(-3))
    hospital.applied()
    if not is_known:
        hr.write_text(listed(day(1)))
        people.commit("the list of today", on=day(1))
    on(2)
    ran = hospital("apply", "--due")
    assert (ran.code, people.readers()) == ((0, []) if is_known else (5, list(STAFF)))


def test_a_clone_without_history_knows_nothing(people, on, tmp_path, monkeypatch):
    people.write(many(day(1)), on=day(-3))
    people.hospital.applied()
    people.write(many(day(1)) + "  ada: {}\n", on=day(1))
    hospital = people.hospital
    hospital.git(
        "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{hospital.path}", str(tmp_path / "ci")
    )
    there = replace(hospital, path=tmp_path / "ci")
    on(2)
    assert there("apply", "--due").code == 5
    assert people.readers() == list(STAFF)
