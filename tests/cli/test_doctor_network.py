import contextlib
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from pacsconf.cli.doctor_machine import Check
from pacsconf.cli.doctor_network import Certificate, Visit, lookup, network_checks, read_certificate, resolved
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import DirectoryConfig, MemoryConfig
from pacsconf.operator.needs import endpoint_of

NOW = datetime.now(UTC)


class Server:
    """A server on a port of the loopback that shakes hands (with TLS where it has a certificate) and closes."""

    def __init__(self, certificate: trustme.LeafCert | None = None, *, silent: bool = False) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if certificate:
            certificate.configure_cert(self._context)
        self._answer = self._shake if certificate else (self._wait if silent else self._close)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self._listener.accept()
                with connection:
                    self._answer(connection)

    def _shake(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with contextlib.suppress(OSError), self._context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)

    def _wait(self, connection: socket.socket) -> None:
        self._over.wait(5)

    def _close(self, connection: socket.socket) -> None:
        connection.sendall(b"this is not TLS\r\n")

    def stop(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def serve():
    """Starts a server; all are stopped in the end."""
    with contextlib.ExitStack() as stack:

        def started(*args, **kwargs) -> Server:
            server = Server(*args, **kwargs)
            stack.callback(server.stop)
            return server

        yield started


@pytest.fixture(scope="module")
def ca():
    return trustme.CA(organization_name="Hospital CA")


@pytest.fixture
def look(serve, ca, tmp_path):
    """What doctor finds about a server that shows a certificate with these properties."""
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def looked(*names: str, host="localhost", authority=ca, ca_file="ca.pem", verify=True, now=NOW, **issue):
        server = serve(authority.issue_cert(*(names or ("localhost",)), **issue))
        config = DirectoryConfig(
            name="directory",
            type="dicom-directory",
            url=f"ldaps://{host}:{server.port}",
            ca_file=ca_file,
            verify=verify,
        )
        visit = Visit(config, endpoint_of(config), ("127.0.0.1",), tmp_path, now, 5.0)
        check = visit.check()
        assert check.name == f"directory ldaps://{host}:{server.port}"
        return check

    return looked


# --- certificates -------------------------------------------------------------------------------------------


def test_a_good_certificate_is_valid_for_so_many_days(look):
    found = look(not_after=NOW + timedelta(days=212, hours=1))
    assert (found.ok, found.fix) == (True, "")
    assert found.text.startswith("its certificate is valid for 212 days, issued by ")
    assert "O=Hospital CA" in found.text


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(days=29, hours=23), "its certificate ends in 29 days,"),
        (timedelta(days=1, hours=1), "its certificate ends in 1 day,"),
        (timedelta(hours=1), "its certificate ends in 0 days,"),
    ],
)
def test_a_certificate_that_ends_soon_is_to_be_renewed(look, left, text):
    found = look(not_after=NOW + left)
    assert found.ok is False
    assert found.text.startswith(text)
    assert "renewed" in found.fix


def test_a_certificate_that_has_ended_is_said(look):
    found = look(not_after=NOW - timedelta(days=2))
    assert found.ok is False
    assert found.text.startswith(f"its certificate ended on {NOW - timedelta(days=2):%d %b %Y}, issued by")


def test_a_certificate_that_has_not_begun_is_said(look):
    begins = NOW + timedelta(days=2)
    found = look(not_before=begins, not_after=NOW + timedelta(days=100))
    assert found.ok is False
    assert found.text.startswith(f"its certificate begins on {begins:%d %b %Y}, issued by")


def test_a_certificate_for_another_host_names_its_hosts(look):
    found = look("ldap.example.org", "10.20.0.1")
    assert found.ok is False
    assert found.text.startswith(
        "its certificate is for ldap.example.org, 10.20.0.1, not for localhost, issued by"
    )


def test_a_certificate_for_an_address_serves_that_address(look):
    assert look("127.0.0.1", host="127.0.0.1").ok
    assert look("localhost", host="127.0.0.1").ok is False


def test_a_certificate_of_a_stranger_is_not_trusted(look):
    found = look(authority=trustme.CA(organization_name="Stranger CA"))
    assert found.ok is False
    assert found.text.startswith(
        "its certificate is not trusted here: unable to get local issuer certificate"
    )
    assert "ca_file" in found.fix


def test_without_a_ca_file_the_machines_authorities_count(look):
    assert "not trusted here" in look(ca_file=None).text


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "junk"])
def test_a_ca_file_that_cannot_be_used_is_said(look, tmp_path, content):
    if content:
        (tmp_path / "other.pem").write_text(content)
    found = look(ca_file="other.pem")
    assert found.ok is False
    assert "other.pem cannot be used (" in found.text


def test_a_certificate_that_is_not_checked_is_no_pass(look):
    found = look(authority=trustme.CA(), verify=False)
    assert found.ok is None
    assert "is not checked (verify: false)" in found.text


