"""The system orthanc on a real Orthanc: what the contract does not ask, and what goes wrong with others' hands."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx2
import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.errors import BadAnswer, OperatorError, Refused, Unavailable
from pacsconf.core.resource import State
from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.lab import orthanc
from pacsconf.lab.credentials import certificates
from pacsconf.systems.abilities import AccountRight, Inspectable, RightsKnown
from pacsconf.systems.orthanc import OrthancSystem
from tests.fronts import PAGE, front, half, reply

NOTHING = Inventory()
CT = {"ae_title": "CT1", "host": "10.20.0.1", "port": 104, "allow": ["echo", "store"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[orthanc.Orthanc]:
    """A real Orthanc with DICOMweb, for all tests of this module."""
    with orthanc.started(tmp_path_factory.mktemp("pacs") / "a", orthanc.Options(dicomweb=True)) as running:
        yield running


class Hands:
    """A colleague who edits by hand."""

    def __init__(self, server: orthanc.Orthanc) -> None:
        login = (server.colleague, server.password)
        self.client = httpx2.Client(base_url=server.url, auth=login, trust_env=False)

    def put(self, path: str, body: object) -> None:
        answer = self.client.put(path, json=body)
        assert answer.is_success, answer.text

    def get(self, path: str) -> object:
        return self.client.get(path).raise_for_status().json()

    def delete(self, path: str) -> None:
        self.client.delete(path).raise_for_status()


@pytest.fixture
def hands(server) -> Iterator[Hands]:
    """The colleague, at an empty Orthanc."""
    found = Hands(server)
    for place in ("/modalities", "/peers", "/dicom-web/servers"):
        for name in found.get(place):
            found.client.delete(
                f"{place}/{httpx2.QueryParams({'n': name})}".replace("n=", "").replace("+", "%20")
            )
        assert found.get(place) == []
    yield found
    found.client.close()


@pytest.fixture
def opened(server):
    """Makes systems on the server, each closed afterwards."""
    made = []

    def make(secrets=None, at=None, **keys):
        running = at or server
        login = {"user": running.user, "password": "env:PW"}
        config = {"type": "orthanc", "name": "pacs", "url": running.url, "login": login, "timeout": 30} | keys
        resolve = secrets or (lambda ref, *_at: Secret(running.password if ref.rest == "PW" else "sesame"))
        made.append(OrthancSystem("pacs", OrthancConfig.model_validate(config), resolve))
        return made[-1]

    yield make
    for system in made:
        system.close()


def planned(system, inventory=NOTHING, last=None) -> list[Change]:
    declared = system.declared(inventory)
    assert [finding.summary for finding in declared.findings if finding.severity == "error"] == []
    wanted = {each.address: each.state() for each in declared.resources}
    live = {each.address: each.state() for each in system.read().resources}
    changes = (change(each, Rules(system.kinds)) for each in compare(wanted, live, last or {}))
    return [each for each in changes if each is not None]


def applied(system, changes) -> list[tuple[str, str]]:
    return [(outcome.status, outcome.error) for outcome in system.apply(changes)]


def live(system) -> dict[str, dict[str, object]]:
    return {f"{each.address.kind}/{each.address.name}": each.fields() for each in system.read().resources}


def peer(**fields: object) -> State:
    address = Address.of("pacs", "peer", "ct1")
    return State(address, address, {"ae_title": "CT1", "host": "10.20.0.1", "port": 104} | fields)


# --- peers --------------------------------------------------------------------------------------------------------


def test_all_that_a_peer_can_be_is_written_and_read_back(hands, opened):
    whole = CT | {"manufacturer": "GE", "local_ae_title": "PACS_B", "timeout": 20, "tls": True}
    system = opened(
        peers={
            "ct1": whole,
            "plain": {"host": "h", "port": 11112, "ae_title": "P", "manufacturer": "Generic"},
        }
    )
    assert applied(system, planned(system)) == [("applied", ""), ("applied", "")]
    assert planned(opened(peers=system.config.model_dump()["peers"])) == []
    assert hands.get("/modalities/ct1/configuration") == {
        "AET": "CT1",
        "AllowEcho": True,
        "AllowEventReport": False,
        "AllowFind": False,
        "AllowFindWorklist": False,
        "AllowGet": False,
        "AllowMove": False,
        "AllowNAction": False,
        "AllowStore": True,
        "AllowTranscoding": False,
        "Host": "10.20.0.1",
        "LocalAet": "PACS_B",
        "Manufacturer": "GE",
        "Port": 104,
        "Timeout": 20,
        "UseDicomTls": True,
    }
    assert live(system)["peer/plain"] == {
        "ae_title": "P",
        "host": "h",
        "port": 11112,
        "allow": tuple(sorted(system.config.peers["plain"].allow or _every_right())),
    }


def _every_right() -> tuple[str, ...]:
    return ("echo", "find", "get", "move", "n-action", "n-event-report", "store", "transcoding", "worklist")


def test_an_update_writes_one_field_and_leaves_what_somebody_else_set_meanwhile(hands, opened):
    hands.put("/modalities/ct1", {"AET": "CT1", "Host": "10.20.0.1", "Port": 104, "AllowStore": False})
    before = peer(allow=("echo",))
    system = opened()
    system.read()
    hands.put("/modalities/ct1", {"AET": "CT1", "Host": "10.20.0.1", "Port": 104, "Timeout": 9})
    after = before.with_fields({**before.fields, "port": 105})
    assert applied(system, [Change("update", before, after)]) == [("applied", "")]
    found = hands.get("/modalities/ct1/configuration")
    assert (found["Port"], found["Timeout"], found["AllowStore"]) == (105, 9, True)


def test_a_peer_that_somebody_deleted_between_read_and_write(hands, opened):
    hands.put("/modalities/ct1", {"AET": "CT1", "Host": "10.20.0.1", "Port": 104})
    system = opened(peers={"ct1": {"ae_title": "CT1", "host": "10.20.0.2", "port": 104}})
    changes = planned(system)
    hands.delete("/modalities/ct1")
    ((status, error),) = applied(system, changes)
    assert (status, error) == (
        "failed",
        "it is gone: somebody else deleted it. Nothing was written; plan again.",
    )
    assert hands.get("/modalities") == []


def test_what_was_written_and_does_not_stand_is_not_called_applied(hands, opened, server):
    """Somebody writes at the very same moment: shown by a proxy that swallows our write."""
    swallows = lambda method, path: reply(200, "") if method == "PUT" else None  # noqa: E731
    with front(server.http_port, swallows) as proxy:
        system = opened(url=f"http://127.0.0.1:{proxy.port}", peers={"ct1": CT})
        ((status, error),) = applied(system, planned(system))
    assert status == "failed"
    assert error == "it was written, but does not stand: somebody else deleted it at the same time"


def test_a_delete_that_finds_nothing_any_more_is_done(hands, opened, server):
    hands.put("/modalities/ct1", {"AET": "CT1", "Host": "10.20.0.1", "Port": 104})
    gone = lambda method, path: hands.delete("/modalities/ct1") if method == "DELETE" else None  # noqa: E731
    with front(server.http_port, gone) as proxy:
        system = opened(url=f"http://127.0.0.1:{proxy.port}")
        (found,) = system.read().resources
        assert applied(system, [Change("delete", found.state(), None)]) == [("applied", "")]


def test_modalities_made_by_hand_are_shown_whatever_they_are(hands, opened):
    hands.put("/modalities/long", {"AET": "A TITLE OF TOO MANY LETTERS", "Host": "10.20.0.1", "Port": 104})
    hands.put("/modalities/none", {"AET": "", "Host": "", "Port": 104})
    hands.put("/modalities/odd", {"AET": "Ä\\", "Host": "a\n\x1b[31mb", "Port": 1, "Manufacturer": "EFilm2"})
    system = opened()
    found = live(system)
    assert found["peer/long"]["ae_title"] == "A TITLE OF TOO MANY LETTERS"
    assert found["peer/none"].keys() == {"port", "allow"}
    assert found["peer/odd"]["host"] == "a\n\x1b[31mb"
    assert found["peer/odd"]["ae_title"] == "Ä\\"
    odd = {(one.rule, one.about.parts[0]) for one in system.oddities()}
    assert {("ORTHANC-ODD-TITLE", name) for name in ("long", "none", "odd")} <= odd
    assert {("ORTHANC-ODD-HOST", name) for name in ("none", "odd")} <= odd


def test_five_thousand_modalities_are_read_at_once(server, tmp_path):
    many = {f"m{n}": [f"M{n}", f"10.{n >> 8}.{n & 255}.1", 104] for n in range(5000)}
    options = orthanc.Options(modalities_in_database=False, modalities=many)
    with orthanc.started(tmp_path / "many", options) as running, front(running.http_port) as proxy:
        config = OrthancConfig.model_validate(
            {
                "type": "orthanc",
                "name": "pacs",
                "url": f"http://127.0.0.1:{proxy.port}",
                "login": {"user": running.user, "password": "env:PW"},
            }
        )
        system = OrthancSystem("pacs", config, lambda *_: Secret(running.password))
        assert len(system.read().resources) == 5000
        system.close()
    assert len(proxy.asked) == 6


# --- faults -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (PAGE, BadAnswer, "a web page where JSON is expected"),
        (reply(200, "no"), BadAnswer, "no JSON"),
        (reply(200, [1]), BadAnswer, "answers in JSON, but not as Orthanc does"),
        (reply(200, {"ct1": [1]}), BadAnswer, "not as Orthanc does"),
        (reply(200, {"ct1": {"AET": 5}}), BadAnswer, "AET is missing, or is not what Orthanc answers"),
        (reply(200, {"ct1": {"AllowEcho": "yes"}}), BadAnswer, "AllowEcho is missing, or is not what"),
        (reply(200, {"ct1": {"Port": True}}), BadAnswer, "Port is missing, or is not what"),
        (reply(500, {"Message": "Internal error"}), BadAnswer, "HTTP 500: Internal error"),
        (reply(403), Refused, "this account may not do this"),
        (reply(504, "<html>"), Unavailable, "no answer from it in time"),
    ],
)
def test_answers_that_are_none_end_the_read(hands, opened, server, answer, kind, words):
    spoilt = lambda _method, path: answer if path.startswith("/modalities") else None  # noqa: E731
    with front(server.http_port, spoilt) as proxy, pytest.raises(kind) as caught:
        opened(url=f"http://127.0.0.1:{proxy.port}").read()
    assert words in caught.value.message
    assert caught.value.fix


def test_another_service_is_told_from_an_orthanc(opened):
    health = lambda _method, _path: reply(200, {"status": "UP"})  # noqa: E731
    with front(None, health) as proxy, pytest.raises(BadAnswer, match="not as Orthanc does") as caught:
        opened(url=f"http://127.0.0.1:{proxy.port}").read()
    assert "/system" in caught.value.fix


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (
            reply(507, {"Message": "The file storage is full"}),
            "unknown",
            "its disk is full (HTTP 507: The file",
        ),
        (reply(500, {"Message": "Internal error"}), "unknown", "HTTP 500: Internal error"),
        (reply(403), "failed", "this account may not do this"),
        (b"", "unknown", "What was sent may have been done"),
        (half(reply(200, {"a": "b"})), "unknown", "What was sent may have been done"),
    ],
)
def test_a_write_that_was_not_answered_well_is_unknown_unless_it_was_refused(
    hands, opened, server, answer, status, words
):
    spoilt = lambda method, _path: answer if method == "PUT" else None  # noqa: E731
    with front(server.http_port, spoilt) as proxy:
        system = opened(url=f"http://127.0.0.1:{proxy.port}", peers={"ct1": CT})
        ((found, error),) = applied(system, planned(system))
    assert found == status
    assert words in error
    assert hands.get("/modalities") == []


def test_what_orthanc_itself_refuses_is_told_in_its_own_words(hands, opened):
    system = opened()
    system.read()
    ((status, error),) = applied(system, [Change("create", None, peer(port=0))])
    assert status == "failed"
    assert "A TCP port number must be in range [1..65534], but found: 0" in error


def test_over_tls_behind_a_proxy(hands, opened, server, tmp_path):
    certificates(tmp_path)
    with front(server.http_port, tls=tmp_path) as proxy:
        system = opened(
            url=f"https://localhost:{proxy.port}", ca_file=str(tmp_path / "ca.pem"), peers={"ct1": CT}
        )
        assert applied(system, planned(system)) == [("applied", "")]
    assert "ct1" in hands.get("/modalities")


# --- servers that Orthanc calls -----------------------------------------------------------------------------------


def with_login(version=1, user="pacs"):
    return {
        "url": "https://vna.example.org/dicom-web",
        "login": {"user": user, "password": "env:VNA", "version": version},
    }


KINDS = [
    ("orthanc_peers", "peers", "orthanc-peer"),
    ("dicomweb_servers", "dicom-web/servers", "dicomweb-server"),
]


@pytest.mark.parametrize(("key", "place", "kind"), KINDS)
def test_a_server_with_a_login_is_written_and_its_password_counts_by_version(
    hands, opened, server, key, place, kind
):
    system = opened(**{key: {"vna": with_login()}})
    assert applied(system, planned(system)) == [("applied", "")]
    assert live(system) == {f"{kind}/vna": {"url": "https://vna.example.org/dicom-web", "user": "pacs"}}
    assert planned(opened(**{key: {"vna": with_login()}})) == []
    system = opened(**{key: {"vna": with_login(version=2)}})
    (made,) = planned(system)
    assert [(each.name, each.before, each.after) for each in made.fields] == [("password_version", None, 2)]
    assert applied(system, [made]) == [("applied", "")]
    assert planned(opened(**{key: {"vna": with_login(version=2)}})) == []
    assert planned(opened(**{key: {"vna": {"url": "https://vna.example.org/dicom-web"}}})) != []


def test_the_password_that_orthanc_holds_is_the_one_that_was_resolved(hands, opened, server, tmp_path):
    system = opened(orthanc_peers={"vna": with_login()})
    assert applied(system, planned(system)) == [("applied", "")]
    assert _stored_peers(server, tmp_path / "one")["vna"][-1] == "sesame"
    system = opened(
        lambda ref, *_: Secret(server.password if ref.rest == "PW" else "new"),
        orthanc_peers={"vna": with_login(2)},
    )
    assert applied(system, planned(system)) == [("applied", "")]
    assert _stored_peers(server, tmp_path / "two")["vna"]["Password"] == "new"


def _stored_peers(server, folder):
    """What Orthanc keeps in its database (global property 21): REST does not show passwords."""
    shutil.copytree(server.folder / "storage", folder)  # Orthanc alone may open the original
    with closing(sqlite3.connect(folder / "index")) as database:
        ((text,),) = database.execute("SELECT value FROM GlobalProperties WHERE property=21").fetchall()
    return json.loads(text)


@pytest.mark.parametrize(("key", "place", "kind"), KINDS)
def test_properties_of_others_survive_a_write_and_forbid_a_delete(hands, opened, key, place, kind):
    mine = {"Url": "https://old.example.org/", "Timeout": 7, "HasDelete": "1", "Note": "ask Ms. Doe"}
    hands.put(f"/{place}/vna", mine)
    system = opened(**{key: {"vna": with_login()}})
    assert applied(system, planned(system)) == [("applied", "")]
    found = hands.get(f"/{place}?expand")["vna"]
    assert {name: found[name] for name in mine if name != "Url"} == {
        name: mine[name] for name in mine if name != "Url"
    }
    assert (found["Url"], found["Username"]) == ("https://vna.example.org/dicom-web/", "pacs")
    (state,) = [each.state() for each in system.read().resources]
    (finding,) = [
        one for one in system.check([Change("delete", state, None)]) if one.rule == "ORTHANC-FOREIGN"
    ]
    assert finding.summary.endswith("HasDelete, Note, Timeout")
    # A change set that is resumed days later is not checked again: the write itself must see it.
    ((status, error),) = applied(system, [Change("delete", state, None)])
    assert (status, "HasDelete, Note, Timeout" in error) == ("failed", True)
    assert hands.get(f"/{place}?expand")["vna"]["Note"] == "ask Ms. Doe"


@pytest.mark.parametrize(("key", "place", "kind"), KINDS)
def test_headers_that_are_not_given_back_are_never_lost(hands, opened, key, place, kind):
    hands.put(f"/{place}/vna", {"Url": "https://old.example.org/", "HttpHeaders": {"X-Token": "secret"}})
    system = opened(**{key: {"vna": {"url": "https://new.example.org"}}})
    (made,) = planned(system)
    (finding,) = [one for one in system.check([made]) if one.severity == "error"]
    assert (finding.rule, finding.about) == ("ORTHANC-HIDDEN", made.address)
    ((status, error),) = applied(system, [made])
    assert status == "failed"
    assert "HTTP headers" in error
    assert hands.get(f"/{place}?expand")["vna"]["HttpHeaders"] == ["X-Token"]


def test_a_password_in_an_address_made_by_hand_is_not_shown(hands, opened):
    hands.put("/peers/vna", {"Url": "http://me:hunter2@vna.example.org:8042/orthanc"})
    assert live(opened()) == {"orthanc-peer/vna": {"url": "http://***@vna.example.org:8042/orthanc"}}


def test_what_the_inventory_has_no_password_for_is_not_written_without(hands, opened):
    address = Address.of("pacs", "orthanc-peer", "vna")
    state = State(address, address, {"url": "https://vna.example.org", "user": "pacs"})
    system = opened()
    system.read()
    ((status, error),) = applied(system, [Change("create", None, state)])
    assert status == "failed"
    assert "the inventory has no password of pacs for vna" in error


def test_a_password_is_asked_for_both_places_and_not_written_when_one_is_not_allowed(hands, opened, server):
    asked = []

    def secrets(ref, scheme, host, port):
        asked.append((ref.rest, f"{scheme}://{host}:{port}"))
        if host == "vna.example.org":
            raise OperatorError("VNA is not bound to there", fix="bind it")
        return Secret(server.password)

    system = opened(secrets, orthanc_peers={"vna": with_login()})
    ((status, error),) = applied(system, planned(system))
    assert (status, error) == ("failed", "VNA is not bound to there. bind it")
    assert asked[-1] == ("VNA", "https://vna.example.org:443")
    assert hands.get("/peers") == []


def test_names_that_need_quoting_are_found_again(hands, opened):
    system = opened(dicomweb_servers={"a b%c?d#ä": {"url": "https://vna.example.org"}})
    assert applied(system, planned(system)) == [("applied", "")]
    assert hands.get("/dicom-web/servers") == ["a b%c?d#ä"]
    (found,) = system.read().resources
    assert found.address.parts == ("a b%c?d#ä",)
    assert applied(system, [Change("delete", found.state(), None)]) == [("applied", "")]
    assert hands.get("/dicom-web/servers") == []


def test_without_the_plugin_declared_dicomweb_servers_are_an_error(opened, tmp_path):
    with orthanc.started(tmp_path / "bare") as bare:
        system = opened(at=bare, dicomweb_servers={"vna": {"url": "https://vna.example.org"}})
        changes = planned(system)
        (finding,) = [one for one in system.check(changes) if one.severity == "error"]
        assert (finding.rule, finding.path) == ("ORTHANC-DICOMWEB", ("systems", "pacs", "dicomweb_servers"))
        assert any("DICOMweb" in text for text in system.unseen())


def test_a_plugin_that_was_moved_is_found(opened, tmp_path):
    moved = {"DicomWeb": {"Enable": True, "Root": "/web/dicom/"}}
    with orthanc.started(tmp_path / "moved", orthanc.Options(dicomweb=True, settings=moved)) as running:
        system = opened(at=running, dicomweb_servers={"vna": {"url": "https://vna.example.org"}})
        assert applied(system, planned(system)) == [("applied", "")]
        assert live(system) == {"dicomweb-server/vna": {"url": "https://vna.example.org"}}


# --- the server itself --------------------------------------------------------------------------------------------


def rules(system) -> list[str]:
    planned(system)
    return sorted(finding.rule for finding in system.check([]))


def test_a_careful_server_gives_nothing_to_say(hands, opened, server):
    assert rules(opened(settings_file=str(server.settings_file))) == []


def test_without_a_copy_of_its_configuration_that_is_said_once(hands, opened):
    system = opened()
    planned(system)
    (finding,) = system.check([])
    assert (finding.rule, finding.severity, finding.verdict) == (
        "ORTHANC-SETTINGS-UNKNOWN",
        "info",
        "unknown",
    )
    assert "settings_file" in finding.fix


def test_a_careless_server_is_told_in_full(opened, tmp_path):
    careless = orthanc.Options(
        modalities_in_database=False, always_allow_echo=True, always_allow_store=True, check_called_aet=False
    )
    with orthanc.started(tmp_path / "careless", careless) as running:
        assert rules(opened(at=running, settings_file=str(running.settings_file))) == [
            "ORTHANC-CALLED-TITLE",
            "ORTHANC-FORGETS",
            "ORTHANC-OPEN-ECHO",
            "ORTHANC-OPEN-STORE",
        ]


def test_a_server_that_asks_for_no_password_is_told(opened, tmp_path):
    options = orthanc.Options(settings={"AuthenticationEnabled": False})
    with orthanc.started(tmp_path / "open", options) as running:
        assert rules(opened(at=running, login=None, settings_file=str(running.settings_file))) == [
            "ORTHANC-REST-OPEN"
        ]


# --- abilities ----------------------------------------------------------------------------------------------------


def test_rights_of_one_who_may_write_and_of_one_who_may_only_look(hands, opened, server):
    system = opened()
    assert isinstance(system, RightsKnown)
    found = list(system.rights())
    assert [(right.needed_for, right.verdict) for right in found] == [("looking", "yes")] * 4 + [
        ("writing", "yes")
    ] * 3
    viewer = list(opened(login={"user": server.viewer, "password": "env:PW"}).rights())
    assert [right.verdict for right in viewer] == ["yes"] * 4 + ["no"] * 3
    assert viewer[4] == AccountRight(
        "write the modalities", "writing", "no", "Allow PUT and DELETE /modalities/* to this account."
    )
    assert hands.get("/modalities") == []


def test_rights_of_nobody_are_refused(opened, server):
    with pytest.raises(Refused):
        list(opened(lambda *_: Secret("wrong")).rights())


def test_what_may_not_be_read_is_told_with_the_right_to_grant(opened, server):
    closed = lambda _method, path: reply(403) if path.startswith("/peers") else None  # noqa: E731
    with front(server.http_port, closed) as proxy:
        found = list(opened(url=f"http://127.0.0.1:{proxy.port}").rights())
    (no,) = [right for right in found if right.verdict == "no" and right.needed_for == "looking"]
    assert no.name == "read the Orthanc peers"
    assert no.detail.startswith("Allow GET /peers to this account.")


def test_it_tells_what_is_odd_and_what_it_cannot_see(hands, opened):
    hands.put("/modalities/ct1", {"AET": "CT1", "Host": "10.20.0.1", "Port": 104})
    system = opened()
    assert isinstance(system, Inspectable)
    system.read()
    assert [(one.rule, str(one.about)) for one in system.oddities()] == [
        ("ORTHANC-ODD-ALL-ALLOWED", "pacs/peer/ct1")
    ]
    assert len(system.unseen()) == 2
