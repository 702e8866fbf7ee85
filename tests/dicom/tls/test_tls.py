"""How peers speak TLS: DCMTK's storescp, OpenSSL's s_server, and what is not TLS at all."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.errors import PacsconfError
from pacsconf.dicom.observation import Doors, Fault, Observation
from pacsconf.dicom.probe.findings import finding, findings
from pacsconf.dicom.probe.observer import observe, probe
from pacsconf.dicom.probe.strangers import without_tls
from pacsconf.dicom.tls.certificates import certificate, is_for
from pacsconf.dicom.tls.ciphers import openssl_name, unlike
from pacsconf.dicom.tls.handshake import looking
from pacsconf.dicom.tls.tries import old_versions, weak_suites
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.upper_layer.stream import Plain, connect
from pacsconf.dicom.wire import Identity, Wire
from pacsconf.lab import processes
from tests.dicom.conftest import running

MODERN = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
EXPIRED = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Authority:
    """A CA in a folder, and what it issues."""

    folder: Path
    ca: trustme.CA

    @property
    def file(self) -> str:
        path = self.folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(path))
        return str(path)

    def issue(self, name: str, *hosts: str, until: datetime | None = None) -> tuple[str, str]:
        """Key and certificate files for these hosts."""
        since = EXPIRED - timedelta(days=365) if until == EXPIRED else None
        made = self.ca.issue_cert(
            *hosts, common_name=name, key_type=trustme.KeyType.RSA, not_before=since, not_after=until
        )
        key, chain = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        made.private_key_pem.write_to_path(str(key))
        for at, blob in enumerate(made.cert_chain_pems):
            blob.write_to_path(str(chain), append=at > 0)
        return str(key), str(chain)


@pytest.fixture
def pki(tmp_path: Path) -> Authority:
    return Authority(tmp_path, trustme.CA(key_type=trustme.KeyType.RSA))


@pytest.fixture
def server(pki: Authority, storescp: Callable[..., int]) -> Callable[..., int]:
    """Starts a storescp that speaks TLS with a certificate of this name, for these hosts; gives its port."""

    def start(*options: str, hosts: tuple[str, ...] = ("127.0.0.1",), until: datetime | None = None) -> int:
        return storescp("+tls", *pki.issue("scp", *hosts, until=until), "+cf", pki.file, *options)

    return start


@pytest.fixture
def s_server(pki: Authority) -> Iterator[Callable[..., int]]:
    """Starts OpenSSL's s_server, which speaks TLS and nothing over it; gives its port."""
    with ExitStack() as stack:

        def start(*options: str) -> int:
            port = processes.free_port()
            key, chain = pki.issue("openssl", "127.0.0.1")
            command = ["/usr/bin/openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}"]
            return stack.enter_context(running([*command, "-key", key, "-cert", chain, *options], port))

        yield start


def asked(a_target, port: int, **more):
    return a_target(port, **({"tls": True, "ciphers": (MODERN,), "declared": "127.0.0.1:104"} | more))


def told(observation) -> list[tuple[str, bool | None]]:
    return [(step.name, step.passed) for step in observation.steps]


def test_a_trusted_server_is_healthy_and_its_certificate_is_told(server, pki, a_target):
    seen = probe(asked(a_target, server("-ic")), Wire(tls=Identity(pki.file)))
    assert (seen.verdict, seen.reason) == ("healthy", "")
    assert told(seen) == [("tcp", True), ("tls", True), ("association", True), ("echo", True)]
    encryption = seen.encryption
    assert encryption is not None
    assert encryption.version in ("TLS 1.2", "TLS 1.3")
    assert (encryption.subject, encryption.names, encryption.untrusted) == ("scp", ("127.0.0.1",), "")
    assert encryption.days_left is not None
    assert encryption.days_left > 30
    assert encryption.client_certificate is False
    assert findings(seen) == ()


