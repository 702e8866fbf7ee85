"""The system `accounts` on a real Active Directory domain: odd names, very many members, what is shown of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pacsconf.core.change import Outcome
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.order import layers
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import Grant, JobRole, User
from pacsconf.lab import samba
from pacsconf.lab.samba_setup import python
from pacsconf.systems._ldap import Answer, Directory, Modify
from pacsconf.systems.accounts import AccountsSystem
from tests.domains import GROUPS, OPTIONS, PEOPLE, Domain

MANY = 3500


@pytest.fixture
def domain(shared_domain):
    shared_domain.reset()
    return shared_domain


@pytest.fixture
def crowded(domain_template, tmp_path):
    """A domain with a group of very many, which are no accounts."""
    folder = tmp_path / "dc"
    server = samba.start(folder, OPTIONS, domain_template)
    server.stop()
    asked = json.dumps({"base": PEOPLE, "group": f"cn=pacs-big,{GROUPS}", "count": MANY})
    script = Path(__file__).parents[1] / "many_members.py"
    subprocess.run([python(), "-I", str(script)], cwd=folder, input=asked, text=True, check=True)
    domain = Domain(samba.restart(server))
    yield domain
    domain.close()
    domain.server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def opened():
    made: list[AccountsSystem] = []

    def make(domain: Domain) -> AccountsSystem:
        server = domain.server
        keys = {
            "name": "accounts",
            "type": "accounts",
            "flavour": "active-directory",
            "url": server.tls_url,
            "ca_file": str(server.ca_file),
            "bind": {"dn": server.pacsconf_dn, "password": "env:X"},
            "people": {"staff": {"base": PEOPLE, "owns_accounts": True}},
            "groups": {"pacs": {"base": GROUPS, "names": ["pacs-*"]}},
            "nested": {"pacs-all": ["pacs-readers"]},
        }
        system = AccountsSystem(
            "accounts", AccountsConfig.model_validate(keys), lambda *_: Secret(server.password)
        )
        made.append(system)
        return system

    yield make
    for system in made:
        system.close()


def people(*users: str, group: str = "pacs-readers", **logins: str) -> Inventory:
    """Everybody has one role, which lands in one group."""
    return Inventory(
        roles={"reader": JobRole(id="reader", groups={"accounts": (group,)})},
        users={
            name: User(
                id=name,
                grants=(Grant(role="reader"),),
                logins={"accounts": logins[name]} if name in logins else {},
            )
            for name in users
        },
    )


def bring(system: AccountsSystem, inventory: Inventory, last: Inventory | None = None) -> list[Outcome]:
    """Make the domain as the inventory says; what `last` said is owned."""
    owned = system.declared(last).states() if last else {}
    declared = system.declared(inventory).states()
    system.remember(owned)
    live = {each.address: each.state() for each in system.read().resources}
    owned = {address: state for address, state in owned.items() if address in live}
    made = [change(each, Rules(system.kinds)) for each in compare(declared, live, owned)]
    return [one for layer in layers(each for each in made if each) for one in system.apply(layer)]


ODD = st.text(st.sampled_from(list(' ,+"\\<>;=#/äöüÄß€漢*()|&!x1.-')), min_size=1, max_size=24).filter(
    lambda name: name.strip() and "\n" not in name
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ODD)
@example("Müller, Max")
@example('a+b="c"')
@example(" #x ")
@example("cn=Domain Admins,cn=Users")
@example("x\\,y\\2C")
@example("*)(objectClass=*")
def test_whatever_an_entry_is_called_its_holder_is_put_into_a_group_and_taken_out(opened, domain, name):
    domain.add_account("odd", cn=name, password="")
    try:
        wanted, system = people("odd"), opened(domain)
        assert {one.status for one in bring(system, wanted)} == {"applied"}
        assert domain.inside("pacs-readers") == ["odd"]
        assert bring(opened(domain), wanted, wanted) == []
        account = system.live_of("odd")
        assert (account.accounts["odd"].login, sorted(account.paths("odd"))) == (
            "odd",
            ["pacs-all", "pacs-readers"],
        )
        nobody = wanted.model_copy(update={"users": {"odd": User(id="odd")}})
        assert [one.status for one in bring(system, nobody, wanted)] == ["applied"]
        assert domain.inside("pacs-readers") == []
    finally:
        assert domain.conn.delete(domain.dn("odd")), domain.conn.result


LOGIN = st.text(st.sampled_from(list(" #äöüÄß€漢'()&!$%x1.-_")), min_size=1, max_size=20).filter(
    lambda name: name == name.strip() and not name.endswith(".")
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LOGIN)
@example("#hash")
@example("Müller")
@example("a b")
def test_every_login_that_fits_is_made_and_found_again(opened, domain, login):
    wanted, system = people("new", new=login), opened(domain)
    changes = bring(system, wanted)
    assert {one.status for one in changes} == {"applied"}, changes
    try:
        assert bring(opened(domain), wanted, wanted) == []
        assert domain.text(login, "userAccountControl") == "512"
    finally:
        assert domain.conn.delete(domain.dn(login)), domain.conn.result


def test_a_group_of_very_many_is_read_whole_and_one_is_put_in_and_taken_out(opened, crowded):
    domain = crowded
    domain.add_account("mm", password="")
    wanted, system = people("mm", group="pacs-big"), opened(domain)
    assert {one.status for one in bring(system, wanted)} == {"applied"}
    assert system.live().groups["pacs-big"].users[-1] == "mm"
    assert len(domain.members("pacs-big")) == MANY + 1
    assert bring(opened(domain), wanted, wanted) == []
    nobody = wanted.model_copy(update={"users": {"mm": User(id="mm")}})
    assert [one.status for one in bring(system, nobody, wanted)] == ["applied"]
    assert len(domain.members("pacs-big")) == MANY


def test_what_is_shown_of_an_account_is_what_the_domain_says(opened, domain):
    dn = domain.add_account(
        "mm", userAccountControl="66048", displayName="Max", accountExpires="132223104000000000"
    )
    other = domain.add_account("other")
    primary = domain.add_group("pacs-primary", [dn])
    number = int.from_bytes(domain.entry("pacs-primary")["objectSid"][0][-4:], "little")
    domain.change(dn, primaryGroupID=("REPLACE", str(number)))
    outer = domain.add_group("pacs-outer", [primary, other])
    domain.add_group("pacs-outermost", [domain.add_group("pacs-between", [outer])])
    domain.change(other, lockoutTime=("REPLACE", "132223104000000000"))
    system = opened(domain)
    system.declared(people("mm"))
    system.read()
    for live in (system.live(), system.live_of("mm")):
        account = live.accounts["mm"]
        assert (account.enabled, account.password_expires) == (True, False)
        assert str(account.expires) == "2019-12-31", "the last day is the one before"
        assert account.personal == {"name": "Max"}
        assert account.by_itself == ("pacs-primary",)
        assert account.password_changed is not None
        assert live.paths("mm") == {
            "pacs-primary": ("pacs-primary",),
            "pacs-outer": ("pacs-primary", "pacs-outer"),
            "pacs-between": ("pacs-primary", "pacs-outer", "pacs-between"),
            "pacs-outermost": ("pacs-primary", "pacs-outer", "pacs-between", "pacs-outermost"),
        }
    # The server's own in-chain rule does not count primary groups: what it misses is in `by_itself`.
    assert domain.inside("pacs-outer") == ["other"]
    assert domain.why_not("other") == ""


def test_an_account_that_may_not_be_let_in_without_a_password_waits_for_the_identity_team(
    opened, domain, monkeypatch
):
    """Windows refuses what Samba takes: [MS-SAMR] 3.1.1.8.10 has a password of its policy's length asked for."""
    write = Directory.write

    def as_windows(self, request):
        if isinstance(request, Modify) and any(b"512" in each.add for each in request.modifications):
            return Answer(53, "0000052D: SvcErr: DSID-031A1254, problem 5003 (WILL_NOT_PERFORM), data 0")
        return write(self, request)

    monkeypatch.setattr(Directory, "write", as_windows)
    wanted, system = people("new"), opened(domain)
    found = {one.address.kind: (one.status, one.error) for one in bring(system, wanted)}
    words = "for the identity team: set a first password for new; the next apply enables the account then"
    assert found["user"] == ("waiting", words)
    (again,) = bring(opened(domain), wanted)
    assert (again.action, again.status, again.error) == ("update", "waiting", words)
    monkeypatch.undo()
    domain.set_password(domain.dn("new"))
    assert {one.status for one in bring(opened(domain), wanted)} == {"applied"}
    assert domain.why_not("new") == ""


def test_flags_that_somebody_changes_meanwhile_are_not_written_over(opened, domain, monkeypatch):
    dn = domain.add_account("mm")
    wanted = people("mm")
    bring(opened(domain), wanted)
    write, meanwhile = Directory.write, iter(["66048"])

    def at_the_same_time(self, request):
        if (
            isinstance(request, Modify)
            and dn.lower() == request.dn.lower()
            and (control := next(meanwhile, None))
        ):
            domain.change(dn, userAccountControl=("REPLACE", control))
        return write(self, request)

    monkeypatch.setattr(Directory, "write", at_the_same_time)
    gone = wanted.model_copy(
        update={"users": {"mm": wanted.users["mm"].model_copy(update={"status": "suspended"})}}
    )
    assert {one.status for one in bring(opened(domain), gone, wanted)} == {"applied"}
    assert domain.text("mm", "userAccountControl") == "66050"
