"""The answer to a search, read from the socket at the speed of the server: entries of many messages, then a result.

Only entries are decoded here (RFC 4511 section 4.5.2); what ends a search is ldap3's to read, in `wire`. Nothing is
forgiven: each tag is the one that must come, each element ends where the one around it allows, no attribute comes
twice. Damaged bytes give `Garbled`, never another entry.

A directory says the same few things over and over: of nine attributes of a DICOM entry seven have been met before,
bit by bit. Such an attribute is looked up whole instead of being taken apart again, and all entries share it.

Of an answer in pages the entries are decoded while the server makes the next page: they are held until it was asked
for, unless they are very many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pacsconf.systems._ldap import wire
from pacsconf.systems._ldap.entry import Entry, Values, holds_pairs, is_secret, kept
from pacsconf.systems._ldap.framing import (
    CONTROLS,
    OCTETS,
    SEQUENCE,
    Frames,
    Garbled,
    elements,
    head,
    integer,
    length,
)

_ENTRY, _REFERENCE, _DONE, _INTERMEDIATE = 0x64, 0x73, 0x65, 0x79
_BESIDE = {_REFERENCE: {OCTETS}, _INTERMEDIATE: {0x80, 0x81}}
"""What may come among entries, and of which parts it consists."""
_SET, _OCTETS = 0x31, bytes((OCTETS,))

_REMEMBERED = 1024
"""Values of one attribute that are remembered at most. Of which there are more, most are met once only."""
_AT_MOST = 2 * 1024 * 1024
"""Bytes of entries that are held before they are decoded. A page of 1000 device entries has half a million."""

_Attribute = tuple[str, Values]


class _Held(NamedTuple):
    """Messages that are all entries, from the start of `data` to `stop`, with message ids of `width` bytes."""

    data: bytes
    stop: int
    width: int


class Stream:
    """The entries of one search, which may come in several pages.

    `elsewhere` is how many references to other servers came among them; `beyond` says that something came after the
    last result, so that the connection is of no more use.
    """

    def __init__(self) -> None:
        self.elsewhere = 0
        self.beyond = False
        self._found: list[Entry] = []
        self._held: list[_Held] = []
        self._names: dict[bytes, tuple[str, bool]] = {}
        self._known: dict[bytes, _Attribute] = {}
        self._met: Counter[str] = Counter()
        self._heads: dict[bytes, str] = {}
        """Names by all that stands before a value which is the only one: that tells its length too."""

    @property
    def entries(self) -> list[Entry]:
        """All that was found. Raises: Garbled for a page that was followed by no other although it said so."""
        self._settle()
        return self._found

    @property
    def partial(self) -> tuple[Entry, str] | None:
        """An entry and its attribute that came with a part of its values only (Active Directory's `;range=`)."""
        entries = self.entries  # decoded first, since that meets the names
        cut = {name: spelled for spelled, (name, _) in self._names.items() if ";range=" in name}
        found = ((entry, name) for entry in entries if cut for name in entry.attributes if name in cut)
        return next(((entry, cut[name].decode()) for entry, name in found), None)

    def ask(self, conn: Any, search: wire.Search, page: wire.Page | None) -> wire.Result:
        """Send a search, take in what it finds, and give its result.

        Entries of a page that is not the last one are decoded with the next, while the server works on that. ldap3
        reads where its connection may not be used directly. After an exception the connection is of no more use.

        Raises: OSError when it ends or falls silent; Garbled; what ldap3 raises where that reads.
        """
        if not wire.usable(conn):
            responses, result = wire.read(conn, search, page)
            self._take(responses)
            return result
        number = wire.next_id(conn)
        frames = Frames(conn.socket)
        conn.socket.sendall(wire.search_request(conn, number, search, page))
        self._settle()
        result = self.read(frames, number)
        if page is None:
            self._settle()  # a cookie that nobody asked for leads to no other page
        self.beyond = bool(frames.rest)
        return result

    def _take(self, responses: Sequence[Mapping[str, Any]]) -> None:
        """Take in what ldap3 has read."""
        for response in responses:
            if response["type"] == "searchResEntry":
                attributes: dict[str, Values] = {}
                for spelled, values in response["raw_attributes"].items():
                    name, _ = self._named(spelled.encode())
                    attributes[name] = kept(name, values or ())
                self._found.append(Entry(response["dn"], attributes))
            self.elsewhere += response["type"] == "searchResRef"

    def read(self, frames: Frames, number: int) -> wire.Result:
        """Take in the entries of the request with this message id, and give its result.

        They are decoded now unless there is another page.

        Raises: Garbled; OSError when the connection ends or falls silent.
        """
        while True:
            message = self._entries(frames, number)
            found, tag, parts = head(message)
            if found == 0:
                raise ConnectionAbortedError("the directory said that it ends the connection")
            if found != number:
                raise Garbled("an answer to something else")
            if tag == _DONE:
                result = wire.result(message)
                if not result.cookie:
                    self._settle()
                return result
            self._settle()
            if tag not in _BESIDE or not {part[0] for part in parts} <= _BESIDE[tag]:
                raise Garbled("not what answers a search")
            self.elsewhere += tag == _REFERENCE

    def _entries(self, frames: Frames, number: int) -> bytes:
        """Hold entries until there is a message that is none, which is given. Raises: as `read`."""
        begin = integer(number) + bytes((_ENTRY,))
        size = 0
        while True:
            data = frames.block()
            start, end = _until_other(frames, data, begin)
            self._held.append(_Held(data, start, len(begin)))
            frames.rest = data[end or start :]
            if end:
                return data[start:end]
            size += start
            if size > _AT_MOST:
                self._settle()
                size = 0

    def _settle(self) -> None:
        """Decode what is held. Raises: Garbled."""
        held, self._held = self._held, []
        try:
            for each in held:
                self._decode(*each)
        except (IndexError, UnicodeDecodeError) as exc:
            raise Garbled("an entry that makes no sense") from exc

    def _decode(  # noqa: C901  (one flat loop: half a million attributes pass here)
        self, data: bytes, size: int, width: int
    ) -> None:
        """Take in the entries that `data` consists of up to `size`; their message ids have `width` bytes.

        Raises: Garbled, IndexError, UnicodeDecodeError.
        """
        known, attribute, take, start = self._known.get, self._attribute, self._found.append, 0
        while start < size:
            # LDAPMessage: in the form of entries of usual size, or in any other.
            if data[start + 1] == 0x82:
                at = start + 4
                end = at + (data[start + 2] << 8 | data[start + 3])
            else:
                n, at = length(data, start + 1)
                end = at + n
            at += width
            # SearchResultEntry, to the end of the message unless controls follow.
            n, at = data[at], at + 1
            if n == 0x82:
                n, at = data[at] << 8 | data[at + 1], at + 2
            elif n > 0x7F:
                n, at = length(data, at - 1)
            stop = at + n
            if stop != end:
                _check_controls(data, stop, end)
            # objectName
            if data[at] != OCTETS:
                raise Garbled("an entry without a name")
            n, at = data[at + 1], at + 2
            if n > 0x7F:
                n, at = length(data, at - 1)
            dn = data[at : at + n].decode()
            at += n
            # attributes
            if data[at] != SEQUENCE:
                raise Garbled("an entry without attributes")
            n, at = data[at + 1], at + 2
            if n == 0x82:
                n, at = data[at] << 8 | data[at + 1], at + 2
            elif n > 0x7F:
                n, at = length(data, at - 1)
            if at + n != stop:
                raise Garbled("attributes that end elsewhere than their entry")
            listed = []
            while at < stop:
                n = data[at + 1]
                if n < 0x80:
                    after = at + 2 + n
                else:
                    n, after = length(data, at + 1)
                    after += n
                whole = data[at:after]
                listed.append(known(whole) or attribute(whole))
                at = after
            if at != stop:
                raise Garbled("an attribute that goes beyond its entry")
            attributes = dict(listed)
            if len(attributes) != len(listed):
                raise Garbled("an entry with an attribute that comes twice")
            take(Entry(dn, attributes))
            start = end

    def _attribute(self, whole: bytes) -> _Attribute:
        """An attribute that is not known by its bytes. Raises: as `_taken_apart`."""
        at = whole[3] + 8  # where the value begins, if there is one and all lengths are of one byte
        head = whole[:at]
        rest: Values = (whole[at:],)
        if head in self._heads:
            name, values = self._heads[head], rest
        else:
            name, values = self._taken_apart(whole)
            if values == rest and not holds_pairs(name):  # each pair is looked at: any may be a secret
                self._heads[head] = name
        found = name, values
        if self._met[name] < _REMEMBERED:
            self._met[name] += 1
            self._known[whole] = found
        return found

    def _taken_apart(self, whole: bytes) -> _Attribute:
        """The name and the values of one attribute (PartialAttribute); nothing that is secret.

        Raises: Garbled, IndexError, UnicodeDecodeError.
        """
        at = 2 if whole[1] < 0x80 else length(whole, 1)[1]
        if whole[0] != SEQUENCE or whole[at] != OCTETS:
            raise Garbled("an attribute without a name")
        n, at = whole[at + 1], at + 2
        if n > 0x7F:
            n, at = length(whole, at - 1)
        spelled, at = whole[at : at + n], at + n
        if whole[at] != _SET:
            raise Garbled("an attribute without a set of values")
        n, at = whole[at + 1], at + 2
        if n > 0x7F:
            n, at = length(whole, at - 1)
        if at + n != len(whole):
            raise Garbled("values that end elsewhere than their attribute")
        name, is_plain = self._names.get(spelled) or self._named(spelled)
        values = _values(whole, at)
        return name, values if is_plain else kept(name, values)

    def _named(self, spelled: bytes) -> tuple[str, bool]:
        """An attribute's name in lower case, one object for all entries, and whether nothing of it is secret."""
        name = spelled.decode("ascii").lower()
        found = self._names[spelled] = name, not (is_secret(name) or holds_pairs(name))
        return found


def _values(whole: bytes, at: int) -> Values:
    """The values that fill the rest of an attribute. Raises: Garbled, IndexError."""
    end = len(whole)
    if whole[at : at + 1] == _OCTETS and whole[at + 1] < 0x80 and at + 2 + whole[at + 1] == end:
        return (whole[at + 2 :],)  # one short value, which most of them are
    values = []
    while at < end:
        if whole[at] != OCTETS:
            raise Garbled("a value that is none")
        n, at = whole[at + 1], at + 2
        if n > 0x7F:
            n, at = length(whole, at - 1)
        values.append(whole[at : at + n])
        at += n
    if at != end:
        raise Garbled("a value that goes beyond its attribute")
    return tuple(values)


def _until_other(frames: Frames, data: bytes, begin: bytes) -> tuple[int, int]:
    """Where the first message begins and ends whose content does not begin so.

    Where there is none it would begin at what is not here as a whole, and the end is 0. Raises: Garbled.
    """
    size, width, start = len(data), len(begin), 0
    while True:
        if start + 4 <= size and data[start] == SEQUENCE and data[start + 1] == 0x82:
            at = start + 4
            end = at + (data[start + 2] << 8 | data[start + 3])
        else:
            end = frames.extent(data, start)
            at = length(data, start + 1)[1] if end else 0
        if not 0 < end <= size:
            return start, 0
        if data[at : at + width] != begin:
            return start, end
        start = end


def _check_controls(data: bytes, start: int, end: int) -> None:
    """Raises: Garbled unless controls stand there and nothing else; what they say was not asked for."""
    if start > end or [tag for tag, _, _ in elements(data, start, end)] != [CONTROLS]:
        raise Garbled("an entry that ends elsewhere than its message")
