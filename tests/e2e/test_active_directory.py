"""People in a real Active Directory domain (Samba), by the command line and proven by real sign-ins."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from pacsconf.lab import samba
from pacsconf.systems._accounts.filetimes import filetime
from tests.domains import GROUPS, PEOPLE, POLICIES, SERVICES, Domain
from tests.e2e.conftest import Hospital
from tests.e2e.people import day

NOT_ENABLED, EXPIRED, LOCKED, WRONG = "533", "701", "775", "52e"


@pytest.fixture
def domain(shared_domain: Domain) -> Domain:
    shared_domain.reset()
    shared_domain.add_account("root")
    return shared_domain


def systems(domain: Domain, *, owned: bool) -> str:
    server, owns = domain.server, str(owned).lower()
    return f"""\
systems:
  accounts:
    type: accounts
    flavour: active-directory
    mode: write
    url: {server.tls_url}
    ca_file: "{server.ca_file}"
    bind: {{dn: "{server.pacsconf_dn}", password: "file:{server.password_file}"}}
    people:
      staff: {{base: "{PEOPLE}", owns_accounts: {owns}, kinds: [person, vendor, shared, break-glass]}}
      services: {{base: "{SERVICES}", owns_accounts: true, kinds: [service]}}
    groups: {{pacs: {{base: "{GROUPS}", names: ["pacs-*"]}}}}
    nested: {{pacs-users: [pacs-readers, pacs-qc]}}
    password_policies: {{base: "{server.policies_base}", owned: true}}
environments: {{lab: {{dial: {{"*": none}}}}}}
"""


ROLES = """\
roles:
  reader: {permissions: [study:view], groups: {accounts: pacs-readers}}
  qc: {permissions: [qc:mark], groups: {accounts: pacs-qc}}
  admin: {administrator: true, permissions: [config:apply], groups: {accounts: pacs-admins}}
  router: {permissions: [study:send], groups: {accounts: pacs-services}}
users:
  root: {roles: [admin]}
"""


@pytest.fixture
def hospital_of(
    repository: Callable[..., Hospital], domain: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Hospital]:
    """Makes a repository on this domain; pacsconf signs in with no more rights than it needs."""

    def make(*, owned: bool = True, **files: str) -> Hospital:
        server = domain.server
        operator = tmp_path / "operator.toml"
        operator.write_text(
            f'[[secret]]\nref = "file:{server.password_file}"\nfor = "{server.tls_url}"\n\n'
            f'[[secret]]\nref = "env:ROUTER_PASSWORD"\nfor = "{server.tls_url}"\n\n'
            '[people]\nown_accounts = ["lab"]\n'
        )
        operator.chmod(0o600)
        monkeypatch.setenv("PACSCONF_CONFIG", str(operator))
        made = repository(systems=systems(domain, owned=owned), roles=ROLES, **files)
        made.env["PACSCONF_CONFIG"] = str(operator)
        made.secrets.append(server.password)
        return made

    return make


def declare(hospital: Hospital, users: str, name: str = "people") -> None:
    hospital.file(name).write_text(users)
    hospital.commit("people")


def apply(hospital: Hospital) -> str:
    """What is declared, applied as it was planned, whoever it takes away; all that was said."""
    plan = hospital("plan", "--out", "plan.json")
    digest = plan.said.rpartition("(digest ")[2][:8]
    guards = [guard for guard in ("GUARD-REMOVE", "GUARD-UPDATE") if f"refused[{guard}]" in plan.out]
    ran = hospital(
        "apply", "plan.json", "--reason", "because", *(f"--ack={digest}:{guard}" for guard in guards)
    )
    assert ran.code in (0, 2), ran
    return plan.said + ran.said


def nothing_to_do(hospital: Hospital) -> None:
    plan = hospital("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.said


ADA = "users:\n  ada: {roles: [reader]}\n"


def test_from_the_first_day_to_the_last(domain, hospital_of):
    """Who joins is made without a password, who moves changes groups, who leaves is closed, taken out and kept."""
    domain.add_account("ada", cn="Lovelace, Ada")
    hospital = hospital_of(
        people=f"""\
