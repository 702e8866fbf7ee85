"""The audits that were recorded, one row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pacsconf.core.moment import iso_in_words
from pacsconf.policy.audit import Point
from pacsconf.policy.audit_json import point_to_json
from pacsconf.policy.results import State
from pacsconf.policy.rule import SEVERITIES
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.audit.drift_text import short
from pacsconf.report.lines import BLANK, Lines, Span, columns, line, padded, width_of, wrapped
from pacsconf.report.words import counted, listed

_WORDS: Mapping[State, str] = {"error": "broken", "unknown": "unknown", "waived": "waived", "pass": "passed"}


def audits_text(environment: str, found: Sequence[Point], width: int = 80, *, more: bool = False) -> Lines:
    """The audits as given, newest first; `more` if there are others."""
    if not found:
        return (line(f"No audit of {environment} is recorded yet."),)
    room = columns(width)
    names = max(width_of(line(one.id)) for one in found)
    number = counted(len(found), "audit")
    head = f"Audits of {environment}, {f'the newest {number} (--limit shows more)' if more else number}"
    rows = (
        row
        for one in found
        for row in wrapped(
            summary(one),
            room,
            first=line(
                "  ", Span(padded(one.id, names), "update"), f"  {iso_in_words(one.at)}  {short(one.commit)}  "
            ),
            indent=6,
        )
    )  # fmt: skip
    return (line(Span(head, "strong")), BLANK, *rows)


def summary(one: Point) -> str:
    """What it came to: failures by severity, then the rest."""
    severe = [f"{one.failures[severity]} {severity}" for severity in SEVERITIES if one.failures.get(severity)]
    failed = one.states.get("fail", 0)
    told = f"{failed} failed" + (f" ({', '.join(severe)})" if severe else "")
    rest = [f"{one.states[state]} {word}" for state, word in _WORDS.items() if one.states.get(state)]
    asked = [f"for {', '.join(one.frameworks)} alone"] if one.frameworks else []
    return listed((told, *rest, *asked), " · ")


def audits_json(environment: str, found: Sequence[Point]) -> str:
    """The same for scripts."""
    body = {"environment": environment, "audits": [point_to_json(one) for one in found]}
    return as_text({"format_version": FORMAT_VERSION, **body})
