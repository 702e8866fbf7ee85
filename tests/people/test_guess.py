"""What kind of account it is, by what little a directory tells."""

from __future__ import annotations

import pytest

from pacsconf.inventory.account_names import looks_shared
from pacsconf.people.guess import administers, kind_of
from pacsconf.people.live import LiveAccount

STAFF = "ou=people,dc=hospital,dc=example"


def account(login: str, branch: str = STAFF, **more: object) -> LiveAccount:
    return LiveAccount(login, login, f"uid={login},{branch}", "people", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "login", ["ct1", "xray", "XRAY-ROOM-2", "radWorkstation3", "admin", "befund.raum4", "us_1"]
)
def test_a_name_that_is_nobodys(login: str) -> None:
    assert looks_shared(login)
    assert kind_of(account(login)).kind == "shared"


@pytest.mark.parametrize(
    "login", ["mmueller", "ct.meier", "j.night", "doctorow", "änne", "#", "4711", "roomes"]
)
def test_a_name_that_may_be_a_persons(login: str) -> None:
    assert not looks_shared(login)
    assert kind_of(account(login)).kind == "person"


@pytest.mark.parametrize(
    "login", ["svc-router", "SvcRouter", "orthanc", "backup2", "worklist-broker", "router_svc"]
)
def test_a_program_is_known_by_its_name(login: str) -> None:
    guess = kind_of(account(login))
    assert (guess.kind, guess.why) == ("service", "by its name")


def test_a_program_is_known_by_its_branch() -> None:
    guess = kind_of(account("kx81", "ou=Service Accounts,dc=hospital,dc=example"))
    assert (guess.kind, guess.why) == ("service", "by the branch that it stands in")


def test_a_comma_in_a_name_begins_no_branch() -> None:
    odd = LiveAccount("x,ou=services z", "x,ou=services z", rf"uid=x\,ou=services z,{STAFF}", "people")
    assert kind_of(odd).kind == "person"


def test_a_password_for_ever_makes_a_program_of_what_has_no_given_name() -> None:
    nameless = account("kx81", password_expires=False, personal={"name": "KX 81"})
    assert kind_of(nameless).kind == "service"
    person = account("kx81", password_expires=False, personal={"name": "K X", "given_name": "K"})
    assert kind_of(person).kind == "person"


@pytest.mark.parametrize("login", ["ext-meier", "siemens-service1", "Philips.Field"])
def test_somebody_from_outside(login: str) -> None:
    assert kind_of(account(login)).kind == "vendor"


@pytest.mark.parametrize("login", ["breakglass", "break-glass-1", "notfall2", "emergency"])
def test_emergency_access(login: str) -> None:
    assert kind_of(account(login)).kind == "break-glass"


@pytest.mark.parametrize(
    ("group", "does"),
    [("pacs-admin", True), ("PACS Administrators", True), ("badminton", False), ("pacs-qc", False)],
)
def test_groups_of_administrators(group: str, does: bool) -> None:
    assert administers(group) is does
