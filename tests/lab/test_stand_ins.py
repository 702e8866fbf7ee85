"""The stand-in for an archive's reload, against a real directory."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import ldap3
import pytest

from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.lab import practice, processes, slapd, stand_ins
from pacsconf.lab.directories import PracticeDirectory
from tests.archive_tree import Archive, text
from tests.ldif_compare import load

INSTANCES = {"arc-1": "none", "arc-2": "login", "arc 3/x": "token"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A directory with an archive's tree, and three instances that are told to reload."""
    made = tmp_path_factory.mktemp("stand ins") / "directory"
    server = slapd.start(made, slapd.Options(tls=False, audited=False))
    load(server, text(size=0))
    stand_ins.bring(made, server, INSTANCES)
    yield made
    processes.end(made)
    assert processes.of(made) == {}


@pytest.fixture
def hands(folder):
    """The administrator's connection."""
    server = slapd.attach(folder)
    conn = ldap3.Connection(
        ldap3.Server(server.url, get_info=ldap3.NONE), server.admin_dn, server.password, auto_bind=True
    )
    yield conn
    conn.unbind()


def call(laid, path="ctrl/reload", method="POST", timeout=30.0, **headers):
    """Status, what was said, and the headers."""
    _, _, host, root = laid["url"].split("/", 3)
    conn = HTTPConnection(host, timeout=timeout)
    with closing(conn):
        conn.request(method, f"/{root}/{path}", headers=headers)
        answer = conn.getresponse()
        return answer.status, answer.read(), answer.headers


def test_a_reload_of_what_can_be_loaded_has_no_body(folder):
    status, said, headers = call(stand_ins.overlay(folder)["arc-1"])
    assert (status, said) == (204, b"")
    assert "not an archive" in headers["Server"]


def test_it_says_that_it_runs(folder):
    status, said, _ = call(stand_ins.overlay(folder)["arc-1"], "ctrl/status", "GET")
    assert (status, json.loads(said)) == (200, {"status": "STARTED"})


def test_there_is_nothing_else(folder):
    laid = stand_ins.overlay(folder)["arc-1"]
    assert call(laid, "aets/DCM4CHEE/rs/studies", "GET")[0] == 404
    assert call(laid, "ctrl/reload", "GET")[0] == 404
    assert call(laid, "ctrl/reload", "DELETE")[0] == 501


@pytest.mark.parametrize(
    ("rdn", "attribute", "bad", "said"),
    [
        (
            "cn=dicom",
            "dicomPort",
            "70000",
            "port out of range: 70000, in cn=dicom,dicomDeviceName=dcm4chee-arc",
        ),
        (
            "cn=Verification SOP Class SCP,dicomAETitle=WORKLIST",
            "dicomTransferRole",
            "BOTH",
            'no constant "BOTH"',
        ),
        ("cn=Adults", "dcmRetentionPeriod", "10 years", "is not a period"),
        (
            "dicomAETitle=WORKLIST",
            "dicomNetworkConnectionReference",
            f"cn=gone,{Archive().device}",
            "leads to no entry: cn=gone,",
        ),
        ("dcmStorageID=cache", "dcmStorageDuration", "Cache", 'no constant "Cache"'),
    ],
)
def test_what_cannot_be_loaded_is_refused_with_its_reason_until_it_is_mended(
    folder, hands, rdn, attribute, bad, said
):
    laid = stand_ins.overlay(folder)["arc-1"]
    dn = f"{rdn},{Archive().device}"
    hands.search(dn, "(objectClass=*)", "BASE", attributes=[attribute])
    before = hands.response[0]["raw_attributes"][attribute]
    assert hands.modify(dn, {attribute: [("MODIFY_REPLACE", [bad])]}), hands.result
    try:
        status, told, headers = call(laid)
        assert (status, headers["Content-Type"]) == (409, "text/plain")
        assert said in json.loads(told)["errorMessage"]
    finally:
        assert hands.modify(dn, {attribute: [("MODIFY_REPLACE", before)]}), hands.result
    assert call(laid)[0] == 204


