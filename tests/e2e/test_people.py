"""People on a real directory: who joins, who moves, who leaves, and what is nobody's to do from here."""

from __future__ import annotations

import pytest

from tests.accounts_lab import INVALID_CREDENTIALS, PEOPLE, SERVICES, SUCCESS
from tests.e2e.people import ADMINS, QC, READERS, STAFF, day, directory, dn, hospital_of

OWNS = '[people]\nown_accounts = ["lab"]\n'


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with directory(tmp_path_factory.mktemp("people")) as found:
        yield found


@pytest.fixture
def people(lab, repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    lab.reset()
    return hospital_of(repository, lab, tmp_path, more=OWNS)


@pytest.fixture
def visitors(lab, repository, tmp_path, monkeypatch):
    """The same where the accounts of people are the identity team's."""
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    lab.reset()
    return hospital_of(repository, lab, tmp_path, owned=False, more=OWNS)


USERS = """\
users:
  ada: {roles: [reader]}
  bob: {roles: [reader]}
  root: {roles: [admin]}
"""


MOVED = USERS.replace("bob: {roles: [reader]}", "bob: {roles: [qc]}").replace(
    "  ada: {roles: [reader]}\n", ""
)


def apply(people, *options: str) -> str:
    """What is declared, applied as it was planned; what the plan said."""
    plan = people.hospital("plan", "--out", "plan.json", *options)
    digest = plan.said.rpartition("(digest ")[2][:8]
    acks = [
        f"--ack={digest}:{guard}"
        for guard in ("GUARD-REMOVE", "GUARD-UPDATE")
        if f"refused[{guard}]" in plan.out
    ]
    people.hospital.ok("apply", "plan.json", "--reason", "because", *acks)
    return plan.said


def lets_in(lab, user: str, group: str) -> bool:
    """Whether a program does that has members of a group sign in: by `memberOf`, which slapd keeps, and a bind."""
    viewer = lab.open_as(lab.server.colleague_dn)
    viewer.search(PEOPLE, f"(&(uid={user})(memberOf={group}))", attributes=["1.1"])
    found = [each["dn"] for each in viewer.response]
    viewer.unbind()
    return [lab.can_bind(at) for at in found] == [SUCCESS]


def test_from_the_first_day_to_the_last(people):
    """Who joins is made without a password, who moves changes groups, who leaves is closed, taken out and kept."""
    hospital, lab = people.hospital, people.lab
    people.write(
        USERS + f"  eve: {{roles: [qc], starts: {day(9)}}}\n  new: {{roles: [qc], name: Nora Neu}}\n"
    )
    hospital.applied()
    assert (people.readers(), people.names(QC), people.names(ADMINS)) == (["ada", "bob"], ["new"], ["root"])
    assert lab.entry(dn("new"))["cn"] == ["Nora Neu"]
    assert "userPassword" not in lab.entry(dn("new"))
    assert lab.entry(dn("eve"))["pwdAccountLockedTime"] == ["000001010000Z"]
    assert hospital("plan", "--detailed-exitcode").code == 0
    assert lab.can_bind(dn("ada")) == SUCCESS
    assert (lets_in(lab, "bob", READERS), lets_in(lab, "bob", QC)) == (True, False)

    people.write(MOVED + f"  eve: {{roles: [qc], starts: {day(0)}}}\n")
    lab.forget_writes()
    assert "not in the inventory any more" in apply(people)
    assert (people.readers(), people.names(QC)) == ([], ["bob", "eve"])
    assert (lab.can_bind(dn("ada")), lab.can_bind(dn("bob"))) == (INVALID_CREDENTIALS, SUCCESS)
    assert (lets_in(lab, "bob", READERS), lets_in(lab, "bob", QC)) == (False, True)
    assert "pwdAccountLockedTime" not in lab.entry(dn("eve"))
    assert lab.entry(dn("new"))["pwdAccountLockedTime"] == ["000001010000Z"]
    assert hospital("plan", "--detailed-exitcode").code == 0
    # First closed, then taken out, one value at a time; nothing is deleted.
    written = lab.written()
    assert {kind for kind, _, _ in written} == {"modify"}
    out = next(i for i, (_, at, said) in enumerate(written) if f"member:- {dn('ada')}" in said)
    assert [at for _, at, _ in written].index(dn("ada")) < out
    members = [
        said
        for _, at, values in written
        if at.startswith("cn=")
        for said in values
        if said.startswith("member")
    ]
    assert all(said.startswith(("member:+", "member:-")) for said in members)


def test_nobody_s_name_is_in_a_plan_or_in_the_record(people):
    hospital = people.hospital
    people.write(
        USERS + "  new: {roles: [qc], name: Nora Neu, email: nora@example.org, employee: 'no. 4711'}\n"
    )
    hospital.applied()
    people.write(
        USERS + "  new: {roles: [qc], name: Nora Alt, email: nora@example.org, employee: 'no. 4711'}\n"
    )
    plan = hospital.ok("plan", "--out", "plan.json")
    assert "name" in plan.out
    texts = [plan.out, hospital.plan_file.read_text(), hospital.ok("plan", "--format", "markdown").out]
    hospital.ok("apply", "plan.json")
    assert people.lab.entry(dn("new"))["cn"] == ["Nora Alt"]
    texts += [hospital.git("log", "-p", "pacsconf/lab"), *hospital.said]
    assert not [text for text in texts if "Nora" in text or "nora@" in text or "no. 4711" in text]
    assert hospital("plan", "--detailed-exitcode").code == 0


def test_who_is_put_into_a_group_by_hand_is_drift_and_who_left_is_taken_out_again(people):
    hospital, lab = people.hospital, people.lab
    people.write(USERS)
    hospital.applied()
    lab.change(READERS, member=("MODIFY_ADD", dn("root")))
    drift = hospital("drift")
    assert drift.code == 2
    assert "pacs-readers" in drift.out
    assert hospital("plan", "--detailed-exitcode").code == 0, "somebody may have meant it"
    hospital.ok("plan", "--repair", "accounts/membership/root", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert people.readers() == ["ada", "bob"]

    hospital.edit("mode: write", "mode: write\n    on_drift: enforce", "systems")
    lab.change(READERS, member=("MODIFY_ADD", dn("root")))
    apply(people)
    assert people.readers() == ["ada", "bob"], "where that is declared it goes without being asked for"
    hospital.edit("\n    on_drift: enforce", "", "systems")

    people.write(MOVED)
    apply(people)
    lab.change(READERS, member=("MODIFY_ADD", dn("ada")))
    lab.modify(dn("ada"), pwdAccountLockedTime=[])
    assert lab.can_bind(dn("ada")) == SUCCESS
    apply(people)
    assert people.readers() == []
    assert lab.can_bind(dn("ada")) == INVALID_CREDENTIALS


def test_an_account_of_the_identity_team_is_asked_for_and_access_is_taken_away_at_once(visitors):
    hospital, lab = visitors.hospital, visitors.lab
    later = f"  later: {{roles: [qc], starts: {day(5)}}}\n"
    visitors.write(USERS + f"  new: {{roles: [qc], starts: {day(-1)}}}\n" + later)
    hospital.ok("record", "init")
    first = hospital.ok("plan", "--out", "plan.json")
    assert f"for the identity team: make the account new, from {day(-1)} on" in first.said
    asked = hospital.ok("apply", "plan.json")
    assert f"for the identity team: make the account new, from {day(-1)} on" in asked.said
    assert visitors.names(QC) == []
    assert "later" not in hospital("plan", "--at", str(day(2))).out.partition("Asked of")[0]
    plan = hospital("plan", "--detailed-exitcode")
    assert plan.code == 0, "what is asked for waits"
    assert f"make the account later, from {day(5)} on" in plan.said.partition("Asked of")[2]
    lab.add("uid=new," + PEOPLE, "inetOrgPerson", uid="new", cn="new", sn="new")
    apply(visitors)
    assert visitors.names(QC) == ["new"]

    visitors.write(
        USERS.replace("ada: {roles: [reader]}", f"ada: {{roles: [reader], ends: {day(-1)}}}") + later
    )
    told = apply(visitors)
    assert visitors.readers() == ["bob"], "who left is taken out, whoever keeps the account"
    assert lab.can_bind(dn("ada")) == SUCCESS, "which is theirs to close"
    assert "for the identity team: disable the account ada" in told
    assert "disable the account ada" in hospital.ok("plan").said
    lab.modify(dn("ada"), pwdAccountLockedTime="000001010000Z")
    assert "disable the account" not in hospital.ok("plan").said
    assert hospital("plan", "--detailed-exitcode").code == 0


def test_who_has_no_role_any_more_is_told_so_and_not_that_they_are_gone(visitors):
    visitors.write(USERS)
    visitors.hospital.applied()
    visitors.write(USERS.replace("bob: {roles: [reader]}", "bob: {roles: []}"))
    told = apply(visitors)
    assert "has no role here any more" in told
    assert "not in the inventory" not in told
    assert visitors.readers() == ["ada"]


def test_without_the_operator_s_permission_no_account_is_touched(lab, repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    lab.reset()
    elsewhere = hospital_of(repository, lab, tmp_path, more='[environments]\nwrite = ["production"]\n')
    inventory = elsewhere.hospital.file("systems")
    inventory.write_text(inventory.read_text().replace("lab: {", "production: {"))
    elsewhere.write(USERS + "  new: {roles: [qc]}\n")
    hospital = elsewhere.hospital
    assert hospital.here("record", "init").code == 0
    assert hospital.here("plan", "--out", "plan.json").code == 0
    ran = hospital.here("apply", "plan.json")
    assert ran.code == 0, ran
    assert "for the identity team: make the account new" in ran.said
    assert lab.entry(dn("new")) is None
    assert elsewhere.readers() == ["ada", "bob"]


# --- guards -----------------------------------------------------------------------------------------------------


TO_COME = f"  eve: {{roles: [admin], starts: {day(3)}}}\n"


def test_the_last_administrator_is_not_taken_out(people):
    hospital = people.hospital
    people.write(USERS + "  eve: {roles: [admin]}\n")
    hospital.applied()
    people.write(USERS.replace("root: {roles: [admin]}", "root: {roles: [reader]}") + TO_COME)
    plan = hospital("plan", "--out", "plan.json")
    assert plan.code == 5
    assert "refused[GUARD-ADMIN]" in plan.out
    assert hospital("apply", "plan.json").code == 5
    assert people.names(ADMINS) == ["eve", "root"]


def test_enough_administrators_are_left_and_those_who_must_stay(people):
    hospital = people.hospital
    security = "security: {administrators: {minimum: 2, required: [root]}}\n"
    admins = USERS + "  eve: {roles: [admin]}\n  max: {roles: [admin]}\n" + security
    people.write(admins)
    hospital.applied()

    people.write(admins.replace("root: {roles: [admin]}", "root: {roles: [reader]}"))
    assert "PACS-SEC-002" in hospital("validate").said
    people.write(admins.replace("root: {roles: [admin]}", f"root: {{roles: [admin], ends: {day(3)}}}"))
    assert hospital("plan").code == 0
    plan = hospital("plan", "--at", str(day(4)))
    assert "refused[GUARD-ADMIN]" in plan.said
    assert "accounts/user/root must stay" in plan.said

    # Who is to come is an administrator to validate, and none yet.
    people.write(admins.replace("  eve: {roles: [admin]}\n  max: {roles: [admin]}\n", TO_COME))
    plan = hospital("plan")
    assert plan.code == 5
    assert "1 would be left, and 2 must be" in plan.said


def test_a_file_that_is_gone_closes_nobody(people):
    hospital = people.hospital
    everybody = "".join(f"  {name}: {{roles: [reader]}}\n" for name in STAFF)
    people.write(USERS + everybody)
    apply_first(people)
    people.write(USERS)
    plan = hospital("plan", "--out", "plan.json")
    assert plan.code == 5
    assert f"refused[GUARD-REMOVE] {len(STAFF)} of" in plan.out
    assert hospital("apply", "plan.json").code == 5
    assert len(people.readers()) == 2 + len(STAFF)


def test_pacsconf_does_not_lock_itself_out(people):
    hospital, lab = people.hospital, people.lab
    own = f"uid=svc-pacsconf,{SERVICES}"
    lab.add(own, "inetOrgPerson", uid="svc-pacsconf", cn="svc", sn="svc", userPassword=lab.password)
    operator = "service_accounts:\n  svc-pacsconf: {owner: it, purpose: applies, roles: [qc]}\n"
    people.write(USERS + operator)
    hospital.applied()
    assert people.names(QC) == ["svc-pacsconf"]
    systems = hospital.file("systems")
    systems.write_text(systems.read_text().replace(lab.server.pacsconf_dn, own))
    people.write(USERS + operator.replace("roles: [qc]", "roles: [reader]"))
    plan = hospital("plan")
    assert plan.code == 5
    assert "refused[GUARD-SELF]" in plan.out


# --- groups, policies, passwords ----------------------------------------------------------------------------------


def test_a_group_keeps_a_placeholder_while_nobody_is_in_it(people):
    hospital, lab = people.hospital, people.lab
    people.write(USERS.replace("bob: {roles: [reader]}", "bob: {roles: [qc]}"))
    hospital.applied()
    assert lab.entry(READERS)["member"] == [dn("ada")], "the placeholder goes with the first one"
    people.write(MOVED)
    apply(people)
    assert lab.entry(READERS)["member"] == [lab.placeholder]
    assert people.readers() == []


def test_password_policies_are_written_and_a_password_is_renewed_by_its_version(people, tmp_path):
    hospital, lab = people.hospital, people.lab
    secret = tmp_path / "router"
    secret.write_text("a first long password")
    secret.chmod(0o600)
    operator = tmp_path / "operator.toml"
    operator.write_text(operator.read_text() + f'[[secret]]\nref = "file:{secret}"\nfor = "{lab.url}"\n')
    systems = hospital.file("systems")
    policies = f'    password_policies: {{base: "ou=policies,{lab.layout.base}", owned: true}}\nenvironments'
    systems.write_text(systems.read_text().replace("environments", policies))
    text = (
        USERS
        + f"""\
service_accounts:
  router: {{owner: it, purpose: sends, roles: [qc], password: {{from: "file:{secret}"}}}}
security:
  password_policy: {{min_length: 14, lockout_after: 3, lockout_for: 30m}}
  password_policies: {{programs: {{kinds: [service], min_length: 20}}}}
"""
    )
    people.write(text)
    apply_first(people)
    router = f"uid=router,{SERVICES}"
    assert lab.entry(f"cn=default,ou=policies,{lab.layout.base}")["pwdMinLength"] == ["14"]
    assert lab.entry(router)["pwdPolicySubentry"] == [f"cn=programs,ou=policies,{lab.layout.base}"]
    assert lab.can_bind(router, "a first long password") == SUCCESS
    # The policy holds: who guesses three times is locked out, which is nobody's change.
    guesses = [lab.can_bind(dn("ada"), f"guess {number}") for number in range(3)]
    assert guesses == [INVALID_CREDENTIALS] * 3
    assert (lab.can_bind(dn("ada")), lab.can_bind(dn("bob"))) == (INVALID_CREDENTIALS, SUCCESS)
    secret.write_text("a second long password")
    assert hospital("plan", "--detailed-exitcode").code == 0
    people.write(text.replace(f'"file:{secret}"', f'"file:{secret}", version: 2'))
    apply(people)
    assert lab.can_bind(router, "a first long password") == INVALID_CREDENTIALS
    assert lab.can_bind(router, "a second long password") == SUCCESS
    assert not [text for text in hospital.said if "long password" in text]

    # Who closed it meanwhile meant to: another password, or another policy, does not open it.
    lab.modify(router, pwdAccountLockedTime="000001010000Z")
    secret.write_text("a third long password")
    people.write(text.replace(f'"file:{secret}"', f'"file:{secret}", version: 3').replace("20}", "21}"))
    apply(people)
    assert lab.entry(router)["pwdAccountLockedTime"] == ["000001010000Z"]
    assert lab.can_bind(router, "a third long password") == INVALID_CREDENTIALS
    assert hospital("drift").code == 2


def apply_first(people) -> None:
    people.hospital.ok("record", "init")
    apply(people)
