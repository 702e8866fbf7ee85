"""The accounts of docs/least-privilege.md in a directory of people: its snippets, as they are, on a real slapd."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import ldap3
import pytest

from pacsconf.lab import slapd
from pacsconf.lab.people_tree import Account, Branch, Groups, Layout, options
from tests.e2e.conftest import Hospital

PAGE = Path(__file__).parents[2] / "docs" / "least-privilege.md"
BASE = "dc=example,dc=org"
PEOPLE, SERVICES, GROUPS, POLICIES = (
    f"ou={name},{BASE}" for name in ("people", "services", "groups", "policies")
)
STAFF = [Account(name, PEOPLE, ("Mona", "Müller")) for name in ("mmueller", "jdoe2")]
HR = f"cn=hr-all,{GROUPS}"
REFUSED = (32, 50)
"""No such thing, or not allowed."""

INVENTORY = """\
users:
  mmueller: {roles: reader}
  jdoe2: {roles: reader, status: left}
service_accounts:
  svc-router: {owner: pacs-team, purpose: sends, roles: sender, password: {from: "env:ROUTER", version: 1}}
  svc-old: {owner: pacs-team, purpose: sent, roles: sender, status: left}
roles:
  reader: {permissions: [study:view], groups: {accounts: pacs-readers}}
  sender: {permissions: [study:send], groups: {accounts: pacs-senders}, kinds: service}
security: {password_policies: {programs: {kinds: service, min_length: 14}}}
"""


def snippet(first_line: str) -> str:
    """The block of the page that begins with this line."""
    blocks: list[str] = re.findall(r"^```[a-z]*\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if block.startswith(f"{first_line}\n"))
    return found


LOOKS = snippet("# slapd.conf: people, the account that looks")
WRITES = snippet("# slapd.conf: people, the account that writes")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    layout = Layout(
        base=BASE,
        people=(Branch(PEOPLE), Branch(SERVICES)),
        groups=(Groups(GROUPS),),
        policies=Branch(POLICIES),
        accounts=STAFF,
        empty_groups=[HR],
    )
    look = (
        f"\ndn: cn=pacsconf-look,{BASE}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\n"
        "cn: pacsconf-look\nuserPassword: {password}\n"
    )
    made = options(layout, tls=False, audited=False, limits=("* size=3 size.prtotal=3",))
    others = ("access to * by users read by * none",)
    made = replace(made, passwords=(LOOKS, WRITES), access=others, ldif=made.ldif + look)
    with slapd.started(tmp_path_factory.mktemp("least") / "slapd", made) as found:
        yield found


def as_(server: slapd.Slapd, dn: str) -> ldap3.Connection:
    where = ldap3.Server(server.url, get_info=ldap3.NONE)
    return ldap3.Connection(where, dn, server.password, auto_bind=True, check_names=False)


@pytest.fixture(scope="module")
def ours(server):
    conn = as_(server, server.pacsconf_dn)
    yield conn
    conn.unbind()


@pytest.fixture
def hospital(server, repository, tmp_path, monkeypatch) -> Hospital:
    """People in it, everything applied by the account that writes."""
    operator = tmp_path / "operator.toml"
    operator.write_text(
        f'[[secret]]\nref = "env:LDAP_PASSWORD"\nfor = "{server.url}"\n'
        f'[[secret]]\nref = "env:ROUTER"\nfor = "{server.url}"\n[people]\nown_accounts = ["lab"]\n'
    )
    operator.chmod(0o600)
    monkeypatch.setenv("PACSCONF_CONFIG", str(operator))
    monkeypatch.setenv("LDAP_PASSWORD", server.password)
    monkeypatch.setenv("ROUTER", "a password of the router")
    made = repository(systems=systems(server, "pacsconf"), people=INVENTORY)
    made.secrets += [server.password, "a password of the router"]
    return made


def systems(server: slapd.Slapd, account: str) -> str:
    return f"""\
systems:
  accounts:
    type: accounts
    mode: write
    url: "{server.url}"
    bind: {{dn: "cn={account},{BASE}", password: env:LDAP_PASSWORD}}
    people:
      staff: {{base: "{PEOPLE}", kinds: [person]}}
      programs: {{base: "{SERVICES}", owns_accounts: true, kinds: [service]}}
    groups: {{imaging: {{base: "{GROUPS}", names: "pacs-*"}}}}
    password_policies: {{base: "{POLICIES}", owned: true}}
