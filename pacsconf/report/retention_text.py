"""What the retention rules say of one study, and whether they keep every legal minimum; as text and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.retention import SHOWN, LegalHold, Retention
from pacsconf.report.as_json import FORMAT_VERSION, as_text, finding_as_json
from pacsconf.report.diagnostics import LineOf, PlaceOf, findings_text, placed
from pacsconf.report.lines import Lines, Span, beside, columns, commanded, joined, line, wrapped
from pacsconf.report.words import counted
from pacsconf.retention.decide import CLOCK_WORDS
from pacsconf.retention.policy import DEFAULT, Policy, Prepared
from pacsconf.retention.prove import Proof
from pacsconf.retention.rules import citation
from pacsconf.retention.study import Decision, Reckoned, State, StudyFacts

FACTS: Mapping[str, tuple[str, str]] = {
    "birth_date": ("the birth date: taken as if born on the day of the study", "--birth-date"),
    "study_date": ("the study date: without it nothing ends", "--study-date"),
    "received": ("the day the archive received it", "--received"),
    "last_contact": (
        "the patient's last study here: the study itself is the earliest it can be",
        "--last-contact",
    ),
    "later_studies": ("whether there was a later study of the same kind", "--later-study, --no-later-study"),
    "modality": ("the modality", "--modality"),
    "procedure_code": ("the procedure code", "--procedure"),
    "institution": ("the institution", "--institution"),
    "department": ("the department", "--department"),
    "calling_ae": ("who sent it (calling AE title)", "--calling-ae"),
    "clinical_trial": ("whether it belongs to a clinical trial", "--clinical-trial"),
}
"""What a missing fact means, and the option that gives it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision, and what is needed to show it. `minimums` are the floors that match, with what each asks for."""

    decision: Decision
    today: date
    retention: Retention
    policy: Policy
    minimums: Sequence[tuple[Prepared, Reckoned]]
    place_of: PlaceOf

    def rule(self, name: str) -> Prepared:
        return next(rule for rule in self.policy.rules if rule.name == name)

    def at(self, path: Path) -> str:
        """File and line; empty where nothing of it was written."""
        place = self.place_of(path)
        return f"{place.file}:{place.line}" if place else ""


# --- one study, as text ------------------------------------------------------------------------------------------


def explained_text(told: Explained, width: int = 80) -> Lines:
    """The answer, the rule that decides, what else matches, what holds, and what is not known."""
    room = columns(width)
    return joined(
        (
            _answer(told, room),
            tuple(row for name in told.decision.holds for row in _hold(told, name, room)),
            _section(_MATCHING.get(told.decision.state, "also match"), _others(told, room)),
            _section("legal minimums", _minimums(told, room)),
            _section("not known, so it is kept longer", _missing(told.decision, room)),
            _section(
                "to be confirmed by somebody, since images cannot show it", _confirm(told.decision, room)
            ),
        )
    )


_MATCHING: Mapping[State, str] = {"held": "match", "no-rule": "may match"}
_SIGNS: Mapping[State, Span] = {
    "held": Span("■", "strong"),
    "no-rule": Span("?", "warning"),
    "no-date": Span("?", "warning"),
    "kept": Span("✓", "good"),
    "to-confirm": Span("!", "warning"),
    "expired": Span("!", "warning"),
}


def _answer(told: Explained, width: int) -> Lines:
    decision = told.decision
    head = wrapped(_headline(told), width, first=line(_SIGNS[decision.state], " "), style="strong")
    if decision.deciding is None:
        return head
    rule = told.rule(decision.deciding.rule)
    rows = [
        *beside(line("  by ", _name(rule)), line(Span(told.at(rule.path), "faint")), width),
        *wrapped(decision.deciding.reason, width, first=line("  for ")),
        *wrapped(citation(rule, told.retention), width, first=line("  source ")),
        *wrapped(_approval(rule), width, first=line("  ")),
    ]
    if decision.review_after:
        rows += wrapped(f"to be reviewed after {decision.review_after}", width, first=line("  "))
    return (*head, *rows)


def _headline(told: Explained) -> str:
    decision, until = told.decision, told.decision.until
    if decision.state == "held":
        return "Held: nothing may delete it, whatever rules say"
    if decision.state == "no-rule" and decision.runners_up:
        return "Kept, with no end: perhaps no rule speaks of such a study, and there is no default"
    if decision.state == "no-rule":
        return "No rule speaks of such a study, and there is no default: it is kept, with no end"
    if until is None:
        return "Kept, with no end in sight: a date is missing"
    if decision.state == "kept":
        return f"Kept until {until} ({_distance(told.today, until)} from {told.today})"
    if decision.state == "to-confirm":
        return f"Over since {until} as far as images show: something must be confirmed first"
    return f"Its time was over on {until} ({_distance(until, told.today)} before {told.today})"


def _distance(first: date, then: date) -> str:
    years = then.year - first.year - ((then.month, then.day) < (first.month, first.day))
    return counted(years, "year") if years else counted((then - first).days, "day")


def _name(rule: Prepared) -> str:
    return "the default" if rule.name == DEFAULT else f"rule {rule.name}"


def _approval(rule: Prepared) -> str:
    if rule.approval is None:
        return "not approved: it counts here, and reaches no archive"
    return f"approved by {rule.approval.by} on {rule.approval.on}"


def _section(title: str, rows: Lines) -> Lines:
    return (line(Span(title, "strong")), *rows) if rows else ()


def _others(told: Explained, width: int) -> Lines:
    return tuple(row for one in told.decision.runners_up for row in _other(told, one, width))


def _other(told: Explained, one: Reckoned, width: int) -> Lines:
    rule = told.rule(one.rule)
    draft = "" if rule.is_approved else ", not approved"
    left = line(f"  until {one.until or 'no end'}  ", f"{_name(rule)}{draft}")
    return (
        *beside(left, line(Span(told.at(rule.path), "faint")), width),
        *wrapped(one.reason, width, first=line("    ")),
    )


def _hold(told: Explained, name: str, width: int) -> Lines:
    hold: LegalHold = told.retention.holds[name]
    at = line(Span(told.at(("retention", "holds", name)), "faint"))
    review = f"; to be reviewed by {hold.review_by}" if hold.review_by else ""
    words = f"placed by {hold.placed_by} on {hold.since}, {hold.reason_ref}{review}"
    return (*beside(line("  legal hold ", name), at, width), *wrapped(words, width, first=line("  ")))


def _minimums(told: Explained, width: int) -> Lines:
    return tuple(row for floor, says in told.minimums for row in _minimum(told, floor, says, width))


def _minimum(told: Explained, floor: Prepared, says: Reckoned, width: int) -> Lines:
    below = is_below(told.decision, says)
    sign = Span("✗", "error") if below else Span("✓", "good")
    left = line("  ", sign, f" until {says.until or 'no end'}  {floor.name}{', not kept' if below else ''}")
    return (
        *beside(left, line(Span(told.at(floor.path), "faint")), width),
        *wrapped(f"{says.reason}; {citation(floor, told.retention)}", width, first=line("    ")),
    )


def is_below(decision: Decision, minimum: Reckoned) -> bool:
    """Whether a study is kept shorter than a legal minimum asks."""
    return decision.until is not None and (minimum.until is None or minimum.until > decision.until)


def _missing(decision: Decision, width: int) -> Lines:
    told = (FACTS[name] for name in decision.missing)
    return tuple(
        row for words, option in told for row in wrapped(f"{words} ({option})", width, first=line("  ? "))
    )


def _confirm(decision: Decision, width: int) -> Lines:
    words = (CLOCK_WORDS[clock] for clock in decision.confirm if clock not in SHOWN)
    return tuple(row for each in words for row in wrapped(each, width, first=line("  ? ")))


# --- one study, as JSON ------------------------------------------------------------------------------------------


def explained_json(told: Explained) -> str:
    """The same, with every place."""
    decision = told.decision
    body = {
        "format_version": FORMAT_VERSION,
        "today": told.today.isoformat(),
        "state": decision.state,
        "until": _day(decision.until),
        "review_after": _day(decision.review_after),
        "deciding": _rule(told, decision.deciding) if decision.deciding else None,
        "runners_up": [_rule(told, one) for one in decision.runners_up],
        "holds": [_held(told, name) for name in decision.holds],
        "minimums": [
            {"name": floor.name, "kept": not is_below(decision, says)} | _says(told, floor, says)
            for floor, says in told.minimums
        ],
        "missing": list(decision.missing),
        "confirm": list(decision.confirm),
    }
    return as_text(body)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _rule(told: Explained, one: Reckoned) -> dict[str, Any]:
    rule = told.rule(one.rule)
    return {"rule": rule.name, "approved": rule.is_approved} | _says(told, rule, one)


def _says(told: Explained, rule: Prepared, says: Reckoned) -> dict[str, Any]:
    place = told.place_of(rule.path)
    return {
        "until": _day(says.until),
        "reason": says.reason,
        "source": citation(rule, told.retention),
        "confirm": list(says.confirm),
        "place": place._asdict() if place else None,
    }


def _held(told: Explained, name: str) -> dict[str, Any]:
    hold = told.retention.holds[name]
    place = told.place_of(("retention", "holds", name))
    facts = {"since": hold.since, "placed_by": hold.placed_by, "reason_ref": hold.reason_ref}
    return {"name": name, **facts, "review_by": hold.review_by, "place": place._asdict() if place else None}


# --- the proof ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """A proof, what was found, and what is needed to show it. `unread` are packs that were not looked at."""

    proof: Proof
    findings: Sequence[Finding]
    unread: Sequence[Finding]
    retention: Retention
    place_of: PlaceOf
    line_of: LineOf
    command: str = "pacsconf"

    @property
    def stands(self) -> bool:
        """Whether every minimum was looked at and is kept."""
        return not (self.proof.broken or self.unread)


def checked_text(told: Checked, width: int = 80) -> Lines:
    """What is wrong, then what was looked at, and what remains for people to confirm."""
    room = columns(width)
    wrong = findings_text(
        (*told.unread, *told.findings), place_of=told.place_of, line_of=told.line_of, width=width
    )
    proof = told.proof
    return joined(
        (wrong, _verdict(told, room), _people(proof, room), _blind(proof, room), _drafts(told, room))
    )


def _verdict(told: Checked, width: int) -> Lines:
    proof = told.proof
    if not proof.floors:
        words = "There are no legal minimums to hold the rules against: name a pack under retention.packs."
        return wrapped(words, width, first=line(Span("?", "warning"), " "))
    if proof.broken:
        words = f"{counted(len(proof.broken), 'minimum')} of {proof.floors} not kept"
        return (
            *wrapped(words, width, first=line(Span("✗", "error"), " "), style="strong"),
            *commanded(line("  Look at it: "), f"{told.command} {_typed(proof.broken[0].study)}", width),
        )
    looked = (
        f"{counted(proof.classes, 'kind')} of study, {proof.studies:,} studies at their edges, "
        f"{proof.sampled:,} at random"
    )
    minimums = counted(proof.floors, "legal minimum")
    words = f"Every kind of study is kept at least as long as {minimums} ask for: {looked}."
    sign = Span("?", "warning") if told.unread else Span("✓", "good")
    rows = wrapped(words, width, first=line(sign, " "))
    ties = "Two rules tie: see above." if proof.ties else "No two rules tie."
    return (*rows, *wrapped(ties, width, first=line("  ")))


def _typed(study: StudyFacts) -> str:
    """The command that explains such a study. What is not typed is not known, so all that is known is typed."""
    words = ["retention explain", *(f"--modality {code}" for code in sorted(study.modalities))]
    words += [
        f"--{name.replace('_', '-')} {shlex.quote(str(value))}"
        for name in _TYPED
        if (value := getattr(study, name)) is not None
    ]
    words += [f"--procedure {shlex.quote(':'.join(pair))}" for pair in sorted(study.procedure_codes or ())]
    words += ["--clinical-trial"] if study.clinical_trial else []
    if study.later_modalities is not None:
        later = [f"--later-study {code}" for code in sorted(study.later_modalities)]
        words += later or ["--no-later-study"]
    return " ".join(words)


_TYPED = ("study_date", "birth_date", "institution", "department", "calling_ae", "last_contact", "received")


def _people(proof: Proof, width: int) -> Lines:
    by_clock: dict[str, list[str]] = {}
    for name, clock in proof.confirm:
        by_clock.setdefault(CLOCK_WORDS[clock], []).append(name)
    rows = (
        wrapped(f"{words}: {', '.join(names)}", width, first=line("  ? "), indent=4)
        for words, names in by_clock.items()
    )
    return _section(
        "Images cannot show these; before anything is deleted somebody confirms them",
        tuple(row for each in rows for row in each),
    )


def _blind(proof: Proof, width: int) -> Lines:
    rows = (wrapped(f"{key}: {name}", width, first=line("  ? "), indent=4) for name, key in proof.blind)
    return _section(
        "Not proven where this is missing in a study, since on_missing says no_match",
        tuple(row for each in rows for row in each),
    )


def _drafts(told: Checked, width: int) -> Lines:
    if not told.proof.drafts:
        return ()
    words = f"Not approved, so they reach no archive: {', '.join(told.proof.drafts)}"
    return wrapped(words, width, first=line(Span("·", "faint"), " "))


def checked_json(told: Checked) -> str:
    """The same: `kept` is whether every minimum was looked at and is kept."""
    proof = told.proof
    body = {
        "format_version": FORMAT_VERSION,
        "kept": told.stands,
        "minimums": proof.floors,
        "classes": proof.classes,
        "studies": proof.studies,
        "sampled": proof.sampled,
        "broken": [one.floor.name for one in proof.broken],
        "ties": [[one.one.name, one.other.name] for one in proof.ties],
        "confirm": [{"name": name, "clock": clock} for name, clock in proof.confirm],
        "blind": [{"name": name, "fact": key} for name, key in proof.blind],
        "drafts": list(proof.drafts),
        "findings": [
            finding_as_json(finding, place)
            for finding, place in placed((*told.unread, *told.findings), told.place_of)
        ],
    }
    return as_text(body)
