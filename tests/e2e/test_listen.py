"""`pacsconf listen` as an administrator uses it: a scanner is told to verify, and the screen says who it is."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pacsconf.record.heard import HeardLog
from tests.dicom.callers import ECHOSCU, FINDSCU, dialled, request_of, run

LOGS = Path(__file__).parents[1] / "dicom" / "listen" / "logs"
HOSPITAL = """\
devices:
  archive: {type: archive, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112, offers: [verification, storage]}
  ct-er-1:
    type: modality
    ae_title: CT_ER_1
    host: 127.0.0.1
    port: 104
    uses: [ct-image-storage]
  mr-1: {type: modality, ae_title: MR1, host: 10.20.5.17, port: 104, uses: [mr-image-storage]}
  gateway: {type: workstation, ae_title: PACSCONF, host: 127.0.0.1, port: 11112, uses: [verification]}
flows:
  images: {from: {type: modality}, to: {ae_title: ARCHIVE}, services: [storage]}
pacsconf: {probe_as: gateway}
environments: {lab: {dial: {"*": none}}, production: {}}
"""


class Listener:
    """`pacsconf listen` as a process, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str], *, text: bool) -> None:
        assert process.stdout is not None
        self.process = process
        self.lines = [process.stdout.readline()]
        assert self.lines[0], process.communicate()
        first = self.lines[0]
        self.port = int(first.split("port ")[1].split()[0]) if text else json.loads(first)["port"]

    def ended(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=30)
        assert "Traceback" not in err, err
        return self.process.returncode, "".join(self.lines) + out, err


