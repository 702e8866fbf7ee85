"""Connecting: whom we trust, and what is said when it fails."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from pacsconf.core.errors import BadAnswer, OperatorError, Refused, Unavailable
from pacsconf.inventory.systems import Bind
from pacsconf.lab import slapd

EMPTY: tuple[object, ...] = ()


@pytest.fixture
def opens(opener, server):
    """Reads from the shared server with these settings; gives what was read."""

    def read(**keys):
        return opener(server, **keys).read().resources

    return read


def fault(read, kind, **keys):
    with pytest.raises(kind) as caught:
        read(**keys)
    assert caught.value.fix, "every fault says what to do"
    return caught.value


def test_ldaps_and_start_tls_are_trusted_by_the_authority_in_ca_file(opens, server):
    assert opens(url=server.tls_url, ca_file=str(server.ca_file)) == EMPTY
    assert opens(start_tls=True, ca_file=str(server.ca_file)) == EMPTY


def test_where_no_ca_file_is_named_the_machines_authorities_are_trusted(opens, server, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
    assert opens(url=server.tls_url) == EMPTY
    assert opens(start_tls=True) == EMPTY


def test_a_certificate_by_an_unknown_authority_is_not_trusted(opens, server, tmp_path):
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    for keys in (
        {"url": server.tls_url},
        {"start_tls": True},
        {"url": server.tls_url, "ca_file": str(other)},
    ):
        found = fault(opens, Unavailable, **keys)
        assert "comes from an authority that is not known here. Nothing was sent." in found.message
        assert "ca_file" in found.fix


def test_trust_can_be_given_up_on_purpose(opens, server):
    assert opens(url=server.tls_url, verify=False) == EMPTY


@pytest.fixture(scope="module")
def badly_certified(tmp_path_factory):
    """Gives a server, restarted with a certificate for these names that ends then."""
    folder = tmp_path_factory.mktemp("tls") / "slapd"
    running = [slapd.start(folder)]
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")

    def certified(*names, ends):
        certificate = authority.issue_cert(*names, not_before=ends - timedelta(days=9), not_after=ends)
        (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        (folder / "key.pem").write_bytes(certificate.private_key_pem.bytes())
        running.append(slapd.restart(running[-1]))
        return running[-1]

    yield certified
    running[-1].stop()


@pytest.mark.parametrize(
    ("names", "days", "words"),
    [
        (["127.0.0.1"], -1, "its certificate has expired"),
        (["127.0.0.1"], 30, "its certificate is not valid yet; is this machine's clock right?"),
        (["10.1.2.3"], 1, "its certificate is for another address"),
        (["ldap.example.org"], 1, "its certificate is for another address"),
    ],
    ids=["expired", "not yet", "other address", "only a name"],
)
def test_why_a_certificate_is_not_trusted_is_said(badly_certified, opener, names, days, words):
    running = badly_certified(*names, ends=datetime.now(UTC) + timedelta(days=days))
    with pytest.raises(Unavailable) as caught:
        opener(running, url=running.tls_url, ca_file=str(running.ca_file)).read()
    assert words in caught.value.message


def test_a_certificate_for_another_name_is_not_trusted(badly_certified, opener):
    running = badly_certified("ldap.example.org", ends=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(Unavailable, match="its certificate is for another host name"):
        opener(running, url=f"ldaps://localhost:{running.tls_port}", ca_file=str(running.ca_file)).read()


def test_the_password_is_not_even_asked_for_when_the_server_is_not_trusted(server):
    from pacsconf.inventory.systems import DirectoryConfig
    from pacsconf.systems.dicom_directory import DicomDirectory

    def secrets(*_):
        raise AssertionError("the password was asked for")

    bind = Bind(dn=server.pacsconf_dn, password="env:LDAP")
    config = DirectoryConfig(name="directory", type="dicom-directory", url=server.tls_url, bind=bind)
    with pytest.raises(Unavailable):
        DicomDirectory("directory", config, secrets).read()


def test_a_secret_is_asked_for_with_the_endpoint_it_goes_to(server):
    from pacsconf.inventory.systems import DirectoryConfig
    from pacsconf.systems.dicom_directory import DicomDirectory

    asked = []

    def secrets(*args):
        asked.append(args)
        raise OperatorError("not bound")

    bind = Bind(dn=server.pacsconf_dn, password="env:LDAP")
    config = DirectoryConfig(name="directory", type="dicom-directory", url=server.url, bind=bind)
    with pytest.raises(OperatorError):
        DicomDirectory("directory", config, secrets).read()
    assert asked == [(bind.password, "ldap", "127.0.0.1", server.port)]


def test_a_wrong_password_is_refused_and_not_repeated(opens, server):
    found = fault(opens, Refused, password="guess-4711")
    assert found.message.endswith(
        "let cn=pacsconf,dc=hospital,dc=example in: the name or the password is wrong"
    )
    assert found.fix == (
        "Check `bind`: whether cn=pacsconf,dc=hospital,dc=example is the account that is meant, and whether "
        f"env:LDAP holds its password; it was sent to {server.url}."
    )
    assert "guess-4711" not in found.message + found.fix + repr(found.__cause__)


def test_an_empty_password_is_refused_since_a_server_would_take_it_for_anonymous(opens):
    found = fault(opens, Refused, password="")
    assert found.message == "the password of cn=pacsconf,dc=hospital,dc=example is empty"
    assert found.fix == "env:LDAP gave nothing: put the password there."


def test_an_anonymous_caller_may_be_refused(opens):
    assert isinstance(fault(opens, Refused, bind=None), Refused)


def test_a_password_does_not_travel_in_clear_to_another_machine(opens):
    found = fault(opens, Refused, url="ldap://192.0.2.1")
    assert found.message.startswith("the password would travel unencrypted to ldap://192.0.2.1:389")
    assert "allow_clear_text" in found.fix


def test_a_server_without_start_tls_gets_no_password(opener, tmp_path):
    unsafe = pytest.raises(Unavailable, match="does not offer StartTLS, so the password was not sent")
    with slapd.started(tmp_path / "slapd", slapd.Options(tls=False)) as running, unsafe:
        opener(running, start_tls=True).read()


def test_a_name_that_cannot_be_resolved_is_named(opens):
    found = fault(opens, Unavailable, url="ldaps://directory.invalid")
    assert found.message == 'the name "directory.invalid" cannot be resolved'


def test_a_port_where_nothing_listens_is_said(opens):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = fault(opens, Unavailable, url=f"ldap://127.0.0.1:{free.getsockname()[1]}")
    assert found.message.endswith("cannot be reached: nothing listens there")


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(opens):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        found = fault(opens, Unavailable, url=f"ldap://127.0.0.1:{silent.getsockname()[1]}", timeout=1)
    assert "cannot be reached" in found.message


def test_a_plain_port_asked_for_tls_is_said(opens, server):
    found = fault(opens, Unavailable, url=f"ldaps://127.0.0.1:{server.port}")
    assert "does not speak TLS" in found.message


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["absent", "not PEM"])
def test_a_ca_file_that_cannot_be_read_is_said(opens, server, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    found = fault(opens, Unavailable, url=server.tls_url, ca_file=str(path))
    assert found.message.startswith(f"the certificate authorities in {path} cannot be read")


@contextmanager
def somebody_who_answers(what):
    """A port at which the first request is answered with what this function makes of it."""

    def answer(listener):
        connection, _ = listener.accept()
        with connection:
            connection.sendall(what(connection.recv(4096)))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        yield f"ldap://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def test_nonsense_instead_of_an_answer_is_a_bad_answer(opens):
    with somebody_who_answers(lambda _: b"\x30\x05\x02\x01\x01\x61\x7f") as url:
        found = fault(opens, BadAnswer, url=url)
    assert "does not speak LDAP" in found.message


def test_an_anonymous_caller_is_told_to_name_an_account(opens):
    def no_way_to_sign_in(request):
        number = request[2 : 4 + request[3]]  # of the message: its answer has the same
        body = number + b"\x61\x07\x0a\x01\x30\x04\x00\x04\x00"
        return bytes([0x30, len(body)]) + body

    with somebody_who_answers(no_way_to_sign_in) as url:
        found = fault(opens, Refused, url=url, bind=None)
    assert "does not let an anonymous caller in" in found.message
    assert found.fix == "Name an account under `bind`: its DN, and where its password is kept."
