"""The answer to a search, read from the socket at the speed of the server: entries of many messages, then a result.

Only entries are decoded here (RFC 4511 section 4.5.2); what ends a search is ldap3's to read, in `wire`. Nothing is
forgiven: each tag is the one that must come, each element ends where the one around it allows, no attribute comes
twice. Damaged bytes give `Garbled`, never another entry.

A directory says the same few things over and over: of nine attributes of a DICOM entry seven have been met before,
bit by bit. Such an attribute is looked up whole instead of being taken apart again, and all entries share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pacsconf.systems._ldap import wire
from pacsconf.systems._ldap.entry import Entry, Values, is_secret
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

_REMEMBERED = 8192
"""Attributes that are remembered at most; then it begins anew, since most of them were met once only."""


class Stream:
    """The entries of one search, which may come in several pages.

    `elsewhere` is how many references to other servers came among them; `beyond` says that something came after the
    last result, so that the connection is of no more use.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.elsewhere = 0
        self.beyond = False
        self._names: dict[bytes, tuple[str, bool]] = {}
        self._known: dict[bytes, tuple[str, Values]] = {}

    @property
    def partial(self) -> tuple[Entry, str] | None:
        """An entry and its attribute that came with a part of its values only (Active Directory's `;range=`)."""
        cut = {name: spelled for spelled, (name, _) in self._names.items() if ";range=" in name}
        found = ((entry, name) for entry in self.entries if cut for name in entry.attributes if name in cut)
        return next(((entry, cut[name].decode()) for entry, name in found), None)

    def ask(self, conn: Any, search: wire.Search, page: wire.Page | None) -> wire.Result:
        """Send a search, take in what it finds, and give its result.

        ldap3 reads where its connection may not be used directly. After an exception the connection is of no more
        use.

        Raises: OSError when it ends or falls silent; Garbled; what ldap3 raises where that reads.
        """
        if not wire.usable(conn):
            responses, result = wire.read(conn, search, page)
            self._take(responses)
            return result
        number = wire.next_id(conn)
        frames = Frames(conn.socket)
        conn.socket.sendall(wire.search_request(conn, number, search, page))
        result = self.read(frames, number)
        self.beyond = bool(frames.rest)
        return result

    def _take(self, responses: Sequence[Mapping[str, Any]]) -> None:
        """Take in what ldap3 has read."""
        for response in responses:
            if response["type"] == "searchResEntry":
                attributes: dict[str, Values] = {}
                for spelled, values in response["raw_attributes"].items():
                    name, secret = self._named(spelled.encode())
                    attributes[name] = () if secret else tuple(values or ())
                self.entries.append(Entry(response["dn"], attributes))
            self.elsewhere += response["type"] == "searchResRef"

    def read(self, frames: Frames, number: int) -> wire.Result:
        """Take in the entries of the request with this message id, and give its result.

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
                return wire.result(message)
            if tag not in _BESIDE or not {part[0] for part in parts} <= _BESIDE[tag]:
                raise Garbled("not what answers a search")
            self.elsewhere += tag == _REFERENCE

    def _entries(self, frames: Frames, number: int) -> bytes:
        """Take in entries until there is a message that is none, which is given."""
        begin = integer(number) + bytes((_ENTRY,))
        while True:
            data = frames.block()
            try:
                other = self._decode(frames, data, begin)
            except (IndexError, UnicodeDecodeError) as exc:
                raise Garbled("an entry that makes no sense") from exc
            if other is not None:
                start, end = other
                frames.rest = data[end:]
                return data[start:end]

    def _decode(  # noqa: C901  (one flat loop: half a million attributes pass here)
        self, frames: Frames, data: bytes, begin: bytes
    ) -> tuple[int, int] | None:
        """Take in the whole entries that `data` begins with; where a message that is none begins and ends.

        None when there is no such message; then `frames.rest` is what comes after the last whole one.
        Raises: Garbled, IndexError, UnicodeDecodeError.
        """
        known, attribute, entries = self._known, self._attribute, self.entries
        size, width, start = len(data), len(begin), 0
        while True:
            # LDAPMessage: in the form of entries of usual size, or in any other.
            if start + 4 <= size and data[start] == SEQUENCE and data[start + 1] == 0x82:
                at = start + 4
                end = at + (data[start + 2] << 8 | data[start + 3])
            else:
                end = frames.extent(data, start)
                at = length(data, start + 1)[1] if end else 0
            if not 0 < end <= size:
                frames.rest = data[start:]
                return None
            if data[at : at + width] != begin:
                return start, end
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
            attributes: dict[str, Values] = {}
            while at < stop:
                n = data[at + 1]
                if n < 0x80:
                    after = at + 2 + n
                else:
                    n, after = length(data, at + 1)
                    after += n
                whole = data[at:after]
                if whole in known:
                    name, values = known[whole]
                else:
                    name, values = attribute(whole)
                if name in attributes:
                    raise Garbled(f"an entry with two times {name}")
                attributes[name] = values
                at = after
            if at != stop:
                raise Garbled("an attribute that goes beyond its entry")
            entries.append(Entry(dn, attributes))
            start = end

    def _attribute(self, whole: bytes) -> tuple[str, Values]:
        """The name and the values of one attribute (PartialAttribute); no values of a secret one.

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
        name, secret = self._names.get(spelled) or self._named(spelled)
        values = _values(whole, at)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[whole] = found = name, () if secret else values
        return found

    def _named(self, spelled: bytes) -> tuple[str, bool]:
        """An attribute's name in lower case, one object for all entries, and whether its values are secret."""
        name = spelled.decode("ascii").lower()
        found = self._names[spelled] = name, is_secret(name)
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


def _check_controls(data: bytes, start: int, end: int) -> None:
    """Raises: Garbled unless controls stand there and nothing else; what they say was not asked for."""
    if start > end or [tag for tag, _, _ in elements(data, start, end)] != [CONTROLS]:
        raise Garbled("an entry that ends elsewhere than its message")