users:
  ada: {{roles: [reader], ends: {day(30)}}}
  new: {{roles: [qc], name: Nora Neu, email: nora@example.org}}
  eve: {{roles: [qc], starts: {day(9)}}}
"""
    )
    hospital.applied()
    nothing_to_do(hospital)
    assert [domain.inside(f"pacs-{name}") for name in ("readers", "qc", "users", "admins")] == [
        ["ada"],
        ["new"],
        ["ada", "new"],
        ["root"],
    ]
    made = domain.entry("new")
    assert made["userPrincipalName"] == [b"new@hospital.example"]
    assert made["displayName"] == [b"Nora Neu"]
    assert made["pwdLastSet"] == [b"0"], "there is no password"
    assert domain.text("eve", "userAccountControl") == "514"
    assert (domain.why_not("ada"), domain.why_not("new")) == ("", WRONG)

    people = f"""\
users:
  new: {{roles: [reader], name: Nora Neu, email: nora@example.org}}
  eve: {{roles: [qc], starts: {day(0)}}}
"""
    declare(hospital, people)
    assert "not in the inventory any more" in apply(hospital)
    nothing_to_do(hospital)
    assert (domain.inside("pacs-readers"), domain.inside("pacs-qc")) == (["new"], ["eve"])
    assert domain.text("ada", "userAccountControl") == "514"
    assert domain.why_not("ada") == NOT_ENABLED
    assert domain.text("eve", "userAccountControl") == "512"


def test_nobody_s_name_is_in_a_plan_or_in_the_record_though_entries_are_called_by_it(domain, hospital_of):
    domain.add_account("ada", cn="Lovelace, Ada")
    domain.add_account("gone", cn="Verlaine, Paul")
    hospital = hospital_of(owned=False, people=ADA + "  gone: {roles: [reader]}\n")
    hospital.applied()
    declare(hospital, ADA + "  gone: {roles: [reader], status: left}\n")
    said = apply(hospital)
    assert "for the identity team: disable the account gone" in said
    assert domain.inside("pacs-readers") == ["ada"]
    assert domain.text("gone", "userAccountControl") == "512", "that is theirs to change"
    texts = [hospital.git("log", "-p", "pacsconf/lab"), *hospital.said]
    assert not [text for text in texts if "Lovelace" in text or "Verlaine" in text]


def test_the_last_day_ends_at_midnight_and_the_domain_lets_nobody_in_after_it(domain, hospital_of):
    domain.add_account("ada")
    hospital = hospital_of(people=f"users:\n  ada: {{roles: [reader], ends: {day(1)}}}\n")
    hospital.applied()
    ends = datetime.combine(day(2), time(), UTC)
    assert domain.text("ada", "accountExpires") == str(filetime(ends))
    assert domain.why_not("ada") == ""

    domain.change(domain.dn("ada"), accountExpires=("REPLACE", str(filetime(ends - timedelta(days=9)))))
    assert domain.why_not("ada") == EXPIRED
    drift = hospital("drift")
    assert drift.code == 2
    assert f"expires {day(1)} {day(-8)} {day(1)}" in drift.said.replace('"', "")
    hospital.ok("plan", "--repair", "accounts/user/ada", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert domain.why_not("ada") == ""

    declare(hospital, ADA)
    apply(hospital)
    assert domain.text("ada", "accountExpires") == "9223372036854775807"
    nothing_to_do(hospital)


def test_of_the_flags_of_an_account_one_is_changed_and_all_others_stay(domain, hospital_of):
    forever, no_delegation = 0x10000, 0x100000
    domain.add_account("ada", userAccountControl=str(0x200 | forever | no_delegation))
    domain.add_account("bob", userAccountControl="66048")
    hospital = hospital_of(people=ADA + "  bob: {roles: [reader], status: suspended}\n")
    hospital.applied()
    assert domain.text("ada", "userAccountControl") == str(0x200 | forever | no_delegation)
    assert domain.text("bob", "userAccountControl") == "66050"
    declare(hospital, ADA.replace("[reader]", "[reader], status: suspended") + "  bob: {roles: [reader]}\n")
    apply(hospital)
    assert domain.text("ada", "userAccountControl") == str(0x202 | forever | no_delegation)
    assert domain.text("bob", "userAccountControl") == "66048"
    nothing_to_do(hospital)


def test_an_account_that_is_called_otherwise_now_is_still_the_same(domain, hospital_of):
    domain.add_account("ada", cn="Byron, Ada")
    hospital = hospital_of(people=ADA)
    hospital.applied()
    assert domain.conn.modify_dn(domain.dn("ada"), "cn=King\\, Ada", new_superior=SERVICES)
    nothing_to_do(hospital)
    declare(hospital, ADA.replace("reader", "qc"))
    apply(hospital)
    assert (domain.inside("pacs-readers"), domain.inside("pacs-qc")) == ([], ["ada"])


def test_who_is_in_a_group_as_their_primary_one_is_in_it_and_is_not_taken_out_from_here(domain, hospital_of):
    domain.add_account("ada")
    hospital = hospital_of(people=ADA)
    hospital.applied()
    number = str(int.from_bytes(domain.entry("pacs-readers")["objectSid"][0][-4:], "little"))
    domain.change(domain.dn("ada"), primaryGroupID=("REPLACE", number))
    assert "member" not in domain.entry("pacs-readers")
    nothing_to_do(hospital)

    declare(hospital, ADA.replace("reader", "qc"))
    said = apply(hospital)
    assert "for the identity team: give ada another primary group than pacs-readers" in said
    assert domain.text("ada", "primaryGroupID") == number
    assert domain.inside("pacs-qc") == ["ada"]


SECURITY = """\
security:
  password_policies:
    admins: {roles: [admin], min_length: 16, lockout_after: 3, lockout_for: 60m, lockout_window: 30m}
