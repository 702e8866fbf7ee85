"""Our listener answers DCMTK's callers, stores nothing, and goes on whatever else calls."""

from __future__ import annotations

import gc
import os
import socket
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack

import pytest
import trustme

from pacsconf.dicom.listen.listener import Called, Ended, Said, Stranger
from tests.dicom.callers import (
    CT,
    ECHOSCU,
    FINDSCU,
    IMPLICIT,
    STORESCU,
    VERIFICATION,
    answer,
    context,
    dialled,
    item,
    listening,
    request_of,
    run,
)

ABORT_BY_PROVIDER = b"\x07\0\0\0\0\4\0\0\2"
WORKLIST = "1.2.840.10008.5.1.4.31"
CT_DUMP = f"""\
(0008,0016) UI {CT}
(0008,0018) UI 1.2.3.4
(0010,0010) PN ZZTEST^PACSCONF
(0010,0020) LO ZZ1
(0020,000d) UI 1.2.3
(0020,000e) UI 1.2.3.1
(0028,0010) US 1
(0028,0011) US 1
(0028,0100) US 16
(7fe0,0010) OW 0001
"""


@pytest.fixture
def image(tmp_path) -> str:
    """A file with a CT object of a test patient."""
    dump, file = tmp_path / "ct.dump", tmp_path / "ct.dcm"
    dump.write_text(CT_DUMP)
    subprocess.run(["/usr/bin/dump2dcm", str(dump), str(file)], check=True, capture_output=True)
    return str(file)


# --- DCMTK's callers ---------------------------------------------------------------------------------------------


def test_an_echo_is_answered_and_told():
    with listening(count=1) as listener:
        done = run(ECHOSCU, listener.port, "-aet", "CT_ER1", "-aec", "ARCHIVE")
        listener.wait(Ended)
    assert done.returncode == 0
    assert "Received Echo Response (Success)" in done.stderr + done.stdout
    (called,) = listener.of(Called)
    heard = called.heard
    assert (heard.calling, heard.called) == ("CT_ER1".ljust(16), "ARCHIVE".ljust(16))
    assert (heard.host, heard.source, heard.answer) == ("127.0.0.1", "listen", "accepted")
    assert heard.contexts == ((VERIFICATION, (IMPLICIT,)),)
    assert heard.implementation.startswith("1.2.276.0.7230010")
    assert heard.version.startswith("OFFIS_DCMTK")
    assert heard.max_pdu == 16384
    assert listener.of(Said) == [Said(1, "C-ECHO", VERIFICATION, 0)]
    assert listener.of(Ended) == [Ended(1, "released", well=True)]


def test_an_image_is_refused_so_that_its_sender_keeps_it(image):
    with listening(count=1) as listener:
        done = run(STORESCU, listener.port, files=[image])
        listener.wait(Ended)
    assert "Refused: OutOfResources" in done.stderr + done.stdout
    assert listener.of(Said) == [Said(1, "C-STORE", CT, 0xA700)]
    asked = dict(listener.of(Called)[0].heard.contexts)
    assert CT in asked


def test_a_query_is_refused():
    with listening(count=1) as listener:
        done = run(FINDSCU, listener.port, "-W", "-k", "PatientName")
        listener.wait(Ended)
    assert "Refused: OutOfResources" in done.stderr + done.stdout
    assert listener.of(Said) == [Said(1, "C-FIND", WORKLIST, 0xA700)]


def test_a_move_and_a_get_are_refused():
    with listening(count=2) as listener:
        moved = run("/usr/bin/movescu", listener.port, "-S", "-k", "QueryRetrieveLevel=STUDY", "-aem", "X")
        got = run("/usr/bin/getscu", listener.port, "-S", "-k", "QueryRetrieveLevel=STUDY")
        listener.wait(Ended)
        listener.wait(Ended)
    assert [said.status for said in listener.of(Said)] == [0xA702, 0xA702]
    assert "OutOfResources" in moved.stderr + moved.stdout
    assert "OutOfResources" in got.stderr + got.stdout


def test_an_abort_is_told():
    with listening(count=1) as listener:
        run(ECHOSCU, listener.port, "--abort")
        ended = listener.wait(Ended)
    assert ended == Ended(1, "aborted by its software (PS3.8 9.3.8: 0/0)", well=False)


def test_128_contexts_are_accepted():
    with listening(count=1) as listener:
        done = run(ECHOSCU, listener.port, "--propose-pc", "128")
        listener.wait(Ended)
    assert done.returncode == 0
    assert listener.of(Said) == [Said(1, "C-ECHO", VERIFICATION, 0)]


