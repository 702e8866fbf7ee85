"""Our reader of search answers reads what ldap3 reads, however bytes arrive; damaged ones are never an entry."""

from __future__ import annotations

import functools
import random
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import ldap3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.errors import BadAnswer, Unavailable
from pacsconf.core.secret import Secret
from pacsconf.inventory.systems import Bind, DirectoryConfig
from pacsconf.lab import slapd
from pacsconf.systems._ldap import Directory, Entry, Lost, Missing, directory, wire
from pacsconf.systems._ldap import stream as stream_module
from pacsconf.systems._ldap.entry import is_secret
from pacsconf.systems._ldap.framing import Frames, Garbled, head, integer
from pacsconf.systems._ldap.stream import Stream
from tests.systems.ber import element

ODD = f"o=Odd,{slapd.BASE}"
EVERYTHING = ("*", "+")


def entry_message(number, dn, attributes, controls=b""):
    listed = (
        element(0x30, element(4, name.encode()), element(0x31, *(element(4, value) for value in values)))
        for name, values in attributes
    )
    body = element(0x64, element(4, dn.encode()), element(0x30, *listed))
    return element(0x30, integer(number), body, controls)


def done(number, tag=0x65):
    return element(0x30, integer(number), element(tag, element(0x0A, b"\0"), element(4), element(4)))


class Pieces:
    """Bytes that arrive in pieces of this size."""

    def __init__(self, data, size=2**20):
        self.left = [data[at : at + size] for at in range(0, len(data), size)][::-1]

    def recv(self, _size):
        return self.left.pop() if self.left else b""


def read(data, number=5, size=2**20):
    """The stream after reading this answer, and its result."""
    stream, frames = Stream(), Frames(Pieces(data, size))
    result = stream.read(frames, number)
    assert frames.rest == b""
    return stream, result


# --- real answers, beside ldap3's own reader ----------------------------------------------------------------


@pytest.fixture(scope="module")
def odd(shared_server):
    """The shared server, with entries of every shape below `ODD`."""
    server, hands = shared_server
    certificate = ssl.PEM_cert_to_DER_cert(server.ca_file.read_text())
    chance = random.Random(7)  # noqa: S311  (the same bytes in every run)
    hands.add(
        ODD, "organization extensibleObject", o="Odd", description=["Röntgen", "放射線", "x" * 127, "y" * 128]
    )
    shapes = {
        "binary": {"jpegPhoto": [chance.randbytes(size) for size in (0, 1, 127, 128, 255, 256, 70_000)]},
        "many": {"description": [f"value {number}" for number in range(59)]},
        "options": {"sn;lang-de": ["Gerät"], "sn": ["device"], "userCertificate;binary": certificate},
        "secret": {"userPassword": ["guess-4711"], "description": ["has one"]},
        "space \\20": {"title": [" a ", "\\", "a,b=c", "\t"]},
        "Ärztin\\, Dr. \\22X\\22": {"sn": ["x" * 300, "y" * 65_536]},
        "bare": {},
    }  # fmt: skip
    for name, attributes in shapes.items():
        hands.add(f"cn={name},{ODD}", "applicationProcess extensibleObject", **attributes)
    hands.add(f"cn=two+sn=parts,{ODD}", "applicationProcess extensibleObject")
    for number in range(20):
        hands.add(f"cn=same {number},{ODD}", "applicationProcess", description="the same in all")
    yield server
    hands.clear(ODD)


def directory_of(server, **keys):
    bind = Bind(dn=server.admin_dn, password="env:LDAP")
    keys = {
        "name": "directory",
        "type": "dicom-directory",
        "url": server.url,
        "bind": bind,
        "timeout": 5,
    } | keys
    return Directory(DirectoryConfig(**keys), lambda _: Secret(server.password))


@contextmanager
def connected(server):
    where = ldap3.Server(server.url, get_info=ldap3.NONE)
    keys = {"auto_bind": True, "auto_referrals": False, "return_empty_attributes": False}
    conn = ldap3.Connection(where, server.admin_dn, server.password, **keys)
    yield conn
    conn.unbind()


