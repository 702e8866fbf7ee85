"""The system `accounts` on a real OpenLDAP: odd names, groups in groups, who is what by which path."""

from __future__ import annotations

from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.departed import beside_live
from pacsconf.core.errors import BadAnswer, Refused
from pacsconf.core.order import layers
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory, Site
from pacsconf.inventory.nesting import circles
from pacsconf.inventory.people import AsOf, Grant, JobRole, User
from pacsconf.inventory.systems import Bind
from pacsconf.systems._accounts.flavour import end_of, last_day
from pacsconf.systems._accounts.openldap import OpenLDAP
from pacsconf.systems._ldap import Entry
from pacsconf.systems.accounts import AccountsSystem
from tests.accounts_lab import GROUPS, PEOPLE, SERVICES, Account, Groups, Layout, keycloak, started

READERS = f"cn=pacs-readers,{GROUPS}"
EVERYTHING = Layout(accounts=[Account("ada", PEOPLE), Account("bob", PEOPLE)], groups=(Groups(GROUPS),))


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with started(tmp_path_factory.mktemp("people"), EVERYTHING) as found:
        yield found


@pytest.fixture
def lab(running):
    running.reset()
    return running


MADE: list[AccountsSystem] = []


@pytest.fixture(autouse=True)
def _closing():
    yield
    while MADE:
        MADE.pop().close()


def system_at(lab, **keys) -> AccountsSystem:
    usual = {
        "url": lab.url,
        "bind": Bind(dn=lab.server.pacsconf_dn, password="env:LDAP"),
        "people": {
            "staff": {"base": PEOPLE},
            "services": {"base": SERVICES, "owns_accounts": True, "kinds": ["service"]},
        },
        "groups": {"pacs": {"base": GROUPS, "placeholder": lab.placeholder}},
    }
    config = AccountsConfig(name="accounts", type="accounts", **(usual | keys))
    MADE.append(AccountsSystem("accounts", config, lambda *_: Secret(lab.password)))
    return MADE[-1]


def plan(system: AccountsSystem, inventory: Inventory, owned=None) -> tuple[tuple[Change, ...], ...]:
    declared = system.declared(inventory)
    system.remember(owned or {})
    live = system.read().states()
    stood = beside_live(declared.states(), live, owned or {}, {"accounts": declared.lasting}).declared
    made = [change(one, Rules(system.kinds)) for one in compare(stood, live, owned or {})]
    return layers(one for one in made if one is not None)


def bring(system: AccountsSystem, inventory: Inventory) -> list[Outcome]:
    cut = plan(system, inventory)
    assert [str(finding) for finding in system.check([one for layer in cut for one in layer])] == []
    return [outcome for layer in cut for outcome in system.apply(layer)]


def hospital(users: dict[str, tuple[str, ...]], **more) -> Inventory:
    """Users with the groups that they are to be in."""
    groups = sorted({group for held in users.values() for group in held})
    roles = {group: JobRole(id=group, groups={"accounts": (group,)}) for group in groups}
    made = {
        name: User(id=name, grants=tuple(Grant(role=one) for one in held)) for name, held in users.items()
    }
    return Inventory(users=made, roles=roles, **more)


# --- names ------------------------------------------------------------------------------------------------------

ODD = st.text(st.sampled_from(" ,+\"\\<>;=#*()/&|!äöüßéÅ中0aZ'.@-"), min_size=1, max_size=12).filter(
    lambda text: text == " ".join(text.split())
)


@given(login=ODD, group=ODD)
@example(login="#hash", group="a, b")
@example(login=" #lead and trail ", group="#a")
@example(login="Müller, Jörg", group="x)(uid=*")
@example(login='quo"te+plus', group="cn=pacs-admin,ou=groups")
@example(login="back\\slash", group="star*")
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_somebody_and_a_group_are_called_they_find_each_other(running, login, group):
    while MADE:
        MADE.pop().close()
    running.reset()
    user = User(id="u", kind="service", logins={"accounts": login}, grants=(Grant(role="r"),))
    inventory = Inventory(users={"u": user}, roles={"r": JobRole(id="r", groups={"accounts": (group,)})})
    assert {outcome.status for outcome in bring(system_at(running), inventory)} == {"applied"}
    system = system_at(running)
    assert plan(system, inventory, system.declared(inventory).states()) == ()
    assert system.live().directly == {"u": (group,)}
    assert system.live_of("u").directly == {"u": (group,)}
    assert system.live().accounts["u"].login == login


