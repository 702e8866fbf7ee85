"""A log of any known kind, read once from front to back: who called, how often, and how much told nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from pacsconf.dicom.heard import Heard
from pacsconf.dicom.listen.logs.dcm4che import Dcm4che
from pacsconf.dicom.listen.logs.dcmtk import Dcmtk
from pacsconf.dicom.listen.logs.draft import Draft

LARGEST = 512 * 1024 * 1024
"""Bytes of a log that are read."""
_LONGEST_LINE = 64 * 1024
_MOST = 2000
"""Different associations that are kept."""
_HINT = re.compile(
    r"ssociation|Associate Request|A-ASSOCIATE|Request Parameters|Incoming connection|Forbidding access"
    r"|is not listed|Socket\[addr=|<-"
)
"""Every line that begins something has one of these; the others, which a log is full of, are not read twice."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """An association that a log tells of, as it was the last time, in which line, and how often it was there."""

    heard: Heard
    count: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """What a log told. `lines` are all its lines, `known` those that told something, by whose lines they were.

    `nameless` are associations of which the log does not name the caller. `left` are further ones, unlike those
    that are told, for which there was no room. `cut` says that not all of it was read.
    """

    name: str
    associations: tuple[Repeated, ...]
    lines: int
    known: Mapping[str, int]
    nameless: int = 0
    cut: bool = False
    left: int = 0

    @property
    def unknown(self) -> int:
        """Lines that told nothing of associations."""
        return self.lines - sum(self.known.values())

    @property
    def in_order(self) -> tuple[Heard, ...]:
        """The associations in the order in which they were there last."""
        return tuple(each.heard for each in sorted(self.associations, key=lambda each: each.line))


def read(stream: BinaryIO, name: str) -> Log:
    """The log in `stream`, whatever its encoding: titles and UIDs are ASCII in all that are in use."""
    tally = _Tally(name)
    readers = (Dcmtk(tally.add), Dcm4che(tally.add))
    known: Counter[int] = Counter()
    number, size = 0, 0
    for number, raw in enumerate(_lines(stream), 1):
        size += len(raw)
        if size > LARGEST:
            break
        line = _text(raw)
        if not _HINT.search(line) and not any(each.busy for each in readers):
            continue
        reader = next((each for each in readers if each.take(number, line)), None)
        if reader is not None:
            known[readers.index(reader)] += 1
    for each in readers:
        each.end()
    by_name = {readers[at].name: count for at, count in known.most_common()}
    return Log(name, tally.all(), number, by_name, tally.nameless, size > LARGEST, tally.left)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Its lines; of one that is too long, pieces."""
    return iter(lambda: stream.readline(_LONGEST_LINE), b"")


def _text(raw: bytes) -> str:
    """A line as text, whatever its encoding; in UTF-16, as Windows programs write it, every other byte is zero."""
    if b"\0" in raw:
        raw = raw.replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").rstrip("\r\n")


class _Tally:
    """Associations, equal ones counted."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[Heard, Repeated] = {}
        self.nameless = 0
        self.left = 0

    def add(self, draft: Draft) -> None:
        heard = draft.heard(self._name)
        if heard is None:
            self.nameless += 1
            return
        key = replace(heard, at="", source="")
        before = self._found.get(key)
        if before is None and len(self._found) >= _MOST:
            self.left += 1
            return
        self._found[key] = Repeated(heard, before.count + 1 if before else 1, draft.line)

    def all(self) -> tuple[Repeated, ...]:
        return tuple(self._found.values())
