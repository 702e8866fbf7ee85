"""Who may sign in at an Orthanc on a day, and what its authorization plugin is to allow."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import AsOf, User
from pacsconf.inventory.permissions import PERMISSIONS
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.people.orthanc import WORDS, LeftOut, authorization, logins, logins_for

DEVICES = {"pacs": {"name": "pacs", "type": "archive", "site": "main"}}
AE = {"title": "PACS", "connections": (), "initiator": True, "acceptor": True}


def orthanc(**keys: object) -> OrthancConfig:
    return OrthancConfig.model_validate({"name": "pacs", "type": "orthanc", "url": "https://pacs"} | keys)


def user(name: str, **keys: object) -> User:
    return User.model_validate({"id": name} | keys)


def on(day: date | None, *users: User) -> Inventory:
    return Inventory(users={one.id: one for one in users}, as_of=AsOf.on(day) if day else None)


def one_for(who: str | None) -> dict[str, object]:
    return {"password": "env:PW"} | ({"for": who} if who else {})


# --- logins -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "day", "stage"),
    [
        ({}, None, None),
        ({"ends": "2026-11-30"}, date(2026, 11, 30), None),
        ({"ends": "2026-11-30"}, date(2026, 12, 1), "left"),
        ({"ends": "2026-11-30"}, None, None),
        ({"starts": "2026-12-01"}, date(2026, 11, 30), "joining"),
        ({"status": "suspended"}, None, "suspended"),
        ({"status": "left"}, None, "left"),
    ],
)
def test_a_login_goes_with_whose_it_is(keys, day, stage):
    found = logins(on(day, user("jdoe", **keys)), orthanc(users={"john": one_for("jdoe")}))
    if stage is None:
        assert (list(found.registered), found.left_out) == (["john"], ())
    else:
        assert (list(found.registered), found.left_out) == ([], (LeftOut("john", "jdoe", stage),))


def test_a_login_that_is_nobodys_stays():
    assert list(logins(on(date(2026, 1, 1)), orthanc(users={"viewer": one_for(None)})).registered) == [
        "viewer"
    ]


def test_what_is_told_of_a_login_that_is_left_out():
    assert str(LeftOut("john", "jdoe", "left")) == "john (for jdoe, who has left)"


def test_the_logins_of_one_user_are_found_in_every_orthanc():
    first, second = (
        orthanc(users={"a": one_for("jdoe"), "b": one_for("ann")}),
        orthanc(users={"c": one_for("jdoe")}),
    )
    inventory = Inventory(systems={"pacs-2": second, "pacs-1": first})
    assert list(logins_for(inventory, "jdoe")) == [("pacs-1", "a"), ("pacs-2", "c")]


# --- the authorization plugin -------------------------------------------------------------------------------------


def landing(*roles: dict[str, object], site: str = "main") -> Inventory:
    """An inventory whose roles all land in the plugin's role `doctor`."""
    made = [{"id": f"r{at}", "groups": {"pacs": "doctor"}} | role for at, role in enumerate(roles)]
    device = {"name": "pacs", "type": "archive", "site": site, "ae_titles": {"PACS": AE}}
    return Inventory.model_validate(
        {"devices": {"pacs": device}, "roles": {one["id"]: one for one in made}}, strict=False
    )


def doctor(*roles: dict[str, object]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Permissions and labels of the plugin's role, and what could not be said."""
    found = authorization(landing(*roles), "pacs", orthanc(ae="pacs", authorization="true"))
    assert len(found.roles) <= 1
    one = found.roles[0] if found.roles else None
    return (one.permissions, one.labels, found.not_given) if one else ((), (), found.not_given)


def test_roles_that_land_together_are_joined():
    found = doctor(
        {"permissions": ["study:view", "study:query"]}, {"permissions": ["study:send", "audit:view"]}
    )
    assert found == (("audit-logs", "send", "view"), ("*",), ())


def test_a_site_and_a_device_must_be_this_ones():
    here = [{"permission": "study:view", "site": "main"}, {"permission": "study:send", "device": "pacs"}]
    there = [
        {"permission": "study:modify-demographics", "site": "north"},
        {"permission": "audit:view", "device": "x"},
    ]
    assert doctor({"permissions": here + there}) == (("send", "view"), ("*",), ())


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"modality": "MG"}, "a modality"),
        ({"department": "radiology"}, "a department"),
        ({"on_shift": "true", "ticket": "true"}, "a shift or a ticket"),
        ({"deidentified_only": "true"}, "de-identified studies"),
    ],
)
def test_what_orthanc_cannot_limit_is_not_given_and_told(limit, words):
    permissions = ["study:view", {"permission": "study:download"} | limit]
    given, _, told = doctor({"permissions": permissions})
    assert given == ("view",)
    assert len(told) == 1
    assert told[0].endswith(f"is not given, since Orthanc cannot limit it to {words}")


def test_labels_are_a_roles_so_only_what_all_have_in_common_is_given():
    a = {"permissions": [{"permission": "study:view", "label": ["a", "b"]}]}
    assert doctor(a) == (("view",), ("a", "b"), ())
    b = {"permissions": [{"permission": "study:send", "label": ["b", "c"]}, "audit:view"]}
    assert doctor(a, b) == (
        ("audit-logs", "send", "view"),
        ("b",),
        ("role doctor: labels count for all that a role may, so it gets only b",),
    )
    c = {"permissions": [{"permission": "study:send", "label": "c"}, "audit:view"]}
    assert doctor(a, c)[:2] == (("audit-logs",), ("*",))


def test_who_may_change_modalities_and_roles_needs_both():
    assert doctor({"permissions": ["ae:manage", "study:view"]})[0] == ("view",)
    assert doctor({"permissions": ["ae:manage", "user:assign-role"]})[0] == ("admin-permissions",)


def test_a_role_without_a_word_there_is_left_out():
    assert doctor({"permissions": ["report:sign"]}) == (
        (),
        (),
        ("role doctor (r0) is left out: nothing of it has a word there",),
    )


@given(st.sets(st.sampled_from(sorted(PERMISSIONS))))
def test_nobody_may_delete_or_do_everything_and_nothing_is_given_that_is_not_declared(declared):
    given, _, _ = doctor({"permissions": sorted(declared)})
    assert not {"delete", "all"} & set(given)
    sources = {word: {ours for ours, theirs in WORDS.items() if theirs == word} for word in given}
    sources["admin-permissions"] = {"ae:manage"}
    assert all(sources[word] & declared for word in given)
