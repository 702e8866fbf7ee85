"""The window on a socket, with a peer that does what no server should. `test_dicom_many` has real ones."""

from __future__ import annotations

import itertools
import socket
import threading
from types import SimpleNamespace

import pytest

from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.systems._ldap import Directory
from pacsconf.systems._ldap.framing import Garbled, head
from pacsconf.systems._ldap.pipeline import WINDOW, Pipeline
from pacsconf.systems._ldap.requests import Add
from tests.ldap_front import cut

ADD_RESPONSE, DELETE_RESPONSE = 0x69, 0x6B


@pytest.fixture
def ends():
    """Our end as a connection that ldap3 opened, and the other."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    theirs.settimeout(5)
    numbers = itertools.count(1)
    with ours, theirs:
        yield (
            SimpleNamespace(socket=ours, server=SimpleNamespace(next_message_id=lambda: next(numbers))),
            theirs,
        )


def response(number, tag=ADD_RESPONSE, remark=b"", code=0):
    """A result of fewer than 64 KiB."""
    text = b"\x04\x82" + len(remark).to_bytes(2, "big") + remark if remark else b"\x04\x00"
    content = bytes((0x0A, 1, code)) + b"\x04\x00" + text
    operation = bytes((tag, 0x83)) + len(content).to_bytes(3, "big") + content
    message = b"\x02\x02" + number.to_bytes(2, "big") + operation
    return b"\x30\x83" + len(message).to_bytes(3, "big") + message


def adds(count, size=10):
    return ((f"n{n}", Add(f"cn=n{n}", {"description": (b"x" * size,)})) for n in range(count))


def answering(theirs, speak):
    """A peer in a thread of its own: `speak` gets the ids that came together, and what they left in its list."""

    def serve():
        rest, waiting = b"", []
        try:
            while data := theirs.recv(65536):
                messages, rest = cut(rest + data)
                waiting += [head(message)[0] for message in messages]
                speak(waiting)
        except OSError:
            pass  # we hung up

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def one_by_one(speak):
    def said(waiting):
        while waiting:
            speak(waiting.pop(0))

    return said


def test_each_answer_makes_room_for_one_more_up_to_the_window(ends):
    conn, theirs = ends
    pipeline, most = Pipeline(conn), []
    answering(theirs, one_by_one(lambda number: theirs.sendall(response(number))))
    keys = []
    for key, answer, _ in pipeline.run(adds(300)):
        assert answer.ok
        keys.append(key)
        most.append(len(pipeline.unanswered))
        assert most[-1] < min(WINDOW, len(keys))
    assert sorted(keys) == sorted(key for key, _ in adds(300))
    assert max(most) == WINDOW - 1
    assert conn.socket.gettimeout() == 5


def test_answers_are_told_apart_in_any_order(ends):
    conn, theirs = ends
    texts = {}

    def backwards(waiting):
        theirs.sendall(b"".join(response(n, remark=b"%d" % n, code=68) for n in reversed(waiting)))
        waiting.clear()

    pipeline = Pipeline(conn)
    answering(theirs, backwards)
    for key, answer, _ in pipeline.run(adds(200)):
        texts[key] = answer.remark
    assert texts == {f"n{n}": str(n + 1) for n in range(200)}


def test_large_requests_and_large_answers_do_not_wait_for_each_other(ends):
    """The peer takes nothing more until its answer, larger than what a socket holds, was read."""
    conn, theirs = ends
    for end in (conn.socket, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    answering(theirs, one_by_one(lambda number: theirs.sendall(response(number, remark=b"y" * 60_000))))
    answers = [answer for _, answer, _ in Pipeline(conn).run(adds(100, size=60_000))]
    assert [len(answer.remark) for answer in answers] == [60_000] * 100


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda number: response(number + 1000), Garbled),
        (lambda number: response(number, tag=DELETE_RESPONSE), Garbled),
        (lambda number: response(number) * 2, Garbled),
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", Garbled),
        (lambda _: response(0, tag=0x78), ConnectionError),
        (lambda _: b"", TimeoutError),
    ],
    ids=["another's", "another kind", "twice", "nonsense", "notice of disconnection", "silence"],
)
def test_what_is_no_answer_leaves_all_that_was_sent_unanswered(ends, damage, fault):
    conn, theirs = ends
    conn.socket.settimeout(0.2)
    pipeline = Pipeline(conn)
    answered = []

    def speak(number):
        theirs.sendall(response(number) if number < 20 else damage(number) if number == 20 else b"")

    thread = answering(theirs, one_by_one(speak))
    drawn = adds(100)
    with pytest.raises(fault):
        answered.extend(key for key, _, _ in pipeline.run(drawn))
    conn.socket.close()
    thread.join(5)
    unsent = [key for key, _ in drawn]
    assert unsent
    assert {*answered, *(key for key, _ in pipeline.unanswered), *unsent} == {key for key, _ in adds(100)}
    assert {key for key, _ in pipeline.unanswered}.isdisjoint({*answered, *unsent})


def test_a_peer_that_hangs_up_is_an_end(ends):
    conn, theirs = ends
    pipeline = Pipeline(conn)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionError):
        list(pipeline.run(adds(5)))
    assert [key for key, _ in pipeline.unanswered] == ["n0"]


@pytest.mark.parametrize(
    "more", [b"", response(3), response(3)[:5]], ids=["nothing", "an answer", "half of one"]
)
def test_what_comes_after_the_last_answer_is_told(ends, more):
    """Half a message would be taken for the beginning of another answer."""
    conn, theirs = ends
    pipeline = Pipeline(conn)

    def speak(number):
        theirs.sendall(response(number) + (more if number == 3 else b""))

    answering(theirs, one_by_one(speak))
    assert [key for key, _, _ in pipeline.run(adds(3))] == ["n0", "n1", "n2"]
    assert pipeline.beyond == bool(more)


def test_a_connection_on_which_too_much_was_said_is_let_go(ends):
    conn, theirs = ends
    directory = Directory(DirectoryConfig(name="d", type="dicom-directory", url="ldap://x"), lambda _: None)
    conn.closed, conn.unbind = False, lambda: None
    directory._conn = conn
    answering(theirs, one_by_one(lambda number: theirs.sendall(response(number) * 2)))
    assert [answer.ok for _, answer, _ in directory.write_all(adds(1))] == [True]
    assert conn.socket.fileno() == -1
