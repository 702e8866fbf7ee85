"""What policies say of what is declared, and of a plan: in a line, and as a comment on a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pacsconf.core.finding import Finding, Place
from pacsconf.policy.results import Result, State
from pacsconf.policy.rule import SEVERITIES, Severity
from pacsconf.report.diagnostics import SEVERITY_WORDS, PlaceOf, placed
from pacsconf.report.lines import Lines, Style, columns, line, wrapped
from pacsconf.report.markdown import code, escaped
from pacsconf.report.words import counted, listed


def by_severity(results: Iterable[Result]) -> Mapping[Severity, int]:
    """How many there are of each severity, the worst first."""
    found = Counter(one.rule.severity for one in results)
    return {severity: found[severity] for severity in SEVERITIES if found[severity]}


def severities(found: Mapping[Severity, int]) -> str:
    """`1 critical, 2 high`; empty for none."""
    return listed(f"{found[severity]} {severity}" for severity in SEVERITIES if found.get(severity))


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of judging what is declared: `rules` were judged, `live` ones wait for live systems."""

    results: Sequence[Result]
    """Failures, accepted or not, and broken rules."""
    states: Mapping[State, int]
    rules: int
    live: int
    gate: Severity
    stops: bool
    """Whether something of at least the gate's severity fails, and nobody accepts it."""
    off: int = 0
    """How many rules are switched off."""

    @property
    def words(self) -> str:
        """`2 high, 61 low fail · 3 waived · 4 unknown`: what is not known is never left out."""
        failing = severities(by_severity(one for one in self.results if one.state == "fail"))
        broken = sum(one.state == "error" for one in self.results)
        parts = (
            f"{failing} fail" if failing else "none fails",
            f"{broken} cannot be judged" if broken else "",
            *(f"{self.states[state]} {state}" for state in ("waived", "unknown") if self.states.get(state)),
            f"{counted(self.off, 'rule')} switched off" if self.off else "",
            f"refused: the gate is {self.gate}" if self.stops else "",
        )
        return listed((part for part in parts if part), " · ")


def tally_text(tally: Tally, devices: int, width: int = 80) -> Lines:
    """`43 rules checked on 73 devices: 2 high, 61 low fail · 3 waived`, what would tell more, and what to do."""
    style: Style = "error" if tally.stops else "warning" if tally.results else "good"
    room = columns(width)
    head = line(f"{counted(tally.rules, 'rule')} checked on {counted(devices, 'device')}: ")
    live = f"{tally.live} more need live systems" if tally.live else ""
    record = "what is unknown may stand in the record" if tally.states.get("unknown") else ""
    told = listed((live, record), ", and ")
    more = (
        f"{told}: pacsconf audit" if told else "",
        "mend it, or have it accepted until a day: pacsconf waiver add" if tally.stops else "",
    )
    return (
        *wrapped(tally.words, room, first=head, indent=2, style=style),
        *(row for text in more if text for row in wrapped(text, room, first=line("  "), indent=2)),
    )


def plan_words(
    rules: int,
    caused: Sequence[Result],
    declared: Sequence[Result],
    standing: Mapping[Severity, int],
    mended: int,
) -> str:
    """What policies say of a plan: `52 rules judged · 1 high would fail by these changes`."""
    parts = (
        f"{severities(by_severity(caused))} would fail by these changes" if caused else "",
        f"{severities(by_severity(declared))} fail as it is declared" if declared else "",
        f"{mended} would fail no more" if mended else "",
        f"{severities(standing)} fail live before and after: pacsconf audit" if standing else "",
    )
    return listed((f"{counted(rules, 'rule')} judged", *(part for part in parts if part)), " · ")


def findings_markdown(
    findings: Iterable[Finding], last: str, *, place_of: PlaceOf, max_bytes: int = 60_000
) -> str:
    """What is wrong as a comment on a pull request, the worst first, behind a marker comment; `last` sums it up."""
    open_ones = [(one, place) for one, place in placed(findings, place_of) if not one.accepted]
    open_ones.sort(key=lambda each: _rank(each[0]))
    head = ["<!-- pacsconf validate -->", f"## Inventory: {escaped(last)}", ""]
    rows = [_row(one, place) for one, place in open_ones]
    kept = len(rows)
    while kept and len("\n".join((*head, *rows[:kept])).encode()) > max_bytes - 200:
        kept -= max(1, kept // 8)
    cut = [f"\n_{len(rows) - kept} more: pacsconf validate_"] if kept < len(rows) else []
    return "\n".join((*head, *rows[:kept], *cut)) + "\n"


def _rank(one: Finding) -> int:
    if one.policy:
        return 1 + [*SEVERITIES].index(one.policy)  # type: ignore[arg-type]
    return {"error": 0, "warning": 3, "info": 5}[one.severity]


def _row(one: Finding, place: Place | None) -> str:
    word = one.policy or SEVERITY_WORDS[one.severity]
    at = f" {code(f'{place.file}:{place.line}')}" if place else ""
    told = " ".join(filter(None, (one.detail, one.fix)))
    return f"- **{word}** {code(one.rule)}{at}: {escaped(one.summary)}" + (
        f"<br>{escaped(told)}" if told else ""
    )