def test_a_certificate_of_an_unknown_authority_fails_and_the_rest_is_looked_at(
    server, pki, a_target, tmp_path
):
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", trustme.CA())
    seen = probe(asked(a_target, server("-ic")), Wire(tls=Identity(stranger.file)))
    assert seen.verdict == "failing"
    assert told(seen) == [("tcp", True), ("tls", False), ("association", True), ("echo", True)]
    assert seen.steps[1].fault is not None
    assert seen.steps[1].fault.how == "TLS"
    # DCMTK 3.6.7 sends the whole chain
    assert (
        seen.steps[1].fault.alert == "CERTIFICATE_VERIFY_FAILED: self-signed certificate in certificate chain"
    )
    assert [finding.rule for finding in findings(seen)] == ["WIRE-TLS"]


def test_an_expired_certificate_fails(server, pki, a_target):
    seen = probe(asked(a_target, server("-ic", until=EXPIRED)), Wire(tls=Identity(pki.file)))
    assert seen.reason == "its certificate (scp) is not trusted: certificate has expired"
    assert seen.encryption is not None
    assert seen.encryption.not_after == "2020-01-01"
    assert seen.encryption.days_left is not None
    assert seen.encryption.days_left < 0
    assert told(seen)[-1] == ("echo", True)


def test_a_certificate_for_another_host_fails(server, pki, a_target):
    seen = probe(asked(a_target, server("-ic", hosts=("ct-2.example.org",))), Wire(tls=Identity(pki.file)))
    assert seen.reason == (
        "its certificate (scp) is not trusted: hostname mismatch: it is for ct-2.example.org, not for 127.0.0.1"
    )
    assert finding(seen) is not None


def test_a_certificate_for_the_declared_host_is_good_where_another_is_dialled(server, pki, a_target):
    port = server("-ic", hosts=("ct-1.example.org",))
    target = asked(a_target, 104, host="ct-1.example.org", declared="ct-1.example.org:104")
    seen = probe(target, Wire({"ct-1.example.org:104": f"127.0.0.1:{port}"}, tls=Identity(pki.file)))
    assert (seen.verdict, seen.reason) == ("healthy", "")


def test_a_certificate_that_ends_soon_is_a_warning(server, pki, a_target):
    soon = datetime.now(UTC) + timedelta(days=12, hours=1)
    seen = probe(asked(a_target, server("-ic", until=soon)), Wire(tls=Identity(pki.file)))
    assert seen.verdict == "healthy"
    (finding,) = findings(seen)
    assert (finding.rule, finding.severity) == ("WIRE-CERT", "warning")
    assert finding.summary == "The certificate of CT1 of ct-1 ends in 12 days"


@pytest.mark.parametrize(
    ("options", "alert"),
    [((), "certificate_required"), (("+cs", MODERN, "+px"), "handshake_failure")],
    ids=["as it is", "TLS 1.2"],
)
def test_a_server_that_demands_a_certificate_refuses_who_has_none(server, pki, a_target, options, alert):
    seen = probe(asked(a_target, server("-rc", *options)), Wire(tls=Identity(pki.file)))
    assert told(seen) == [("tcp", True), ("tls", False)]
    assert seen.steps[1].fault is not None
    assert seen.steps[1].fault.how == "TLS"
    assert seen.steps[1].fault.alert in (alert, "certificate_required", "handshake_failure")
    assert seen.encryption is not None
    assert seen.encryption.client_certificate is True


def test_in_tls_13_the_refusal_comes_after_our_handshake_and_is_believed(s_server, pki, a_target):
    port = s_server("-tls1_3", "-Verify", "1", "-CAfile", pki.file, "-verify_return_error")
    seen = probe(asked(a_target, port), Wire(tls=Identity(pki.file), timeout=2))
    assert told(seen) == [("tcp", True), ("tls", False)]
    assert seen.steps[1].fault is not None
    assert seen.steps[1].fault.alert == "certificate_required"
    assert seen.encryption is not None
    assert (seen.encryption.version, seen.encryption.client_certificate) == ("TLS 1.3", True)


def test_without_a_title_to_call_as_a_late_refusal_is_waited_for(s_server, pki, a_target):
    port = s_server("-tls1_3", "-Verify", "1", "-CAfile", pki.file, "-verify_return_error")
    seen = probe(asked(a_target, port, calling=None), Wire(tls=Identity(pki.file), timeout=2))
    assert told(seen) == [("tcp", True), ("tls", False)]


