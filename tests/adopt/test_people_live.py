"""Whatever a real directory of people holds is adopted, and planned to no change."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pacsconf.adopt.files import Terms, write
from pacsconf.cli.adopt_people import People
from pacsconf.cli.adoption import Again, Finds, Result, adopted
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.finding import errors
from pacsconf.core.secret import Secret
from pacsconf.core.select import ignoring
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.environment import choose, for_environment
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import AsOf
from pacsconf.inventory.systems import Bind, SystemConfig
from pacsconf.lab.people_tree import escaped
from pacsconf.systems.accounts import AccountsSystem
from tests.accounts_lab import DISABLED, GROUPS, PEOPLE, SERVICES, AccountsLab, started

NOW = datetime.now(UTC)
TERMS = Terms("me", NOW.date(), source="ldap://127.0.0.1")
OTHERS = "ou=others,dc=hospital,dc=example"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccountsLab]:
    with started(tmp_path_factory.mktemp("people")) as found:
        yield found


@dataclass(frozen=True)
class Someone:
    """An account: how it is called, where it stands, and what else its entry says."""

    login: str
    branch: str = PEOPLE
    more: tuple[tuple[str, str], ...] = ()

    @property
    def dn(self) -> str:
        return f"uid={escaped(self.login)},{self.branch}"


@dataclass(frozen=True)
class Some:
    """A directory: accounts, and groups with the DNs that are in them."""

    accounts: tuple[Someone, ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    extra: dict[str, str] = field(default_factory=dict)


def group_dn(name: str) -> str:
    return f"cn={escaped(name)},{GROUPS}"


# --- what may be there ------------------------------------------------------------------------------------

LETTERS = "abmüÄß017,+\"\\<>;=#: /*[]{}&'@%.-_ "
LOGINS = st.one_of(
    st.text(LETTERS, min_size=1, max_size=8).filter(lambda text: text.strip()),
    st.sampled_from(
        ["anna", "ct2", "svc-router", "ext-meier", "notfall", "null", "yes", "0x1", "users", "-", "~"]
    ),
)
ENDS = st.sampled_from([(), (("pwdEndTime", "20200101000000Z"),), (("pwdEndTime", "20991231230000Z"),)])
LOCKS = st.sampled_from([(), (("pwdAccountLockedTime", DISABLED),)])
PEOPLE_LIVE = st.builds(
    lambda login, branch, ends, lock: Someone(login, branch, (*ends, *lock)),
    LOGINS,
    st.sampled_from([PEOPLE, SERVICES]),
    ENDS,
    LOCKS,
)


def same(text: str) -> str:
    """What a directory takes for one name (RFC 4518)."""
    return " ".join(text.casefold().split())


@st.composite
def directories(draw: st.DrawFn) -> Some:
    accounts = draw(st.lists(PEOPLE_LIVE, max_size=5, unique_by=lambda one: same(one.login)))
    names = draw(st.lists(st.builds("pacs-{}".format, LOGINS), max_size=4, unique_by=same))
    ghosts = (f"uid=ghost,{PEOPLE}", f"uid=far,{OTHERS}", f"cn=nobody,{GROUPS}")
    others = (*(one.dn for one in accounts), *map(group_dn, names), *ghosts)
    groups = [
        (name, tuple(draw(st.lists(st.sampled_from(others), max_size=4, unique=True)))) for name in names
    ]
    return Some(tuple(accounts), tuple(groups))


def fill(lab: AccountsLab, some: Some) -> None:
    """Make it; what the directory itself takes for the same as something else is left out."""
    lab.reset()
    for one in some.accounts:
        with suppress(AssertionError):
            lab.add(one.dn, "inetOrgPerson", uid=one.login, cn="N", sn="N", **dict(one.more))
    for name, _ in some.groups:
        with suppress(AssertionError):
            lab.add_group(group_dn(name), cn=name)
    for name, members in some.groups:
        with suppress(AssertionError):
            lab.change(
                group_dn(name), member=("MODIFY_ADD", list(members)) if members else ("MODIFY_ADD", [])
            )


# --- adopting it ------------------------------------------------------------------------------------------


def config_of(lab: AccountsLab) -> AccountsConfig:
    return AccountsConfig(
        name="accounts",
        type="accounts",
        url=lab.url,
        bind=Bind(dn=lab.server.pacsconf_dn, password="env:X"),
        people={"people": {"base": PEOPLE}, "services": {"base": SERVICES}},
        groups={"pacs": {"base": GROUPS, "names": ["pacs-*"]}},
    )


def adopt(lab: AccountsLab) -> Result:
    config = config_of(lab)
    system = AccountsSystem("accounts", config, lambda *_: Secret(lab.password))

    def again(inventory: Inventory, config: SystemConfig) -> Again:
        looked = AccountsSystem("accounts", config, lambda *_: Secret(lab.password))
        try:
            return Again.at(looked, inventory)
        finally:
            looked.close()

    try:
        system.declared(Inventory())
        states = system.read().states()
        return adopted(
            Finds("accounts", config, states, again, lab.url, people=People(system.live())), None, TERMS
        )
    finally:
        system.close()


def to_be_changed(lab: AccountsLab, result: Result) -> list[str]:
    """What a plan would change of it, after the files were written."""
    with tempfile.TemporaryDirectory() as folder:
        write(result.files, Path(folder, "inventory"))
        loaded = load(Path(folder), NOW.date())
        assert [one.summary for one in errors(loaded.findings)] == []
        assert loaded.inventory is not None
        inventory, _ = for_environment(loaded.inventory, choose(loaded.inventory, None)[0] or "")
    deployed = inventory.model_copy(update={"as_of": AsOf(NOW)})
    config = deployed.systems["accounts"]
    system = AccountsSystem("accounts", config, lambda *_: Secret(lab.password))
    try:
        seen = Again.at(system, deployed)
    finally:
        system.close()
    assert [one.summary for one in errors(seen.findings)] == []
    found = compare(seen.declared, seen.live, {}, ignoring(config.ignore))
    return [str(made.address) for one in found if (made := change(one, Rules({})))]


ODD = Some(
    (Someone(" #lead"), Someone('M, "x" + ü'), Someone("gone", more=(("pwdEndTime", "20200101000000Z"),))),
    (("pacs-a", (group_dn("pacs-b"),)), ("pacs-b", (group_dn("pacs-a"), f"uid=gone,{PEOPLE}"))),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(directories())
@example(ODD)
def test_whatever_a_directory_holds_is_adopted_and_planned_to_no_change(lab: AccountsLab, some: Some) -> None:
    fill(lab, some)
    assert to_be_changed(lab, adopt(lab)) == []


def test_who_is_away_is_declared_so_and_left_where_they_are(lab: AccountsLab) -> None:
    away = Someone("away", more=(("pwdAccountLockedTime", DISABLED),))
    fill(lab, Some((away,), (("pacs-a", (away.dn,)), ("pacs-b", ()))))
    result = adopt(lab)
    assert "  away: {roles: [a], status: suspended}\n" in result.files["people/users.yaml"]
    assert [one.pattern for one in result.adoption.ignored] == ["membership/away"]


def test_a_sound_directory_leaves_nothing_to_be_ignored(lab: AccountsLab) -> None:
    anna, ben = Someone("anna"), Someone("ben", SERVICES)
    inner = (("pacs-a", (anna.dn, ben.dn)), ("pacs-b", (group_dn("pacs-a"), anna.dn)), ("vpn", (ben.dn,)))
    fill(lab, Some((anna, ben), inner))
    result = adopt(lab)
    assert result.adoption.ignored == ()
    assert result.files["people/users.yaml"].endswith("users:\n  anna: {roles: [a, b]}\n")
    assert "  ben: {roles: [a]}\n" in result.files["people/service-accounts.yaml"]
    assert "    nested: {pacs-b: [pacs-a]}\n" in result.files["systems.yaml"]