def as_ldap3_reads(server, base, matching, scope, attributes):
    """ldap3's own answer: the entries, in our form."""
    with connected(server) as conn:
        conn.search(base, matching, scope, "NEVER", attributes=list(attributes))
        return by_dn(Entry(each["dn"], in_our_form(each["raw_attributes"])) for each in conn.response)


def by_dn(entries):
    """In one order: slapd gives them in another each time."""
    return sorted(entries, key=lambda entry: entry.dn)


def in_our_form(attributes):
    kept = {name: () if is_secret(name) else tuple(values) for name, values in attributes.items()}
    return {name.lower(): values for name, values in kept.items()}


SEARCHES = [
    (ODD, "(objectClass=*)", "SUBTREE", EVERYTHING),
    (ODD, "(objectClass=*)", "SUBTREE", ("1.1",)),
    (ODD, "(objectClass=*)", "LEVEL", ("cn", "entryCSN", "description")),
    (ODD, "(description=Röntgen)", "BASE", ("*",)),
    (ODD, "(cn=nobody)", "SUBTREE", ("*",)),
    ("", "(objectClass=*)", "BASE", EVERYTHING),
    ("cn=Subschema", "(objectClass=subschema)", "BASE", EVERYTHING),
]


@pytest.mark.parametrize("asked", SEARCHES, ids=lambda asked: f"{asked[0][:8]} {asked[2]} {asked[3][0]}")
def test_every_shape_of_entry_is_what_ldap3_reads(odd, asked):
    base, matching, scope, attributes = asked
    opened = directory_of(odd)
    assert by_dn(opened.search(base, matching, attributes, scope)) == as_ldap3_reads(odd, *asked)
    opened.close()


def recorded(server, search, page=None, change=lambda request: request):
    """The message id of a search, and the bytes that answer it."""
    with connected(server) as conn:
        number = wire.next_id(conn)
        conn.socket.sendall(change(wire.search_request(conn, number, search, page)))
        answer = []
        for message in Frames(conn.socket).messages():
            answer.append(message)
            if integer(number) + b"\x65" in message[:16]:
                return number, b"".join(answer)
    raise AssertionError


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 65_537])
def test_entries_are_the_same_however_the_bytes_arrive(odd, size):
    search = wire.Search(ODD, "(objectClass=*)", EVERYTHING, "SUBTREE")
    number, answer = recorded(odd, search)
    stream, result = read(answer, number, size)
    assert result.answer.ok
    assert by_dn(stream.entries) == as_ldap3_reads(odd, ODD, "(objectClass=*)", "SUBTREE", EVERYTHING)


def test_attributes_without_values_are_there(odd):
    """An answer of types only, which a server may also give for values that the account may not see."""
    number, answer = recorded(
        odd,
        wire.Search(ODD, "(objectClass=*)", ("*",), "BASE"),
        change=lambda request: request.replace(b"\x01\x01\x00", b"\x01\x01\xff", 1),
    )
    stream, _ = read(answer, number)
    assert stream.entries == [Entry(ODD, {"objectclass": (), "o": (), "description": ()})]


@pytest.mark.parametrize("way", ["ldaps", "StartTLS"])
def test_over_tls_it_is_the_same(odd, way):
    keys = {"url": odd.tls_url} if way == "ldaps" else {"start_tls": True}
    opened = directory_of(odd, ca_file=str(odd.ca_file), **keys)
    expected = as_ldap3_reads(odd, ODD, "(objectClass=*)", "SUBTREE", EVERYTHING)
    assert by_dn(opened.search(ODD, "(objectClass=*)", EVERYTHING)) == expected
    opened.close()


@pytest.mark.parametrize("size", [1, 7, 28, 29, 1000])
def test_pages_make_one_answer(odd, monkeypatch, size):
    monkeypatch.setattr(directory, "PAGE_SIZE", size)
    opened = directory_of(odd)
    expected = as_ldap3_reads(odd, ODD, "(objectClass=*)", "SUBTREE", ("*",))
    assert by_dn(opened.search(ODD, "(objectClass=*)", ["*"])) == expected
    opened.close()