def test_our_certificate_is_shown_to_who_demands_one(server, pki, a_target):
    key, chain = pki.issue("pacsconf", "client.example.org")
    seen = probe(asked(a_target, server("-rc")), Wire(tls=Identity(pki.file, chain, key)))
    assert (seen.verdict, seen.reason) == ("healthy", "")
    assert seen.encryption is not None
    assert seen.encryption.client_certificate is None


@pytest.mark.parametrize(("option", "demanded"), [("-rc", True), ("-vc", False), ("-ic", False)])
def test_with_leave_to_try_it_is_told_whether_a_certificate_is_demanded(
    server, pki, a_target, option, demanded
):
    key, chain = pki.issue("pacsconf", "client.example.org")
    wire = Wire(tls=Identity(pki.file, chain, key))
    seen = probe(asked(a_target, server(option), negatives=True), wire)
    assert seen.encryption is not None
    assert (seen.verdict, seen.encryption.client_certificate) == ("healthy", demanded)
    assert seen.doors is not None
    assert seen.doors.unknown_calling == "open"


def test_a_certificate_that_is_asked_for_and_not_demanded_is_told(server, pki, a_target):
    seen = probe(asked(a_target, server("-vc")), Wire(tls=Identity(pki.file)))
    assert seen.verdict == "healthy"
    assert seen.encryption is not None
    assert seen.encryption.client_certificate is False


@pytest.mark.parametrize(("option", "version"), [("-tls1", "TLS 1.0"), ("-tls1_1", "TLS 1.1")])
def test_a_version_that_is_too_old_is_named(s_server, pki, a_target, option, version):
    port = s_server(option, "-cipher", "ALL:@SECLEVEL=0")
    seen = probe(asked(a_target, port), Wire(tls=Identity(pki.file), timeout=1))
    assert seen.reason == f"speaks {version} only; TLS 1.2 is the least (PS3.15 B.12)"
    assert seen.encryption is not None
    assert (seen.encryption.version, seen.encryption.untrusted) == (version, "")
    assert seen.steps[1].fault is not None
    assert seen.steps[1].fault.alert == "protocol_version"


def test_plaintext_at_a_port_for_tls_is_named(storescp, a_target):
    seen = probe(asked(a_target, storescp()), Wire(timeout=2))
    assert told(seen) == [("tcp", True), ("tls", False)]
    assert seen.steps[1].fault is not None
    assert (seen.steps[1].fault.how, seen.steps[1].fault.alert) in (
        ("TLS", "WRONG_VERSION_NUMBER"),
        ("TLS", "closed"),
    )
    assert "plaintext" in seen.reason or "may not speak TLS" in seen.reason


def test_tls_at_a_port_for_plaintext_is_named(s_server, a_target):
    seen = probe(a_target(s_server()), Wire(timeout=2))
    assert seen.reason == (
        "the peer closed the connection after the association request: it speaks TLS 1.3 at this port"
    )
    assert seen.steps[-1].fault is not None
    assert seen.steps[-1].fault.alert == "TLS expected"


def test_tls_at_a_port_for_plaintext_of_dcmtk(server, a_target):
    seen = probe(a_target(server("-ic")), Wire(timeout=2))
    assert seen.steps[-1].name == "association"
    assert seen.steps[-1].fault == Fault("not DICOM", alert="TLS expected")


def test_a_peer_that_takes_the_hello_and_says_nothing(stranger, a_target):
    seen = probe(asked(a_target, stranger().port), Wire(timeout=0.3))
    assert seen.reason == "connected, but no answer to the TLS handshake within 0.3 s"
    assert seen.steps[-1].fault is not None
    assert seen.steps[-1].fault.how == "silent"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad\r\n\r\n",
        b"\x16\x03\x03\x00\x05\x02\xff\xff\xff\xff",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
    ids=["a web server", "a broken hello", "an alert"],
)
@pytest.mark.parametrize("hang_up", [False, True])
def test_whatever_answers_a_hello_is_a_fault(stranger, a_target, answer, hang_up):
    seen = probe(asked(a_target, stranger(answer, hang_up=hang_up).port), Wire(timeout=0.3))
    assert (seen.verdict, told(seen)) == ("failing", [("tcp", True), ("tls", False)])