def test_the_contexts_of_one_class_are_told_together():
    contexts = context(1, CT, ["1.2.3", IMPLICIT]) + context(3) + context(5, CT, ["1.2.4", IMPLICIT])
    with listening(count=1) as listener, dialled(listener.port) as sock:
        sock.sendall(request_of(contexts=contexts))
        listener.wait(Called)
    assert listener.of(Called)[0].heard.contexts == (
        (CT, ("1.2.3", IMPLICIT, "1.2.4")),
        (VERIFICATION, (IMPLICIT,)),
    )


def test_who_asks_for_the_part_of_the_provider_is_told_and_answered_in_kind():
    commitment = "1.2.840.10008.1.20.1"
    roles = item(0x54, len(commitment).to_bytes(2, "big") + commitment.encode() + b"\0\1")
    with listening(count=1) as listener, dialled(listener.port) as sock:
        sock.sendall(request_of(contexts=context(1, commitment), user=roles))
        listener.wait(Called)
        assert commitment.encode() + b"\0\1" in sock.recv(65536)
    assert listener.of(Called)[0].heard.as_scp == (commitment,)


@pytest.mark.parametrize(
    ("title", "heard"),
    [
        (b" CT_ER1".ljust(16), " CT_ER1         "),
        (b"CT_ER1".ljust(16, b"\0"), "CT_ER1" + "\0" * 10),
        (b"CT\x01\xe4\\".ljust(16), "CT\x01\xe4\\           "),
        (b" " * 16, " " * 16),
    ],
)
def test_titles_are_told_as_they_came_and_every_one_is_answered(title, heard):
    with listening(count=1) as listener, dialled(listener.port) as sock:
        sock.sendall(request_of(title))
        listener.wait(Called)
        assert sock.recv(65536)[:1] == b"\2"
    assert listener.of(Called)[0].heard.calling == heard


# --- bad callers -------------------------------------------------------------------------------------------------

HUGE = b"\1\0\xff\xff\xff\xff"
STRANGERS = [
    (b"", True, "connected, and hung up without a word"),
    (b"", False, "connected, and said nothing within 0.3 s"),
    (b"GET / HTTP/1.1\r\n\r\n", False, "what it sent is not DICOM"),
    (b"\x16\3\1\2\0\1\0\1\xfc\3\3", False, "it speaks TLS, and this port does not"),
    (request_of()[:50], False, "sent half a PDU, and not the rest within 0.3 s"),
    (request_of()[:50], True, "it hung up in the middle"),
    (b"\1", False, "sent half a PDU, and not the rest within 0.3 s"),
    (HUGE, False, "it announced a PDU of 4294967295 bytes"),
    (b"\1\0\0\0\0\4abcd", False, "its association request cannot be read"),
    (b"\5\0\0\0\0\4abcd", False, "it began with a PDU of type 05 rather than an association request"),
]


@pytest.mark.parametrize(("sent", "hangs_up", "words"), STRANGERS)
def test_who_requests_no_association_gets_a_line_of_his_own_and_others_are_answered(sent, hangs_up, words):
    with listening(count=1, patience=0.3) as listener, dialled(listener.port) as sock:
        sock.sendall(sent)
        if hangs_up:
            sock.shutdown(socket.SHUT_WR)
        stranger = listener.wait(Stranger)
        assert words in stranger.text
        assert stranger.host == "127.0.0.1"
        assert run(ECHOSCU, listener.port).returncode == 0
        listener.wait(Ended)


CONTEXTS_129 = b"".join(context(2 * at + 1 & 0xFF) for at in range(129))
REFUSED = [
    ({"contexts": CONTEXTS_129}, ABORT_BY_PROVIDER, "it proposes 129 presentation contexts"),
    ({"contexts": context(2)}, ABORT_BY_PROVIDER, "this one is not: 2"),
    ({"contexts": context(1) + context(1)}, ABORT_BY_PROVIDER, "this one is not: 1"),
    ({"contexts": b""}, ABORT_BY_PROVIDER, "it proposes no presentation context"),
    ({"protocol": 2}, b"\3\0\0\0\0\4\0\1\2\2", "protocol version not supported"),
    ({"application": b"1.2.3"}, b"\3\0\0\0\0\4\0\1\1\2", "application context name not supported"),
]


