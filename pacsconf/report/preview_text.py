"""Studies counted by the rule that keeps them, as a person reads it and as a machine does: counts and hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.lines import BLANK, Line, Lines, Span, columns, joined, line, padded, wrapped
from pacsconf.report.words import counted
from pacsconf.retention.tally import Class, Tally

_STATES = {
    "kept": "kept",
    "expired": "over",
    "to-confirm": "to confirm",
    "no-date": "without an end",
    "held": "on hold",
    "no-rule": "of no rule",
}
_FACTS = {
    "birth_date": "birth date",
    "study_date": "study date",
    "modality": "modality",
    "procedure_code": "procedure code",
    "last_contact": "last study of the patient",
    "later_studies": "look at later studies",
    "received": "day of receipt",
    "calling_ae": "sender",
    "clinical_trial": "word on clinical trials",
}
"""What is missing, as people call it."""
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Preview:
    """What was counted, where and how. `cut_off` are days of which the archive does not tell all at once.

    `armed`: whether it deletes by itself when it is full; None where that is not known.
    """

    name: str
    way: str
    since: date | None
    until: date | None
    today: date
    tally: Tally
    armed: bool | None = None
    cut_off: tuple[str, ...] = ()
    questions: int = 0


def preview_text(preview: Preview, width: int) -> Lines:
    """The head, a row for each class, the sum, and what ends first."""
    room = columns(width)
    found = preview.tally
    return joined(
        (
            wrapped(_head(preview), room, style="strong"),
            tuple(_table(found.classes)),
            (
                *wrapped(_sum(preview), room, style="error" if found.below_floor else ""),
                *_remarks(preview, room),
            ),
            tuple(_expiring(found)),
        )
    )


def _head(preview: Preview) -> str:
    days = "all days"
    if preview.since or preview.until:
        since = f"from {preview.since}" if preview.since else ""
        until = f"to {preview.until}" if preview.until else ""
        days = f"{since} {until}".strip()
    at_least = "at least " if preview.cut_off else ""
    studies = counted_studies(preview.tally.studies)
    return f"{preview.name}: {at_least}{studies}, {days}, asked {preview.way}, on {preview.today}"


def counted_studies(number: int) -> str:
    return f"{number:,} {'study' if number == 1 else 'studies'}"


def _table(classes: Sequence[Class]) -> Sequence[Line]:
    if not classes:
        return ()
    names = max(len("rule"), *(len(one.rule) for one in classes))
    numbers = max(len("studies"), *(len(f"{one.studies:,}") for one in classes))
    head = f"  {padded('rule', names)}  {'studies':>{numbers}}  earliest    median      of them"
    rows = [line(Span(head, "faint"))]
    for one in classes:
        of_them = ", ".join(f"{number:,} {_STATES[state]}" for state, number in one.states.items())
        number = f"{one.studies:>{numbers},}"
        text = f"  {padded(one.rule, names)}  {number}  {_day(one.earliest)}  {_day(one.median)}  {of_them}"
        rows.append(line(text))
    return rows


def _day(day: date | None) -> str:
    return padded(day.isoformat() if day else _NONE, 10)


def _sum(preview: Preview) -> str:
    """`0 below the legal floor; 214 need a birth date; 3 on hold; purge armed: no`."""
    found = preview.tally
    needs = (
        f"{number:,} {'needs' if number == 1 else 'need'} a {_FACTS.get(name, name)}"
        for name, number in found.missing.items()
    )
    armed = {True: "yes", False: "no", None: "not known"}[preview.armed]
    parts = (
        f"{found.below_floor:,} below the legal floor",
        *needs,
        f"{found.states.get('held', 0):,} on hold",
        f"{found.review_due:,} due for review" if found.review_due else "",
        f"purge armed: {armed}",
    )
    return "; ".join(part for part in parts if part)


def _remarks(preview: Preview, room: int) -> Lines:
    rows: list[Line] = []
    if preview.tally.states.get("to-confirm"):
        rows += wrapped(
            "To confirm: by the images their time is over, yet a rule counts from what images do not show.",
            room,
        )
    if preview.cut_off:
        days = ", ".join(preview.cut_off[:3]) + (", …" if len(preview.cut_off) > 3 else "")
        which = counted(len(preview.cut_off), "day")
        text = f"Not all was told: of {which} there is more than it answers with ({days})."
        rows += wrapped(text, room, style="warning")
    return tuple(rows)


def _expiring(found: Tally) -> Sequence[Line]:
    """What ends first, by hash."""
    rows = [line(f"  {one.until}  {one.reference}  {one.rule}") for one in found.expiring]
    return (line(Span("Ends first", "strong")), *rows, BLANK)[:-1] if rows else ()


def preview_json(preview: Preview) -> str:
    """The same."""
    found = preview.tally
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "name": preview.name,
            "way": preview.way,
            "today": preview.today.isoformat(),
            "since": _iso(preview.since),
            "until": _iso(preview.until),
            "whole": not preview.cut_off,
            "cut_off": list(preview.cut_off),
            "studies": found.studies,
            "classes": [_class(one) for one in found.classes],
            "states": dict(found.states),
            "missing": dict(found.missing),
            "below_floor": found.below_floor,
            "review_due": found.review_due,
            "purge_armed": preview.armed,
            "expiring": [
                {"until": one.until.isoformat(), "study": one.reference, "rule": one.rule}
                for one in found.expiring
            ],
        }
    )


def _class(one: Class) -> Mapping[str, Any]:
    return {
        "rule": one.rule,
        "studies": one.studies,
        "states": dict(one.states),
        "earliest": _iso(one.earliest),
        "median": _iso(one.median),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