def test_a_login_is_found_whatever_its_case(lab):
    user = User(id="a", logins={"accounts": "ADA"}, grants=(Grant(role="r"),))
    inventory = Inventory(
        users={"a": user}, roles={"r": JobRole(id="r", groups={"accounts": ("pacs-readers",)})}
    )
    system = system_at(lab)
    cut = plan(system, inventory)
    assert rules_of(system, cut) == ["ACCOUNTS-LOGIN"]
    assert [each.status for layer in cut for each in system.apply(layer)] == ["applied", "applied"]
    assert lab.members(READERS) == [f"uid=ada,{PEOPLE}"]


# --- groups in groups ---------------------------------------------------------------------------------------------


def test_groups_are_put_into_groups_and_who_is_in_them_by_which_path_is_told(lab):
    inventory = hospital({"ada": ("pacs-readers",), "bob": ("pacs-qc",)})
    nested = {"pacs-all": ("pacs-readers", "pacs-qc"), "pacs-readers": ("pacs-chiefs",)}
    system = system_at(lab, nested=nested)
    assert {outcome.status for outcome in bring(system, inventory)} == {"applied"}
    system = system_at(lab, nested=nested)
    assert plan(system, inventory, system.declared(inventory).states()) == ()
    assert system.live().paths("ada") == {
        "pacs-readers": ("pacs-readers",),
        "pacs-all": ("pacs-readers", "pacs-all"),
    }
    assert system.live_of("ada").paths("ada") == system.live().paths("ada")


def test_a_circle_of_groups_that_somebody_made_is_survived_and_told(lab):
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        lab.add_group(f"cn=pacs-{one},{GROUPS}", [f"cn=pacs-{other},{GROUPS}"])
    lab.change(f"cn=pacs-a,{GROUPS}", member=("MODIFY_ADD", f"uid=ada,{PEOPLE}"))
    system = system_at(lab)
    system.declared(Inventory())
    system.read()
    assert list(circles(system.live().nested)) == [("pacs-a", "pacs-b", "pacs-c")]
    assert set(system.live().paths("ada")) == {"pacs-a", "pacs-b", "pacs-c"}
    assert set(system.live_of("ada").paths("ada")) == {"pacs-a", "pacs-b", "pacs-c"}


def test_members_that_are_nobody_s_are_told_and_left(lab):
    lab.add_group(READERS, [f"uid=gone,{PEOPLE}", "cn=somebody,o=elsewhere"])
    system = system_at(lab)
    system.declared(Inventory())
    system.read()
    group = system.live().groups["pacs-readers"]
    assert (group.users, group.elsewhere) == ((f"uid=gone,{PEOPLE}",), ("cn=somebody,o=elsewhere",))
    assert not system.live().accounts[f"uid=gone,{PEOPLE}"].exists
    bring(system_at(lab), hospital({"ada": ("pacs-readers",)}))
    assert lab.members(READERS) == sorted(
        ["cn=somebody,o=elsewhere", f"uid=ada,{PEOPLE}", f"uid=gone,{PEOPLE}"]
    )


def test_two_groups_of_one_name_are_a_bad_answer(lab):
    lab.add(f"ou=more,{GROUPS}", "organizationalUnit", ou="more")
    for base in (GROUPS, f"ou=more,{GROUPS}"):
        lab.add_group(f"cn=pacs-readers,{base}")
    system = system_at(lab)
    system.declared(Inventory())
    with pytest.raises(BadAnswer, match="two groups are called pacs-readers"):
        system.read()


