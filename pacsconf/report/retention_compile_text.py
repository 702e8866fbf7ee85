"""The policies that an archive gets for the retention rules, and what it cannot do of each; as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pacsconf.core.finding import Path
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.diagnostics import PlaceOf
from pacsconf.report.lines import Lines, Span, beside, columns, joined, line, wrapped
from pacsconf.report.words import counted


@dataclass(frozen=True, slots=True)
class Written:
    """One policy, as the archive has it."""

    name: str
    rule: str
    path: Path
    period: str
    start: str
    conditions: Sequence[str]
    priority: int


@dataclass(frozen=True, slots=True)
class OfRule:
    """A rule, the policies that are written for it, and what is done where the archive cannot follow it."""

    rule: str
    policies: Sequence[str]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Policies:
    """All of it. `archives` are the devices that take them; `drafts` rules that nobody approved.

    `holds` are legal holds, with the number of their studies.
    """

    archives: Sequence[str]
    written: Sequence[Written]
    rules: Sequence[OfRule]
    drafts: Sequence[str]
    holds: Sequence[tuple[str, int]]
    place_of: PlaceOf

    def at(self, path: Path) -> str:
        place = self.place_of(path)
        return f"{place.file}:{place.line}" if place else ""


GENERAL = (
    "The archive takes the first that fits, from the top, for each series; a study goes with its latest series.",
    "It takes the last day for over, and ends months on their last day: so ten years are P10Y2D.",
    "It looks when a series arrives. What is stored keeps its day until it is told to apply its policies again.",
)


def policies_text(told: Policies, width: int = 80) -> Lines:
    """Who takes them, each policy from the first that counts, then each rule."""
    room = columns(width)
    return joined(
        (
            _head(told, room),
            tuple(row for one in told.written for row in _policy(told, one, room)),
            _section(
                "what becomes of each rule", tuple(row for one in told.rules for row in _rule(one, room))
            ),
            _section("not written", (*_drafts(told, room), *_holds(told, room))),
            tuple(row for words in GENERAL for row in wrapped(words, room, style="faint"))
            if told.written
            else (),
        )
    )


def _head(told: Policies, width: int) -> Lines:
    policies = counted(len(told.written), "policy")
    if told.archives:
        return wrapped(f"{policies} for {', '.join(told.archives)}", width, style="strong")
    words = f"{policies}; no archive takes them: none says `vendor: {{dcm4chee: {{retention: declared}}}}`"
    return wrapped(words, width, style="strong")


def _policy(told: Policies, one: Written, width: int) -> Lines:
    left = line(Span(one.name, "strong"), f"  {one.period} from {one.start}")
    return (
        *beside(left, line(Span(told.at(one.path), "faint")), width),
        *(
            row
            for text in one.conditions or ("every study",)
            for row in wrapped(text, width, first=line("  "))
        ),
        *wrapped(f"priority {one.priority}", width, first=line("  "), style="faint"),
    )


def _rule(one: OfRule, width: int) -> Lines:
    written = ", ".join(one.policies) or "nothing"
    return (
        *wrapped(f"{one.rule}: {written}", width, first=line("  ")),
        *(row for note in one.notes for row in wrapped(note, width, first=line("    ! "))),
    )


def _drafts(told: Policies, width: int) -> Lines:
    return tuple(
        row
        for name in told.drafts
        for row in wrapped(f"{name}: nobody approved it", width, first=line("  ? "))
    )


def _holds(told: Policies, width: int) -> Lines:
    return tuple(
        row
        for name, number in told.holds
        for row in wrapped(
            f"legal hold {name}: {counted(number, 'study')} known by hash alone; freeze them in the"
            " archive itself",
            width,
            first=line("  ? "),
        )
    )


def _section(title: str, rows: Lines) -> Lines:
    return (line(Span(title, "strong")), *rows) if rows else ()


def policies_json(told: Policies) -> str:
    """The same."""
    body = {
        "format_version": FORMAT_VERSION,
        "archives": list(told.archives),
        "policies": [
            {
                "name": one.name,
                "rule": one.rule,
                "period": one.period,
                "start": one.start,
                "conditions": list(one.conditions),
                "priority": one.priority,
            }
            for one in told.written
        ],
        "rules": [
            {"rule": one.rule, "policies": list(one.policies), "notes": list(one.notes)} for one in told.rules
        ],
        "drafts": list(told.drafts),
        "holds": [{"name": name, "studies": number} for name, number in told.holds],
    }
    return as_text(body)
