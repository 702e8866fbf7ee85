"""What `listen` tells of each caller as it comes: who, what it asks for, how that compares with the inventory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pacsconf.core.finding import Finding
from pacsconf.dicom.heard import Heard, to_json
from pacsconf.dicom.listen.listener import Called, Ended, Event, Ready, Said, Stranger
from pacsconf.dicom.listen.logs.reading import Log, Repeated
from pacsconf.dicom.listen.odd_title import spelt
from pacsconf.inventory import uids
from pacsconf.report.as_json import FORMAT_VERSION, as_line, as_text, finding_as_json
from pacsconf.report.diagnostics import LineOf, PlaceOf, findings_text
from pacsconf.report.lines import BLANK, Line, Lines, Span, columns, commanded, itemised, line, wrapped
from pacsconf.report.words import counted, listed

_MARGIN = "     "


@dataclass(frozen=True, slots=True)
class Compared:
    """A caller beside the inventory: who it is taken for, in words, and what is not as declared.

    `device` is empty where nobody is known to have called, and `who` where there is no inventory.
    """

    who: str = ""
    device: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether something is not as declared; a note is not wrong."""
        return any(finding.severity != "info" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Reading:
    """How findings find their lines, and how wide the screen is."""

    place_of: PlaceOf
    line_of: LineOf
    width: int = 80


# --- one caller --------------------------------------------------------------------------------------------------


def ready_text(ready: Ready, titles: Sequence[str], width: int, *, tls: bool) -> Lines:
    """What is listened at, and who can reach it."""
    where = (
        f"{ready.address} port {ready.port}"
        if ready.address
        else f"port {ready.port} of every address of this machine"
    )
    as_whom = f" as {' and '.join(titles)}" if titles else ""
    text = (
        "Whoever reaches it is answered, whatever title it calls. Nothing is stored: images and queries "
        "are refused. Ctrl-C ends it."
    )
    return (
        line(Span(f"Listening{as_whom} at {where}{' with TLS' if tls else ''}", "strong")),
        *wrapped(text, columns(width)),
    )


def called_text(called: Called, compared: Compared, reading: Reading) -> Lines:
    """An association as it comes; what is said on it follows below."""
    verdict = tuple(_verdict(compared, reading))
    after = (BLANK,) if compared.findings else ()
    head = line(f"{called.number:>3}  ")
    return (BLANK, *_one(head, called.heard, reading, called.subject), *verdict, *after)


def logged_text(each: Repeated, compared: Compared, reading: Reading) -> Lines:
    """An association of a log, and how often it was there."""
    times = f", {each.count} times" if each.count > 1 else ""
    return (BLANK, *_one(line("  -  "), each.heard, reading, times=times), *_verdict(compared, reading))


def _one(first: Line, heard: Heard, reading: Reading, subject: str = "", times: str = "") -> Lines:
    room = columns(reading.width)
    head = wrapped(f"{_direction(heard)}{times}", room, first=first, style="strong")
    return (*head, *_facts(heard, subject, room))


def again_text(number: int, heard: Heard, before: int, width: int) -> Lines:
    """One that is like an earlier one to the letter."""
    head = f"{_direction(heard)}, as in {before}"
    return wrapped(head, columns(width), first=line(f"{number:>3}  "))


def _direction(heard: Heard) -> str:
    called = spelt(heard.called) if heard.called else "a title that is not told"
    return f"{heard.host or 'an address that is not told'} calls as {spelt(heard.calling)}, to {called}"


def _facts(heard: Heard, subject: str, room: int) -> Iterator[Line]:
    rows = {
        "heard": f"{heard.at}, {heard.source}"
        if heard.at and heard.source != "listen"
        else heard.at or heard.source,
        "software": _software(heard),
        "shows": subject,
        "answer": heard.answer if heard.answer != "accepted" else "",
    }
    for name, text in rows.items():
        if text:
            yield from wrapped(text, room, first=_label(name))
    for at, (syntaxes, classes) in enumerate(_grouped(heard)):
        yield from itemised(classes, room, first=_label("asks for" if not at else ""))
        yield from wrapped(f"in {listed(syntaxes)}", room, first=_label(""), style="faint")


def _label(name: str) -> Line:
    return line(Span(f"{_MARGIN}{name:<10}", "faint"))


def _software(heard: Heard) -> str:
    pdu = {None: "", 0: "PDUs without limit"}.get(heard.max_pdu, f"PDUs of {heard.max_pdu} bytes")
    return listed((heard.version, heard.implementation, pdu), " · ")


def _grouped(heard: Heard) -> list[tuple[tuple[str, ...], list[str]]]:
    """SOP classes by the transfer syntaxes that they were proposed with, both by name, in the order they came."""
    found: dict[tuple[str, ...], list[str]] = {}
    for uid, syntaxes in heard.contexts:
        role = " (as SCP)" if uid in heard.as_scp else ""
        named = tuple(map(uids.label, syntaxes)) or ("no transfer syntax",)
        found.setdefault(named, []).append(uids.label(uid) + role)
    return list(found.items())


def _verdict(compared: Compared, reading: Reading) -> Iterator[Line]:
    room = columns(reading.width)
    if not compared.who:
        return
    if not compared.findings:
        said = f"{compared.who}: as declared"
        yield from wrapped(said, room, first=line(Span(f"{_MARGIN}✓ ", "good")), indent=7)
        return
    mark = Span(f"{_MARGIN}! ", "warning") if compared.wrong else Span(f"{_MARGIN}✓ ", "good")
    yield from wrapped(compared.who, room, first=line(mark), indent=7)
    yield BLANK
    yield from findings_text(
        compared.findings, place_of=reading.place_of, line_of=reading.line_of, width=room, brief=True
    )


def event_text(event: Said | Ended | Stranger, width: int) -> Lines:
    """What became of an association, or who requested none."""
    room = columns(width)
    match event:
        case Said():
            what = (
                f"{event.message}{f' of {uids.label(event.sop_class)}' if event.message != 'C-ECHO' else ''}"
            )
            return wrapped(f"{what} {answer(event.status)}", room, first=line(f"{event.number:>3}  "))
        case Ended():
            return wrapped(f"ended: {event.how}", room, first=line(f"{event.number:>3}  "))
        case Stranger():
            mark = Span("  ?  ", "warning")
            return wrapped(f"{event.host} requested no association: {event.text}", room, first=line(mark))


def answer(status: int | None) -> str:
    """How a message was answered, in words."""
    if status is None:
        return "needs no answer"
    return "answered" if status == 0 else f"refused ({status:04X}H): nothing is stored here"


# --- the end -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sum:
    """What came of all of it. `callers` are different ones; `strangers` requested no association."""

    associations: int
    callers: int
    wrong: int
    strangers: int = 0
    forgotten: str = ""
    """Why nothing is remembered; empty where it is."""
    compared: bool = True
    command: str = ""


def sum_text(this: Sum, width: int) -> Lines:
    """The last lines."""
    room = columns(width)
    counts = [counted(this.associations, "association"), counted(this.callers, "caller")]
    if this.compared:
        counts.append(f"{this.wrong} not as declared")
    if this.strangers:
        counts.append(f"{this.strangers} requested none")
    notes = []
    if not this.compared:
        notes.append("There is no inventory here to compare with.")
    if this.forgotten:
        notes.append(f"Not remembered: {this.forgotten}.")
    follows = commanded(line("Next: "), this.command, room) if this.command else ()
    return (
        BLANK,
        *itemised(counts, room, style="strong"),
        *(row for note in notes for row in wrapped(note, room)),
        *follows,
    )


def log_text(log: Log, width: int) -> Lines:
    """What was read, before what it told."""
    room = columns(width)
    kinds = listed((f"{count} of {name}" for name, count in log.known.items()))
    parts = [f"{log.name}: {counted(log.lines, 'line')}", f"{kinds or 'none'} about associations"]
    if log.nameless:
        parts.append(f"{counted(log.nameless, 'association')} without the caller's title")
    rest = (
        [f"{counted(log.left, 'more association')} did not fit in: that many different ones are not told."]
        if log.left
        else []
    )
    if log.cut:
        rest.append("It is longer than is read: the end was left out.")
    return (*itemised(parts, room), *(row for each in rest for row in wrapped(each, room, style="warning")))


# --- for machines ------------------------------------------------------------------------------------------------


def event_json(event: Event, compared: Compared | None = None, place_of: PlaceOf = lambda _: None) -> str:
    """One event as one line."""
    match event:
        case Ready():
            body: dict[str, Any] = {"event": "listening", "address": event.address, "port": event.port}
        case Called():
            more = {"number": event.number, "certificate": event.subject}
            body = {"event": "association", **more, **_association(event.heard, compared, place_of)}
        case Said():
            body = {
                "event": "message",
                "number": event.number,
                "message": event.message,
                "sop_class": event.sop_class,
                "status": event.status,
            }
        case Ended():
            body = {"event": "end", "number": event.number, "how": event.how, "well": event.well}
        case Stranger():
            body = {"event": "stranger", "host": event.host, "text": event.text}
    return _one_line(body)


def sum_json(this: Sum) -> str:
    """The end of it as one line."""
    return _one_line({"event": "over", **_sum(this)})


def log_json(log: Log, compared: Sequence[Compared], this: Sum, place_of: PlaceOf) -> str:
    """A log as one document."""
    body = {
        "format_version": FORMAT_VERSION,
        "log": log.name,
        "lines": log.lines,
        "known": dict(log.known),
        "nameless": log.nameless,
        "cut": log.cut,
        "left": log.left,
        "associations": [
            {"count": each.count, **_association(each.heard, beside, place_of)}
            for each, beside in zip(log.associations, compared, strict=True)
        ],
        **_sum(this),
    }
    return as_text(body)


def _sum(this: Sum) -> Mapping[str, Any]:
    return {
        "callers": this.callers,
        "wrong": this.wrong if this.compared else None,
        "strangers": this.strangers,
        "remembered": not this.forgotten,
    }


def _association(heard: Heard, compared: Compared | None, place_of: PlaceOf) -> dict[str, Any]:
    beside = compared if compared is not None and compared.who else None
    return {
        **to_json(heard),
        "device": beside.device if beside else None,
        "findings": list(_findings(beside.findings if beside else (), place_of)),
    }


def _findings(findings: Iterable[Finding], place_of: PlaceOf) -> Iterator[dict[str, Any]]:
    for finding in findings:
        yield finding_as_json(finding, finding.place or place_of(finding.path))


def _one_line(body: Mapping[str, Any]) -> str:
    return as_line({"format_version": FORMAT_VERSION, **body})