@pytest.mark.parametrize(("asked", "answered", "words"), REFUSED)
def test_a_request_that_cannot_be_accepted_is_refused_and_its_titles_are_told(asked, answered, words):
    with listening(count=1) as listener, dialled(listener.port) as sock:
        sock.sendall(request_of(**asked))
        sock.shutdown(socket.SHUT_WR)
        assert answer(sock).startswith(answered)
        ended = listener.wait(Ended)
        assert words in ended.how
    assert listener.of(Called)[0].heard.calling == "CT_ER1".ljust(16)
    assert words in listener.of(Called)[0].heard.answer


LATER = [
    (b"\4\0\0\0\0\6\0\0\0\xff\1\3", "cut off: a part of a message is longer than the PDU that holds it"),
    (b"\4\0\0\0\0\6\0\0\0\2\1\3", "cut off: a message without a command field"),
    (b"\4\0\0\1\xff\xff", "it announced a PDU of 131071 bytes"),
    (b"\x09\0\0\0\0\0", "it sent a PDU of type 09, which does not exist"),
    (b"\2\0\0\0\0\4abcd", "it sent a PDU of type 02 on an association that stands"),
    (b"\4\0\0\0\1", "sent half a PDU, and not the rest within 0.3 s"),
    (b"", "sent no message within 0.4 s"),
]


@pytest.mark.parametrize(("sent", "words"), LATER)
def test_who_goes_wrong_later_is_aborted_with_a_word(sent, words):
    with listening(count=1, patience=0.3, idle=0.4) as listener, dialled(listener.port) as sock:
        sock.sendall(request_of() + sent)
        assert ABORT_BY_PROVIDER in answer(sock)
        assert words in listener.wait(Ended).how


def test_who_hangs_up_without_a_release_is_told():
    with listening(count=1) as listener:
        with dialled(listener.port) as sock:
            sock.sendall(request_of())
            listener.wait(Called)
            assert sock.recv(65536)[:1] == b"\2"  # what is unread would turn the end into a reset
        assert listener.wait(Ended).how == "it hung up without releasing the association"


def test_of_a_huge_request_as_much_is_told_as_the_standard_has():
    syntaxes = [f"1.2.{at}" for at in range(1000)]
    contexts = b"".join(context(2 * at + 1, "9" * 300, syntaxes) for at in range(60))
    with listening(count=1) as listener, dialled(listener.port) as sock:
        sock.sendall(request_of(contexts=contexts))
        listener.wait(Called)
    ((uid, told),) = listener.of(Called)[0].heard.contexts
    assert (len(uid), len(told)) == (128, 128)


def test_a_data_set_is_dropped_as_it_comes_and_cut_off_when_it_has_no_end():
    store = b"\0\0\0\1\2\0\0\0\1\0" + b"\0\0\x10\1\2\0\0\0\1\0" + b"\0\0\0\x08\2\0\0\0\0\0"
    part = (2 + 16000).to_bytes(4, "big") + b"\1\0" + bytes(16000)
    data = b"\4\0" + len(part).to_bytes(4, "big") + part
    with listening(count=1) as listener, dialled(listener.port) as sock:
        head = (2 + len(store)).to_bytes(4, "big") + b"\1\3" + store
        sock.sendall(request_of() + b"\4\0" + len(head).to_bytes(4, "big") + head)
        try:
            for _ in range(2000):
                sock.sendall(data)
        except ConnectionError:
            pass
        assert "a data set of more than 16777216 bytes" in listener.wait(Ended).how


def test_who_stays_too_long_is_cut_off():
    with listening(count=1, longest=0.3) as listener, dialled(listener.port) as sock:
        sock.sendall(request_of())
        assert listener.wait(Ended).how == "cut off: it was connected for more than 0.3 s"
        assert ABORT_BY_PROVIDER in answer(sock)


def test_beyond_its_number_callers_are_turned_away_until_there_is_room():
    with listening(at_once=2) as listener:
        with dialled(listener.port) as one, dialled(listener.port) as other:
            for sock in (one, other):
                sock.sendall(request_of())
                listener.wait(Called)
            assert run(ECHOSCU, listener.port).returncode != 0
            assert listener.wait(Stranger).text == "turned away: 2 connections are open already"
        listener.wait(Ended)
        listener.wait(Ended)
        assert run(ECHOSCU, listener.port).returncode == 0


def test_who_connects_and_requests_nothing_keeps_nobody_out():
    with ExitStack() as stack, listening(at_once=2) as listener:
        silent = [stack.enter_context(dialled(listener.port)) for _ in range(50)]
        assert run(ECHOSCU, listener.port).returncode == 0
        assert [called.heard.calling_title for called in listener.of(Called)] == ["ECHOSCU"]
        assert "hung up on: it was waiting longest" in listener.wait(Stranger).text
        assert silent[0].recv(1) == b""