def test_a_cookie_is_the_one_that_ldap3_reads(odd):
    search = wire.Search(ODD, "(objectClass=*)", ("1.1",), "SUBTREE")
    number, answer = recorded(odd, search, (3, b""))
    stream, result = read(answer, number)
    assert len(stream.entries) == 3
    with connected(odd) as conn:
        _, by_ldap3 = wire.read(conn, search, (3, b""))
    assert len(result.cookie) == len(by_ldap3.cookie) > 0


def page_of(number, *messages, cookie=b""):
    """The answer to a request for a page, with the cookie for the next."""
    value = element(4, element(0x30, b"\x02\x01\x00", element(4, cookie)))
    control = element(0xA0, element(0x30, element(4, wire.PAGED.encode()), value))
    success = element(0x65, element(0x0A, b"\0"), element(4), element(4))
    return b"".join(messages) + element(0x30, integer(number), success, control)


def test_a_page_is_decoded_after_the_next_one_was_asked_for(odd):
    """So the server works on that in the meantime."""
    search, order = wire.Search(ODD, "(objectClass=*)", ("1.1",), "SUBTREE"), []
    with connected(odd) as conn, pytest.MonkeyPatch.context() as patched:
        for owner, name in ((wire, "search_request"), (Stream, "_decode")):
            told = functools.partial(noted, order, name, getattr(owner, name))
            patched.setattr(owner, name, functools.partialmethod(told) if owner is Stream else told)
        stream = Stream()
        cookie = stream.ask(conn, search, (20, b"")).cookie
        assert not stream.ask(conn, search, (20, cookie)).cookie
    assert order[:3] == ["search_request", "search_request", "_decode"]
    assert len(stream.entries) == 29


def noted(order, name, function, *args):
    order.append(name)
    return function(*args)


def test_a_page_that_makes_no_sense_is_no_answer_although_another_follows():
    bad = entry_message(5, "cn=b", []).replace(b"cn=b", b"cn=\xff")
    for first in (page_of(5, GOOD, bad, cookie=b"more"), GOOD + bad + page_of(5, cookie=b"more")):
        stream, frames = Stream(), Frames(Pieces(first + page_of(6)))
        assert stream.read(frames, 5).cookie == b"more"
        with pytest.raises(Garbled):
            stream.read(frames, 6)
    with pytest.raises(Garbled):
        read(page_of(5, GOOD, bad))


def test_entries_are_decoded_before_too_many_are_held(monkeypatch):
    monkeypatch.setattr(stream_module, "_AT_MOST", 100)
    stream, frames = Stream(), Frames(Pieces(page_of(5, *[GOOD] * 20, cookie=b"more"), 90))
    assert stream.read(frames, 5).cookie == b"more"
    assert 10 < len(stream._found) < 20
    assert len(stream.entries) == 20


def signed(conn):
    conn.sasl_mechanism = "EXTERNAL"  # no signature follows, but who knows


def threaded(conn):
    conn.unbind()
    conn.__init__(conn.server, conn.user, None, client_strategy=ldap3.ASYNC, auto_referrals=False)
    conn.open(read_server_info=False)


@pytest.mark.parametrize("changed", [signed, threaded])
def test_where_the_socket_may_not_be_touched_ldap3_reads(odd, monkeypatch, changed):
    opened = directory_of(odd)
    opened.root_dse()
    conn = opened._connection()
    changed(conn)
    if changed is threaded:
        assert conn.rebind(opened.config.bind.dn, odd.password, "SIMPLE") or True
    monkeypatch.setattr(Stream, "read", None)
    monkeypatch.setattr(directory, "PAGE_SIZE", 7)
    monkeypatch.setattr(directory, "_was_closed", lambda _: False)
    expected = as_ldap3_reads(odd, ODD, "(objectClass=*)", "SUBTREE", EVERYTHING)
    assert by_dn(opened.search(ODD, "(objectClass=*)", EVERYTHING)) == expected
    with pytest.raises(Missing):
        opened.search(f"cn=nobody,{ODD}", "(objectClass=*)", ["*"])
    opened.close()


# --- answers that are none ----------------------------------------------------------------------------------


