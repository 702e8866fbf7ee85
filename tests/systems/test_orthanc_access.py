"""Who is let in at a real Orthanc: nobody without a password, and its declared users with theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest

from pacsconf.core.errors import OperatorError
from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import AsOf, User
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.lab import orthanc
from pacsconf.people.orthanc import VERSIONS
from pacsconf.systems._orthanc.access import ANONYMOUS
from pacsconf.systems.abilities import LoginsTried
from pacsconf.systems.orthanc import OrthancSystem
from tests.fronts import PAGE, front, reply

DAY = date(2026, 11, 26)
PEOPLE = Inventory(
    users={one: User(id=one, ends="2026-11-25" if one == "left" else None) for one in ("ann", "left", "bob")},
    as_of=AsOf.on(DAY),
)
PASSWORDS = {"PW": "", "ANN": 'p"\\ü', "BOB": "b0b", "LEFT": "gone"}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[orthanc.Orthanc]:
    """A real Orthanc that knows ann, and somebody who has left."""
    with orthanc.started(tmp_path_factory.mktemp("pacs") / "a") as running:
        configuration = json.loads(running.settings_file.read_text())
        users = configuration["RegisteredUsers"] | {"ann": PASSWORDS["ANN"], "left": PASSWORDS["LEFT"]}
        running.settings_file.write_text(json.dumps(configuration | {"RegisteredUsers": users}))
        again = orthanc.restart(running)
        yield again
        again.stop()


@pytest.fixture
def opened(server):
    """Makes systems on the server, each closed afterwards."""
    made = []

    def make(port: int | None = None, inventory: Inventory = PEOPLE, **keys: object) -> OrthancSystem:
        url = f"http://127.0.0.1:{port}" if port else server.url
        config = {"type": "orthanc", "name": "pacs", "url": url, "timeout": 30} | keys
        config.setdefault("login", {"user": server.user, "password": "env:PW"})
        made.append(OrthancSystem("pacs", OrthancConfig.model_validate(config), secrets))
        made[-1].declared(inventory)
        return made[-1]

    def secrets(ref, *_at) -> Secret:
        if ref.rest not in PASSWORDS:
            raise OperatorError(f"{ref} cannot be had")
        return Secret(PASSWORDS[ref.rest] or server.password)

    yield make
    for system in made:
        system.close()


def users(**refs: str) -> dict[str, object]:
    return {name: {"password": f"env:{ref}", "for": name} for name, ref in refs.items()}


def found(system) -> list[tuple[str, str]]:
    system.read()
    return [(one.rule, one.severity) for one in system.check([]) if one.rule != "ORTHANC-SETTINGS-UNKNOWN"]


# --- without a password -------------------------------------------------------------------------------------------


def test_an_orthanc_that_asks_for_a_password_gives_nothing_to_say(opened):
    assert found(opened()) == []


def test_one_that_asks_for_none_though_a_login_is_declared_is_an_error(opened, tmp_path):
    options = orthanc.Options(settings={"AuthenticationEnabled": False})
    with orthanc.started(tmp_path / "open", options) as running:
        assert found(opened(running.http_port)) == [("ORTHANC-REST-OPEN", "error")]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(403, {}), []),
        (reply(302, "", Location="https://sso.example.org"), []),
        (reply(500, {}), [("ORTHANC-REST-UNTRIED", "warning")]),
        (PAGE, [("ORTHANC-REST-UNTRIED", "warning")]),
        (b"nonsense\r\n\r\n", [("ORTHANC-REST-UNTRIED", "warning")]),
        (reply(200, {"Version": "1.12.9", "DicomAet": "PACS"}), [("ORTHANC-REST-TELLS", "info")]),
    ],
    ids=["refused", "sent to sign in", "broken", "a page", "no HTTP", "tells of itself"],
)
def test_what_stands_in_front_may_answer_otherwise(opened, server, answer, expected):
    with front(server.http_port) as proxy:
        system = opened(proxy.port)
        system.read()
    with front(server.http_port, lambda method, path: answer if path == "/system" else None) as proxy:
        again = opened(proxy.port)
        again._server = system._server
        assert [
            (one.rule, one.severity) for one in again.check([]) if one.rule != "ORTHANC-SETTINGS-UNKNOWN"
        ] == expected
        assert not [head for head in proxy.heads if b"authorization" in head.lower()]


def test_it_is_tried_once_with_the_first_read(opened, server):
    with front(server.http_port) as proxy:
        system = opened(proxy.port)
        system.read()
        before = len(proxy.asked)
        system.check([])
        system.read()
        assert proxy.asked[:before].count("GET /system") == 2
        assert proxy.asked[before:].count("GET /system") == 1


# --- each user by one try -----------------------------------------------------------------------------------------


def test_who_may_sign_in_can_and_who_left_still_can_until_the_file_is_rendered_anew(opened):
    system = opened(users=users(ann="ANN", bob="BOB", left="LEFT"))
    assert isinstance(system, LoginsTried)
    assert [(one.name, one.wanted, one.verdict) for one in system.try_logins()] == [
        (ANONYMOUS, False, "no"),
        ("ann", True, "yes"),
        ("bob", True, "no"),
        ("left", False, "yes"),
    ]


def test_each_is_tried_once_and_a_password_that_cannot_be_had_is_not_guessed(opened, server):
    with front(server.http_port) as proxy:
        system = opened(proxy.port, users=users(ann="ANN", bob="NOWHERE"))
        tried = list(system.try_logins())
        assert proxy.asked == ["GET /system", "GET /system"]
    assert [(one.verdict, one.detail) for one in tried[1:]] == [
        ("yes", "answered with 200"),
        ("unknown", "env:NOWHERE cannot be had"),
    ]


# --- a copy of its configuration ----------------------------------------------------------------------------------


def copied(tmp_path, registered: object, **more: object) -> str:
    careful = {
        "DicomAet": "ORTHANC", "DicomModalitiesInDatabase": True, "OrthancPeersInDatabase": True,
        "DicomCheckCalledAet": True, "DicomAlwaysAllowEcho": False, "DicomAlwaysAllowStore": False,
    }  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(careful))
    (tmp_path / "b.json").write_text("// rendered\n" + json.dumps({"RegisteredUsers": registered} | more))
    return str(tmp_path)


@pytest.mark.parametrize(
    ("registered", "more", "expected"),
    [
        ({"ann": "x", "bob": "x"}, {}, []),
        ({"ann": "x", "bob": "x", "left": "x"}, {}, ["ORTHANC-USERS-LEFT"]),
        ({"ann": "x", "bob": "x", "orthanc": "orthanc"}, {}, ["ORTHANC-USERS-EXTRA"]),
        ({"ann": "x"}, {}, ["ORTHANC-USERS-MISSING"]),
        ({"ann": "x", "bob": "x"}, {VERSIONS: {"ann": 1, "bob": 2}}, []),
        ({"ann": "x", "bob": "x"}, {VERSIONS: {"ann": 1, "bob": 1}}, ["ORTHANC-USERS-OLD"]),
        ({"ann": "x", "bob": "x"}, {VERSIONS: "nonsense"}, []),
        ("${USERS}", {}, ["ORTHANC-USERS-UNKNOWN"]),
        ({}, {}, ["ORTHANC-USERS-MISSING"]),
    ],
)
def test_registered_users_are_held_against_the_declared_ones(opened, tmp_path, registered, more, expected):
    declared = users(ann="ANN", bob="BOB", left="LEFT")
    declared["bob"]["version"] = "2"
    system = opened(users=declared, settings_file=copied(tmp_path, registered, **more))
    system.read()
    told = [one for one in system.check([]) if one.rule.startswith("ORTHANC-USERS")]
    assert [one.rule for one in told] == expected
    assert not any("gone" in str(one) or 'p"' in str(one) for one in told)


def test_without_a_copy_it_is_not_known_of_those_who_left(opened, tmp_path):
    for copy in (None, str(tmp_path / "none.json"), copied(tmp_path, "${USERS}")):
        system = opened(users=users(ann="ANN", left="LEFT"), settings_file=copy)
        system.read()
        told = [one for one in system.check([]) if one.rule.startswith("ORTHANC-USERS")]
        assert [(one.rule, one.verdict) for one in told] == [("ORTHANC-USERS-UNKNOWN", "unknown")]
        assert "left (for left, who has left)" in told[0].summary
    assert found(opened(users=users(ann="ANN"))) == []


def test_without_declared_users_the_copy_is_not_compared(opened, tmp_path):
    assert found(opened(settings_file=copied(tmp_path, {"x": "y"}))) == []
