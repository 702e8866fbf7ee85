"""What directories of people mean for rules: a real OpenLDAP, a real domain, and what a plan would make of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import ldap3
import pytest

from pacsconf.core.address import Address
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.order import layers
from pacsconf.core.resource import State
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import Grant, JobRole, PasswordPolicy, Security, User
from pacsconf.inventory.systems import Bind
from pacsconf.lab import slapd
from pacsconf.lab.people_tree import options
from pacsconf.policy.evidence import Evidence, SystemEvidence
from pacsconf.policy.facts import subjects
from pacsconf.systems.abilities import Evident, Foreseeing
from pacsconf.systems.accounts import AccountsSystem
from tests import domains
from tests.accounts_lab import (
    DEFAULT_POLICY,
    GROUPS,
    PEOPLE,
    POLICIES,
    Account,
    Branch,
    Groups,
    Layout,
    started,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
STAFF = Layout(
    people=(Branch(PEOPLE, owned=True),),
    accounts=[Account("ann", PEOPLE), Account("bob", PEOPLE)],
    groups=(Groups(GROUPS),),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with started(tmp_path_factory.mktemp("people"), STAFF) as found:
        yield found


@pytest.fixture
def lab(running):
    running.reset()
    return running


@pytest.fixture
def domain(shared_domain):
    shared_domain.reset()
    return shared_domain


@pytest.fixture
def opened():
    made: list[AccountsSystem] = []

    def make(secret: str, **keys: Any) -> AccountsSystem:
        config = AccountsConfig(name="accounts", type="accounts", **keys)
        made.append(AccountsSystem("accounts", config, lambda *_: Secret(secret)))
        return made[-1]

    yield make
    for system in made:
        system.close()


@pytest.fixture
def openldap(lab, opened):
    def make(**keys: Any) -> AccountsSystem:
        usual = {
            "url": lab.url,
            "bind": Bind(dn=lab.server.pacsconf_dn, password="env:LDAP"),
            "people": {"staff": {"base": PEOPLE, "owns_accounts": True}},
            "groups": {"pacs": {"base": GROUPS, "placeholder": lab.placeholder}},
            "password_policies": {"base": POLICIES, "owned": True},
        }
        return opened(lab.password, **(usual | keys))

    return make


@pytest.fixture
def active_directory(domain, opened):
    server = domain.server
    return opened(
        server.password,
        flavour="active-directory",
        url=server.tls_url,
        ca_file=str(server.ca_file),
        bind=Bind(dn=server.pacsconf_dn, password="env:LDAP"),
        people={"staff": {"base": domains.PEOPLE, "owns_accounts": True}},
        groups={"pacs": {"base": domains.GROUPS, "names": ["pacs-*"]}},
        password_policies={"base": domains.POLICIES, "owned": True},
    )


def inventory(users: dict[str, tuple[str, ...]] | None = None, **more: Any) -> Inventory:
    """Users with their roles, each of which lands in a group of its name; readers may not administer."""
    apart = {"pacs-readers": ("pacs-admins",)}
    roles = {
        name: JobRole(id=name, groups={"accounts": (name,)}, conflicts_with=apart.get(name, ()))
        for name in ("pacs-readers", "pacs-admins")
    }
    made = {
        name: User(id=name, grants=tuple(Grant(role=one) for one in held))
        for name, held in (users or {}).items()
    }
    return Inventory(users=made, roles=roles, **more)


def read(system: AccountsSystem, of: Inventory) -> dict[Address, State]:
    system.declared(of)
    return dict(system.read().states())


def planned(system: AccountsSystem, of: Inventory) -> dict[Address, State]:
    """The resources as a plan leaves them."""
    return read(system, of) | dict(system.declared(of).states())


def policies(system: AccountsSystem, states: dict[Address, State], of: Inventory) -> dict[str, Any]:
    return dict(system.evidence(states, of)["password-policy"])


def bring(system: AccountsSystem, of: Inventory) -> None:
    live = read(system, of)
    made = [change(one, Rules(system.kinds)) for one in compare(dict(system.declared(of).states()), live, {})]
    done = [one for layer in layers(one for one in made if one) for one in system.apply(layer)]
    assert {one.status for one in done} == {"applied"}


# --- password policies --------------------------------------------------------------------------------------------

STRICT = Security(password_policy=PasswordPolicy(min_length=12, history=5, lockout_after=9))
NONE = {"exists": True, "min_length": 0, "history": 0, "lockout_after": 0}


def test_it_is_evident_and_foresees(openldap):
    assert isinstance(openldap(), Evident)
    assert isinstance(openldap(), Foreseeing)


def test_a_policy_of_openldap_is_told_as_it_stands(lab, openldap):
    given = {"pwdMinLength": "12", "pwdCheckQuality": "2", "pwdInHistory": "5", "pwdMaxFailure": "9"}
    lab.modify(DEFAULT_POLICY, pwdLockout="TRUE", **given)
    system, of = openldap(), inventory(security=STRICT)
    assert policies(system, read(system, of), of) == {
        "default": {"exists": True, "min_length": 12, "history": 5, "lockout_after": 9}
    }


def test_what_a_policy_does_not_have_slapd_look_at_counts_as_not_asked_for(lab, openldap):
    off = {"pwdCheckQuality": "0", "pwdLockout": "FALSE", "pwdInHistory": []}
    lab.modify(DEFAULT_POLICY, pwdMinLength="12", pwdMaxFailure="9", **off)
    system, of = openldap(), inventory(security=STRICT)
    assert policies(system, read(system, of), of) == {"default": NONE}
    dn = f"uid=ann,{PEOPLE}"
    own = lab.open_as(dn)
    assert own.modify(dn, {"userPassword": [(ldap3.MODIFY_REPLACE, "short")]}), own.result
    own.unbind()
    lab.fail_to_bind(dn, 12)
    assert lab.can_bind(dn, "short") == 0


def test_a_policy_that_is_declared_and_not_there_and_one_that_nobody_declared(lab, openldap):
    system = openldap(password_policies={"base": POLICIES, "default": "everybody"})
    of = inventory(security=STRICT)
    found = policies(system, read(system, of), of)
    assert found["default"] == {"exists": False}
    assert found["accounts/default"]["exists"] is True


def test_a_plan_shows_what_a_policy_would_come_to(lab, openldap):
    lab.modify(DEFAULT_POLICY, pwdMinLength="8", pwdCheckQuality="2")
    lab.modify(DEFAULT_POLICY, pwdLockout="FALSE", pwdMaxFailure=[], pwdInHistory=[])
    system, of = openldap(), inventory(security=STRICT)
    before = policies(system, read(system, of), of)["default"]
    assert before == NONE | {"min_length": 8}
    foreseen = policies(system, planned(system, of), of)
    assert foreseen["default"] == {"exists": True, "min_length": 12, "history": 5, "lockout_after": 9}
    bring(system, of)
    assert policies(system, read(system, of), of) == foreseen


def test_a_plan_that_makes_a_policy_tells_what_slapd_will_ask(openldap):
    of = inventory(security=Security(password_policies={"strict": PasswordPolicy(min_length=14)}))
    system = openldap()
    foreseen = policies(system, planned(system, of), of)
    assert foreseen["strict"] == NONE | {"min_length": 14}
    bring(system, of)
    assert policies(system, read(system, of), of) == foreseen


def test_a_policy_of_a_domain_tells_whether_passwords_can_be_read(domain, active_directory):
    of = inventory(security=STRICT)
    system = active_directory
    foreseen = policies(system, planned(system, of), of)
    wanted = {"exists": True, "min_length": 12, "history": 5, "lockout_after": 9, "reversible": False}
    assert foreseen == {"default": wanted}
    bring(system, of)
    assert policies(system, read(system, of), of) == foreseen
    dn = f"cn=default,{domains.POLICIES}"
    domain.change(dn, **{"msDS-PasswordReversibleEncryptionEnabled": ("REPLACE", "TRUE")})
    assert policies(system, read(system, of), of)["default"] == wanted | {"reversible": True}


def test_nothing_is_told_of_policies_that_are_left_alone(openldap):
    system, of = openldap(password_policies=None), inventory(security=STRICT)
    assert system.evidence(read(system, of), of) == {"system": {"accounts": {}}}


# --- the server ---------------------------------------------------------------------------------------------------


def test_who_reads_people_without_an_account_has_seen_that_anybody_can(tmp_path, opened):
    careless = replace(options(STAFF, tls=False), access=("access to * by * read",))
    with slapd.started(tmp_path / "slapd", careless) as server:
        places = {"people": {"staff": {"base": PEOPLE}}, "groups": {"pacs": {"base": GROUPS}}}
        system, of = opened("", url=server.url, **places), inventory()
        assert system.evidence(read(system, of), of) == {"system": {"accounts": {"anonymous_read": True}}}


# --- people, as a plan leaves them --------------------------------------------------------------------------------


def user_facts(
    system: AccountsSystem, states: dict[Address, State], of: Inventory, user: str
) -> dict[str, Any]:
    """What rules see of somebody, were these the resources."""
    seen = SystemEvidence("accounts", "accounts", "configured", accounts=system.accounts_of(states))
    every = of.model_copy(update={"systems": {"accounts": system.config}})
    found = subjects(Evidence(every, NOW, {"accounts": seen}))["user"]
    return dict(next(one for one in found if one.name == user).configured or {})


def test_nothing_is_foreseen_where_nothing_changes(lab, openldap):
    lab.add_group(f"cn=pacs-readers,{GROUPS}", [f"uid=ann,{PEOPLE}"])
    system, of = openldap(), inventory({"ann": ("pacs-readers",)})
    states = read(system, of)
    foreseen, live = system.accounts_of(states), system.live()
    assert foreseen.groups == live.groups
    assert foreseen.accounts == live.accounts


def test_somebody_who_would_be_in_conflicting_groups_is_seen_before_it_happens(lab, openldap):
    """An administrator by hand, whom the inventory makes a reader: a plan leaves what it does not own."""
    lab.add_group(f"cn=pacs-admins,{GROUPS}", [f"uid=ann,{PEOPLE}"])
    system, of = openldap(), inventory({"ann": ("pacs-readers",)})
    states = read(system, of)
    assert user_facts(system, states, of, "ann")["conflicts"] == []
    at = Address.of("accounts", "membership", "ann")
    both = states[at].with_fields({**states[at].fields, **system.declared(of).states()[at].fields})
    after = planned(system, of) | {at: both}
    facts = user_facts(system, after, of, "ann")
    assert facts["conflicts"] == ["accounts: pacs-admins and pacs-readers"]
    assert facts["groups_beyond"] == ["accounts: pacs-admins"]
    assert facts["groups_missing"] == []


@pytest.mark.parametrize("which", ["openldap", "active-directory"])
def test_what_a_plan_would_make_of_people_is_what_is_there_afterwards(which, request):
    if which == "openldap":
        system = request.getfixturevalue("openldap")()
        request.getfixturevalue("lab").add_group(f"cn=pacs-admins,{GROUPS}", [f"uid=ann,{PEOPLE}"])
    else:
        domain = request.getfixturevalue("domain")
        system = request.getfixturevalue("active_directory")
        ann, bob = domain.add_account("ann"), domain.add_account("bob")
        domain.add_group("pacs-admins", [ann, bob])
    of = inventory({"ann": ("pacs-readers",), "bob": ("pacs-readers", "pacs-admins")})
    gone = of.users["bob"].model_copy(update={"status": "left"})
    new = User(id="cy", grants=(Grant(role="pacs-readers"),), ends="2027-01-31")
    of = of.model_copy(update={"users": {**of.users, "bob": gone, "cy": new}})
    foreseen = system.accounts_of(planned(system, of))
    bring(system, of)
    read(system, of)
    there = system.live()
    assert foreseen.directly == there.directly
    assert foreseen.accounts.keys() == there.accounts.keys()
    for name, one in there.accounts.items():
        assert (foreseen.accounts[name].enabled, foreseen.accounts[name].expires) == (
            one.enabled,
            one.expires,
        )