environments: {{lab: {{dial: {{"*": none}}}}}}
"""


def test_the_account_that_writes_can_do_all_that_it_has_to_and_the_one_that_looks_sees_it(hospital, server):
    hospital.applied()
    assert "No changes to make; see" in hospital.ok("plan").out
    admin = as_(server, server.admin_dn)
    admin.search(GROUPS, "(cn=pacs-*)", attributes=["member"])
    members = {each["dn"].partition(",")[0]: set(each["attributes"]["member"]) for each in admin.response}
    admin.unbind()
    assert f"uid=mmueller,{PEOPLE}" in members["cn=pacs-readers"]
    assert f"uid=svc-router,{SERVICES}" in members["cn=pacs-senders"]

    hospital.file("systems").write_text(
        systems(server, "pacsconf-look").replace("mode: write", "mode: read-only")
    )
    plan = hospital.ok("plan")
    assert "No changes to make; see" in plan.out


@pytest.mark.parametrize("account", ["pacsconf", "pacsconf-look"])
def test_neither_sees_who_somebody_is_nor_a_password(server, account):
    conn = as_(server, f"cn={account},{BASE}")
    conn.search(PEOPLE, "(objectClass=person)", attributes=["*", "+"])
    seen = {name for each in conn.response for name, values in each["raw_attributes"].items() if values}
    assert "uid" in seen
    assert seen.isdisjoint({"cn", "sn", "givenName", "userPassword", "pwdHistory"})
    assert not conn.search(PEOPLE, "(sn=M*)", attributes=["uid"])
    assert not conn.search(BASE, "(userPassword=*)", attributes=["uid"])
    conn.unbind()


def test_the_account_that_writes_changes_no_staff_and_no_other_group_and_deletes_nothing(
    hospital, server, ours
):
    hospital.applied()
    mine, staff = f"cn=pacs-readers,{GROUPS}", f"uid=mmueller,{PEOPLE}"
    for dn, name, value in (
        (staff, "pwdAccountLockedTime", "000001010000Z"),
        (staff, "userPassword", "a password of mine"),
        (HR, "member", staff),
    ):
        assert not ours.modify(dn, {name: [("MODIFY_REPLACE", [value])]})
        assert ours.result["result"] in REFUSED, (dn, name)
    for dn in (staff, mine, HR, f"uid=svc-router,{SERVICES}", f"cn=programs,{POLICIES}"):
        assert not ours.delete(dn)
        assert ours.result["result"] in REFUSED, dn
    member = {"cn": "other", "member": [staff]}
    assert not ours.add(f"cn=other,{GROUPS}", ["groupOfNames"], member)
    assert not ours.add(f"uid=eve,{PEOPLE}", ["inetOrgPerson"], {"uid": "eve", "cn": "e", "sn": "e"})


def test_the_account_that_looks_writes_nothing(hospital, server):
    hospital.applied()
    look = as_(server, f"cn=pacsconf-look,{BASE}")
    someone = [("MODIFY_ADD", [f"uid=jdoe2,{PEOPLE}"])]
    assert not look.modify(f"cn=pacs-readers,{GROUPS}", {"member": someone})
    assert not look.modify(f"uid=svc-router,{SERVICES}", {"userPassword": [("MODIFY_REPLACE", ["x" * 20])]})
    look.unbind()


# --- doctor -----------------------------------------------------------------------------------------------------


def entries(server: slapd.Slapd) -> dict[str, object]:
    admin = as_(server, server.admin_dn)
    admin.search(BASE, "(!(cn=admin))", attributes=["*", "+"])
    # When one of ours signed in last is the server's to write.
    found: dict[str, object] = {
        entry["dn"]: entry["raw_attributes"]
        for entry in admin.response
        if not entry["dn"].startswith("cn=pacsconf")
    }
    admin.unbind()
    return found


def test_the_account_that_writes_has_all_rights_as_far_as_that_can_be_told(hospital, server):
    hospital.applied()
    before = entries(server)
    ran = hospital.ok("doctor", "--system", "accounts")
    said = " ".join(ran.out.split())
    for right in (
        "sign in", "read accounts of staff", "read accounts of programs", "read groups of imaging",
        "read password policies", "change members of imaging", "change accounts of programs",
        "change password policies",
    ):  # fmt: skip
        assert f"✓ {right} " in said
    for right in ("make groups of imaging", "make accounts of programs", "set passwords of programs"):
        assert f"? {right} " in said
    assert "✗" not in said
    assert "of staff" not in said.partition("Writing")[2], "which is not ours"
    assert said.endswith(
        "It may do all that mode: write needs, as far as that can be told without doing it (4 unknown)."
    )
    assert entries(server) == before


def test_the_account_that_looks_is_told_what_it_lacks_and_nothing_is_written(hospital, server):
    hospital.applied()
    before = entries(server)
    hospital.file("systems").write_text(systems(server, "pacsconf-look"))
    ran = hospital("doctor", "--system", "accounts")
    assert ran.code == 1
    said = " ".join(ran.said.split())
    for right in ("change members of imaging", "change accounts of programs", "change password policies"):
        assert f"✗ {right}" in said
    assert "docs/least-privilege.md" in said
    hospital.file("systems").write_text(
        systems(server, "pacsconf-look").replace("mode: write", "mode: read-only")
    )
    assert "It may do all that mode: read-only needs." in hospital.ok("doctor", "--system", "accounts").out
    assert entries(server) == before


def test_an_account_that_may_not_read_is_told_so(hospital, server):
    text = systems(server, "pacsconf-look").replace(POLICIES, f"ou=nothing,{BASE}")
    hospital.file("systems").write_text(text)
    ran = hospital("doctor", "--system", "accounts")
    assert ran.code == 1
    assert "✗ read accounts and groups" in ran.said
    assert "or this account may not see it" in ran.said