def test_an_entry_that_is_not_there_is_missing(odd):
    opened = directory_of(odd)
    assert opened.entry(f"cn=nobody,{ODD}") is None
    assert opened.entry(f"cn=bare,{ODD}").texts("cn") == ("bare",)
    with pytest.raises(Missing):
        opened.search(f"cn=nobody,{ODD}", "(objectClass=*)", ["*"])
    opened.close()


def test_an_answer_cut_short_by_a_limit_is_none(odd):
    opened = directory_of(odd, bind=Bind(dn=odd.colleague_dn, password="env:LDAP"))
    with pytest.raises(BadAnswer, match="Half an answer would look like deletions"):
        opened.search(ODD, "(objectClass=*)", ["*"])
    assert opened.entry(ODD) is not None, "the connection is still of use"
    opened.close()


def test_what_is_on_another_server_is_refused(odd, shared_server):
    hands = shared_server[1]
    away = f"cn=away,{ODD}"
    hands.add(away, "referral extensibleObject", cn="away", ref="ldap://127.0.0.1:1/dc=x")
    opened = directory_of(odd)
    try:
        with pytest.raises(BadAnswer, match="part of it is on another server"):
            opened.search(ODD, "(objectClass=*)", ["*"])
        with pytest.raises(BadAnswer, match="refers to another server"):
            opened.search(f"cn=below,{away}", "(objectClass=*)", ["*"])
        number, answer = recorded(odd, wire.Search(away, "(objectClass=*)", ("*",), "SUBTREE"))
        assert read(answer, number)[1].referrals == ("ldap://127.0.0.1:1/dc=x??sub",)
    finally:
        opened.close()
        hands.clear(away)


def test_a_part_of_the_values_is_refused_by_name():
    answer = entry_message(5, "cn=a", [("member;Range=0-1499", [b"x"])]) + done(5)
    stream, _ = read(entry_message(5, "cn=b", [("cn", [b"b"])]) + answer)
    assert stream.partial == (Entry("cn=a", {"member;range=0-1499": (b"x",)}), "member;Range=0-1499")
    assert read(done(5))[0].partial is None


def test_of_a_secret_only_the_name_is_kept():
    stream, _ = read(
        entry_message(5, "cn=a", [("userPassword;x", [b"guess-4711"]), ("dcmPIN", [b"1"])]) + done(5)
    )
    assert stream.entries == [Entry("cn=a", {"userpassword;x": (), "dcmpin": ()})]
    assert "guess" not in repr(stream.entries)


def test_controls_and_what_stands_between_entries_are_passed_over():
    controls = element(0xA0, element(0x30, element(4, b"1.2.3"), element(4, b"state")))
    between = element(0x30, integer(5), element(0x79, element(0x80, b"1.2.3"), element(0x81, b"x")))
    reference = element(0x30, integer(5), element(0x73, element(4, b"ldap://a"), element(4, b"ldap://b")))
    one = entry_message(5, "cn=a", [("cn", [b"a"])], controls)
    stream, _ = read(one + between + reference + one + done(5))
    assert (stream.entries, stream.elsewhere) == ([Entry("cn=a", {"cn": (b"a",)})] * 2, 1)


