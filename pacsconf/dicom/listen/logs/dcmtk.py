"""The log of a DCMTK server (storescp, dcmqrscp, wlmscpfs), and what Orthanc, which is built on it, says itself.

With -d the request is there twice: as bytes, of which the titles are exact and the end is cut off at 512, and in
words. With -v dcmqrscp and wlmscpfs name both titles, storescp names none. Orthanc names the caller of what it
rejects, with --verbose both titles, and with --trace-dicom it prints what DCMTK prints with -d.
"""

from __future__ import annotations

import re

from pacsconf.dicom.listen.logs import names
from pacsconf.dicom.listen.logs.draft import MOST_LINES, Draft, Finished, length, moment
from pacsconf.dicom.listen.request import Request, request
from pacsconf.dicom.upper_layer.pdu import REQUEST

_PREFIX = re.compile(r"(?:.{0,60}?\s)?[FEWIDT]: ?")
"""How DCMTK begins a line: the level, behind a time where its logger was told so."""
_ORTHANC = re.compile(r"[EWIT]\d{4} \d\d:\d\d:\d\d\.\d+ ")
"""How Orthanc begins a line: level, month and day, time."""
_HEX = re.compile(r"(?:[0-9a-fA-F]{2} +)*[0-9a-fA-F]{2}")
_MOST_HEX = 4096
"""Characters of hexadecimal that are kept: DCMTK prints 512 bytes."""

_HOST = re.compile(r"Association Received: (\S+)$")
_BYTES = re.compile(r"PDU Type: Associate Request, PDU Length: \d+")
_TITLES = re.compile(r"Association Received \((.+):([^:]*?) -> (.*)\)")
_OF_ORTHANC = re.compile(r"Association Received from AET (.+?) on IP (\S+)")
_INCOMING = re.compile(r"Incoming connection from AET (.+?) on IP (\S+), calling AET (.+)")
_REJECTED = re.compile(r"Rejected association for remote AET (.+?) on IP (\S+)")
_WRONG_CALLED = re.compile(r"Rejected association, because of a bad called AET in the request \((.*)\)")
_WRONG_HOST = re.compile(r'Forbidding access from AET "(.+?)" given its hostname \((.*?)\) does not match')
_UNKNOWN = re.compile(r'Modality "(.+?)" is not listed in the "DicomModalities"')
_REFUSED = re.compile(r"Refusing Association \((.*?)\)|Association Rejected: (.+)")
_ACCEPTED = re.compile(r"Association Acknowledged")
_BEGIN, _END = "BEGIN A-ASSOCIATE-RQ", "END A-ASSOCIATE-RQ"
_OUTGOING = re.compile(r"Requesting Association|Request Parameters:")


