"""What became different from one audit to another: on the terminal, for scripts, as a comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pacsconf.core.moment import iso_in_words
from pacsconf.policy.drift import DRIFT_KINDS, ChangedRule, Drift, Drifted, DriftKind, Key, Stamp
from pacsconf.policy.drift_causes import Cause
from pacsconf.policy.vocabulary import KINDS
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.lines import Line, Lines, Span, Style, columns, joined, line, wrapped
from pacsconf.report.markdown import code, escaped
from pacsconf.report.words import counted, listed

Causes = Mapping[Key, Sequence[Cause]]

WORDS: Mapping[DriftKind, str] = {
    "failing": "newly failing",
    "waiver ended": "not waived any more",
    "unknown": "newly unknown",
    "waived": "newly waived",
    "not judged": "not judged any more",
    "closed": "closed",
    "known": "known now, and holds",
}
_SIGNS: Mapping[DriftKind, tuple[str, Style]] = {
    "failing": ("✗", "error"),
    "waiver ended": ("✗", "error"),
    "unknown": ("?", "warning"),
    "waived": ("~", "warning"),
    "not judged": ("-", "warning"),
    "closed": ("✓", "good"),
    "known": ("✓", "good"),
}
_STEADY = {"pass": "passed", "fail": "failing", "unknown": "unknown", "waived": "waived", "error": "broken"}


def drift_text(drift: Drift, causes: Causes, width: int = 80, notes: Sequence[str] = ()) -> Lines:
    """What drifted, the worst first, each with since when and why."""
    room = columns(width)
    blocks = [
        (
            line(Span(WORDS[kind].capitalize(), "strong")),
            *(
                row
                for several in _alike(drift.of(kind), causes)
                for row in _drifted(several, causes, drift, room)
            ),
        )
        for kind in DRIFT_KINDS
        if drift.of(kind)
    ]
    return joined((_head(drift, room, notes), *blocks, _rules(drift.rules, room)))


def _head(drift: Drift, room: int, notes: Sequence[str]) -> Lines:
    first = line(Span(f"Audits of {drift.environment} compared", "strong"))
    rows = [first, line("  from  ", _named(drift.before)), line("  to    ", _named(drift.after))]
    return (*rows, *(row for text in (summary(drift), *notes, *_systems(drift)) for row in _said(text, room)))


def _said(text: str, room: int) -> Lines:
    return wrapped(text, room, first=line("  ")) if text else ()


def _named(one: Stamp) -> str:
    return listed((one.id, iso_in_words(one.at), f"inventory {short(one.commit)}"), " · ")


def short(commit: str) -> str:
    """A commit of the inventory as an audit names it, short."""
    bare, dirty = commit.removesuffix("-dirty"), commit.endswith("-dirty")
    return f"{bare[:7] or 'not in git'}{' with uncommitted changes' if dirty else ''}"


def summary(drift: Drift) -> str:
    """How many results drifted in which way, and how many are as they were."""
    told = [f"{len(drift.of(kind))} {WORDS[kind]}" for kind in DRIFT_KINDS if drift.of(kind)]
    rules = counted(len(drift.rules), "rule") + " changed" if drift.rules else ""
    steady = [
        f"{times} {_STEADY[state]}" for state, times in sorted(drift.steady.items()) if state in _STEADY
    ]
    same = f"as before: {', '.join(steady)}" if steady else ""
    return listed((*(told or ["nothing drifted"]), rules, same), " · ")


def _systems(drift: Drift) -> Iterator[str]:
    if drift.lost:
        yield f"not looked at any more: {', '.join(drift.lost)}"
    if drift.found:
        yield f"looked at now, and not before: {', '.join(drift.found)}"


_FEW = 3
"""Results of one rule that drifted alike and are told one by one."""
_NAMES = 8


def _alike(found: Sequence[Drifted], causes: Causes) -> Iterator[Sequence[Drifted]]:
    """Results of one rule that drifted at one time and by one cause, together where they are many."""
    crowds: dict[object, list[Drifted]] = {}
    for one in found:
        why = tuple(map(cause_words, causes.get(one.key, ())))
        crowds.setdefault((one.result.rule, one.later, why), []).append(one)
    for several in crowds.values():
        yield from [several] if len(several) > _FEW else [[one] for one in several]


def _drifted(several: Sequence[Drifted], causes: Causes, drift: Drift, room: int) -> Iterator[Line]:
    one = several[0]
    sign, style = _SIGNS[one.kind]
    result = one.result
    head = line("  ", Span(sign, style), f" {result.rule}  {drift.severities.get(result.rule, '')}  ")
    if len(several) == 1:
        yield from wrapped(f"{result.kind}:{result.name}", room, first=head, indent=6, style="strong")
    else:
        named = ", ".join(each.result.name for each in several[:_NAMES])
        more = f" and {len(several) - _NAMES} more" if len(several) > _NAMES else ""
        what = KINDS[result.kind].title if result.kind in KINDS else result.kind
        told = f"{len(several)} {what}: {named}{more}"
        yield from wrapped(told, room, first=head, indent=6)
    if result.message and len(several) == 1 and one.kind in ("failing", "waiver ended", "unknown"):
        yield from wrapped(result.message, room, first=line("      "))
    for at, cause in enumerate(causes.get(one.key, ())):
        since = f"{since_words(one, drift)}: " if not at else ""
        yield from wrapped(since + cause_words(cause), room, first=line("      "), style="faint")


def since_words(one: Drifted, drift: Drift) -> str:
    """Between which audits it became what it is, in words."""
    words = f"since {iso_in_words(one.later.at)}"
    return words if one.later == drift.after else f"{words} (audit {one.later.id})"


def cause_words(cause: Cause) -> str:
    """Why, with the commits and the change set."""
    commits = [f"{one.commit[:7]} of {one.day}, {one.summary}" for one in cause.commits[:3]]
    more = len(cause.commits) - 3
    told = [*commits, *([f"and {more} more"] if more > 0 else [])]
    commit = f" (commit {'; '.join(told)})" if told else ""
    made = cause.applied
    return (
        f"{cause.text}{commit}{f' in change set {made.changeset}, {iso_in_words(made.at)}' if made else ''}"
    )


def _rules(rules: Sequence[ChangedRule], room: int) -> Lines:
    if not rules:
        return ()
    return (
        line(Span("Rules", "strong")),
        *(row for one in rules for row in wrapped(rule_words(one), room, first=line(f"  ~ {one.id}  "))),
    )


def rule_words(one: ChangedRule) -> str:
    """How a rule is another one."""
    off = one.after.off if one.after else ""
    if one.how != "changed":
        return f"{one.how}: {off}" if off else one.how
    return "; ".join(_field(*field) for field in one.fields)


def _field(name: str, before: str, after: str) -> str:
    if name in ("condition", "when"):
        return f"its {name} was changed"
    return f"{name}: {before or 'none'} → {after or 'none'}"


# --- for scripts --------------------------------------------------------------------------------------------------


def drift_json(drift: Drift, causes: Causes, notes: Sequence[str] = ()) -> str:
    """The same for scripts."""
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "kind": "pacsconf audit drift",
            "environment": drift.environment,
            "before": asdict(drift.before),
            "after": asdict(drift.after),
            "worse": drift.is_worse,
            "notes": list(notes),
            "drifted": [_drifted_json(one, causes.get(one.key, ())) for one in drift.results],
            "rules": [
                {
                    "rule": one.id,
                    "how": one.how,
                    "fields": [
                        dict(zip(("name", "before", "after"), field, strict=True)) for field in one.fields
                    ],
                }
                for one in drift.rules
            ],
            "systems": {"lost": list(drift.lost), "found": list(drift.found)},
            "steady": dict(drift.steady),
        }
    )


def _drifted_json(one: Drifted, causes: Sequence[Cause]) -> dict[str, Any]:
    result = one.result
    return {
        "drift": one.kind,
        "rule": result.rule,
        "kind": result.kind,
        "name": result.name,
        "before": one.before.state if one.before else None,
        "after": one.after.state if one.after else None,
        "evidence": result.evidence,
        "message": result.message,
        "file": result.file,
        "line": result.line,
        "since": {"after": asdict(one.earlier), "in": asdict(one.later)},
        "causes": [_cause_json(cause) for cause in causes],
    }


def _cause_json(cause: Cause) -> dict[str, Any]:
    made = cause.applied
    return {
        "how": cause.how,
        "text": cause.text,
        "commits": [asdict(one) for one in cause.commits],
        "applied": None
        if made is None
        else {
            "address": str(made.address),
            "changeset": made.changeset,
            "commit": made.commit,
            "at": made.at,
        },
    }


# --- as a comment -------------------------------------------------------------------------------------------------

_ROWS = 50
"""Rows of a table; a comment is to be read."""


def drift_markdown(drift: Drift, causes: Causes, notes: Sequence[str] = ()) -> str:
    """The same as a comment on a pull request."""
    return "\n".join(_comment(drift, causes, notes)) + "\n"


def _comment(drift: Drift, causes: Causes, notes: Sequence[str]) -> Iterator[str]:
    yield f"### Audits of {escaped(drift.environment)} compared"
    yield ""
    yield f"From {code(_named(drift.before))} to {code(_named(drift.after))}: {escaped(summary(drift))}."
    for text in (*notes, *_systems(drift)):
        yield ""
        yield f"{escaped(text)}."
    for kind in DRIFT_KINDS:
        if found := drift.of(kind):
            yield from _table(kind, found, causes, drift)
    if drift.rules:
        yield from ("", "| rule | how it is another one |", "|---|---|")
        yield from (f"| {code(one.id)} | {escaped(rule_words(one))} |" for one in drift.rules[:_ROWS])


def _table(kind: DriftKind, found: Sequence[Drifted], causes: Causes, drift: Drift) -> Iterator[str]:
    yield from (
        "",
        f"**{escaped(WORDS[kind].capitalize())}**",
        "",
        "| rule | what | since | why |",
        "|---|---|---|---|",
    )
    for one in found[:_ROWS]:
        why = "; ".join(map(cause_words, causes.get(one.key, ())))
        what = code(f"{one.result.kind}:{one.result.name}")
        yield f"| {code(one.result.rule)} | {what} | {escaped(since_words(one, drift))} | {escaped(why)} |"
    if len(found) > _ROWS:
        yield f"| | and {len(found) - _ROWS} more | | |"