HELLO_REQUEST = b"\x16\x03\x03\0\4\0\0\0\0"
"""OpenSSL passes over it, as often as it comes."""


def test_tls_without_an_end_and_with_nothing_in_it_ends(stranger, a_target):
    seen = probe(asked(a_target, stranger(HELLO_REQUEST * 200_000).port), Wire(timeout=20))
    assert seen.reason == "it talks TLS without an end, and nothing is in it"
    assert seen.steps[-1].fault == Fault("TLS", alert="no end")


def test_tickets_without_an_end_after_the_handshake_end_too(pki):
    key, chain = pki.issue("scp", "127.0.0.1")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(chain, key)
    served.num_tickets = 20_000
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs, suppress(OSError):
            served.wrap_socket(theirs, server_side=True)

    thread = threading.Thread(target=serve)
    thread.start()
    stream = looking(Plain(ours), Identity(), "127.0.0.1", 20)
    with pytest.raises(PeerFault, match="without an end"):
        stream.some(time.monotonic() + 20)
    stream.close()
    thread.join()


def test_a_cipher_suite_that_is_not_declared_is_said(server, pki, a_target):
    other = "TLS_RSA_WITH_AES_128_CBC_SHA"
    seen = probe(asked(a_target, server("-ic"), ciphers=(other,)), Wire(tls=Identity(pki.file)))
    assert seen.verdict == "healthy"
    assert seen.steps[1].text.endswith("a cipher suite that is not among the declared ones")


# --- files -------------------------------------------------------------------------------------------------------


def test_files_that_cannot_be_used_end_the_sweep_before_it_begins(pki, a_target, tmp_path, free_port):
    key, chain = pki.issue("one", "one.example.org")
    other, _ = pki.issue("two", "two.example.org")
    (tmp_path / "nonsense.pem").write_text("nonsense")
    for identity, words in (
        (Identity(str(tmp_path / "missing.pem")), "No such file or directory"),
        (Identity(str(tmp_path / "nonsense.pem")), "not readable as PEM"),
        (Identity(pki.file, chain, other), "the key is not the certificate's"),
        (Identity(pki.file, str(tmp_path / "nonsense.pem"), key), "not readable as PEM"),
    ):
        with pytest.raises(PacsconfError) as caught:
            list(observe([asked(a_target, free_port)], Wire(tls=identity)))
        assert words in caught.value.message


def test_files_are_not_looked_at_where_nothing_speaks_tls(a_target, free_port):
    (seen,) = observe([a_target(free_port)], Wire(tls=Identity("missing.pem")))
    assert seen.verdict == "failing"


# --- names and cipher suites -------------------------------------------------------------------------------------


