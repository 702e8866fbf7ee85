"""The screen of `pacsconf audit`: what was looked at first, then what failed, and what to type next; and JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from pacsconf.policy.audit import Audit, AuditedResult
from pacsconf.policy.audit_json import audit_to_json
from pacsconf.policy.evidence import How
from pacsconf.report.as_json import as_text
from pacsconf.report.audit.summary import (
    HOW_WORDS,
    SIGNS,
    Judged,
    accepted_words,
    counted_ways,
    in_words,
    judged,
    probed_words,
    some_of,
    systems_by_how,
    to_mend,
    verdict,
    ways_words,
)
from pacsconf.report.lines import Line, Lines, Span, columns, commanded, joined, line, padded, wrapped
from pacsconf.report.words import counted, listed, plural

MOST = 5
"""Resources of a rule that the screen names, unless all are asked for."""
MOST_REASONS = 8
_NAME = 12
"""Columns of a name before what is said of it."""


def audit_text(
    audit: Audit,
    width: int = 80,
    *,
    command: str = "pacsconf",
    written: Sequence[str] = (),
    verbose: bool = False,
) -> Lines:
    """The audit on a terminal. `command` is what to type before a command of ours (`pacsconf -e lab`), `written`
    the files of this audit that were written, the page first."""
    room = columns(width)
    rules = judged(audit)
    return joined(
        (
            _head(audit, room),
            _coverage(audit, room),
            _failures(rules, room, verbose=verbose),
            _broken(rules, room, verbose=verbose),
            _unknown(rules, room, verbose=verbose),
            _waived(audit, rules, room, verbose=verbose),
            _end(audit, rules, room, command, written),
        )
    )


def audit_json(audit: Audit) -> str:
    """The same for scripts, with every result."""
    return as_text(audit_to_json(audit))


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
    if how == "unreached":
        return tuple(
            row for one in ones for row in _named("! unreached", listed((one.name, one.why), ": "), room)
        )
    names = [listed((one.name, f"({one.why})" if one.why else ""), " ") for one in ones]
    return _named({"configured": "read", "attested": "attested", "outside": "! not read"}[how],
                  ", ".join(names), room)  # fmt: skip


def _named(name: str, words: str, room: int) -> Lines:
    return wrapped(words, room, first=line(f"  {padded(name, _NAME)} "))


# --- what came out ------------------------------------------------------------------------------------------------


def _failures(rules: Sequence[Judged], room: int, *, verbose: bool) -> Lines:
    failing = to_mend(rules)
    return joined(_rule(one, "fail", room, verbose=verbose) for one in failing)


def _broken(rules: Sequence[Judged], room: int, *, verbose: bool) -> Lines:
    return joined(_rule(one, "error", room, verbose=verbose) for one in rules if one.counts["error"])


def _rule(one: Judged, state: str, room: int, *, verbose: bool) -> Lines:
    """A rule that fails, or is broken: its resources with their places, why, and what to do."""
    rule = one.rule
    found = [result for result in one.results if result.state == state]
    label = f"{rule.severity}[{rule.id}]" if state == "fail" else f"broken rule[{rule.id}]"
    first = line(Span("✗ " if state == "fail" else "! ", "error"), Span(label, "error"), " ")
    said = [row for result in islice(found, None if verbose else MOST) for row in _result(result, room)]
    more = 0 if verbose else len(found) - MOST
    return (
        *wrapped(rule.title, room, first=first, indent=2, style="strong"),
        *said,
        *((line(Span(f"    … {more} more (--verbose)", "faint")),) if more > 0 else ()),
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


def _unknown(rules: Iterable[Judged], room: int, *, verbose: bool) -> Lines:
    """How much could not be known, by reason."""
    reasons: Counter[str] = Counter()
    asked: dict[str, set[str]] = defaultdict(set)
    for one in rules:
        for result in one.of("unknown"):
            why = result.message or "nothing was looked at that could tell"
            reasons[why] += 1
            asked[why].add(one.rule.id)
    if not reasons:
        return ()
    total = sum(reasons.values())
    rows: list[Line] = [line(Span(f"? {total} unknown", "warning"), ": never counted as passed")]
    found = reasons.most_common()
    for why, times in found if verbose else found[:MOST_REASONS]:
        ids = some_of(sorted(asked[why]), 99 if verbose else 3)
        rows += wrapped(f"{why} ({ids})", room, first=line(f"    {times:>5}  "))
    if not verbose and len(found) > MOST_REASONS:
        rows.append(
            line(Span(f"    … {counted(len(found) - MOST_REASONS, 'more reason')} (--verbose)", "faint"))
        )
    return tuple(rows)


def _waived(audit: Audit, rules: Iterable[Judged], room: int, *, verbose: bool) -> Lines:
    """What is accepted, by the day on which that ends, and what is to be looked at among the waivers."""
    uses: Counter[tuple[str, str]] = Counter()
    for one in rules:
        uses.update((result.waiver, result.rule) for result in one.of("waived"))
    words, ends = accepted_words(audit), {one.id: one.until for one in audit.waivers}
    order = sorted(uses, key=lambda key: (ends.get(key[0]) or "9999", key))
    rows = [
        row
        for waiver, rule in (order if verbose else order[:MOST_REASONS])
        for row in wrapped(
            f"{rule}, accepted by {words.get(waiver, waiver)}",
            room,
            first=line(f"    {uses[waiver, rule]:>5}  "),
        )
    ]
    if not verbose and len(order) > MOST_REASONS:
        rows.append(line(Span(f"    … {len(order) - MOST_REASONS} more (--verbose)", "faint")))
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


def _end(audit: Audit, rules: Sequence[Judged], room: int, command: str, written: Sequence[str]) -> Lines:
    counts = audit.count()
    off = sum(1 for one in audit.rules if one.off)
    found, stands_on = verdict(audit, rules)
    total = (
        found,
        f"{counts['pass']} passed",
        f"{counts['n/a']} not applicable",
        f"{counted(off, 'rule')} switched off" if off else "",
    )
    failing = to_mend(rules)
    if failing:
        following = commanded(line("Next: "), f"{command} policy explain {failing[0].rule.id}", room)
    elif written:
        following = commanded(line("Next: read "), written[0], room)
    else:
        following = commanded(line("Next: "), f"{command} audit --out audit", room)
    return (
        *wrapped(listed(total, " · ").split(" "), room, style="strong"),
        # A statement of no failures is never the last word alone.
        *(() if failing else wrapped(stands_on, room)),
        *(wrapped(f"Written: {', '.join(written)}", room, indent=2) if written else ()),
        *following,
    )