"""


def test_password_policies_are_for_the_groups_of_roles_and_hold(domain, hospital_of):
    domain.add_account("ada")
    root = domain.dn("root")
    hospital = hospital_of(people=ADA, security=SECURITY)
    hospital.applied()
    nothing_to_do(hospital)
    (policy,) = domain.below(POLICIES)
    assert domain.entry("root")["msDS-ResultantPSO"] == [policy.encode()]
    assert "msDS-ResultantPSO" not in domain.entry("ada")
    assert not domain.conn.modify(root, {"unicodePwd": [("MODIFY_REPLACE", [quoted("Short.Pass-123")])]})

    for login in ("ada", "root"):
        assert [domain.why_not(login, "not the password") for _ in range(3)] == [WRONG] * 3
    assert (domain.why_not("ada"), domain.why_not("root")) == ("", LOCKED)

    domain.change(policy, msDS_LockoutThreshold=("REPLACE", "9"))
    drift = hospital("drift")
    assert drift.code == 2
    assert "lockout_after 3 9 3" in drift.said
    declare(hospital, SECURITY.replace("min_length: 16", "min_length: 20"), "security")
    apply(hospital)
    (found,) = domain.find("(cn=admins)", POLICIES, "*")
    assert (found["msDS-MinimumPasswordLength"], found["msDS-LockoutThreshold"]) == ([b"20"], [b"9"])


def test_the_password_of_a_program_is_set_and_rotated(domain, hospital_of, monkeypatch):
    service = """\
service_accounts:
  svc-router:
    owner: root
    purpose: sends
    roles: [router]
    password: {{from: "env:ROUTER_PASSWORD", version: {version}}}