def test_cipher_suites_have_the_names_that_openssl_prints():
    listed = subprocess.run(
        ["/usr/bin/openssl", "ciphers", "-stdname", "ALL:eNULL:!PSK:!SRP:@SECLEVEL=0"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    pairs = [(line.split()[0], line.split()[2]) for line in listed]
    assert len(pairs) > 50
    assert [(suite, name) for suite, name in pairs if openssl_name(suite) != name] == []
    assert not unlike("ECDHE-RSA-AES256-GCM-SHA384", [MODERN])


@pytest.mark.parametrize(
    ("names", "host", "expected"),
    [
        (("ct-1.example.org",), "CT-1.example.org.", True),
        (("*.example.org",), "ct-1.example.org", True),
        (("*.example.org",), "a.ct-1.example.org", False),
        (("*.org",), "example.org", False),
        (("*.0.0.1",), "127.0.0.1", False),
        (("10.20.0.1",), "10.20.0.1", True),
        (("2001:db8::1",), "2001:0db8::1", True),
        ((), "ct-1", False),
    ],
)
def test_a_certificate_is_for_its_names_alone(names, host, expected):
    assert is_for(names, host) is expected


def test_a_certificate_that_cannot_be_read_tells_nothing():
    assert certificate(b"nonsense").subject == ""


@pytest.mark.parametrize("kind", [b"\xa3", b"\xa5"], ids=["x400Address", "ediPartyName"])
def test_a_certificate_for_names_of_a_rare_kind_is_told_nonetheless(kind):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CT1")])
    rare = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x05" + kind + b"\3\x80\1\1")
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, EXPIRED, datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(rare, critical=False)
        .sign(key, hashes.SHA256())
    )
    seen = certificate(made.public_bytes(Encoding.DER))
    assert (seen.subject, seen.names) == ("CT1", ("names of a kind that is not read here",))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x16\x03\x03", b"\x15\x03\x03\x00\x02"]))
def test_whatever_answers_a_hello_is_a_fault_or_its_end(sent, begin):
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(begin + sent)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(PeerFault):
            looking(Plain(ours), Identity(), "ct-1.example.org", 5)
    assert ours.fileno() == -1


# --- what it should not take --------------------------------------------------------------------------------------

TRIED = {"negatives": True, "level": "echo"}


def doors(observation):
    assert observation.doors is not None
    return observation.doors


def test_only_a_run_with_negatives_tries_to_talk_it_out_of_tls(server, pki, a_target):
    assert probe(asked(a_target, server("-ic")), Wire(tls=Identity(pki.file))).doors is None


def test_a_server_that_speaks_tls_alone_is_not_talked_out_of_it(server, pki, a_target):
    seen = doors(probe(asked(a_target, server("-ic"), **TRIED), Wire(tls=Identity(pki.file))))
    assert (seen.plain, seen.old_tls, seen.weak_ciphers) == ("refused", (), ())


@pytest.mark.parametrize(
    ("options", "old", "weak"),
    [
        (("-min_protocol", "TLSv1.2", "-cipher", "ECDHE+AESGCM"), (), ()),
        (("-min_protocol", "TLSv1", "-cipher", "ECDHE+AES:@SECLEVEL=0"), ("TLS 1.1", "TLS 1.0"), ()),
        (("-min_protocol", "TLSv1.1", "-cipher", "ECDHE+AES:@SECLEVEL=0"), ("TLS 1.1",), ()),
        (("-cipher", "ECDHE+AESGCM:AES128-SHA256:@SECLEVEL=0"), (), ("AES128-SHA256",)),
        (
            ("-cipher", "ECDHE+AESGCM:NULL-SHA256:ADH-AES128-SHA256:AES256-SHA256:@SECLEVEL=0"),
            (),
            ("ADH-AES128-SHA256", "AES256-SHA256", "NULL-SHA256"),
        ),
    ],
    ids=["good", "old", "one old", "keys by RSA", "all kinds"],
)
def test_what_it_takes_that_it_should_not_is_named(s_server, pki, a_target, options, old, weak):
    seen = doors(probe(asked(a_target, s_server(*options), **TRIED), Wire(tls=Identity(pki.file), timeout=1)))
    assert (seen.old_tls, seen.weak_ciphers) == (old, weak)


def test_what_it_takes_that_it_should_not_is_a_finding(a_target):
    doors = Doors(plain="open", old_tls=("TLS 1.0",), weak_ciphers=("NULL-SHA",))
    found = findings(Observation(asked(a_target, 2762), "healthy", doors=doors))
    assert [one.rule for one in found] == ["WIRE-TLS-WEAK"]
    assert found[0].summary.endswith("DICOM without TLS, TLS 1.0, NULL-SHA")


def test_that_it_asks_for_a_certificate_first_hides_nothing(s_server, pki, a_target):
    port = s_server(
        "-Verify", "1", "-CAfile", pki.file, "-cipher", "AES128-SHA256:ECDHE+AES:@SECLEVEL=0", "-tls1_2"
    )
    seen = doors(probe(asked(a_target, port, **TRIED), Wire(tls=Identity(pki.file), timeout=1)))
    assert seen.weak_ciphers


def test_a_port_that_is_gone_in_between_leaves_it_unknown(pki):
    def gone() -> Plain:
        raise ConnectionRefusedError

    assert old_versions(gone, Identity(pki.file), "127.0.0.1", 1) is None
    assert weak_suites(gone, Identity(pki.file), "127.0.0.1", 1) is None
    assert without_tls(gone, "A", "B", 1) == "unknown"


def test_a_plain_port_takes_an_association_without_tls(storescp):
    port = storescp()
    assert without_tls(lambda: connect(("127.0.0.1",), port, 5), "ANY", "US", 5) == "open"
