"""Rules as people read them: all in a table, one explained, a kind's vocabulary, and what cases came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pacsconf.policy.cases import Case, Trial
from pacsconf.policy.controls import Titles
from pacsconf.policy.overrides import in_words
from pacsconf.policy.results import State
from pacsconf.policy.rule import TIERS, Rule, Severity, Tier
from pacsconf.policy.scan import Looks, looks
from pacsconf.policy.vocabulary import KINDS, Kind
from pacsconf.policy.vocabulary.hints import in_words as type_in_words
from pacsconf.policy.vocabulary.hints import may_be_absent, sentence
from pacsconf.report.audit.summary import some_of
from pacsconf.report.lines import Line, Lines, Span, Style, columns, joined, line, padded, wrapped
from pacsconf.report.words import counted

STYLES: Mapping[Severity, Style] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "strong",
    "info": "faint",
}

PROOF: Mapping[Tier, str] = {
    "declared": "what the inventory says",
    "configured": "what a live system's own configuration says",
    "observed": "what was seen on the wire",
}


# --- all of them -------------------------------------------------------------------------------------------------


def rules_text(rules: Sequence[Rule], width: int = 80) -> Lines:
    """Every rule by pack: its id, how bad it is, its kind, its strongest proof and title."""
    if not rules:
        return (line("There are no rules: put packs into policies/*.yaml."),)
    sizes = tuple(max(len(text) for text in column) for column in zip(*map(_cells, rules), strict=True))
    packs = dict.fromkeys(rule.pack for rule in rules)
    tables = (
        (
            line(Span(pack, "strong")),
            *_rows([rule for rule in rules if rule.pack == pack], sizes, columns(width)),
        )
        for pack in packs
    )
    return (*joined(tables), line(), line(_total(rules)))


def _cells(rule: Rule) -> tuple[str, str, str, str]:
    return rule.id, "off" if rule.off else rule.severity, rule.kind, rule.proof


def _rows(rules: Iterable[Rule], sizes: Sequence[int], width: int) -> Iterator[Line]:
    for rule in rules:
        which, severity, kind, proof = (
            padded(text, size) for text, size in zip(_cells(rule), sizes, strict=True)
        )
        style: Style = "faint" if rule.off else STYLES[rule.severity]
        first = line(f"  {which}  ", Span(severity, style), f"  {kind}  ", Span(proof, "faint"), "  ")
        yield from wrapped(rule.title, width, first=first)
        for changed in rule.changed:
            yield from wrapped(changed, width, first=line("      ", Span("changed here: ", "warning")))


def _total(rules: Sequence[Rule]) -> str:
    off = sum(1 for rule in rules if rule.off)
    changed = sum(1 for rule in rules if rule.changed and not rule.off)
    more = [f"{off} off"] * bool(off) + [f"{changed} changed here"] * bool(changed)
    live = sum(1 for rule in rules if rule.needs_live)
    return ", ".join((counted(len(rules), "rule"), f"{live} look at live systems or the wire", *more))


# --- one of them -------------------------------------------------------------------------------------------------


def rule_text(rule: Rule, cases: Sequence[Case], titles: Titles, width: int = 80) -> Lines:
    """Everything about one rule. `titles` are those of controls."""
    room = columns(width)
    head = (
        *wrapped(rule.title, room, first=line(Span(rule.id, "strong"), " "), style="strong"),
        *wrapped(_about(rule), room, first=line("  ")),
        *(wrapped(f"switched off: {rule.off}", room, first=line("  "), style="warning") if rule.off else ()),
    )
    return joined(
        (
            head,
            _said("why", rule.why, room),
            _said("fix", rule.fix, room),
            _expression("applies when", rule.when),
            _expression("must hold", rule.condition),
            _expression("else it says", rule.message),
            _table("looks at", _fields(rule), room),
            _table("parameters", ((name, in_words(value)) for name, value in rule.params.items()), room),
            _listing("changed here", rule.changed, room),
            _listing("supports", _controls(rule, titles), room),
            _listing("tested by", _cases(cases), room),
        )
    )


def _about(rule: Rule) -> str:
    where = f"{rule.place.file}:{rule.place.line}" if rule.place else ""
    since = f", since {rule.since}" if rule.since else ""
    return (
        f"{rule.severity}, about {KINDS[rule.kind].title}; its strongest proof is {PROOF[rule.proof]}"
        f" ({rule.proof}). Pack {rule.pack}{since}, {where}"
    )


def _said(label: str, text: str, width: int) -> Lines:
    return wrapped(text, width, first=line(Span(f"  {label}  ", "faint"))) if text else ()


def _expression(label: str, text: str) -> Lines:
    rows = text.splitlines()
    return (line(Span(f"  {label}", "faint")), *(line(f"    {row}") for row in rows)) if rows else ()


def _table(label: str, rows: Iterable[tuple[str, str]], width: int) -> Lines:
    found = list(rows)
    size = min(max((len(name) for name, _ in found), default=0), 40)
    shown = (
        row
        for name, text in found
        for row in wrapped(text, width, first=line(f"    {padded(name, size)}  "), indent=6 + size)
    )
    return (line(Span(f"  {label}", "faint")), *shown) if found else ()


def _listing(label: str, rows: Iterable[str], width: int) -> Lines:
    found = list(rows)
    shown = (row for text in found for row in wrapped(text, width, first=line("    "), indent=6))
    return (line(Span(f"  {label}", "faint")), *shown) if found else ()


def fields_of_rule(rule: Rule) -> Iterator[tuple[str, object]]:
    """The fields that a rule looks at, as rules write them, with their types."""
    found = looks(rule.when, rule.condition, rule.message)
    kind = KINDS[rule.kind]
    for prefix, hints, names in _asked(kind, found):
        yield from ((f"{prefix}{name}", hint) for name, hint in hints.items() if name in names)


def _asked(kind: Kind, found: Looks) -> Iterator[tuple[str, Mapping[str, object], frozenset[str]]]:
    declared = kind.fields("declared")
    whole = frozenset(declared) if "self" in found.whole else frozenset()
    yield "", declared, found.names | found.of("self") | whole
    yield "site.", KINDS["site"].fields("declared"), found.of("site")
    for tier in ("configured", "observed"):
        fields = kind.fields(tier)
        yield f"{tier}.", fields, frozenset(fields) if tier in found.whole else found.of(tier)


def _fields(rule: Rule) -> Iterator[tuple[str, str]]:
    return ((name, sentence(hint)) for name, hint in fields_of_rule(rule))


def _controls(rule: Rule, titles: Titles) -> Iterator[str]:
    for framework, controls in rule.controls.items():
        for control in controls:
            title = titles.get(framework, {}).get(control, "")
            yield f"{framework} {control}" + (f": {title}" if title else "")


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    return (f"{case.expect}: {case.name}" for case in cases)


# --- a kind ------------------------------------------------------------------------------------------------------


def kind_text(kind: Kind, rules: Sequence[Rule], width: int = 80) -> Lines:
    """The vocabulary of a kind: every field by tier, with its type and what it says."""
    room = columns(width)
    tiers = ((tier, kind.fields(tier)) for tier in TIERS)
    return joined(
        (
            (line(Span(kind.name, "strong"), f": {kind.title}"),),
            *(_vocabulary(tier, fields, room) for tier, fields in tiers if fields),
            _listing("rules about it", (f"{rule.id} {rule.title}" for rule in rules), room),
        )
    )


def _vocabulary(tier: Tier, fields: Mapping[str, object], width: int) -> Lines:
    prefix = "" if tier == "declared" else f"{tier}."
    rows = (
        (
            f"{prefix}{name}",
            f"{type_in_words(hint)}{', may be absent' * may_be_absent(hint)}: {sentence(hint)}",
        )
        for name, hint in fields.items()
    )
    return _table(f"{tier}: {PROOF[tier]}", rows, width)


# --- cases -------------------------------------------------------------------------------------------------------


def trial_text(trial: Trial, width: int = 80) -> Lines:
    """Cases that came to something else, rules that lack cases, and a count."""
    room = columns(width)
    rows: list[Line] = []
    for one in trial.failed:
        head = line(Span("✗ ", "error"), Span(one.case.rule.id, "strong"), " ")
        rows += wrapped(one.case.name, room, first=head, indent=4)
        rows += wrapped(one.difference, room, first=line("    "))
        rows.append(line(Span(f"    {one.case.place}", "faint")))
    lacks = tuple(_lacking(trial.lacking, room))
    failed = len(trial.failed)
    result = Span(f"{failed} failed", "error") if failed else Span("all passed", "good")
    rules = len({one.case.rule.id for one in trial.tried})
    size = f"{counted(len(trial.tried), 'case')} of {counted(rules, 'rule')}: "
    if not trial.tried:
        none = "There are no cases. One file for each rule, tests/cases/RULE-ID.yaml, says what it comes to."
        return joined((lacks, wrapped(none, room)))
    return joined((tuple(rows), lacks, (line(size, result),)))


_FEW = 3
"""Rules that lack the same, which are told one by one."""


def _lacking(lacking: Mapping[str, Sequence[State]], width: int) -> Iterator[Line]:
    """Rules without a case that passes or fails; many alike, such as a pack taken over, in one paragraph."""
    alike: dict[tuple[State, ...], list[str]] = {}
    for which, states in sorted(lacking.items()):
        alike.setdefault(tuple(states), []).append(which)
    for states, rules in alike.items():
        text = f"no case that is expected to {' or to '.join(states)}"
        if len(rules) <= _FEW:
            heads = [(which, text) for which in rules]
        else:
            heads = [(f"{len(rules)} rules", f"have {text}: {some_of(rules, _FEW)}")]
        for head, said in heads:
            first = line(Span("! ", "warning"), Span(head, "strong"), " ")
            yield from wrapped(said, width, first=first, indent=4)
