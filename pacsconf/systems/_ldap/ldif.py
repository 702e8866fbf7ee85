"""Entries from an LDIF file (RFC 2849), such as `ldapsearch -LLL` or slapcat write it.

Every mistake is a finding with file and line, and reading goes on behind it, so that one report shows all of
them. A value that the file only refers to (`:< file:///...`) is neither opened nor fetched. Change records other
than `add` say what is to be done to entries, not what they are: they are reported and left out. Of secrets only
the attribute's name is kept.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from pacsconf.core.errors import PacsconfError
from pacsconf.core.finding import Finding, Place, Severity
from pacsconf.systems._ldap import names
from pacsconf.systems._ldap.entry import Entry, Values, kept

LIMIT = 128 * 1024 * 1024
"""Bytes. A hospital of thousands of devices takes a third of that."""

MISTAKES = 100
"""After so many the file is probably something else, and reading ends."""

_ATTRIBUTE = re.compile(rb"(?:[A-Za-z][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+)*)(?:;[A-Za-z0-9_-]+)*")
_STEP = re.compile(rb"(?:add|delete|replace|increment):", re.IGNORECASE)
"""How a modification begins that does not say it is one, as some programs take it."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_RESULT = b"search"
"""How the record begins that ldapsearch writes last: what the server answered (RFC 4511 section 4.1.9)."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What an LDIF file holds.

    `spellings` gives each attribute's name as it is first spelled, by lower case; `lines` where each entry
    begins, by its name. `ends` tells whether the last line does, as RFC 2849 asks of each: one that does not was
    perhaps cut off, and all that followed with it.
    """

    entries: tuple[Entry, ...] = ()
    findings: tuple[Finding, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    ends: bool = True


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with all that continues it, and where it begins."""

    number: int
    text: bytes


@dataclass(frozen=True, slots=True)
class _Pair:
    """An attribute with one value; `value` is None where it could not be had, and that was reported."""

    line: _Line
    name: str
    value: bytes | None


def read(path: Path) -> Contents:
    """The contents of a file.

    Raises: PacsconfError when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as exc:
        raise PacsconfError(
            f"{path} cannot be read: {exc.strerror}", fix="Check the path and who may read it."
        ) from exc
    return parse(data, str(path))


def parse(data: bytes, file: str) -> Contents:
    """The contents of `data`; findings name it `file`."""
    return _Parser(file).contents(data)


class _Enough(Exception):
    """So many mistakes that the rest would tell nothing more."""


class _Parser:
    """One pass over one file; findings, spellings and names seen so far are gathered on the way."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._findings: list[Finding] = []
        self._spellings: dict[str, str] = {}
        self._seen: dict[names.Key, int] = {}
        self._lines: dict[str, int] = {}

    def contents(self, data: bytes) -> Contents:
        entries: list[Entry] = []
        try:
            for record in self._records(data):
                entry = self._entry(record)
                entries += [entry] if entry else []
        except _Enough:
            pass
        ends = not data or data.endswith((b"\n", b"\r"))
        return Contents(tuple(entries), tuple(self._findings), self._spellings, self._lines, ends)

    # --- lines and records -----------------------------------------------------------------------------------

    def _records(self, data: bytes) -> Iterator[list[_Line]]:
        """Groups of lines between empty ones, without comments and without the version."""
        if len(data) > LIMIT:
            self._report(
                "LDIF-SIZE", "error", 1, f"The file is larger than {LIMIT // 1024**2} MiB", _OTHER_FILE
            )
            return
        if data.startswith(_UTF_16):
            self._report("LDIF-ENCODING", "error", 1, "The file is UTF-16, where LDIF is UTF-8", _UTF_8)
            return
        groups = groupby(self._unfolded(data.removeprefix(b"\xef\xbb\xbf")), key=lambda line: bool(line.text))
        first = True
        for filled, lines in groups:
            record = [line for line in lines if not line.text.startswith(b"#")] if filled else []
            if record and first:
                first = False
                record = self._without_version(record)
            if record:
                yield record

    def _unfolded(self, data: bytes) -> Iterator[_Line]:
        """Lines with those that continue them, which begin with a space (RFC 2849 note 2); comments too."""
        at, parts = 1, [b""]
        after_value = False
        for number, raw in enumerate(data.split(b"\n"), start=1):
            text = raw.removesuffix(b"\r")
            if text.startswith(b" ") and number > 1:
                if after_value and parts[0].startswith(b"#"):
                    self._doubtful(number)
                parts.append(text[1:])
                continue
            yield _Line(at, b"".join(parts))
            after_value = bool(parts[0]) and (after_value or not parts[0].startswith(b"#"))
            at, parts = number, [text]
        yield _Line(at, b"".join(parts))

    def _doubtful(self, number: int) -> None:
        self._report(
            "LDIF-COMMENT",
            "warning",
            number,
            "It cannot be told whether this line continues the comment or the value before it",
            "Move the comment before the entry, if the line belongs to the value.",
            "It is read as part of the comment (RFC 2849), and a value may have lost its end.",
        )

    def _without_version(self, record: list[_Line]) -> list[_Line]:
        name, colon, value = record[0].text.partition(b":")
        if name.lower() != b"version" or not colon:
            return record
        if value.strip() != b"1":
            self._report(
                "LDIF-VERSION",
                "error",
                record[0].number,
                "The file is of another version of LDIF than 1, the only one there is",
                "Export it again as LDIF (RFC 2849).",
            )
        return record[1:]

    # --- one record ------------------------------------------------------------------------------------------

    def _entry(self, record: list[_Line]) -> Entry | None:
        """The entry that a record is; None where it is none, which was reported."""
        head, rest = record[0], record[1:]
        if self._is_answer(record):
            return None
        first = self._pair(head)
        if first is None or first.name.lower() != "dn" or first.value is None:
            if first is not None and first.name.lower() != "dn":
                self._report(
                    "LDIF-SYNTAX",
                    "error",
                    head.number,
                    "The record does not begin with dn:, so it cannot be told which entry it is",
                    "An entry begins with its name, and an empty line ends it.",
                )
            return None
        dn = self._dn(head, first.value)
        body = self._without_change(rest)
        if dn is None or body is None:
            return None
        attributes: dict[str, list[bytes]] = {}
        for pair in map(self._pair, body):
            if pair is not None and self._belongs(pair) and pair.value is not None:
                key = pair.name.lower()
                self._spellings.setdefault(key, pair.name)
                attributes.setdefault(key, []).append(pair.value)
        return Entry(dn, {key: _kept(key, values) for key, values in attributes.items()})

    def _is_answer(self, record: list[_Line]) -> bool:
        """Whether this is no entry but what the server answered, as ldapsearch without -LLL tells it."""
        name = record[0].text.partition(b":")[0]
        if name == b"ref":
            self._report(
                "LDIF-CUT",
                "error",
                record[0].number,
                "The export stops at another server's part (ref:), which is not in the file",
                "Export that part too, from the server that holds it.",
            )
        elif name == _RESULT:
            result = next((line for line in record if line.text.startswith(b"result:")), record[0])
            code = result.text.partition(b":")[2].split()
            if code and code[0] != b"0":
                words = b" ".join(code).decode(errors="replace")
                self._report(
                    "LDIF-CUT",
                    "error",
                    result.number,
                    f"The export is not whole: the server ended it with {words}",
                    "Export it again with an account that no limit is set for.",
                    "What is missing here would look as if it were not there.",
                )
        return name in (b"ref", _RESULT)

    def _belongs(self, pair: _Pair) -> bool:
        if pair.name.lower() != "dn":
            return True
        self._report(
            "LDIF-SYNTAX",
            "error",
            pair.line.number,
            "A second dn: stands in one record",
            "Put an empty line before it, without spaces in it: that is what ends a record.",
        )
        return False

    def _dn(self, line: _Line, value: bytes) -> str | None:
        try:
            dn = value.decode()
            key = names.key(dn)
        except UnicodeDecodeError:
            self._report(
                "LDIF-ENCODING", "error", line.number, "The name of this entry is not UTF-8 text", _UTF_8
            )
            return None
        except ValueError:
            self._report(
                "LDIF-DN",
                "error",
                line.number,
                "This is no distinguished name (RFC 4514)",
                "Write attribute=value pairs with commas between them; a comma in a value is written \\,",
            )
            return None
        twice = self._seen.setdefault(key, line.number)
        if twice != line.number:
            self._report(
                "LDIF-TWICE",
                "error",
                line.number,
                f'The entry "{dn}" is in the file twice',
                "Take out the one that is not meant.",
                also=((Place(self._file, twice, 1), "is the first one"),),
            )
            return None
        self._lines[dn] = line.number
        return dn

    def _without_change(self, rest: list[_Line]) -> list[_Line] | None:
        """The lines of an entry, or of a change record that adds one, without what makes it a change record."""
        body = [line for line in rest if not line.text.lower().startswith(b"control:")]
        said = [line for line in body if line.text.lower().startswith(b"changetype:")]
        if not said and not (body and _STEP.match(body[0].text) and any(line.text == b"-" for line in body)):
            return body
        pair = self._pair(said[0]) if said else None
        if pair is not None and pair.value is None:
            return None  # which was reported
        kind = (
            pair.value.decode(errors="replace").strip().lower()
            if pair and pair.value is not None
            else "modify"
        )
        if kind == "add":
            return [line for line in body if line not in said]
        self._report(
            "LDIF-CHANGE",
            "warning",
            (said or body)[0].number,
            f'A change record ("{kind}") is left out: it is not applied to anything',
            "Export the entries as they are (ldapsearch -LLL, slapcat), not a list of changes.",
            "It says what is to be done to an entry, and the entry may look otherwise by now.",
        )
        return None

    # --- one line --------------------------------------------------------------------------------------------

    def _pair(self, line: _Line) -> _Pair | None:
        """The attribute and value of a line; None for a line that has no such form, which was reported."""
        raw, colon, rest = line.text.partition(b":")
        if not colon or not _ATTRIBUTE.fullmatch(raw):
            self._report(
                "LDIF-SYNTAX",
                "error",
                line.number,
                "The line is neither an attribute with its value nor a part of the line before",
                "Write `attribute: value`; a line that continues another begins with a space.",
            )
            return None
        name = raw.decode()
        if rest.startswith(b"<"):
            self._report(
                "LDIF-URL",
                "warning",
                line.number,
                f"The {'name of an entry' if name.lower() == 'dn' else f'value of {name}'} is kept elsewhere (:<) "
                "and was left out",
                "Export it again with values in the file itself (:: and base64).",
                "What a file names is not opened or fetched: it could be anything.",
            )
            return _Pair(line, name, None)
        if not rest.startswith(b":"):
            return _Pair(line, name, rest.lstrip(b" "))
        try:
            return _Pair(line, name, base64.b64decode(rest[1:].strip(), validate=True))
        except binascii.Error:
            self._report(
                "LDIF-BINARY",
                "error",
                line.number,
                f"The value of {name} is not base64, as :: says",
                "Export it again; a line may have been cut or changed on the way.",
            )
            return _Pair(line, name, None)

    def _report(
        self,
        rule: str,
        severity: Severity,
        number: int,
        summary: str,
        fix: str,
        detail: str = "",
        also: tuple[tuple[Place, str], ...] = (),
    ) -> None:
        place = Place(self._file, number, 1)
        self._findings.append(Finding(rule, severity, summary, detail, fix, place=place, also=also))
        if len(self._findings) == MISTAKES:
            what = f"Reading ended here, after {MISTAKES} mistakes"
            self._findings.append(Finding("LDIF-MANY", "error", what, fix=_OTHER_FILE, place=place))
            raise _Enough


_OTHER_FILE = "See whether it is the file that is meant: LDIF, with nothing but the DICOM configuration."
_UTF_8 = "Export it again, or save it as UTF-8. PowerShell's > makes UTF-16: let the program write the file itself."


def _kept(attribute: str, values: list[bytes]) -> Values:
    """Each value once, as in a directory; of secrets none."""
    return kept(attribute, dict.fromkeys(values))