@contextmanager
def listening(hospital: Any, *options: str, before: tuple[str, ...] = ("-e", "lab")) -> Iterator[Listener]:
    command = [sys.executable, "-m", "pacsconf", *before, "listen", "--port", "0", *options]
    with subprocess.Popen(
        command,
        cwd=hospital.path,
        env=hospital.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Listener(process, text="json" not in options)
        finally:
            process.kill()


@pytest.fixture
def hospital(repository: Any) -> Any:
    return repository(hospital=HOSPITAL)


def flat(text: str) -> str:
    return " ".join(text.split())


# --- listening ---------------------------------------------------------------------------------------------------


def test_a_scanner_with_a_wrong_title_leads_to_its_line(hospital):
    with listening(hospital, "--bind", "0.0.0.0", "--count", "1") as listener:
        assert run(ECHOSCU, listener.port, "-aet", "CT_ER1", "-aec", "PACSCONF").returncode == 0
        code, out, err = listener.ended()
    said = flat(out)
    assert (code, err) == (2, "")
    assert said.startswith(f"Listening as PACSCONF at 0.0.0.0 port {listener.port}")
    assert '127.0.0.1 calls as "CT_ER1", to "PACSCONF"' in said
    assert "asks for verification in implicit-vr-little-endian" in said
    assert (
        'error[HEARD-NEAR] "CT_ER1" is no declared title; CT_ER_1 of ct-er-1 differs by one character' in said
    )
    assert "inventory/hospital.yaml:5:15 5 | ae_title: CT_ER_1" in said
    assert "C-ECHO answered" in said
    assert "1 association · 1 caller · 1 not as declared" in said
    assert "Next: pacsconf -e lab diagnose ct-er-1 ARCHIVE" in said


def test_it_listens_where_it_is_declared_and_says_when_all_is_as_declared(hospital):
    with listening(hospital, "--count", "2") as listener:
        for _ in range(2):
            run(ECHOSCU, listener.port, "-aet", "CT_ER_1", "-aec", "PACSCONF")
        code, out, _ = listener.ended()
    said = flat(out)
    assert code == 0
    assert said.startswith(f"Listening as PACSCONF at 127.0.0.1 port {listener.port}")
    assert "this is CT_ER_1 of ct-er-1 (inventory/hospital.yaml:5): as declared" in said
    assert 'calls as "CT_ER_1", to "PACSCONF", as in 1' in said
    assert "2 associations · 1 caller · 0 not as declared" in said
    assert "Next:" not in said


def test_machines_get_a_line_for_each_event_as_it_comes(hospital):
    with listening(hospital, "--count", "2", "--format", "json") as listener:
        with dialled(listener.port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        run(FINDSCU, listener.port, "-W", "-aet", "CT_ER_1", "-aec", "ARCHIVE", "-k", "PatientName")
        with dialled(listener.port) as sock:
            sock.sendall(request_of(b"CT\x01\x7f".ljust(16)))
        code, out, _ = listener.ended()
    events = [json.loads(each) for each in out.splitlines()]
    assert "\x7f" not in out
    assert code == 2
    assert {event["format_version"] for event in events} == {1}
    kinds = [event["event"] for event in events]
    assert sorted(kinds) == sorted(
        ["listening", "stranger", "association", "message", "end", "association", "end", "over"]
    )
    assert (kinds[0], kinds[-1]) == ("listening", "over")
    query = next(event for event in events if event["event"] == "association")
    assert (query["calling"], query["device"]) == ("CT_ER_1".ljust(16), "ct-er-1")
    assert [each["rule"] for each in query["findings"]] == ["HEARD-CONTEXT", "HEARD-FLOW"]
    assert query["findings"][0]["place"]["file"] == "inventory/hospital.yaml"
    message = next(event for event in events if event["event"] == "message")
    assert (message["message"], message["status"]) == ("C-FIND", 0xA700)
    assert events[-1] == {
        "format_version": 1,
        "event": "over",
        "callers": 2,
        "wrong": 2,
        "strangers": 1,
        "remembered": True,
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_within_two_seconds_whoever_is_still_connected(hospital, number):
    with listening(hospital) as listener, dialled(listener.port) as one, dialled(listener.port) as other:
        one.sendall(request_of()[:20])
        other.sendall(request_of())
        assert other.recv(1) == b"\2"
        since = time.monotonic()
        listener.process.send_signal(number)
        code, out, _ = listener.ended()
    assert time.monotonic() - since < 2
    assert code == 2
    assert "ended: it was there when the listener ended" in flat(out)
    assert "1 association · 1 caller" in out


def test_between_what_is_not_declared_nothing_is_to_be_diagnosed(hospital):
    with listening(hospital, "--count", "1") as listener:
        run(ECHOSCU, listener.port, "-aet", "CT_ER_1", "-aec", "NOBODY")
        code, out, _ = listener.ended()
    assert (code, "HEARD-CALLED" in out, "Next:" in out) == (2, True, False)


def test_what_was_heard_is_remembered_for_its_environment_alone(hospital):
    with listening(hospital, "--count", "1") as listener:
        run(ECHOSCU, listener.port, "-aet", "CT_ER1", "-aec", "PACSCONF")
        listener.ended()
    (heard,) = HeardLog.open(hospital.path, "lab").read()
    assert (heard.calling, heard.source) == ("CT_ER1".ljust(16), "listen")
    assert HeardLog.open(hospital.path, "production").read() == ()
    assert hospital.git("status", "--porcelain") == ""


def test_a_control_character_in_a_title_does_nothing_to_the_terminal(hospital):
    with listening(hospital, "--count", "1") as listener:
        with dialled(listener.port) as sock:
            sock.sendall(request_of(b"\x1b[31mCT\x07".ljust(16)))
        _, out, _ = listener.ended()
    assert r'calls as "\x1b[31mCT\x07"' in flat(out)
    assert "character 1 is a control character" in flat(out)
    assert "\x1b" not in out


def test_without_an_inventory_it_listens_all_the_same(hospital, tmp_path):
    hospital.path = tmp_path / "empty"
    hospital.path.mkdir()
    with listening(hospital, "--bind", "127.0.0.1", "--title", "TEST", "--count", "1", before=()) as listener:
        run(ECHOSCU, listener.port, "-aet", "CT_ER1", "-aec", "TEST")
        code, out, err = listener.ended()
    assert (code, err) == (0, "")
    assert "Listening as TEST" in out
    assert "There is no inventory here to compare with." in out
    assert "Not remembered" in out


def test_it_ends_by_itself(hospital):
    with listening(hospital, "--for", "1s") as listener:
        code, out, _ = listener.ended()
    assert code == 0
    assert "0 associations" in out


def test_over_tls_with_the_certificate_of_the_inventory(hospital):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    ours = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(hospital.path / "ca.pem")
    ours.cert_chain_pems[0].write_to_path(hospital.path / "cert.pem")
    key = hospital.path / "key.pem"
    ours.private_key_pem.write_to_path(key)
    hospital.edit(
        "probe_as: gateway}",
        "probe_as: gateway, probe_tls: {certificate: cert.pem, key: key.pem, ca_file: ca.pem}}",
    )
    refused = hospital.here("-e", "lab", "listen", "--tls")
    assert (refused.code, "other users of this machine may read" in refused.said) == (5, True)
    key.chmod(0o600)
    with listening(hospital, "--tls", "--count", "1") as listener:
        options = ["+tls", "key.pem", "cert.pem", "+cf", "ca.pem"]
        done = subprocess.run(
            [ECHOSCU, *options, "-aet", "CT_ER_1", "-aec", "PACSCONF", "127.0.0.1", str(listener.port)],
            cwd=hospital.path,
            capture_output=True,
            check=False,
            timeout=30,
        )
        code, out, _ = listener.ended()
    assert (done.returncode, code) == (0, 0), done.stderr
    assert "with TLS" in out
    assert "shows" in out


def test_a_key_that_does_not_fit_is_an_error(hospital):
    hospital.edit("probe_as: gateway}", "probe_as: gateway, probe_tls: {certificate: a.pem, key: b.pem}}")
    ran = hospital.here("-e", "lab", "listen", "--tls")
    assert ran.code == 1
    assert "the certificate of probe_tls cannot be used: No such file or directory" in ran.said


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--tls"], 1, "no certificate is declared to listen with over TLS"),
        (["--for", "10"], 64, "a time is a number and s, m or h"),
        (["--for", "0s"], 64, "a time is a number and s, m or h"),
        (["--bind", "nowhere"], 64, '"nowhere" is no IP address'),
        (["--title", "TOO_LONG_FOR_AN_AE"], 64, "--title"),
        (["--port", "70000"], 64, "--port"),
        (["--count", "0"], 64, "--count"),
        (["--bind", "10.255.255.1", "--port", "0"], 1, "This machine has no such address"),
        (["--log", "none.log", "--port", "1"], 64, "--log reads a file"),
        (["--log", "none.log"], 1, "none.log cannot be read: No such file or directory"),
        (["--log", "."], 1, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(hospital, options, code, words):
    ran = hospital.here("-e", "lab", "listen", *options)
    assert ran.code == code, ran
    assert words in ran.said


def test_a_port_in_use_is_said_with_a_way_out(hospital):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = hospital.here("-e", "lab", "listen", "--bind", "127.0.0.1", "--port", port)
    assert ran.code == 1
    assert f"cannot listen at 127.0.0.1 port {port}: Address already in use" in ran.said
    assert "--port 0" in ran.said


def test_an_inventory_that_does_not_stand_is_said_first(hospital):
    hospital.edit("type: archive,", "type: [],")
    assert hospital.here("-e", "lab", "listen", "--for", "1s").code == 3


# --- logs --------------------------------------------------------------------------------------------------------


def test_a_pasted_log_of_dcm4chee_is_compared_as_well(hospital):
    with (LOGS / "dcm4chee.log").open("rb") as pasted:
        done = subprocess.run(
            [sys.executable, "-m", "pacsconf", "-e", "lab", "listen", "--log", "-"],
            cwd=hospital.path,
            env=hospital.env,
            stdin=pasted,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    said = flat(done.stdout)
    assert (done.returncode, done.stderr) == (2, "")
    assert '10.20.4.17 calls as "CT_ER1", to "ARCHIVE" heard standard input:3' in said
    assert "answer rejected (1/1/3): calling-AE-title-not-recognized" in said
    assert "this is MR1 of mr-1 (inventory/hospital.yaml:9): as declared" in said
    assert "4 associations · 4 callers · 3 not as declared" in said
    assert "Next: pacsconf -e lab diagnose ct-er-1 ARCHIVE" in said


def test_what_a_log_told_is_remembered_once(hospital):
    for _ in range(2):
        hospital.here("-e", "lab", "listen", "--log", str(LOGS / "dcm4chee.log"))
    assert [heard.calling for heard in HeardLog.open(hospital.path, "lab").read()] == [
        "CT_ER1",
        "MR 2",
        "MR1",
        "US1",
    ]


def test_a_log_for_machines_is_one_document(hospital):
    ran = hospital.here("-e", "lab", "listen", "--log", str(LOGS / "dcm4chee.log"), "--format", "json")
    assert ran.code == 2
    assert (ran.json["format_version"], ran.json["log"]) == (1, "dcm4chee.log")
    assert ran.json["known"] == {"dcm4che": 43}
    first = ran.json["associations"][0]
    assert (first["calling"], first["count"], first["device"]) == ("CT_ER1", 1, "ct-er-1")
    assert "HEARD-NEAR" in [each["rule"] for each in first["findings"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "(0 lines) tells of no association"),
        ("a letter to the editor\n", "(1 line) tells of no association"),
        ("I: Association Received\n" * 2, "tells of 2 associations, but not who called"),
    ],
)
def test_a_log_that_tells_nothing_is_an_error_with_advice(hospital, tmp_path, text, words):
    (tmp_path / "some.log").write_text(text)
    ran = hospital.here("-e", "lab", "listen", "--log", str(tmp_path / "some.log"))
    assert ran.code == 1
    assert words in ran.said
    assert "storescp -d" in ran.said


def test_outside_a_repository_of_git_it_compares_and_does_not_remember(hospital, tmp_path):
    folder = tmp_path / "plain"
    folder.mkdir()
    (hospital.path / "inventory").rename(folder / "inventory")
    hospital.path = folder
    ran = hospital.here("-e", "lab", "listen", "--log", str(LOGS / "dcm4chee.log"))
    assert ran.code == 2
    assert "Not remembered:" in ran.said


def test_a_clone_that_cannot_be_written_listens_on_and_says_so(hospital):
    (hospital.path / ".git" / "pacsconf").write_text("no folder")
    ran = hospital.here("-e", "lab", "listen", "--log", str(LOGS / "dcm4chee.log"))
    assert ran.code == 2
    assert "cannot be written" in ran.err
    assert "HEARD-NEAR" in ran.out


@pytest.mark.skipif(os.geteuid() != 0, reason="only an administrator may not be refused a low port")
def test_an_administrator_may_listen_at_the_other_port(hospital):
    with socket.socket() as trial:
        try:
            trial.bind(("127.0.0.1", 104))
        except OSError:
            pytest.skip("somebody listens there")
    ran = hospital.here("-e", "lab", "listen", "--bind", "127.0.0.1", "--port", "104", "--for", "1s")
    assert ran.code == 0