class Dcmtk:
    """Reads line by line; `take` says whether a line told something of an association."""

    def __init__(self, finished: Finished) -> None:
        self.name = "DCMTK"
        self._finished = finished
        self._current: Draft | None = None
        self._hex: list[str] | None = None
        self._dump: _Dump | None = None
        self._outgoing = False

    @property
    def busy(self) -> bool:
        """Whether the next line may belong to a request that is being told, whatever is in it."""
        return self._hex is not None or self._dump is not None

    def take(self, number: int, line: str) -> bool:
        prefix = _PREFIX.match(line)
        text = line[prefix.end() :] if prefix else line
        self.name = "Orthanc" if _ORTHANC.match(line) else self.name
        if self._hex is not None and self._of_hex(text.strip()):
            return True
        if self._dump is not None:
            return self._of_dump(text)
        return any(reader(number, line, text) for reader in (self._began, self._answered))

    def end(self) -> None:
        """The log is over."""
        if self._hex is not None:
            self._whole_bytes()
        self._finish()

    # --- lines ------------------------------------------------------------------------------------------------

    def _began(self, number: int, line: str, text: str) -> bool:
        if _OUTGOING.search(text):
            self._outgoing = True
            return True
        if _BEGIN in text:
            self._dump = _Dump(None if self._outgoing else self._draft(number, line, "dump"))
            return True
        if _BYTES.match(text):
            self._draft(number, line, "bytes")
            self._hex = []
            return True
        return self._received(number, line, text)

    def _received(self, number: int, line: str, text: str) -> bool:
        """The line that says that somebody called, in one of its forms."""
        if found := _HOST.search(text):
            self._outgoing = False
            self._draft(number, line, "host").host = found[1]
        elif found := _TITLES.search(text):
            draft = self._draft(number, line, "received")
            draft.host = draft.host or found[1]
            _name(draft, found[2], found[3])
        elif found := _OF_ORTHANC.search(text):
            draft = self._draft(number, line, "received")
            draft.host = found[2]
            _name(draft, found[1])
        elif found := _INCOMING.search(text):
            draft = self._of_caller(number, line, found[1], "incoming")
            draft.host = found[2]
            _name(draft, found[1], found[3])
        elif re.search(r"Association Received\s*$", text):
            self._draft(number, line, "received")
        else:
            return False
        self._outgoing = False
        return True

    def _answered(self, number: int, line: str, text: str) -> bool:
        """The line that says how the request was answered."""
        if found := _WRONG_HOST.search(text) or _UNKNOWN.search(text):
            draft = self._of_caller(number, line, found[1], "why")
            why = (
                "its address is not the configured one"
                if "hostname" in text
                else "its title is not known there"
            )
            draft.answer = f"rejected: {why}"
            draft.host = draft.host or (found[2] if "hostname" in text else "")
        elif found := _REJECTED.search(text):
            draft = self._of_caller(number, line, found[1], "answer")
            draft.host = found[2]
            self._close(draft.answer or "rejected: calling AE title not recognised")
        elif found := _WRONG_CALLED.search(text):
            _name(self._draft(number, line, "answer"), None, found[1])
            self._close("rejected: called AE title not recognised")
        elif found := _REFUSED.search(text):
            self._draft(number, line, "answer")
            self._close(f"rejected: {found[1] or found[2]}")
        elif _ACCEPTED.search(text) and self._current is not None:
            self._close("accepted")
        else:
            return False
        return True

    def _close(self, answer: str) -> None:
        assert self._current is not None, "what was answered was begun"
        self._current.answer = answer
        self._finish()

    # --- drafts -----------------------------------------------------------------------------------------------

    def _draft(self, number: int, line: str, kind: str) -> Draft:
        """The association that a line of this kind belongs to: one has at most one line of each kind."""
        if self._current is not None and kind in self._current.said:
            self._finish()
        if self._current is None:
            self._current = Draft(number)
        self._current.said.add(kind)
        self._current.at = self._current.at or moment(line)
        return self._current

    def _of_caller(self, number: int, line: str, calling: str, kind: str) -> Draft:
        """The same for a line that names its caller."""
        known = self._current.calling if self._current is not None else None
        if known is not None and known.strip(" \0") != calling.strip(" \0"):
            self._finish()
        draft = self._draft(number, line, kind)
        _name(draft, calling)
        return draft

    def _finish(self) -> None:
        if self._current is not None:
            self._finished(self._current)
        self._current = None

    # --- bytes ------------------------------------------------------------------------------------------------

    def _of_hex(self, text: str) -> bool:
        """Whether a line belongs to the bytes of the request; the first other line ends them."""
        assert self._hex is not None, "bytes are being read"
        if _HEX.fullmatch(text) and sum(map(len, self._hex)) < _MOST_HEX:
            self._hex.append(text)
            return True
        if not self._hex and text.startswith("Only dumping"):
            return True
        self._whole_bytes()
        return False

    def _whole_bytes(self) -> None:
        data, self._hex = bytes.fromhex(" ".join(self._hex or ())), None
        if self._current is None or len(data) < 74 or data[0] != REQUEST:
            return
        asked = request(data[6:])
        self._current.calling, self._current.called = asked.calling, asked.called
        if len(data) == 6 + int.from_bytes(data[2:6], "big"):
            _describe(self._current, asked)

    # --- words ------------------------------------------------------------------------------------------------

    def _of_dump(self, text: str) -> bool:
        assert self._dump is not None, "a dump is being read"
        if _END in text or _BEGIN in text or not self._dump.take(text):
            self._dump = None
            self._outgoing = False
        return True


def _name(draft: Draft, calling: str | None, called: str | None = None) -> None:
    """Note titles, unless their bytes are known."""
    if calling is not None and draft.calling is None:
        draft.calling = calling
    if called is not None and draft.called is None:
        draft.called = called


def _describe(draft: Draft, asked: Request) -> None:
    for context in asked.contexts:
        draft.propose(context.sop_class)
        for syntax in context.syntaxes:
            draft.propose(context.sop_class, syntax)
    draft.implementation, draft.version, draft.max_pdu = asked.implementation, asked.version, asked.max_pdu
    draft.as_scp = dict.fromkeys(asked.as_scp)
    draft.said.add("whole")


class _Dump:
    """The request in words. Where its bytes are known to the end, the words are not needed."""

    def __init__(self, draft: Draft | None) -> None:
        self._draft = draft
        self._lines = 0
        self._sop_class = ""

    def take(self, text: str) -> bool:
        """Whether the dump may go on after this line."""
        self._lines += 1
        draft = self._draft
        if draft is not None and "whole" not in draft.said:
            self._note(draft, text)
        return self._lines < MOST_LINES

    def _note(self, draft: Draft, text: str) -> None:
        key, _, value = text.strip().partition(":")
        value = value.strip(" ")
        match key:
            case "Calling Application Name" if value:
                _name(draft, value)
            case "Called Application Name" if value:
                _name(draft, None, value)
            case "Their Implementation Class UID":
                draft.implementation = value
            case "Their Implementation Version Name":
                draft.version = value
            case "Their Max PDU Receive Size":
                draft.max_pdu = length(value)
            case "Abstract Syntax":
                self._sop_class = names.sop_class(value.removeprefix("="))
                if self._sop_class:
                    draft.propose(self._sop_class)
            case "Proposed SCP/SCU Role" if value == "SCP" and self._sop_class:
                draft.as_scp[self._sop_class] = None
            case _ if self._sop_class and text.strip().startswith("="):
                draft.propose(self._sop_class, names.transfer_syntax(text.strip().removeprefix("=")))