"""
    monkeypatch.setenv("ROUTER_PASSWORD", "First.Secret-123")
    hospital = hospital_of(people=service.format(version=1))
    hospital.secrets += ["First.Secret-123", "Second.Secret-456"]
    hospital.applied()
    nothing_to_do(hospital)
    assert domain.dn("svc-router").lower().endswith(SERVICES.lower())
    assert domain.why_not("svc-router", "First.Secret-123") == ""

    monkeypatch.setenv("ROUTER_PASSWORD", "Second.Secret-456")
    declare(hospital, service.format(version=2))
    apply(hospital)
    assert domain.why_not("svc-router", "Second.Secret-456") == ""
    assert domain.why_not("svc-router", "First.Secret-123") == WRONG

    monkeypatch.setenv("ROUTER_PASSWORD", "weak")
    declare(hospital, service.format(version=3))
    hospital("plan", "--out", "plan.json")
    refused = hospital("apply", "plan.json")
    assert refused.code == 8
    assert "setting its password: the value breaks a rule of the directory" in refused.said
    assert "weak" not in hospital.git("log", "-p", "pacsconf/lab")


def test_a_password_policy_that_is_for_nobody_in_a_domain_is_told(domain, hospital_of):
    security = "security: {password_policies: {programs: {kinds: [service], min_length: 30}}}\n"
    hospital = hospital_of(security=security)
    hospital.ok("record", "init")
    plan = hospital.ok("plan", "--out", "plan.json")
    assert "ACCOUNTS-POLICY" in plan.said
    assert "programs is for nobody here" in plan.said
    hospital.ok("apply", "plan.json")
    nothing_to_do(hospital)
    (found,) = domain.find("(cn=programs)", POLICIES, "*")
    assert "msDS-PSOAppliesTo" not in found


@pytest.mark.parametrize(
    ("login", "why"),
    [
        ("a-login-that-is-too-long", "a sAMAccountName has 20 at most"),
        ("a+b", "no sAMAccountName may have the character"),
    ],
)
def test_a_login_that_no_domain_takes_is_told_before_anything_is_written(domain, hospital_of, login, why):
    hospital = hospital_of(people=f'users:\n  ada: {{roles: [reader], logins: {{accounts: "{login}"}}}}\n')
    hospital.ok("record", "init")
    plan = hospital("plan")
    assert plan.code == 5, plan
    assert "ACCOUNTS-NAME" in plan.said
    assert why in plan.said
    assert domain.below(PEOPLE) == [domain.dn("root")]


def test_why_pacsconf_is_not_let_in_is_said_in_words(domain, hospital_of):
    hospital = hospital_of(people=ADA)
    own = domain.server.pacsconf_dn
    domain.change(own, userAccountControl=("REPLACE", "514"))
    try:
        plan = hospital("plan")
        assert plan.code == 1
        assert "the account is disabled" in plan.said
        assert "The password of" in plan.said
    finally:
        domain.change(own, userAccountControl=("REPLACE", "512"))


def test_a_domain_is_looked_at_and_adopted_and_plans_to_no_change(
    domain, surroundings, tmp_path, monkeypatch
):
    ada = domain.add_account(
        "ada", cn="Lovelace, Ada", givenName="Ada", sn="Lovelace", mail="ada@example.org"
    )
    gone = domain.add_account("gone", userAccountControl="514")
    router = domain.add_account("svc-router", base=SERVICES)
    domain.add_group("pacs-users", [domain.add_group("pacs-readers", [ada, gone]), router])
    domain.add_group("vpn", [ada])
    server, operator = domain.server, tmp_path / "operator.toml"
    operator.write_text(f'[[secret]]\nref = "file:{server.password_file}"\nfor = "{server.tls_url}"\n')
    operator.chmod(0o600)
    monkeypatch.setenv("PACSCONF_CONFIG", str(operator))
    desk = Hospital(tmp_path / "new", surroundings | {"PACSCONF_CONFIG": str(operator)})
    desk.path.mkdir()
    desk.git("init", "-q")
    (desk.path / "ca.pem").write_bytes(server.ca_file.read_bytes())
    sign_in = ["--bind-dn", server.pacsconf_dn, "--password", f"file:{server.password_file}"]
    sign_in += ["--ca-file", "ca.pem"]

    look = desk.here("look", server.tls_url, *sign_in, "--format", "json")
    assert look.code == 0, look
    assert look.json["what"] == "An Active Directory"
    assert "PEOPLE-ODD-DISABLED-MEMBER" in look.out

    branches = ["--people", PEOPLE, "--people", SERVICES, "--groups", GROUPS, "--names", "pacs-*"]
    flavour = ["--flavour", "active-directory", "--owner", "me"]
    adopted = desk.here("adopt", "accounts", "--url", server.tls_url, *branches, *flavour, *sign_in)
    assert adopted.code == 0, adopted
    desk.git("add", ".")
    desk.git("commit", "-q", "-m", "Adopt")
    assert desk.here("record", "init").code == 0
    plan = desk.here("plan")
    assert plan.code == 0, plan
    assert "No changes." in plan.out
    texts = [file.read_text() for file in (desk.path / "inventory").rglob("*.yaml")]
    assert any("gone: {roles: [readers], status: suspended}" in text for text in texts)
    assert not [text for text in (*texts, *desk.said) if "Lovelace" in text or "ada@example" in text]


LAB = """\
systems:
  domain:
    type: accounts
    flavour: active-directory
    url: ldaps://dc1.st-mary.example
    people: {staff: {base: "ou=Staff,ou=Radiology,dc=st-mary,dc=example", owns_accounts: true}}
    groups: {pacs: {base: "ou=PACS,dc=st-mary,dc=example", names: ["pacs-*"]}}