def test_who_does_not_say_who_he_is_is_asked_and_a_wrong_one_refused(folder):
    laid = stand_ins.overlay(folder)
    login, token = laid["arc-2"]["login"], laid["arc 3/x"]["token"]

    def basic(password):
        return "Basic " + b64encode(f"{login['user']}:{password}".encode()).decode()

    right = {
        "arc-2": basic(Path(login["password"].removeprefix("file:")).read_text()),
        "arc 3/x": "Bearer " + Path(token.removeprefix("file:")).read_text(),
    }
    for name, wrong in (("arc-2", basic("guess")), ("arc 3/x", "Bearer guess")):
        status, _, headers = call(laid[name])
        assert (status, bool(headers["WWW-Authenticate"])) == (401, True)
        assert call(laid[name], Authorization=wrong)[0] == 403
        assert call(laid[name], Authorization=right[name])[0] == 204
    assert laid["arc-1"]["login"] is laid["arc-1"]["token"] is None


def test_it_fails_and_waits_as_it_is_wished(folder):
    laid = stand_ins.overlay(folder)["arc-1"]
    stand_ins.disturb(folder, "arc-1", status=500)
    assert call(laid)[0] == 500
    stand_ins.disturb(folder, "arc-1", seconds=30)
    with pytest.raises(TimeoutError):
        call(laid, timeout=0.3)
    stand_ins.disturb(folder, "arc-1")
    assert call(laid)[0] == 204


def test_a_directory_that_is_gone_is_an_error_of_the_server(tmp_path):
    server = slapd.start(tmp_path / "gone", slapd.Options(tls=False, audited=False, tree=True))
    stand_ins.bring(server.folder, server, {"arc": "none"})
    laid = stand_ins.overlay(server.folder)["arc"]
    try:
        status, told, _ = call(laid)
        assert (status, json.loads(told)["errorMessage"]) == (409, "no archive device in the directory")
        server.stop()
        status, told, _ = call(laid)
        assert status == 500
        assert "cannot be read" in json.loads(told)["errorMessage"]
    finally:
        processes.end(server.folder)


def test_a_practice_directory_keeps_whom_it_tells(tmp_path):
    folder = tmp_path / "directory"
    wanted = PracticeDirectory("directory", slapd.BASE, {"arc-1": "none"})
    wanted.start(folder)
    try:
        assert wanted.stands(folder)
        url = wanted.overlay(folder)["reload"]["arc-1"]["url"]
        more = PracticeDirectory("directory", slapd.BASE, {"arc-1": "none", "arc-2": "token"})
        assert not more.stands(folder)
        assert more.revive(folder)
        assert more.stands(folder)
        assert more.overlay(folder)["reload"]["arc-1"]["url"] == url
        processes.end(folder, [processes.STAND_IN])
        assert not more.stands(folder)
        assert wanted.revive(folder)
        assert wanted.stands(folder)
        assert stand_ins.names(folder) == ("arc-1",)
    finally:
        processes.end(folder)


def test_the_lab_has_one_for_each_that_is_declared(hospital, tmp_path):
    declared = {
        "one": {"url": "https://a:8443/dcm4chee-arc"},
        "two": {"url": "https://b/dcm4chee-arc", "token": "env:T"},
    }
    config = DirectoryConfig(
        name="directory",
        type="dicom-directory",
        url="ldap://ldap.example.org",
        base="dc=example,dc=org",
        reload=declared,
    )
    made = tmp_path / "lab"
    try:
        state = practice.up(hospital.model_copy(update={"systems": {"directory": config}}), made)
        assert [part.detail for part in state.parts if part.name == "directory"] == [
            f"{_url(made)} (directory; one, two told to reload)"
        ]
        assert all(part.running for part in state.parts)
        processes.end(made, [processes.STAND_IN])
        broken = practice.status(made)
        assert broken.condition == "broken"
        assert "one, two told to reload; dead: one, two" in broken.parts[0].detail
    finally:
        practice.down(made)
    assert processes.of(made) == {}


def _url(folder):
    laid = json.loads((folder / "overlay.json").read_text())["systems"]["directory"]
    assert set(laid["reload"]) == {"one", "two"}
    assert laid["reload"]["two"]["token"].startswith("file:/")
    return laid["url"]
