"""What ldap3 makes and reads for us beneath its own interface, and messages cut out of a stream of bytes."""

from __future__ import annotations

import socket
from importlib.metadata import version

import ldap3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pacsconf.systems._ldap import wire
from pacsconf.systems._ldap.answers import Answer
from pacsconf.systems._ldap.framing import Frames, Garbled, head, integer, length
from tests.systems.ber import element

MOVED = "ldap3 has moved a name that it keeps to itself: adapt pacsconf/systems/_ldap/wire.py"


ALL_IS_WELL = bytes.fromhex("070a010004000400")


def ending(number, tag, code=0, remark=b"", more=b"", controls=b""):
    parts = element(0x0A, bytes((code,))), element(4), element(4, remark), more
    return element(0x30, integer(number), element(tag, *parts), controls)


def page_control(cookie):
    value = element(0x30, element(2, b"\0"), element(4, cookie))
    return element(0xA0, element(0x30, element(4, wire.PAGED.encode()), element(4, value)))


def test_the_private_names_of_ldap3_are_where_wire_looks_for_them():
    from ldap3.operation import extended
    from ldap3.strategy import base, sync
    from ldap3.utils import asn1

    conn = ldap3.Connection(ldap3.Server("127.0.0.1", get_info=ldap3.NONE))
    assert version("ldap3") == "2.9.1", f"{MOVED}, if it did, and pin the version that this was tried with"
    assert type(conn.strategy) is sync.SyncStrategy, MOVED
    assert (conn.sasl_mechanism, conn.auto_escape) == (None, True), MOVED
    for holder, names in (
        (conn.strategy, ["send", "get_response", "sending"]),
        (conn.server, ["next_message_id"]),
        (base.BaseStrategy, ["decode_control_fast"]),
        (asn1, ["encode", "decode_message_fast", "ldap_result_to_dict_fast"]),
        (extended, ["extended_response_to_dict_fast"]),
    ):
        assert [name for name in names if not callable(getattr(holder, name, None))] == [], MOVED


@pytest.mark.parametrize("strategy", [ldap3.ASYNC, ldap3.SAFE_SYNC, ldap3.RESTARTABLE, ldap3.MOCK_SYNC])
def test_only_a_plain_connection_is_used_directly(strategy):
    where = ldap3.Server("127.0.0.1", get_info=ldap3.NONE)
    assert wire.usable(ldap3.Connection(where))
    assert not wire.usable(ldap3.Connection(where, client_strategy=strategy))


@pytest.mark.parametrize("mechanism", [ldap3.DIGEST_MD5, ldap3.KERBEROS])
def test_what_sasl_may_wrap_is_not_used_directly(mechanism):
    where = ldap3.Server("127.0.0.1", get_info=ldap3.NONE)
    conn = ldap3.Connection(where, authentication=ldap3.SASL, sasl_mechanism=mechanism)
    assert not wire.usable(conn)


@pytest.mark.parametrize("page", [None, (1000, b""), (1000, b"\0\xff")])
@pytest.mark.parametrize("scope", ["BASE", "LEVEL", "SUBTREE"])
@pytest.mark.parametrize("within", [False, True])
def test_a_search_is_what_ldap3_itself_would_send(server, page, scope, within):
    where = ldap3.Server(server.url, get_info=ldap3.NONE)
    conn = ldap3.Connection(where, auto_encode=False)
    conn.open()
    with conn.socket:
        sent = []
        conn.strategy.sending = sent.append
        conn.strategy.get_response = lambda _: ([], {"type": "searchResDone", "result": 0, "description": ""})
        asked = (server.base, "(&(cn=*)(o=Röntgen\\2a))"), ["*", "entryCSN"]
        paging = {} if page is None else {"paged_size": page[0], "paged_cookie": page[1]}
        controls = [(wire.WITHIN, False, None)] if within else None
        conn.search(*asked[0], scope, "NEVER", asked[1], **paging, controls=controls)
        from ldap3.utils.asn1 import encode

        number = int(sent[0]["messageID"])
        search = wire.Search(*asked[0], asked[1], scope, within)
        assert wire.search_request(conn, number, search, page) == encode(sent[0])
        assert wire.next_id(conn) == number + 1


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (ending(7, 0x69), wire.Result(7, "addResponse", Answer(0))),
        (ending(300, 0x67), wire.Result(300, "modifyResponse", Answer(0))),
        (ending(2**31 - 1, 0x6B), wire.Result(2**31 - 1, "delResponse", Answer(0))),
        (ending(7, 0x65, 4), wire.Result(7, "searchResDone", Answer(4))),
        (ending(7, 0x6D, 68, "Röntgen".encode()), wire.Result(7, "modDNResponse", Answer(68, "Röntgen"))),
        (ending(7, 0x65, controls=page_control(b"more\0")), wire.Result(7, "searchResDone", Answer(0), b"more\0")),
        (ending(7, 0x65, controls=page_control(b"")), wire.Result(7, "searchResDone", Answer(0))),
        (
            ending(7, 0x65, 10, more=element(0xA3, element(4, b"ldap://a/dc=x"), element(4, b"ldap://b"))),
            wire.Result(7, "searchResDone", Answer(10), referrals=("ldap://a/dc=x", "ldap://b")),
        ),
        (
            ending(0, 0x78, 52, b"bye", element(0x8A, b"1.3.6.1.4.1.1466.20036")),
            wire.Result(0, "extendedResp", Answer(52, "bye"), name="1.3.6.1.4.1.1466.20036"),
        ),
    ],
)  # fmt: skip
def test_a_result_is_read(message, found):
    assert wire.result(message) == found