@pytest.mark.parametrize(
    ("host", "fits"),
    [
        ("ldap.example.org", True),
        ("LDAP.example.org.", True),
        ("x.rad.example.org", True),
        ("rad.example.org", False),
        ("a.b.rad.example.org", False),
        ("10.20.0.1", True),
        ("10.20.0.2", False),
        ("1.2.3", False),
    ],
)
def test_names_of_a_certificate_are_whole_labels(host, fits):
    names = ("ldap.example.org", "*.rad.example.org", "10.20.0.1", "*.20.0.2")
    assert Certificate("CN=x", NOW, NOW, names).is_for(host) is fits


def test_an_old_certificate_without_alternative_names_is_for_nobody(serve, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    leaf = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=99)).sign(key, hashes.SHA256())
    (tmp_path / "both.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + leaf.public_bytes(Encoding.PEM)
    )

    class Shown:
        def configure_cert(self, context: ssl.SSLContext) -> None:
            context.load_cert_chain(tmp_path / "both.pem")

    found = visit(f"ldaps://localhost:{serve(Shown()).port}")
    assert (found.ok, found.text) == (
        False,
        "its certificate is for no name, not for localhost, issued by CN=localhost",
    )


def test_a_certificate_is_read_without_being_trusted(serve):
    authority = trustme.CA(organization_name="Bell\x07 CA")
    begins, ends = NOW.replace(microsecond=0), (NOW + timedelta(days=3)).replace(microsecond=0)
    server = serve(authority.issue_cert("a.example.org", "::1", not_before=begins, not_after=ends))
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        shown = read_certificate(connection, "whatever.example.org")
    assert (shown.begins, shown.ends, shown.names) == (begins, ends, ("a.example.org", "::1"))
    assert "O=Bell? CA" in shown.issuer


# --- ports --------------------------------------------------------------------------------------------------


def visit(url: str, *addresses: str, timeout: float = 5.0) -> Check:
    config = DirectoryConfig(name="directory", type="dicom-directory", url=url)
    return Visit(config, Endpoint.parse(url), addresses or ("127.0.0.1",), None, NOW, timeout).check()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_plain_port_answers(serve):
    url = f"ldap://localhost:{serve().port}"
    assert visit(url) == Check(f"directory {url}", True, "answers")


def test_a_closed_port_is_said():
    found = visit(f"ldaps://localhost:{closed_port()}")
    assert (found.ok, found.text) == (False, "Connection refused")
    assert "firewall" in found.fix


def test_the_next_address_is_tried(serve):
    assert visit(f"ldap://localhost:{serve().port}", "127.0.0.9", "127.0.0.1").ok


def test_a_port_that_speaks_no_tls_is_said(serve):
    found = visit(f"ldaps://localhost:{serve().port}")
    assert found.ok is False
    assert found.text.startswith("answers, but not with TLS: ")


def test_a_silent_port_is_given_up_on(serve):
    found = visit(f"ldaps://localhost:{serve(silent=True).port}", timeout=0.2)
    assert (found.ok, found.text) == (False, "no answer within 0.2 s")


# --- names --------------------------------------------------------------------------------------------------


def test_a_host_is_looked_up():
    assert "127.0.0.1" in lookup("localhost")


def test_a_name_that_is_none_is_said():
    assert resolved(["x" * 70 + ".example.org"], 5.0) == {
        "x" * 70 + ".example.org": "no name that can be looked up"
    }


def test_a_slow_name_server_is_not_waited_for():
    over = threading.Event()

    def slow(host: str) -> tuple[str, ...]:
        if host == "slow.example.org":
            over.wait(30)
        elif host == "unknown.example.org":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ("10.0.0.1",)

    began = time.monotonic()
    found = resolved(["slow.example.org", "known.example.org", "unknown.example.org"], 0.3, slow)
    over.set()
    assert time.monotonic() - began < 5
    assert found == {
        "slow.example.org": None,
        "known.example.org": ("10.0.0.1",),
        "unknown.example.org": "Name or service not known",
    }


def test_names_come_first_then_systems_in_order(serve, tmp_path):
    port = serve().port
    systems = [
        MemoryConfig(name="memory", type="memory"),
        DirectoryConfig(name="one", type="dicom-directory", url=f"ldap://localhost:{port}"),
        DirectoryConfig(name="two", type="dicom-directory", url=f"ldap://127.0.0.1:{port}"),
        DirectoryConfig(name="three", type="dicom-directory", url=f"ldap://{'x' * 70}.example.org"),
    ]
    found = list(network_checks(systems, tmp_path, NOW, 5.0))
    assert [(check.name, check.ok) for check in found] == [
        ("name localhost", True),
        (f"name {'x' * 70}.example.org", False),
        (f"one ldap://localhost:{port}", True),
        (f"two ldap://127.0.0.1:{port}", True),
    ]
