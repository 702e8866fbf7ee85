"""What is live of people held against what is declared: for a person, a machine, a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pacsconf.core.moment import day_in_words
from pacsconf.core.review import Review, ReviewLine
from pacsconf.people.remark import Remark
from pacsconf.people.remarks import Looked
from pacsconf.people.reviewing import RoleDue
from pacsconf.report.access.known import Known, heading
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.diagnostics import SEVERITY_WORDS
from pacsconf.report.lines import Lines, Span, Style, columns, joined, line, wrapped
from pacsconf.report.sheets.forms import row
from pacsconf.report.words import counted, listed

_MOST = 20
"""Remarks of a kind that are shown unless all are asked for."""
_STYLES: dict[str, Style] = {"error": "error", "warning": "warning", "info": "faint"}

OVERDUE = "PACS-USR-014"


@dataclass(frozen=True, slots=True)
class Report:
    """All that `access report` found."""

    today: date
    looked: tuple[Looked, ...] = ()
    not_read: tuple[str, ...] = ()
    """Systems that could not be read."""
    overdue: tuple[RoleDue, ...] = ()
    """Roles whose review is late."""
    to_go: tuple[tuple[Review, ReviewLine], ...] = ()
    """What reviews said is to go, and is still there."""
    gone: tuple[tuple[str, tuple[str, str]], ...] = ()
    """What reviews said is to go, and was seen now to be gone: by review, user and role."""

    @property
    def is_as_declared(self) -> bool:
        """Whether nothing is otherwise than it should be, as far as it was looked at."""
        bad = any(remark.counts for one in self.looked for remark in one.remarks)
        return not (bad or self.overdue or self.to_go)


def report_text(report: Report, known: Known, width: int, *, verbose: bool = False) -> Lines:
    """The systems one after another, the worst first; then reviews; then what it comes to."""
    room = columns(width)
    blocks = [_system(one, known, room, verbose=verbose) for one in report.looked]
    missed = [
        wrapped(f"{name} could not be read, so nothing is known of it.", room, style="error")
        for name in report.not_read
    ]
    return joined((*blocks, *missed, _reviews(report, room), _sum(report, room)))


def _system(one: Looked, known: Known, room: int, *, verbose: bool) -> Lines:
    facts = [counted(one.accounts, "account"), counted(one.groups, "group")]
    facts += [] if one.administrators is None else [counted(one.administrators, "administrator")]
    head = line(Span(one.system, "strong"), f"  {listed(facts, ' · ')}")
    kinds = groupby(one.remarks, lambda each: each.kind)
    parts = [_kind(list(some), known, room, verbose=verbose) for _, some in kinds]
    return (head, *(this for part in parts for this in part))


def _kind(remarks: Sequence[Remark], known: Known, room: int, *, verbose: bool) -> Lines:
    rule = remarks[0].rule
    style = _STYLES[rule.severity]
    word = SEVERITY_WORDS[rule.severity] if rule.id else ""
    title = listed((word, rule.id, f"{rule.title} ({len(remarks)})"), " ")
    shown = remarks if verbose else remarks[:_MOST]
    rows = [this for remark in shown for this in _remark(remark, known, room)]
    more = len(remarks) - len(shown)
    rest = (line(f"      {more} more (--verbose)"),) if more else ()
    advice = wrapped(rule.advice, room, first=line("      "), style="faint")
    return (*wrapped(title, room, first=line("  "), indent=4, style=style), *rows, *rest, *advice)


def _remark(remark: Remark, known: Known, room: int) -> Lines:
    user = remark.user
    name = known.names.get(user, "")
    accepted = f"accepted {remark.accepted}" if remark.accepted else ""
    text = listed((remark.text, name, _at(known, user), accepted), " · ")
    sign = "·" if not remark.counts else "!"
    return wrapped(text, room, first=line(f"    {sign} "), indent=8)


def _at(known: Known, user: str) -> str:
    """Where somebody is declared."""
    paths = (("users", user), ("service_accounts", user))
    return next((known.origins[path].place for path in paths if path in known.origins), "")


def _reviews(report: Report, room: int) -> Lines:
    rows = list(_review_rows(report, room))
    return (heading("Reviews"), *rows) if rows else ()


def _review_rows(report: Report, room: int) -> Iterator[tuple[Span, ...]]:
    for one in report.overdue:
        under = f"review {one.review}" if one.review else "no review is open"
        last = f"last {day_in_words(one.last)}" if one.last else "never yet"
        text = f"warning {OVERDUE} {one.role} was due {day_in_words(one.day)}: {under}, {last}"
        yield from wrapped(text, room, first=line("  "), indent=4, style="warning")
    for review, each in report.to_go:
        said = day_in_words(each.decision.at[:10]) if each.decision else ""
        text = f"{each.user} as {each.role} is to go ({review.id}, {said}), and is not gone"
        yield from wrapped(text, room, first=line("  ! "), indent=6)
    for which, (user, role) in report.gone:
        yield from wrapped(
            f"{user} as {role} is gone ({which})", room, first=line("  ✓ "), indent=6, style="good"
        )


def _sum(report: Report, room: int) -> Lines:
    if not report.looked and not report.not_read:
        return (line("No system here holds people's accounts (type accounts does)."),)
    number = sum(remark.counts for one in report.looked for remark in one.remarks)
    number += len(report.overdue) + len(report.to_go)
    if number:
        return wrapped(f"{counted(number, 'thing')} not as declared.", room, style="strong")
    if report.not_read:
        return wrapped("What could be read is as declared; not all could.", room, style="strong")
    return wrapped("All is as declared, as far as the servers tell.", room, style="strong")


# --- other forms --------------------------------------------------------------------------------------------------


def report_json(report: Report, known: Known) -> str:
    """The same for scripts."""
    body = {
        "format_version": FORMAT_VERSION,
        "today": report.today.isoformat(),
        "as_declared": report.is_as_declared and not report.not_read,
        "not_read": list(report.not_read),
        "systems": [
            {
                "system": one.system, "accounts": one.accounts, "groups": one.groups,
                "administrators": one.administrators, "remarks": [_plain(remark, known) for remark in one.remarks],
            }
            for one in report.looked
        ],
        "reviews_overdue": [
            {"role": one.role, "due": one.day.isoformat(), "review": one.review or None} for one in report.overdue
        ],
        "removals_open": [
            {"review": review.id, "user": each.user, "role": each.role} for review, each in report.to_go
        ],
        "removals_done": [{"review": which, "user": user, "role": role} for which, (user, role) in report.gone],
    }  # fmt: skip
    return as_text(body)


def _plain(remark: Remark, known: Known) -> dict[str, object]:
    return {
        "rule": remark.rule.id or None,
        "severity": remark.rule.severity,
        "kind": remark.kind,
        "user": remark.user or None,
        "group": remark.group or None,
        "path": list(remark.path),
        "text": remark.text,
        "accepted": remark.accepted or None,
        **({"name": known.names.get(remark.user)} if known.names else {}),
    }


_COLUMNS = ("system", "severity", "rule", "kind", "user", "name", "group", "path", "text", "accepted")


def report_csv(report: Report, known: Known) -> str:
    """The remarks as a table, one a line."""
    rows = [_COLUMNS] + [
        (
            one.system, remark.rule.severity, remark.rule.id, remark.kind, remark.user,
            known.names.get(remark.user, ""), remark.group, " > ".join(remark.path), remark.text, remark.accepted,
        )
        for one in report.looked
        for remark in one.remarks
    ]  # fmt: skip
    return "".join(f"{row(cells)}\n" for cells in rows)
