"""`pacsconf look` as somebody on a first day types it: no inventory, no git, and nothing changed anywhere."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
import pytest

from pacsconf.lab import orthanc, processes, slapd
from tests import archive_tree

HOSPITAL = Path(__file__).parents[1] / "systems" / "hospital.ldif"
ROOT = f"cn=DICOM Configuration,{slapd.BASE}"
DEVICE = f"dicomDeviceName=ct-1,cn=Devices,{ROOT}"


@pytest.fixture
def nowhere(repository: Callable[..., Any], tmp_path: Path) -> Any:
    """The command line in an empty folder that is no repository."""
    made = repository()
    made.path = tmp_path / "empty"
    made.path.mkdir()
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slapd.Slapd]:
    """A directory with one scanner in it that refers to a connection which is not there."""
    limits = (f'dn.exact="cn=jdoe,{slapd.BASE}" size=3 size.prtotal=3',)
    options = slapd.Options(tree=True, limits=limits)
    with slapd.started(tmp_path_factory.mktemp("look") / "slapd", options) as started:
        with _admin(started) as admin:
            _add(admin, DEVICE, "dicomDevice", dicomDeviceName="ct-1", dicomInstalled="TRUE")
            _add(
                admin,
                f"dicomAETitle=CT_1,{DEVICE}",
                "dicomNetworkAE",
                dicomAETitle="CT_1",
                dicomNetworkConnectionReference=f"cn=gone,{DEVICE}",
                dicomAssociationInitiator="TRUE",
                dicomAssociationAcceptor="FALSE",
            )
        yield started


@contextmanager
def _admin(server: slapd.Slapd) -> Iterator[ldap3.Connection]:
    where = ldap3.Server(server.url, get_info=ldap3.NONE)
    with ldap3.Connection(where, server.admin_dn, server.password, check_names=False) as connection:
        yield connection


def _add(admin: ldap3.Connection, dn: str, object_class: str, **attributes: Any) -> None:
    assert admin.add(dn, object_class, attributes), admin.result


def _everything(server: slapd.Slapd) -> tuple[str, int]:
    """All that the directory holds, operational attributes too, and how many writes it has logged."""
    with _admin(server) as admin:
        admin.search(slapd.BASE, "(objectClass=*)", attributes=["*", "+"])
        held = repr(sorted((each["dn"], sorted(each["raw_attributes"].items())) for each in admin.response))
        admin.search(server.accesslog, "(objectClass=auditWriteObject)", attributes=["reqType"])
        return held, len(admin.response)


# --- a directory -----------------------------------------------------------------------------------------------


def test_a_directory_is_looked_at_and_left_as_it_is(nowhere, server: slapd.Slapd):
    before = _everything(server)
    nowhere.secrets.append(server.password)
    where = ("look", server.tls_url, "--ca-file", str(server.ca_file))
    options = ("--bind-dn", server.viewer_dn, "--password", "env:LOOK")

    ran = nowhere.run(*where, *options, env={"LOOK": server.password})

    assert (ran.code, ran.err) == (0, "")
    assert "1 device · 1 AE title" in ran.out
    assert "error[DIR-REFERENCE] CT_1 of ct-1 refers to a connection that is not seen" in ran.out
    assert "warning[DIR-TITLE-UNRESERVED]" in ran.out
    assert ran.said.endswith(
        "Nothing was changed. Next: "
        f"pacsconf adopt ldap --url {server.tls_url} --bind-dn {server.viewer_dn} --password env:LOOK "
        f"--ca-file {server.ca_file}"
    )
    assert _everything(server) == before
    assert before[1] == 2  # the two entries that this test made: the log would show a third
    assert list(nowhere.path.iterdir()) == []


def test_what_a_machine_reads_is_the_same(nowhere, server: slapd.Slapd):
    ran = nowhere.here(
        *("look", server.url, "--bind-dn", server.viewer_dn, "--password", "env:LOOK", "--format", "json"),
        env={"LOOK": server.password},
    )
    body = ran.json
    assert (ran.code, body["format_version"], body["counts"]) == (0, 1, {"device": 1, "AE title": 1})
    assert [each["rule"] for each in body["findings"]] == [
        "DIR-REFERENCE",
        "DIR-TITLE-UNRESERVED",
        "DIR-AE-EMPTY",
    ]


def test_nobody_sees_nothing_and_is_told_how_to_sign_in(nowhere, server: slapd.Slapd):
    ran = nowhere.here("look", server.url)
    assert ran.code == 0
    assert "nothing that pacsconf knows" in ran.out
    assert "this account may not see it: a directory answers both alike" in ran.said
    assert ran.said.endswith(f"Next: pacsconf look {server.url} --bind-dn DN --password prompt:Password")


def test_an_answer_that_a_limit_cut_short_is_no_answer(nowhere, server: slapd.Slapd):
    ran = nowhere.here(
        *("look", server.url, "--bind-dn", server.colleague_dn, "--password", "env:LOOK"),
        env={"LOOK": server.password},
    )
    assert (ran.code, ran.out) == (1, "")
    assert "cut short by the directory's size limit" in ran.said
    assert "Lift the limit" in ran.said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ldaps://no-such-host.invalid",), 9, 'the name "no-such-host.invalid" cannot be resolved'),
        (("ldap.example.org",), 64, "a directory is ldaps://HOST"),
        (("127.0.0.1:11112",), 64, "an application entity AET@HOST:PORT"),
        (("ldaps://a:b@host",), 64, "no account and no password stand in an address"),
        (("ldaps://host", "--bind-dn", "cn=a"), 64, "where the password of the account is kept"),
        (
            ("ldaps://host", "--bind-dn", "cn=a", "--password", "b"),
            64,
            "a secret is named, never written here",
        ),
        (("ldaps://host", "--calling", "A"), 64, "no association is requested of that"),
        (("A@host:1", "--bind-dn", "cn=a"), 64, "it belongs to a directory or an Orthanc"),
        (("A@host",), 64, "AET@HOST:PORT is needed"),
        (("none.ldif",), 1, "none.ldif cannot be read"),
        ((), 64, "an address is missing"),
    ],
)
def test_what_is_typed_wrong_is_said(nowhere, arguments, code, words):
    ran = nowhere.here("look", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.said


def test_a_wrong_password_is_refused(nowhere, server: slapd.Slapd):
    ran = nowhere.here(
        "look", server.url, "--bind-dn", server.viewer_dn, "--password", "env:LOOK", env={"LOOK": "not-it"}
    )
    assert (ran.code, ran.out) == (1, "")
    assert "the name or the password is wrong" in ran.said
    assert "not-it" not in ran.said


def test_a_certificate_that_nobody_vouches_for_ends_it(nowhere, server: slapd.Slapd):
    ran = nowhere.here("look", server.tls_url)
    assert ran.code == 9
    assert "is not trusted" in ran.said
    assert "--ca-file" in ran.said


def test_a_person_is_asked_for_what_is_missing(nowhere, server: slapd.Slapd):
    nowhere.secrets.append(server.password)
    ran = _typing(nowhere, ["look"], [server.url, server.viewer_dn, server.password])
    assert ran.code == 0, ran
    assert "1 device · 1 AE title" in ran.out
    assert "Look at what?" in ran.err
    assert f"Password of {server.viewer_dn}" in ran.err
    assert ran.out.strip().endswith(f"--url {server.url} --bind-dn {server.viewer_dn}")


@dataclass(frozen=True)
class Terminal:
    """How a command on a terminal ended, its result, and what the terminal showed."""

    code: int
    out: str
    err: str


def _typing(hospital: Any, arguments: list[str], answers: list[str]) -> Terminal:
    """The command on a terminal, each answer typed when the terminal has fallen silent after a question."""
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pacsconf", *arguments],
        cwd=hospital.path,
        env=hospital.env,
        stdin=terminal,
        stderr=terminal,
        stdout=subprocess.PIPE,
        start_new_session=True,  # so that getpass has no other terminal to ask at
    )
    os.close(terminal)
    shown, left, until = "", list(answers), time.monotonic() + 60
    try:
        while time.monotonic() < until:
            if not select.select([keyboard], [], [], 0.2)[0]:
                continue
            try:
                shown += os.read(keyboard, 65536).decode()
            except OSError:  # nobody has the other side open any more
                break
            if left and shown.rstrip(" ").endswith(":"):
                os.write(keyboard, f"{left.pop(0)}\n".encode())
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        os.close(keyboard)
    assert not any(secret in out.decode() + shown for secret in hospital.secrets)
    return Terminal(process.returncode, out.decode(), shown)


# --- an export -------------------------------------------------------------------------------------------------


def test_an_export_is_looked_at(nowhere):
    ran = nowhere.here("look", str(HOSPITAL))
    assert ran.code == 0
    assert "4 devices · 5 AE titles" in ran.out
    assert "not-shown" not in ran.out
    assert ran.said.endswith(f"Next: pacsconf adopt ldif {HOSPITAL}")


def test_an_export_with_mistakes_shows_them_with_their_lines(nowhere):
    (nowhere.path / "x.ldif").write_text("dn: cn=DICOM Configuration,dc=x\nnonsense\ncn:: %\n")
    ran = nowhere.here("look", "x.ldif", "--format", "json")
    assert ran.code == 1
    assert [(each["rule"], each["place"]["line"]) for each in ran.json["findings"] if each["place"]] == [
        ("LDIF-BINARY", 3),
        ("LDIF-SYNTAX", 2),
    ]


# --- an Orthanc ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[orthanc.Orthanc]:
    """An Orthanc that asks nobody who he is and by which title he calls."""
    options = orthanc.Options(
        check_called_aet=False,
        always_allow_echo=True,
        modalities_in_database=False,
        modalities={"ct1": ["CT1", "10.20.1.1", 104], "mr": ["FAR TOO LONG A TITLE", "10.20.1.2", 104]},
    )
    with orthanc.started(tmp_path_factory.mktemp("look") / "orthanc", options) as started:
        yield started


def test_the_entries_of_an_archive_are_looked_at_in_its_own_words(nowhere, tmp_path: Path):
    tree = archive_tree.text(slapd.BASE)
    with slapd.started(tmp_path / "slapd", slapd.Options(tls=False)) as server:
        sign_in = ("-x", "-H", server.url, "-D", server.admin_dn, "-w", server.password)
        subprocess.run(["ldapadd", *sign_in], input=tree, text=True, check=True, capture_output=True)
        account = ("--bind-dn", server.viewer_dn, "--password", f"file:{server.password_file}")
        live = nowhere.here("look", server.url, *account, "--all")
    (nowhere.path / "export.ldif").write_text(tree)
    export = nowhere.here("look", "export.ldif", "--all")
    for told in (live, export):
        assert told.code == 0
        assert "with entries of dcm4chee" in told.said
        assert " vendor entries" in told.said
        assert "DIR-CLASS" not in told.out, "it says that nobody knows what they mean"
        assert "DIR-NAME-PARTS" not in told.out, "so the archive names its attribute sets"


def test_an_orthanc_is_looked_at(nowhere, archive: orthanc.Orthanc):
    nowhere.secrets.append(archive.password)
    ran = nowhere.here(
        "look", archive.url, "--user", "viewer", "--password", "env:LOOK", env={"LOOK": archive.password}
    )
    assert ran.code == 0, ran
    assert f"An Orthanc, AE title ORTHANC at DICOM port {archive.dicom_port}" in ran.out
    assert "2 peers · 18 rights" in ran.out
    assert "warning[ORTHANC-ODD-TITLE]" in ran.out
    assert "WIRE-" not in ran.out
    assert ran.said.endswith(
        f"Next: pacsconf adopt orthanc --url {archive.url} --user viewer --password env:LOOK"
    )


def test_an_orthanc_is_knocked_at_only_when_that_is_asked_for(nowhere, archive: orthanc.Orthanc):
    ran = nowhere.here(
        *(
            "look",
            archive.url,
            "--user",
            "viewer",
            "--password",
            "env:LOOK",
            "--strangers",
            "--format",
            "json",
        ),
        env={"LOOK": archive.password},
    )
    found = {each["rule"]: each["evidence"] for each in ran.json["findings"]}
    assert (found["WIRE-STRANGER"], found["WIRE-ANY-TITLE"]) == ("observed", "observed")


def test_without_an_account_it_says_how_to_sign_in(nowhere, archive: orthanc.Orthanc):
    ran = nowhere.here("look", archive.url)
    assert ran.code == 1
    assert f"pacsconf look {archive.url} --user NAME --password prompt:Password" in ran.said


# --- one application entity ------------------------------------------------------------------------------------


def test_one_association_tells_what_it_takes(nowhere, archive: orthanc.Orthanc):
    ran = nowhere.here("look", f"ORTHANC@127.0.0.1:{archive.dicom_port}", "--calling", "CT1")
    assert ran.code == 0, ran
    assert ran.said.startswith(
        f"✓ ORTHANC@127.0.0.1:{archive.dicom_port}: the association was accepted, with 30 of 32 services"
    )
    assert "echo answered" in ran.said
    assert "One association was requested under the title CT1. No data was sent." in ran.said
    assert f"NAME: {{type: TYPE, ae_title: ORTHANC, host: 127.0.0.1, port: {archive.dicom_port}}}" in ran.out


@pytest.fixture
def dcmqrscp(tmp_path: Path) -> Iterator[int]:
    """DCMTK's archive, which is ARCHIVE and knows nobody but PROBE."""
    port, config = processes.free_port(), tmp_path / "dcmqrscp.cfg"
    config.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 4\n"
        "HostTable BEGIN\nknown = (PROBE, 127.0.0.1, 104)\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nARCHIVE {tmp_path} RW (10, 1mb) known\nAETable END\n"
    )
    command = ["/usr/bin/dcmqrscp", "--disable-host-lookup", "-c", str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 10
        while not processes.answers(port):
            assert time.monotonic() < until, "dcmqrscp does not listen"
            time.sleep(0.02)
        yield port
        process.terminate()


def test_a_rejection_is_told_with_what_to_do(nowhere, dcmqrscp: int):
    ran = nowhere.here("look", f"ELSEWHERE@127.0.0.1:{dcmqrscp}")
    assert ran.code == 1
    assert '"called AE title not recognised" (PS3.8 9.3.4: 1/1/7)' in ran.said
    assert "It does not answer to this title." in ran.said
    assert ran.said.endswith(f"Next: pacsconf look TITLE@127.0.0.1:{dcmqrscp}")


def test_where_nobody_listens_it_is_unreachable(nowhere):
    port = processes.free_port()
    ran = nowhere.here("look", f"A@127.0.0.1:{port}", "--format", "json")
    assert (ran.code, ran.json["good"]) == (9, False)
    assert ran.json["text"] == f"connection refused: nothing listens at port {port}"


def test_json_of_a_look_is_json(nowhere, dcmqrscp: int):
    where = f"ARCHIVE@127.0.0.1:{dcmqrscp}"
    body = json.loads(nowhere.here("look", where, "--calling", "PROBE", "--format", "json").out)
    assert "study-root-find" in body["accepted"]