names = st.sampled_from(["cn", "CN;x", "description", "dcmPIN", "n" * 130])
values = st.lists(st.binary(max_size=3) | st.sampled_from([b"x" * 127, b"y" * 128]), max_size=3)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(names, values), max_size=12), st.sampled_from([0, 1, 1024]))
def test_an_attribute_like_another_is_read_as_that_was(held, remembered):
    """Whether it is known as a whole, by what stands before its value, or not at all."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stream_module, "_REMEMBERED", remembered)
        stream, _ = read(b"".join(entry_message(5, "cn=a", [each]) for each in held) + done(5))
    assert stream.entries == [Entry("cn=a", in_our_form({name: listed})) for name, listed in held]


def attribute(listed):
    """An entry with this list of attributes."""
    return element(0x30, integer(5), element(0x64, element(4, b"cn=a"), listed))


GOOD_ATTRIBUTE = element(0x30, element(4, b"cn"), element(0x31, element(4, b"a")))
GOOD = entry_message(5, "cn=a", [("cn", [b"a"]), ("sn", [b"b", b"c"])])


@pytest.mark.parametrize(
    "message",
    [
        entry_message(6, "cn=a", []),
        entry_message(5, "cn=a", [("cn", [b"a"]), ("CN", [b"b"])]),
        entry_message(5, "cn=a", [("cn\xe4", [b"a"])]),
        GOOD.replace(b"cn=a", b"cn=\xff"),
        GOOD.replace(b"\x31", b"\x30"),
        GOOD.replace(b"\x04\x04cn=a", b"\x0c\x04cn=a"),
        GOOD + b"\0",
        entry_message(5, "cn=a", [], element(0xA1)),
        element(0x30, integer(5), element(0x64, element(4, b"cn=a"), element(0x31))),
        element(0x30, integer(5), element(0x64, element(4, b"cn=a"))),
        element(0x30, integer(5), element(0x73, element(0x30))),
        element(0x30, integer(5), element(0x69, element(10, b"\0"), element(4), element(4))),
        element(0x30, b"\x02\x02\x00\x05", element(0x64, element(4), element(0x30))),
        attribute(b"\x30\x00" + GOOD_ATTRIBUTE),
        attribute(element(0x30, element(0x30, element(4, b"cn"), b"\x31\x00" + element(4, b"a")))),
        attribute(element(0x30, element(0x30, element(4, b"cn"), element(0x31, b"\x04\x05a")))),
        attribute(
            element(
                0x30, element(0x30, element(4, b"cn"), element(0x31, element(4, b"a"), element(12, b"b")))
            )
        ),
        attribute(element(0x30, element(0x30, element(12, b"cn"), element(0x31)))),
        done(6),
    ],
    ids=lambda message: message.hex(),
)
def test_what_is_no_entry_is_garbled(message):
    with pytest.raises(Garbled):
        read(GOOD + message + done(5))


def test_an_attribute_does_not_reach_into_the_next_message():
    value = b"x" + done(5)
    held = element(0x30, element(4, b"cn"), element(0x31, element(4, value)))
    without = len(done(5))
    listed = bytes((0x30, len(held) - without)) + held
    entry = element(4, b"cn=a") + listed
    operation = bytes((0x64, len(entry) - without)) + entry
    message = bytes((0x30, len(operation) - without + 3)) + integer(5) + operation
    with pytest.raises(Garbled):
        read(message)


# --- damage -------------------------------------------------------------------------------------------------


def written(stream, number):
    """The bytes that say just what was read."""
    return b"".join(entry_message(number, each.dn, each.attributes.items()) for each in stream.entries)


one_value = st.dictionaries(st.sampled_from(["cn", "sn", "description"]), st.binary(max_size=150), max_size=3)
answers = st.lists(
    st.tuples(st.sampled_from(["cn=a", "cn=Röntgen,dc=x", ""]), one_value), min_size=1, max_size=4
)
damages = st.tuples(st.integers(0, 2000), st.integers(0, 3), st.binary(max_size=3))


@settings(max_examples=300, deadline=None)
@given(answers, damages, st.sampled_from([1, 50, 10_000]))
def test_damaged_bytes_are_never_another_shape(entries, damage, size):
    """With one value each: of two, one flipped length can make one in a way that no reader can tell."""
    parts = [entry_message(5, dn, [(name, [value]) for name, value in held.items()]) for dn, held in entries]
    whole = b"".join(parts)
    at, cut, put = damage
    at %= len(whole)
    damaged = whole[:at] + put + whole[at + cut :]
    try:
        stream, _ = read(damaged + done(5), size=size)
    except (Garbled, ConnectionAbortedError):
        return
    if (
        written(stream, 5).lower() != damaged.lower()
    ):  # the same in another form: a length may be longer than it must
        assert stream.entries == read(whole + done(5))[0].entries
    assert [len(each.attributes) for each in stream.entries] == [len(held) for _, held in entries]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_garbled_or_an_end(data):
    with pytest.raises((Garbled, ConnectionAbortedError)):
        read(data)


# --- a server that breaks off -------------------------------------------------------------------------------


@contextmanager
def answering(*answers):
    """A server that lets anybody in, and gives to each search the next of these answers, made of its message id.

    After the last one it closes the connection; an answer of None is silence.
    """
    left = list(answers)
    connections = []

    def talk(conn):
        with conn:
            for message in Frames(conn).messages():
                number, operation, _ = head(message)
                if operation == 0x60:
                    conn.sendall(done(number, 0x61))
                elif operation == 0x63:
                    answer = left.pop(0)
                    if answer is not None:
                        conn.sendall(answer(number))
                        if done(number) not in answer(number):
                            return

    def serve():
        with suppress(OSError):  # the test is over: nobody listens any more
            while left:
                conn, _ = listener.accept()
                connections.append(conn)
                with suppress(ConnectionError):
                    talk(conn)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        config = DirectoryConfig(
            name="d", type="dicom-directory", url=f"ldap://127.0.0.1:{listener.getsockname()[1]}", timeout=1
        )
        opened = Directory(config, lambda _: None)
        opened.connections = connections
        try:
            yield opened
        finally:
            opened.close()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def whole(number):
    return entry_message(number, "cn=a", [("cn", [b"a"])]) + done(number)


GOODBYE = element(10, b"\x34"), element(4), element(4), element(0x8A, b"1.3.6.1.4.1.1466.20036")
NOTICE = element(0x30, integer(0), element(0x78, *GOODBYE))


@pytest.mark.parametrize(
    ("answer", "fault", "words"),
    [
        (lambda number: whole(number)[:-3], Lost, "the connection broke before the answer came"),
        (lambda number: whole(number)[:9], Lost, "the connection broke before the answer came"),
        (lambda _: NOTICE, Lost, "the connection broke before the answer came"),
        (None, Lost, "the connection broke before the answer came"),
        (lambda number: whole(number + 1) + b"\0", BadAnswer, "what answered does not speak LDAP"),
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", BadAnswer, "what answered does not speak LDAP"),
        (lambda _: b"\x30\x84\xff\xff\xff\xff", BadAnswer, "what answered does not speak LDAP"),
    ],
    ids=["cut off", "cut off early", "notice", "silence", "foreign", "another protocol", "4 GiB"],
)
def test_after_half_an_answer_the_connection_is_not_used_again(answer, fault, words):
    with answering(answer, whole) as opened:
        with pytest.raises(Unavailable if fault is Lost else fault, match=words) as caught:
            opened.search("", "(objectClass=*)", ["*"], "BASE")
        assert type(caught.value) is fault
        assert opened.search("", "(objectClass=*)", ["*"], "BASE") == (Entry("cn=a", {"cn": (b"a",)}),)


def test_after_what_comes_behind_an_answer_the_connection_is_not_used_again():
    with answering(lambda number: whole(number) + NOTICE, whole) as opened:
        for _ in range(2):
            assert len(opened.search("", "(objectClass=*)", ["*"], "BASE")) == 1
        assert len(opened.connections) == 2


@pytest.mark.parametrize("more", [b"", b"more"], ids=["", "with a cookie that nobody asked for"])
def test_an_entry_that_makes_no_sense_is_a_bad_answer(more):
    def answer(number):
        return page_of(number, entry_message(number, "cn=a", [("n\u00e4me", [b"x"])]), cookie=more)

    with answering(answer) as opened, pytest.raises(BadAnswer, match="does not speak LDAP"):
        opened.search("", "(objectClass=*)", ["*"], "BASE")


def test_after_an_abandoned_read_the_connection_is_not_used_again(odd, monkeypatch):
    opened = directory_of(odd)
    expected = by_dn(opened.search(ODD, "(objectClass=*)", ["*"]))

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Stream, "_attribute", interrupted)
        with pytest.raises(KeyboardInterrupt):
            opened.search(ODD, "(objectClass=*)", ["*"])
    assert opened._conn is None
    assert by_dn(opened.search(ODD, "(objectClass=*)", ["*"])) == expected
    opened.close()