def test_nothing_leaks_and_the_end_waits_for_nobody():
    """Hanging callers of every kind; then the end, as Ctrl-C brings it about."""
    gc.collect()
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    with ExitStack() as stack:
        with listening() as listener:
            for sent in (b"", b"\1\0\0", request_of(), request_of() + b"\4\0\0"):
                for _ in range(4):
                    stack.enter_context(dialled(listener.port)).sendall(sent)
            for _ in range(8):
                listener.wait(Called)
            since = time.monotonic()
        assert time.monotonic() - since < 2
    gc.collect()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == files
    assert len(listener.of(Ended)) == 8
    assert len(listener.of(Stranger)) == 8


def test_it_ends_when_its_time_is_over():
    with listening(seconds=0.2) as listener, dialled(listener.port) as sock:
        sock.sendall(request_of())
        assert listener.wait(Ended).how == "it was there when the listener ended"
        assert ABORT_BY_PROVIDER in answer(sock)


def test_a_port_in_use_is_an_error_of_its_own():
    from asyncio import run as run_now

    from pacsconf.dicom.listen.listener import Listener, Settings

    with listening() as listener, pytest.raises(OSError, match="in use"):
        run_now(Listener(Settings("127.0.0.1", listener.port), lambda _: None).run())


def test_without_an_address_ipv4_callers_are_told_by_their_ipv4_address():
    with listening(address="", count=1) as listener:
        assert run(ECHOSCU, listener.port).returncode == 0
        listener.wait(Ended)
    assert listener.of(Called)[0].heard.host == "127.0.0.1"


def test_a_defect_while_telling_ends_it_with_the_defect():
    import asyncio

    from pacsconf.dicom.listen.listener import Listener, Ready, Settings

    def tell(event):
        if isinstance(event, Ready):
            threading.Thread(target=run, args=(ECHOSCU, event.port)).start()
        elif isinstance(event, Called):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(Listener(Settings("127.0.0.1", 0), tell).run())


# --- TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority():
    return trustme.CA(organization_name="Hospital")


@pytest.fixture
def tls(authority, tmp_path):
    """A context for the listener, and the options with which DCMTK trusts it and shows who it is."""
    ca, ours, theirs = tmp_path / "ca.pem", tmp_path / "theirs.pem", tmp_path / "key.pem"
    authority.cert_pem.write_to_path(ca)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    server.load_verify_locations(ca)
    server.verify_mode = ssl.CERT_OPTIONAL
    client = authority.issue_cert("ct-1", common_name="ct-1")
    client.cert_chain_pems[0].write_to_path(ours)
    client.private_key_pem.write_to_path(theirs)
    return server, ["+tls", str(theirs), str(ours), "+cf", str(ca)]


def test_who_speaks_tls_is_told_by_his_certificate(tls):
    context, options = tls
    with listening(tls=context, count=1) as listener:
        done = run(ECHOSCU, listener.port, *options)
        listener.wait(Ended)
    assert done.returncode == 0, done.stderr
    assert "commonName=ct-1" in listener.of(Called)[0].subject
    assert listener.of(Ended) == [Ended(1, "released", well=True)]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (request_of(), "it does not speak TLS"),
        (b"GET / HTTP/1.1\r\n\r\n", "it does not speak TLS"),
        (b"", "it hung up, or said nothing, before TLS was agreed on"),
        (b"\x16\3\1\0", "it hung up, or said nothing, before TLS was agreed on"),
    ],
)
def test_who_does_not_speak_tls_is_told(tls, sent, words):
    with listening(tls=tls[0], patience=0.3) as listener, dialled(listener.port) as sock:
        sock.sendall(sent)
        assert words in listener.wait(Stranger).text


def test_a_certificate_of_somebody_else_is_told(tls, tmp_path):
    context, _ = tls
    other = trustme.CA().issue_cert("ct-1")
    other.cert_chain_pems[0].write_to_path(tmp_path / "other.pem")
    other.private_key_pem.write_to_path(tmp_path / "other-key.pem")
    options = ["+tls", str(tmp_path / "other-key.pem"), str(tmp_path / "other.pem"), "-ic"]
    with listening(tls=context) as listener:
        run(ECHOSCU, listener.port, *options)
        assert "its certificate is not trusted" in listener.wait(Stranger).text
