"""Our own port: who may leave what there, and that nobody who hangs or talks nonsense keeps it from ending."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from pacsconf.core.errors import PacsconfError
from pacsconf.dicom.commission.exchange import Exchange
from pacsconf.dicom.commission.listening import NOT_WANTED, UNRECOGNISED, Came, Listening, listening
from pacsconf.dicom.upper_layer import messages as dimse
from pacsconf.dicom.upper_layer.messages import SUCCESS, Message
from pacsconf.dicom.upper_layer.proposals import proposal
from pacsconf.dicom.upper_layer.stream import connect

CT, COMMITMENT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.20.1"
EXPLICIT = "1.2.840.10008.1.2.1"


@pytest.fixture(autouse=True)
def no_thread_stays():
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def opened():
    return listening("127.0.0.1", 0, lambda uid: uid == "1.2.3")


def sent(port: int, field: int, uid: str, sop_class: str = CT) -> int:
    """The status with which our port answers a message about this object."""
    with Exchange(connect(["127.0.0.1"], port, 3), 3) as exchange:
        exchange.open("ARCHIVE", "PROBE", [(sop_class, (EXPLICIT,))])
        context, _ = exchange.context(sop_class)
        about = {"AffectedSOPClassUID": sop_class, "AffectedSOPInstanceUID": uid}
        return exchange.last(context, field, about, b"data", name="message").status


def test_an_object_of_ours_is_kept_and_another_is_refused():
    with opened() as port:
        assert sent(port.port, dimse.C_STORE, "1.2.3") == SUCCESS
        assert sent(port.port, dimse.C_STORE, "1.2.4") == NOT_WANTED
        came = port.take(lambda one: one.message.field == dimse.C_STORE, 3)
        assert came is not None
        assert (came.calling, came.called, came.syntax) == ("ARCHIVE", "PROBE", EXPLICIT)
        assert came.message.data == b"data"
        assert port.take(lambda one: True, 0.05) is None


def test_a_report_of_commitment_is_kept_and_an_echo_answered():
    with opened() as port:
        assert sent(port.port, dimse.N_EVENT_REPORT, "1.2.840.10008.1.20.1.1", COMMITMENT) == SUCCESS
        assert sent(port.port, dimse.C_ECHO, "", "1.2.840.10008.1.1") == SUCCESS
        assert port.take(lambda one: one.message.field == dimse.N_EVENT_REPORT, 3) is not None


def test_anything_else_is_refused():
    with opened() as port:
        assert sent(port.port, dimse.C_FIND, "") == UNRECOGNISED


def test_others_who_call_all_the_time_do_not_keep_the_archive_out():
    port = Listening(1)
    for number in range(600):
        port.tell(Came(Message(1, {"MessageID": number}), "MONITOR", "PROBE", "10.20.9.9", ""))
    port.tell(Came(Message(1, {"MessageID": 7777}), "ARCHIVE", "PROBE", "10.20.0.5", ""))
    assert port.take(lambda came: came.message.number("MessageID") == 7777, 0.0)
    assert port.take(lambda came: came.message.number("MessageID") == 0, 0.0) is None, "the oldest made room"


NOTHING = b""
HALF = proposal("A", "B")[:40]
GARBAGE = b"GET / HTTP/1.1\r\n\r\n"
HUGE = b"\x01\x00\xff\xff\xff\xff"
TOO_MANY = proposal("A", "B", [(CT, (EXPLICIT,))])[:74] + b"\x20\0\0\x04\x02\0\0\0" * 200


@pytest.mark.parametrize("data", [NOTHING, HALF, GARBAGE, HUGE, TOO_MANY], ids=str)
def test_who_hangs_or_talks_nonsense_keeps_nobody(data):
    with opened() as port:
        callers = [socket.create_connection(("127.0.0.1", port.port)) for _ in range(3)]
        for caller in callers:
            caller.sendall(data)
        assert sent(port.port, dimse.C_STORE, "1.2.3") == SUCCESS
        began = time.monotonic()
    assert time.monotonic() - began < 2
    for caller in callers:
        caller.close()


def test_no_more_than_a_few_are_served_at_once():
    with opened() as port:
        callers = [socket.create_connection(("127.0.0.1", port.port)) for _ in range(12)]
        for caller in callers[:8]:
            caller.sendall(HALF)
        for caller in callers[8:]:
            caller.settimeout(3)
        assert any(_hung_up(caller) for caller in callers[8:])
    for caller in callers:
        caller.close()


def _hung_up(caller: socket.socket) -> bool:
    try:
        return caller.recv(1) == b""
    except OSError:
        return True


def test_a_port_that_is_taken_is_an_error_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(PacsconfError, match=f"cannot listen at port {port}"),
            listening("127.0.0.1", port, bool),
        ):
            pass