def test_two_accounts_of_one_login_stop_what_is_wanted_of_it(lab):
    lab.conn.add(f"ou=x,{PEOPLE}", "organizationalUnit", {"ou": "x"})
    lab.add(f"cn=twin,{PEOPLE}", "inetOrgPerson", cn="twin", sn="twin", employeeNumber="1")
    system = system_at(lab, people={"staff": {"base": PEOPLE, "login": "employeeNumber"}})
    lab.modify(f"uid=ada,{PEOPLE}", employeeNumber="1")
    inventory = Inventory(
        users={"1": User(id="1", grants=(Grant(role="r"),))},
        roles={"r": JobRole(id="r", groups={"accounts": ("pacs-readers",)})},
    )
    cut = plan(system, inventory)
    assert {finding.rule for finding in system.check([one for layer in cut for one in layer])} == {
        "ACCOUNTS-TWICE"
    }
    told = repr(system.check([one for layer in cut for one in layer]))
    assert PEOPLE in told
    assert "twin" not in told  # it may be somebody's name


# --- days -------------------------------------------------------------------------------------------------------


def test_an_account_ends_when_its_last_day_is_over_where_it_is_used(lab):
    user = User(id="r", kind="service", site="far", ends="2030-03-04", grants=(Grant(role="r"),), owner="x")
    inventory = Inventory(
        users={"r": user},
        roles={"r": JobRole(id="r", groups={"accounts": ("pacs-readers",)})},
        sites={"far": Site(name="far", timezone="America/Los_Angeles")},
        as_of=AsOf.on(date(2030, 1, 1)),
    )
    bring(system_at(lab), inventory)
    assert lab.entry(f"uid=r,{SERVICES}")["pwdEndTime"] == ["20300305080000Z"]
    system = system_at(lab)
    assert plan(system, inventory, system.declared(inventory).states()) == ()
    assert system.live().accounts["r"].expires == date(2030, 3, 4)


# --- Keycloak's ---------------------------------------------------------------------------------------------------


def test_role_groups_beside_users_as_a_dcm4chee_archive_with_keycloak_has_them(tmp_path):
    with started(tmp_path, keycloak()) as lab:
        users = "ou=users,dc=dcm4che,dc=org"
        realm = f"ou=realm-management,{users}"
        lab.add(realm, "organizationalUnit", ou="realm-management")
        keys = {
            "people": {"all": {"base": users, "owns_accounts": True}},
            "groups": {
                "roles": {"base": users, "names": ["*"], "everyone": ["auth"]},
                "realm": {"base": realm, "names": ["view-*", "manage-*", "query-*"]},
            },
        }
        inventory = hospital({"ada": ("user",), "admin": ("admin", "user", "view-users")})
        outcomes = bring(system_at(lab, **keys), inventory)
        assert {outcome.status for outcome in outcomes} == {"applied"}
        ada, admin = f"uid=ada,{users}", f"uid=admin,{users}"
        assert ada in lab.members(f"cn=auth,{users}")
        assert ada in lab.members(f"cn=user,{users}")
        assert admin in lab.members(f"cn=view-users,{realm}")
        system = system_at(lab, **keys)
        assert plan(system, inventory, system.declared(inventory).states()) == ()


def test_what_is_not_declared_as_ours_is_not_looked_at(lab):
    lab.add_group(f"cn=finance,{GROUPS}", [f"uid=ada,{PEOPLE}"])
    system = system_at(
        lab, groups={"pacs": {"base": GROUPS, "names": ["pacs-*"], "placeholder": lab.placeholder}}
    )
    system.declared(Inventory())
    assert Address.of("accounts", "group", "finance") not in system.read().states()
    assert "finance" not in system.live().groups


def test_only_memberships_can_be_exclusive(lab):
    with pytest.raises(ValidationError, match="no account, group or policy is ever deleted"):
        system_at(lab, exclusive=["user"])
    lab.add_group(READERS, [f"uid=bob,{PEOPLE}"])
    system = system_at(lab, exclusive=["membership"])
    declared = system.declared(hospital({"ada": ("pacs-readers",)}))
    live = system.read().states()
    rules = Rules(system.kinds, exclusive=frozenset({"membership"}))
    made = [change(one, rules) for one in compare(declared.states(), live, {})]
    assert {outcome.status for outcome in system.apply([one for one in made if one])} == {"applied"}
    assert lab.members(READERS) == [f"uid=ada,{PEOPLE}"]