def test_lengths_may_be_longer_than_they_must():
    body = b"\x0a\x01\x44\x04\x00\x04\x81\x02hi"
    long = b"\x69\x84" + len(body).to_bytes(4, "big") + body
    message = b"\x30\x84" + (len(long) + 3).to_bytes(4, "big") + b"\x02\x01\x05" + long
    assert wire.result(message) == wire.Result(5, "addResponse", Answer(68, "hi"))


@pytest.mark.parametrize("size", [100, 300, 70_000])
def test_a_long_result_that_ends_like_a_short_one_is_read_whole(size):
    remark = b"." * size + ALL_IS_WELL
    found = wire.Result(5, "addResponse", Answer(68, remark.decode()))
    assert wire.result(ending(5, 0x69, 68, remark)) == found


DAMAGED = [
    ending(7, 0x65, controls=page_control(b"cookie")),
    ending(7, 0x69, 68, b"there is one", element(0xA3, element(4, b"ldap://a"))),
    ending(0, 0x78, 52, b"bye", element(0x8A, b"1.3.6.1.4.1.1466.20036")),
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(DAMAGED), st.integers(0, 60), st.integers(0, 4), st.binary(max_size=4))
@example(DAMAGED[1], 20, 0, b"\x87\x00")
def test_a_damaged_result_is_garbled_or_another_result_and_nothing_else(message, at, cut, put):
    damaged = message[:at] + put + message[at + cut :]
    try:
        found = wire.result(damaged)
    except Garbled:
        return
    number, tag, parts = head(damaged)
    assert (found.message_id, found.kind) == (number, wire.RESULTS[tag])
    assert [part[0] for part in parts[:3]] == [0x0A, 4, 4]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x30",
        b"\x30\x80\x02\x01\x05\x00\x00",
        b"\x31\x05\x02\x01\x05\x42\x00",
        element(0x30, integer(5)),
        element(0x30, element(2), element(0x65)),
        element(0x30, element(2, bytes(5)), element(0x65)),
        element(0x30, integer(5), element(0x65)),
        ending(5, 0x64),
        ending(5, 0x65) + b"\0",
        ending(5, 0x65, controls=element(0xA1)),
        ending(5, 0x65, more=element(4, b"more")),
        ending(5, 0x65, more=element(0xA3, element(0x04)) * 2),
        ending(5, 0x65, code=200),
        b"\x30\x81" + bytes((120,)) + b"\x30\x76" * 60,
        element(0x30, integer(5), element(0x65, element(0x0A), element(4), element(4))),
        ending(5, 0x65, controls=element(0xA0, element(0x30, element(4, wire.PAGED.encode())))),
        ending(5, 0x65, controls=page_control(b"cookie").replace(b"\x04\x06cook", b"\x04\x07cook")),
    ],
    ids=lambda message: message.hex()[:30] or "nothing",
)
def test_what_is_no_result_is_garbled(message):
    with pytest.raises(Garbled):
        wire.result(message)


# --- messages in a stream -----------------------------------------------------------------------------------


class Pieces:
    """Bytes that arrive in pieces of this size."""

    def __init__(self, data, size):
        self.left = [data[at : at + size] for at in range(0, len(data), size)]

    def recv(self, _size):
        return self.left.pop(0) if self.left else b""


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20), st.integers(1, 700))
def test_messages_come_whole_however_they_arrive(contents, size):
    messages = [element(0x30, content) for content in contents]
    frames = Frames(Pieces(b"".join(messages), size))
    arriving = frames.messages()
    assert [next(arriving) for _ in messages] == messages
    assert frames.rest == b""
    with pytest.raises(ConnectionAbortedError):
        next(arriving)


def test_a_length_that_was_made_up_is_not_waited_for():
    for begin in (
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x83\x10\x00\x00",
        b"\x30\x89",
        b"\x30\xff" + bytes(200),
    ):
        with pytest.raises(Garbled):
            Frames(Pieces(begin, 100), limit=2**20 - 1).block()


def test_what_is_no_message_is_noticed_at_its_first_byte():
    with pytest.raises(Garbled):
        Frames(Pieces(b"HTTP/1.1 400 Bad Request\r\n", 1)).block()


def test_a_silence_is_not_waited_for_without_end():
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(0.05)
        there.sendall(b"\x30\x05\x02")
        with pytest.raises(TimeoutError):
            Frames(here).block()


def test_a_length_that_is_cut_off_is_garbled():
    for data, at in ((b"\x30", 1), (b"\x30\x82\x01", 1), (b"\x30\x80", 1)):
        with pytest.raises(Garbled):
            length(data, at)
