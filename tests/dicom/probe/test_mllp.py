"""HL7 applications that answer, refuse, and misbehave in every way that we thought of, over real sockets."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.dicom.observation import Observation
from pacsconf.dicom.probe.findings import findings
from pacsconf.dicom.probe.lines import from_lines, to_lines
from pacsconf.dicom.probe.observer import observe, probe
from pacsconf.dicom.probe.run import ProbeRun, Sighting
from pacsconf.dicom.targets import Target
from pacsconf.dicom.wire import Identity, Wire

Behaviour = Callable[[socket.socket], None]
PATIENT, SHORT = Wire(timeout=10), Wire(timeout=1)
ACK, NAK = b"\x0b\x06\x1c\r", b"\x0b\x15\x1c\r"
MSH = "MSH|^~\\&|RIS|HOSP|PROBE||2026||ACK|7|T|2.5\r"


def a_target(port: int, **more) -> Target:
    usual = {"device": "ris", "title": "RIS|HOSP", "connection": "hl7", "host": "127.0.0.1", "port": port}
    usual |= {"declared": "10.20.0.1:2575", "level": "echo", "calling": "PROBE|", "protocol": "hl7"}
    return Target(**(usual | more))


def asked(connection: socket.socket) -> str:
    """The number of the message that came, whole."""
    data = b""
    while not data.endswith(b"\x1c\r"):
        piece = connection.recv(65536)
        assert piece, "the caller hung up"
        data += piece
    found = re.search(rb"\|(PC[0-9A-F]{18})\|T\|2\.5\r", data)
    assert found, data
    return found[1].decode()


def block(text: str) -> bytes:
    return b"\x0b" + text.encode() + b"\x1c\r"


def says(text: str, *, before: bytes = b"", after: bytes = b"") -> Behaviour:
    """Answers by one block; `{number}` is that of the message. Then it says nothing until the caller leaves."""

    def behave(connection: socket.socket) -> None:
        number = asked(connection)
        connection.sendall(before + block(text.replace("{number}", number)) + after)
        drain(connection)

    return behave


def sends(data: bytes, *, leaves: bool = False) -> Behaviour:
    """Answers by these bytes, and leaves or is silent."""

    def behave(connection: socket.socket) -> None:
        asked(connection)
        connection.sendall(data)
        if not leaves:
            drain(connection)

    return behave


def drain(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def leaves_at_once(connection: socket.socket) -> None:
    """Hangs up before it has read anything."""


def floods(connection: socket.socket) -> None:
    """An answer without an end."""
    asked(connection)
    connection.sendall(b"\x0bMSH|^~\\&|")
    while True:
        connection.sendall(b"x" * 65536)


def trickles(connection: socket.socket) -> None:
    """An answer byte by byte."""
    number = asked(connection)
    for byte in block(f"{MSH}MSA|AA|{number}\r"):
        connection.sendall(bytes([byte]))


@pytest.fixture
def listener() -> Iterator[Callable[..., int]]:
    """Starts who answers each connection by a behaviour, through TLS with a context; gives its port."""
    with ExitStack() as stack:

        def start(behave: Behaviour, context: ssl.SSLContext | None = None) -> int:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve() -> None:
                with suppress(OSError):
                    while True:
                        connection, _ = server.accept()
                        connection.settimeout(10)
                        with connection, suppress(OSError, AssertionError):
                            if context is None:
                                behave(connection)
                            else:
                                with context.wrap_socket(connection, server_side=True) as spoken:
                                    behave(spoken)

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(lambda: server.shutdown(socket.SHUT_RDWR))
            return int(server.getsockname()[1])

        yield start


def seen(port: int, wire: Wire = PATIENT, **more) -> Observation:
    return probe(a_target(port, **more), wire)


# --- alive --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["AA", "AE", "AR", "CA", "CE", "CR"])
def test_any_acknowledgement_shows_that_it_is_there(listener, code: str):
    found = seen(listener(says(f"{MSH}MSA|{code}|{{number}}|not for you\r")))

    assert (found.verdict, found.acknowledged) == ("healthy", code)
    assert [step.name for step in found.steps] == ["tcp", "mllp"]
    assert findings(found) == ()
    assert ('"not for you"' in found.steps[-1].text) is (code not in ("AA", "CA"))


def test_an_answer_in_pieces_is_one(listener):
    assert seen(listener(trickles)).acknowledged == "AA"


def test_what_comes_after_the_answer_is_left_alone(listener):
    port = listener(says(f"{MSH}MSA|AA|{{number}}\r", after=block("MSH|^~\\&|more") + b"and more"))

    assert seen(port).verdict == "healthy"


def test_by_level_tcp_nothing_is_sent(listener):
    heard: list[bytes] = []
    served = threading.Event()

    def behave(connection: socket.socket) -> None:
        heard.append(connection.recv(100))
        served.set()

    found = seen(listener(behave), level="tcp")

    assert (found.verdict, [step.name for step in found.steps]) == ("healthy", ["tcp"])
    assert served.wait(10)
    assert heard == [b""]


def test_in_nobodys_name_nothing_is_sent(listener):
    found = seen(listener(drain), calling=None)

    assert (found.verdict, found.acknowledged) == ("unknown", "")
    assert [each.rule for each in findings(found)] == ["WIRE-HL7"]


def test_a_standby_must_be_silent(listener):
    found = seen(listener(drain), standby=True)

    assert (found.verdict, [each.rule for each in findings(found)]) == ("failing", ["WIRE-STANDBY"])


# --- release 2 ----------------------------------------------------------------------------------------------------


def test_release_2_is_acknowledged_block_by_block_on_both_sides(listener):
    heard = []

    def behave(connection: socket.socket) -> None:
        number = asked(connection)
        connection.sendall(ACK + block(f"{MSH}MSA|AA|{number}\r"))
        heard.append(connection.recv(100))

    port = listener(behave)
    assert seen(port, protocol="hl7-mllp2").acknowledged == "AA"
    seen(port, protocol="hl7-mllp2")
    assert heard[:1] == [ACK]


RELEASES = {
    "a negative commit acknowledgement": ("hl7-mllp2", sends(NAK), "a negative commit acknowledgement (15)"),
    "release 1 where 2 is declared": (
        "hl7-mllp2",
        says(f"{MSH}MSA|AA|{{number}}\r"),
        "declare protocol: hl7",
    ),
    "release 2 where 1 is declared": (
        "hl7",
        says(f"{MSH}MSA|AA|{{number}}\r", before=ACK),
        "declare protocol: hl7-mllp2",
    ),
    "an acknowledgement and then nothing": ("hl7-mllp2", sends(ACK), "no answer to a message within 1 s"),
    "an acknowledgement without a block": ("hl7-mllp2", sends(b"\x06"), "bare byte"),
}


@pytest.mark.parametrize("case", RELEASES, ids=str)
def test_the_releases_are_told_apart(listener, case: str):
    protocol, behave, told = RELEASES[case]
    found = seen(listener(behave), SHORT if "1 s" in told else PATIENT, protocol=protocol)

    assert found.verdict == "failing"
    assert told in found.reason


# --- what does not do its part ------------------------------------------------------------------------------------

BAD = {
    "silence": (drain, "silent", "no answer to a message within 1 s"),
    "hangs up at once": (leaves_at_once, "closed", "it hung up instead of answering a message"),
    "hangs up after the message": (sends(b"", leaves=True), "closed", "it hung up instead of answering"),
    "half an answer": (
        sends(b"\x0bMSH|^~\\&|"),
        "silent",
        "half an answer within 1 s: 10 bytes, and no end",
    ),
    "half an answer and gone": (
        sends(b"\x0bMSH|^~\\&|", leaves=True),
        "closed",
        "it hung up in the middle of its answer, after 10 bytes",
    ),
    "half an end": (sends(b"\x0bMSH|^~\\&|\x1c"), "not MLLP", "ends in 1C alone: MLLP has 0D after it"),
    "an answer without end": (floods, "not MLLP", "its answer does not come to an end"),
    "HTTP": (sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not MLLP", "it speaks HTTP"),
    "DICOM": (sends(b"\x07\0\0\0\0\4\0\0\0\0"), "not MLLP", "it speaks DICOM"),
    "TLS": (sends(b"\x15\x03\x03\0\2\2\x50"), "not MLLP", "it speaks TLS at this port, and none is declared"),
    "HL7 without MLLP": (sends(MSH.encode()), "not MLLP", "without MLLP around it"),
    "garbage": (sends(b"\xde\xad\xbe\xef"), "not MLLP", "it begins with de ad be ef"),
    "an empty block": (sends(b"\x0b\x1c\r"), "not an acknowledgement", "no HL7 message"),
    "garbage in a block": (says("hello"), "not an acknowledgement", "what is in it is no HL7 message"),
    "a message of its own": (
        says("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\rPID|1||1^^^X||ZZTEST^PACSCONF\r"),
        "not an acknowledgement",
        "it is a message of type ADT^A01 that acknowledges nothing",
    ),
    "the number of another": (
        says(f"{MSH}MSA|AA|4711\r"),
        "not an acknowledgement",
        'it acknowledges another message: "4711" instead of PC',
    ),
    "no number": (says(f"{MSH}MSA|AA|\r"), "not an acknowledgement", "does not say which (MSA-2 is empty)"),
    "a code that is none": (
        says(f"{MSH}MSA|OK|{{number}}\r"),
        "not an acknowledgement",
        'it acknowledges by "OK", which HL7 does not have',
    ),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_what_goes_wrong_is_told_apart(listener, case: str):
    behave, how, told = BAD[case]
    found = seen(listener(behave), SHORT if how == "silent" or "1C alone" in told else PATIENT)

    assert (found.verdict, found.acknowledged) == ("failing", "")
    assert told in found.reason
    assert "ZZTEST" not in found.reason
    step = found.steps[-1]
    assert step.name == "mllp"
    assert step.fault is not None
    assert step.fault.how == how
    (one,) = findings(found)
    assert (one.rule, one.path) == ("WIRE-HL7", ("devices", "ris", "hl7_applications", "RIS|HOSP"))


def test_nobody_there_is_told_by_the_layer_below(free_port):
    found = seen(free_port)

    assert [each.rule for each in findings(found)] == ["WIRE-TCP"]
    assert seen(free_port, may_sleep=True).verdict == "asleep"


ANSWERS = st.lists(
    st.sampled_from([b"\x0b", b"\x1c", b"\r", b"MSH|^~\\&|", b"MSA|AA|", b"|", b"\x06", b"\x15", b"x" * 40])
).map(b"".join)


@settings(deadline=None, max_examples=40)
@given(ANSWERS, st.booleans())
def test_whatever_is_answered_is_a_fault_in_bounded_time(data: bytes, mllp2: bool):
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def serve() -> None:
        with suppress(OSError), server.accept()[0] as connection:
            server.close()  # nobody is there a second time
            connection.settimeout(5)
            sends(data, leaves=True)(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    with server:
        found = seen(port, protocol="hl7-mllp2" if mllp2 else "hl7")
        thread.join(10)

    assert found.verdict == "failing"


# --- TLS ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.RSA)


def server_context(ca: trustme.CA, *, mutual: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA).configure_cert(context)
    if mutual:
        ca.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def identity(ca: trustme.CA, folder: Path, *, shows: bool) -> Identity:
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    if not shows:
        return Identity(str(folder / "ca.pem"))
    made = ca.issue_cert("probe.example.org", key_type=trustme.KeyType.RSA)
    made.private_key_and_cert_chain_pem.write_to_path(str(folder / "own.pem"))
    return Identity(str(folder / "ca.pem"), str(folder / "own.pem"))


@pytest.mark.parametrize("mutual", [False, True], ids=["server alone", "mutual"])
def test_a_message_goes_through_tls(listener, ca, tmp_path, mutual: bool):
    port = listener(says(f"{MSH}MSA|AA|{{number}}\r"), server_context(ca, mutual=mutual))
    wire = Wire(timeout=5, tls=identity(ca, tmp_path, shows=mutual))
    found = probe(a_target(port, tls=True), wire)

    assert (found.verdict, found.acknowledged) == ("healthy", "AA")
    assert [step.name for step in found.steps] == ["tcp", "tls", "mllp"]


def test_who_wants_a_certificate_and_is_shown_none_is_named(listener, ca, tmp_path):
    port = listener(says(f"{MSH}MSA|AA|{{number}}\r"), server_context(ca, mutual=True))
    found = probe(a_target(port, tls=True), Wire(timeout=5, tls=identity(ca, tmp_path, shows=False)))

    assert [each.rule for each in findings(found)] == ["WIRE-TLS"]
    assert "client certificate" in found.reason


def test_tls_where_none_is_declared_is_named(listener, ca):
    port = listener(drain, server_context(ca))
    found = probe(a_target(port), Wire(timeout=5))

    assert "it speaks TLS at this port, and none is declared" in found.reason


def test_plain_where_tls_is_declared_is_named(listener, ca, tmp_path):
    wire = Wire(timeout=0.5, tls=identity(ca, tmp_path, shows=False))
    found = probe(a_target(listener(drain), tls=True), wire)

    assert [each.rule for each in findings(found)] == ["WIRE-TLS"]


# --- beside others ------------------------------------------------------------------------------------------------


def test_a_device_is_asked_for_one_thing_at_a_time(listener):
    """Its AE title and its HL7 application: nothing begins before the other is over."""
    under_way: list[int] = []
    most: list[int] = []

    def behave(connection: socket.socket) -> None:
        under_way.append(1)
        number = asked(connection)
        most.append(len(under_way))
        under_way.pop()  # before it is answered: then the next one may begin
        connection.sendall(block(f"{MSH}MSA|AA|{number}\r"))

    ports = [listener(behave) for _ in range(4)]
    group = [a_target(port, connection=f"hl7-{port}", declared=f"10.20.0.1:{port}") for port in ports]
    found = list(observe(group, Wire(timeout=5)))

    assert [one.acknowledged for one in found] == ["AA"] * 4
    assert set(most) == {1}


def test_a_run_with_it_reads_back_as_it_was_written(listener):
    found = seen(listener(says(f"{MSH}MSA|AR|{{number}}|no\r")))
    run = ProbeRun("lab", found.at, "who", "here", "1", sightings=(Sighting(found, "here", found.at),))

    (back,) = from_lines(to_lines(run), "run").observations
    assert (back.acknowledged, back.target, back.steps[-1].text) == ("AR", found.target, found.steps[-1].text)