# --- whose account it is ------------------------------------------------------------------------------------------


def program(user: str, **keys) -> Inventory:
    """One service account that is to be in one group."""
    made = User(id=user, kind="service", grants=(Grant(role="r"),), **keys)
    return Inventory(users={user: made}, roles={"r": JobRole(id="r", groups={"accounts": ("pacs-readers",)})})


def rules_of(system: AccountsSystem, cut: tuple[tuple[Change, ...], ...]) -> list[str]:
    return [finding.rule for finding in system.check([one for layer in cut for one in layer])]


def test_who_vanished_is_closed_by_the_login_they_had_and_nobody_else_is(lab):
    """Somebody else's account may be called by the id of who vanished."""
    inventory = program("svc", logins={"accounts": "Robot"})
    bring(system_at(lab), inventory)
    lab.add(f"uid=svc,{SERVICES}", "inetOrgPerson", cn="svc", sn="svc", uid="svc")
    applied = system_at(lab).declared(inventory).states()
    system = system_at(lab)
    outcomes = [each for layer in plan(system, Inventory(), applied) for each in system.apply(layer)]
    assert {each.status for each in outcomes} == {"applied"}
    assert lab.entry(f"uid=Robot,{SERVICES}")["pwdAccountLockedTime"] == ["000001010000Z"]
    assert "pwdAccountLockedTime" not in lab.entry(f"uid=svc,{SERVICES}")
    assert f"uid=Robot,{SERVICES}" not in lab.members(READERS)


def test_an_account_that_was_somebody_s_until_their_login_changed_is_told(lab):
    bring(system_at(lab), program("svc", logins={"accounts": "Robot"}))
    applied = system_at(lab).declared(program("svc", logins={"accounts": "Robot"})).states()
    system = system_at(lab)
    cut = plan(system, program("svc", logins={"accounts": "Robot2"}), applied)
    assert rules_of(system, cut) == ["ACCOUNTS-FORMER"]
    lab.change(f"uid=Robot,{SERVICES}", pwdAccountLockedTime=("MODIFY_ADD", "000001010000Z"))
    lab.change(READERS, member=("MODIFY_REPLACE", lab.placeholder))
    system = system_at(lab)
    assert rules_of(system, plan(system, program("svc", logins={"accounts": "Robot2"}), applied)) == []


def test_a_password_that_pacsconf_did_not_set_is_replaced_for_all_to_see(lab):
    lab.add(f"uid=boss,{SERVICES}", "inetOrgPerson", cn="boss", sn="boss", uid="boss")
    inventory = program("svc", logins={"accounts": "boss"}, password={"from": "env:NEW", "version": 1})
    system = system_at(lab)
    cut = plan(system, inventory)
    assert rules_of(system, cut) == ["ACCOUNTS-LOGIN", "ACCOUNTS-PASSWORD"]
    applied = system.declared(inventory).states()
    again = system_at(lab)
    assert rules_of(again, plan(again, program("svc", logins={"accounts": "boss"}), applied)) == []


# --- what a DN tells ----------------------------------------------------------------------------------------------


def test_who_is_known_by_a_dn_alone_is_called_otherwise_and_can_be_taken_out(lab):
    """DNs are often called after people, and addresses stand in plans and in the record for ever."""
    lab.add(f"cn=Erika Geheim,{PEOPLE}", "inetOrgPerson", cn="Erika Geheim", sn="Geheim")
    lab.add_group(READERS, [f"cn=Erika Geheim,{PEOPLE}", "cn=Martha Privat,o=else", f"uid=gone,{PEOPLE}"])
    system = system_at(lab, exclusive=["membership"])
    declared = system.declared(Inventory())
    live = system.read().states()
    told = sorted(address.parts[0] for address in live if address.kind == "membership")
    assert [name[:6] for name in told] == ["other-", "other-", f"uid=gone,{PEOPLE}"[:6]]
    assert not any(word in repr(live) for word in ("Erika", "Geheim", "Martha", "Privat"))
    assert "cn=Martha Privat,o=else" in system.live().called
    rules = Rules(system.kinds, exclusive=frozenset({"membership"}))
    made = [change(one, rules) for one in compare(declared.states(), live, {})]
    assert [each.status for each in system.apply([one for one in made if one])] == ["applied"] * 3
    assert lab.members(READERS) == []


