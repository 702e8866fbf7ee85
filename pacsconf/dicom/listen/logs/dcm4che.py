"""The log of dcm4chee, or of anything else that is built on dcm4che.

    ARCHIVE<-CT_ER_1(5) >> A-ASSOCIATE-RQ      what came in, on connection 5
    ARCHIVE->WS1(6) << A-ASSOCIATE-RQ          what the archive asked itself, which is left out

The address stands where the connection is taken and where it is closed. With level DEBUG the request follows line
by line. Lines of several connections are mixed; each is told by its number.
"""

from __future__ import annotations

import re
from collections import deque

from pacsconf.dicom.listen.logs.draft import MOST_LINES, Draft, Finished, length, moment

_ACCEPT = re.compile(r"(?:Accept connection|\((\d+)\) accepted) Socket\[addr=([^,\]]*)")
_STATE = re.compile(r"<-/?(\S*?):\d+\((\d+)\): ")
_REQUEST = re.compile(r"(\S[^:]{0,15}?)<-(.{1,16}?)\((\d+)\) >> A-ASSOCIATE-RQ")
_OLD_REQUEST = re.compile(r"Association\((\d+)\): A-ASSOCIATE-RQ (.{1,16}?) >> (.{1,16}?)\s*$")
_SENT = re.compile(r"->.{1,40}?\(\d+\) << A-ASSOCIATE-RQ")
_ACCEPTED = re.compile(r"<-.{1,16}?\((\d+)\) << A-ASSOCIATE-AC")
_REJECTED = re.compile(
    r"\((\d+)\) << A-ASSOCIATE-RJ\[result[:=] ?(\d)[^,]*, source[:=] ?(\d)[^,]*, reason[:=] ?(\d)(?: - ([\w-]+))?"
    r"(?:\]: (.+))?"
)
_CLOSE = re.compile(r"\((\d+)\): close Socket\[addr=([^,\]]*)")
_MOST_OPEN = 1000
"""Connections that are kept open: a log that ends none of them is read all the same."""
_FIELD = re.compile(r"(callingAET|calledAET|implClassUID|implVersionName|maxPDULength): ?(.*)")
_UID = re.compile(r"(as|ts|sopClass): ([0-9.]+)")


class Dcm4che:
    """Reads line by line; `take` says whether a line told something of an association."""

    name = "dcm4che"

    def __init__(self, finished: Finished) -> None:
        self._finished = finished
        self._open: dict[str, Draft] = {}
        self._hosts: dict[str, str] = {}
        """By connection."""
        self._taken: deque[str] = deque(maxlen=64)
        """Addresses of connections that were taken and have not said a word."""
        self._latest: Draft | None = None
        self._dump: _Dump | None = None
        self._sent = False

    @property
    def busy(self) -> bool:
        """Whether the next line may belong to a request that is being told, whatever is in it."""
        return self._dump is not None

    def take(self, number: int, line: str) -> bool:
        if self._dump is not None and self._dump.take(line):
            return True
        self._dump = None
        return any(reader(number, line) for reader in (self._connection, self._requested, self._answered))

    def end(self) -> None:
        """The log is over."""
        for draft in self._open.values():
            self._finished(draft)
        self._open = {}

    def _connection(self, _number: int, line: str) -> bool:
        if found := _ACCEPT.search(line):
            if found[1]:
                self._of(found[1], found[2])
            else:
                self._taken.append(_host(found[2]))
            return True
        if found := _STATE.search(line):
            self._of(found[2], found[1])
            return True
        if found := _CLOSE.search(line):
            draft = self._open.pop(found[1], None)
            self._hosts.pop(found[1], None)
            if draft is not None:
                draft.host = _host(found[2])
                self._finished(draft)
            return True
        return False

    def _of(self, serial: str, address: str) -> None:
        """Note where a connection came from; of many that never said a word the first are forgotten."""
        if len(self._hosts) >= _MOST_OPEN:
            del self._hosts[next(iter(self._hosts))]
        self._hosts[serial] = _host(address)

    def _requested(self, number: int, line: str) -> bool:
        if _SENT.search(line):
            self._sent = True
            return True
        if "A-ASSOCIATE-RQ[" in line and ">> " not in line:
            self._dump = _Dump(None if self._sent else self._latest)
            self._sent = False
            return True
        if found := _REQUEST.search(line):
            called, calling, serial = found[1].split()[-1], found[2], found[3]
        elif found := _OLD_REQUEST.search(line):
            serial, calling, called = found[1], found[2], found[3]
        else:
            return False
        self._sent = False
        self._begin(Draft(number, moment(line), calling, called), serial)
        return True

    def _begin(self, draft: Draft, serial: str) -> None:
        if serial in self._open:
            self._finished(self._open.pop(serial))
        if len(self._open) >= _MOST_OPEN:
            self._finished(self._open.pop(next(iter(self._open))))
        address = self._taken.popleft() if self._taken else ""
        draft.host = self._hosts.pop(serial, "") or address
        self._latest = self._open[serial] = draft

    def _answered(self, _number: int, line: str) -> bool:
        if found := _ACCEPTED.search(line):
            draft = self._open.get(found[1])
            if draft is not None:
                draft.answer = "accepted"
            return True
        if found := _REJECTED.search(line):
            draft = self._open.get(found[1])
            if draft is not None:
                words = (found[5] or found[6] or "").strip()
                draft.answer = f"rejected ({found[2]}/{found[3]}/{found[4]}){': ' if words else ''}{words}"
            return True
        return False


class _Dump:
    """The request line by line, until a line that is not indented."""

    def __init__(self, draft: Draft | None) -> None:
        self._draft = draft
        self._lines = 0
        self._sop_class = ""
        self._role = ("", "")
        self._ended = False

    def take(self, line: str) -> bool:
        """Whether a line belongs to it; the last one is a bracket that is not indented."""
        self._lines += 1
        if self._ended or self._lines > MOST_LINES or not line.startswith((" ", "\t", "]")):
            return False
        self._ended = line.startswith("]")
        if self._draft is not None:
            self._note(self._draft, line.strip())
        return True

    def _note(self, draft: Draft, text: str) -> None:
        if found := _FIELD.match(text):
            self._describe(draft, found[1], found[2])
        elif found := _UID.match(text):
            self._propose(draft, found[1], found[2])
        elif text.startswith("scu: "):
            self._role = (self._role[0], text)
        elif text == "scp: true" and self._role[1] == "scu: false":
            draft.as_scp[self._role[0]] = None

    def _describe(self, draft: Draft, key: str, value: str) -> None:
        match key:
            case "callingAET":
                draft.calling = value
            case "calledAET":
                draft.called = value
            case "implClassUID":
                draft.implementation = value
            case "implVersionName":
                draft.version = "" if value == "null" else value
            case _:
                draft.max_pdu = length(value)

    def _propose(self, draft: Draft, key: str, uid: str) -> None:
        match key:
            case "as":
                self._sop_class = uid
                draft.propose(uid)
            case "ts" if self._sop_class:
                draft.propose(self._sop_class, uid)
            case "sopClass":
                self._role = (uid, "")


def _host(text: str) -> str:
    """The address in `name/10.20.4.17`, as Java prints it; of an IPv6 one without its zone."""
    return text.rpartition("/")[2].partition("%")[0].strip("[]")