environments: {lab: {}, production: {}}
roles:
  admin: {administrator: true, groups: {domain: pacs-admins}}
users:
  root: {roles: [admin]}
"""


def test_the_lab_has_a_domain_when_it_is_asked_for_one(repository, tmp_path, monkeypatch, domain_template):
    assert domain_template.is_dir(), "there can be one here"
    folder = tmp_path / "the lab"
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(folder))
    hospital = repository(hospital=LAB)
    hospital.env["PACSCONF_LAB_DIR"] = str(folder)
    try:
        up = hospital.here("lab", "up")
        assert "domain left out: an Active Directory domain takes pacsconf lab up --with ad" in up.said
        assert "The lab is up" in up.said
        assert "domain" not in hospital.ok("plan").said

        up = hospital.here("lab", "up", "--with", "ad")
        assert "(Active Directory domain)" in up.said, up
        hospital.applied()
        nothing_to_do(hospital)
        server = samba.attach(folder / "domains" / "domain")
        assert server is not None
        staff = "OU=Staff,OU=Radiology,DC=st-mary,DC=example"
        words = f"dn: CN=root,{staff}\nchangetype: modify\nreplace: accountExpires\naccountExpires: 1\n"
        command = shlex.split(hospital.here("lab", "by-hand").out)
        subprocess.run(command, input=words, text=True, check=True, capture_output=True)
        assert "expires" in hospital("plan").said
        assert "It was up already" in hospital.here("lab", "up").said
    finally:
        down = hospital.here("lab", "down")
    assert "nothing of it is left" in down.said
    assert not server.running


def quoted(password: str) -> bytes:
    return f'"{password}"'.encode("utf-16-le")


def test_access_is_told_by_its_way_a_primary_group_too(domain, hospital_of):
    """Who is in which group, by nesting and as a primary group; what somebody added by hand is told as such."""
    domain.add_account("ada")
    hospital = hospital_of(people=ADA)
    hospital.applied()
    domain.change(domain.dn("pacs-admins"), member=("ADD", domain.dn("ada")))
    sid = domain.entry("pacs-qc")["objectSid"][0]
    domain.change(domain.dn("pacs-qc"), member=("ADD", domain.dn("ada")))
    domain.change(domain.dn("ada"), primaryGroupID=("REPLACE", str(int.from_bytes(sid[-4:], "little"))))
    ran = hospital("access", "ada", "--live", "--format", "json")
    assert ran.code == 2, ran
    assert [(one["group"], one["mark"], one["live"]) for one in ran.json["user"]["groups"]] == [
        ("pacs-admins", "live, not declared", ["pacs-admins"]),
        ("pacs-qc", "live, not declared", ["pacs-qc"]),
        ("pacs-readers", "declared and live", ["pacs-readers"]),
        ("pacs-users", "declared and live", ["pacs-readers", "pacs-users"]),
    ]
    report = hospital("access", "report", "--format", "json")
    told = [(one["kind"], one["user"], one["group"]) for one in report.json["systems"][0]["remarks"]]
    assert [one for one in told if one[0] == "extra"] == [
        ("extra", "ada", "pacs-admins"),
        ("extra", "ada", "pacs-qc"),
    ]