# --- who must stay ------------------------------------------------------------------------------------------------


def test_only_who_can_sign_in_counts_as_an_administrator(lab):
    """A member that does not exist, one from elsewhere, and an account that ended put nothing right."""
    ada = f"uid=ada,{PEOPLE}"
    lab.add_group(READERS, [ada, f"uid=gone,{PEOPLE}", "cn=x,o=else", f"uid=bob,{PEOPLE}"])
    lab.change(f"uid=bob,{PEOPLE}", pwdEndTime=("MODIFY_ADD", "20200101000000Z"))
    grants = (Grant(role="a"),)
    inventory = Inventory(
        users={
            name: User(id=name, kind="vendor", ends="2031-01-01", grants=grants) for name in ("ada", "bob")
        },
        roles={"a": JobRole(id="a", administrator=True, groups={"accounts": ("pacs-readers",)})},
        as_of=AsOf.on(date(2030, 1, 1)),
    )
    system = system_at(lab)
    floor = next(one for one in system.declared(inventory).floors if one.id == "GUARD-ADMIN")
    assert [str(one) for one in floor.standing(system.read().states())] == ["accounts/user/ada"]


@pytest.mark.parametrize(
    ("ends", "day"),
    [("99991231235959Z", date(9999, 12, 31)), ("00010101000000Z", date(1, 1, 1)), ("sometime", None)],
)
@pytest.mark.parametrize("timezone", ["Asia/Tokyo", "America/Los_Angeles", None])
def test_an_end_that_no_calendar_has_keeps_nobody_from_being_read(ends, day, timezone):
    zone = ZoneInfo(timezone) if timezone else UTC
    facts = OpenLDAP().facts(Entry("uid=a", {"pwdendtime": (ends.encode(),)}), "a")
    assert (last_day(facts.ends, zone) if facts.ends else None) == day


@given(st.dates(), st.sampled_from(["Asia/Tokyo", "America/Los_Angeles", "UTC"]).map(ZoneInfo))
@example(date.max, ZoneInfo("Asia/Tokyo"))
@example(date.max, ZoneInfo("America/Los_Angeles"))
def test_whatever_the_last_day_is_it_is_found_again(day, zone):
    if day.year > 1:
        assert last_day(end_of(day, zone), zone) == day


def test_no_password_is_sent_in_clear_text_where_nobody_signs_in_either(lab):
    asked = []
    config = system_at(lab, url="ldap://10.20.1.1", bind=None).config
    system = AccountsSystem("accounts", config, lambda *place: asked.append(place))
    with pytest.raises(Refused, match="would travel unencrypted"):
        system._secret("env:NEW")
    assert asked == []


def test_the_password_that_pacsconf_itself_signs_in_with_is_not_renewed_by_the_way(lab):
    bind = Bind(dn=f"uid=ada,{PEOPLE}", password="env:LDAP")
    system = system_at(lab, bind=bind, people={"staff": {"base": PEOPLE, "owns_accounts": True}})
    inventory = program("ada", password={"from": "env:NEW", "version": 1})
    (changed,) = [one for layer in plan(system, inventory) for one in layer if one.address.kind == "user"]
    floor = next(one for one in system.declared(inventory).floors if one.id == "GUARD-SELF")
    live = system.read().states()
    lost = floor.standing(live) - floor.standing({**live, changed.address: changed.after})
    assert [str(one) for one in lost] == ["accounts/user/ada/password-0"]
