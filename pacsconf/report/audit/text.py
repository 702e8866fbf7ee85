"""The screen of `pacsconf audit`: what was looked at first, then what failed, and what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pacsconf.policy.audit import Audit, AuditedResult
from pacsconf.policy.evidence import How
from pacsconf.policy.rule import SEVERITIES, Severity
from pacsconf.report.audit.summary import (
    HOW_WORDS,
    SIGNS,
    Judged,
    accepted_words,
    counted_ways,
    in_words,
    judged,
    probed_words,
    reasons,
    some_of,
    systems_by_how,
    to_mend,
    verdict,
    ways_words,
)
from pacsconf.report.lines import Line, Lines, Span, columns, commanded, joined, line, padded, wrapped
from pacsconf.report.words import counted, listed, plural

MOST = 5
"""Resources of a rule that the screen names."""
MOST_REASONS = 8
_ALL = "(all: --out DIR)"
_NAME = 12
"""Columns of a name before what is said of it."""


def audit_text(
    audit: Audit,
    width: int = 80,
    *,
    gate: Severity = "high",
    command: str = "pacsconf",
    page: str = "",
    kept: str = "",
) -> Lines:
    """The audit on a terminal. `command` is what to type before a command of ours (`pacsconf -e lab`), `page` the
    file of the page where it was written, `kept` the commit that keeps the audit."""
    room = columns(width)
    rules = judged(audit)
    return joined(
        (
            _head(audit, room),
            _coverage(audit, room),
            _failures(rules, room),
            _broken(rules, room),
            _unknown(rules, room),
            _waived(audit, rules, room),
            _outcome(audit, rules, room, gate),
            _next(rules, room, command, page, kept),
        )
    )


def _head(audit: Audit, room: int) -> Lines:
    commit, dirty = audit.commit.removesuffix("-dirty"), audit.commit.endswith("-dirty")
    facts = (
        f"audit {audit.id}",
        f"inventory {commit[:7] or 'not in git'}{', with uncommitted changes' if dirty else ''}",
        f"for {', '.join(audit.frameworks)}" if audit.frameworks else "",
    )
    first = line(Span(f"Audit of {audit.environment}", "strong"), "  ")
    return wrapped(listed(facts, " · "), room, first=first, indent=2)


# --- coverage -----------------------------------------------------------------------------------------------------


def _coverage(audit: Audit, room: int) -> Lines:
    rows: list[Line] = [line(Span("Coverage", "strong"))]
    for noun, total, ways in counted_ways(audit):
        words = f"{total}: {ways_words(ways)}" if total else "none"
        rows += _named(plural(noun), words, room)
    by_how = systems_by_how(audit)
    for how in HOW_WORDS:
        if how in by_how:
            rows += _systems(audit, how, room)
    if not by_how:
        rows += _named("systems", "none was asked", room)
    if audit.coverage.outside:
        outside = some_of(list(audit.coverage.outside), 12)
        rows += _named("outside", f"! {outside}: no declared system reads what is set there", room)
    return (*rows, *_named("wire", probed_words(audit), room))


def _systems(audit: Audit, how: How, room: int) -> Lines:
    ones = systems_by_how(audit)[how]
    if how in ("unreached", "outside"):
        label = "! unreached" if how == "unreached" else "! not read"
        return tuple(row for one in ones for row in _named(label, listed((one.name, one.why), ": "), room))
    names = [listed((one.name, f"({one.why})" if one.why else ""), " ") for one in ones]
    return _named({"configured": "read", "attested": "attested"}[how], ", ".join(names), room)


def _named(name: str, words: str, room: int) -> Lines:
    return wrapped(words, room, first=line(f"  {padded(name, _NAME)} "))


# --- what came out ------------------------------------------------------------------------------------------------


def _failures(rules: Sequence[Judged], room: int) -> Lines:
    failing = to_mend(rules)
    return joined(_rule(one, "fail", room) for one in failing)


def _broken(rules: Sequence[Judged], room: int) -> Lines:
    return joined(_rule(one, "error", room) for one in rules if one.counts["error"])


def _rule(one: Judged, state: str, room: int) -> Lines:
    """A rule that fails, or is broken: its resources with their places, why, and what to do."""
    rule = one.rule
    found = [result for result in one.results if result.state == state]
    label = f"{rule.severity}[{rule.id}]" if state == "fail" else f"broken rule[{rule.id}]"
    first = line(Span("✗ " if state == "fail" else "! ", "error"), Span(label, "error"), " ")
    said = [row for result in found[:MOST] for row in _result(result, room)]
    more = len(found) - MOST
    return (
        *wrapped(rule.title, room, first=first, indent=2, style="strong"),
        *said,
        *((line(Span(f"    … {more} more {_ALL}", "faint")),) if more > 0 else ()),
        *_aside("why", rule.why, room),
        *_aside("fix", rule.fix, room),
        *(_aside("rule", f"{rule.file}:{rule.line}", room) if state == "error" and rule.file else ()),
    )


def _result(one: AuditedResult, room: int) -> Lines:
    place = listed((one.file, ":".join(str(at) for at in (one.line, one.column) if at)), ":")
    return (
        *wrapped((f"{one.kind}:{one.name} ", place), room, first=line("    "), indent=6),
        *(wrapped(one.message, room, first=line("      ")) if one.message else ()),
    )


def _aside(name: str, words: str, room: int) -> Lines:
    return wrapped(words, room, first=line("  ", Span(padded(name, 4), "faint"), " ")) if words else ()


def _unknown(rules: Iterable[Judged], room: int) -> Lines:
    """How much could not be known, by reason."""
    found = reasons(rules)
    if not found:
        return ()
    total = sum(one.times for one in found)
    rows: list[Line] = [line(Span(f"? {total} unknown", "warning"), ": never counted as passed")]
    for one in found[:MOST_REASONS]:
        words = f"{one.why} ({some_of(list(one.rules), 3)})"
        rows += wrapped(words, room, first=line(f"    {one.times:>5}  "))
    if len(found) > MOST_REASONS:
        rows.append(line(Span(f"    … {counted(len(found) - MOST_REASONS, 'more reason')} {_ALL}", "faint")))
    return tuple(rows)


def _waived(audit: Audit, rules: Iterable[Judged], room: int) -> Lines:
    """What is accepted, by the day on which that ends, and what is to be looked at among the waivers."""
    uses: Counter[tuple[str, str]] = Counter()
    for one in rules:
        uses.update((result.waiver, result.rule) for result in one.of("waived"))
    words, ends = accepted_words(audit), {one.id: one.until for one in audit.waivers}
    order = sorted(uses, key=lambda key: (ends.get(key[0]) or "9999", key))
    rows = [
        row
        for waiver, rule in order[:MOST_REASONS]
        for row in wrapped(
            f"{rule}, accepted by {words.get(waiver, waiver)}",
            room,
            first=line(f"    {uses[waiver, rule]:>5}  "),
        )
    ]
    if len(order) > MOST_REASONS:
        rows.append(line(Span(f"    … {len(order) - MOST_REASONS} more {_ALL}", "faint")))
    told = [row for text in _waivers_to_see(audit) for row in wrapped(text, room, first=line("    !      "))]
    if not rows and not told:
        return ()
    return (line(Span(f"{SIGNS['waived']} {sum(uses.values())} waived", "strong")), *rows, *told)


def _waivers_to_see(audit: Audit) -> Iterator[str]:
    said = {
        "ends soon": "waiver {id} ends on {until}: renew it, or mend what it accepts",
        "ended": "waiver {id} ended on {until}: it accepts nothing any more",
        "unused": "waiver {id} accepts nothing that fails: take it out",
    }
    for one in sorted(audit.waivers, key=lambda one: (one.until or "9999", one.id)):
        if one.state in said and not one.baseline:
            yield said[one.state].format(id=one.id, until=in_words(one.until))


def _outcome(audit: Audit, rules: Sequence[Judged], room: int, gate: Severity) -> Lines:
    counts = audit.count()
    off = sum(1 for one in audit.rules if one.off)
    found, stands_on = verdict(audit, rules)
    total = (
        found,
        f"{counts['pass']} passed",
        f"{counts['n/a']} not applicable",
        f"{counted(off, 'rule')} switched off" if off else "",
    )
    reached = SEVERITIES[: SEVERITIES.index(gate) + 1]
    stopping = sum(one.counts["fail"] + one.counts["error"] for one in rules if one.rule.severity in reached)
    at_gate = f"{counted(stopping, 'result')} of that severity or worse" if stopping else "not reached"
    return (
        *wrapped(listed(total, " · "), room, style="strong"),
        # That nothing fails is never said without what was looked at.
        *(() if counts["fail"] else wrapped(stands_on, room)),
        *wrapped(f"Gate {gate}: {at_gate}", room),
    )


def _next(rules: Sequence[Judged], room: int, command: str, page: str, kept: str) -> Lines:
    where = listed((f"Report: {page}" if page else "", f"recorded as {kept[:7]}" if kept else ""), " · ")
    failing = (*to_mend(rules), *(one for one in rules if one.counts["error"]))
    if failing:
        following = f"{command} policy explain {failing[0].rule.id}"
    else:
        following = f"{command} audit diff" if page else f"{command} audit --out audit"
    return (
        *(wrapped(f"{where[:1].upper()}{where[1:]}", room, indent=2) if where else ()),
        *commanded(line("Next: "), following, room),
    )
