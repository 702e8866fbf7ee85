"""An audit as a comment on a pull request: what was looked at, then what failed, within a number of bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from pacsconf.policy.audit import Audit, AuditedResult
from pacsconf.report.audit.summary import (
    SIGNS,
    Judged,
    accepted_words,
    counted_ways,
    judged,
    outcome,
    probed_words,
    reasons,
    some_of,
    to_mend,
    unread_words,
    ways_words,
)
from pacsconf.report.markdown import code, escaped, link
from pacsconf.report.words import counted, plural

_STEPS = (50, 20, 8, 3, 1, 0)
"""Resources that a rule names, tried until the comment is short enough."""

Link = Callable[[str], str]
"""The web address of a place (`inventory/devices/ct.yaml:14`); empty: none is known."""


def audit_markdown(
    audit: Audit, *, link_to: Link = lambda _: "", command: str = "pacsconf", max_bytes: int = 60_000
) -> str:
    """The audit as markdown of at most `max_bytes` bytes (two thousand at least), behind a marker comment."""
    rules = judged(audit)
    for most in _STEPS:
        text = "\n".join(_lines(audit, rules, link_to, command, most)) + "\n"
        if len(text.encode()) <= max_bytes:
            return text
    note = "\n_The rest was cut to keep this comment short._\n"
    kept = text.encode()[: max(0, max_bytes - len(note))].decode(errors="ignore")
    return kept[: kept.rfind("\n") + 1] + note


def _lines(audit: Audit, rules: Sequence[Judged], link_to: Link, command: str, most: int) -> Iterator[str]:
    yield f"<!-- pacsconf audit {escaped(audit.environment)} -->"
    yield f"## Audit of {escaped(audit.environment)}: {escaped(outcome(audit, rules))}"
    yield ""
    yield from _coverage(audit)
    for one in to_mend(rules):
        yield from _rule(one, "fail", link_to, most)
    for one in rules:
        if one.counts["error"]:
            yield from _rule(one, "error", link_to, most)
    yield from _unknown(rules, most)
    yield from _waived(audit, rules)
    counts = audit.count()
    yield f"{counts['pass']} passed, {counts['n/a']} not applicable."
    yield ""
    failing = to_mend(rules)
    tail = f" · next: {code(f'{command} policy explain {failing[0].rule.id}')}" if failing else ""
    yield f"Audit {code(audit.id)}, inventory {code(audit.commit[:7] or 'not in git')}{tail}"


def _coverage(audit: Audit) -> Iterator[str]:
    yield "| | in all | how it is known |"
    yield "|---|---|---|"
    for noun, total, ways in counted_ways(audit):
        yield f"| {escaped(plural(noun))} | {total} | {escaped(ways_words(ways))} |"
    yield f"| wire | | {escaped(probed_words(audit))} |"
    if unread := unread_words(audit):
        yield f"| not read | | {escaped(unread)} |"
    yield ""


def _rule(one: Judged, state: str, link_to: Link, most: int) -> Iterator[str]:
    rule = one.rule
    found = [result for result in one.results if result.state == state]
    what = f"{rule.severity}" if state == "fail" else "broken rule"
    sign = SIGNS["fail" if state == "fail" else "error"]
    yield (
        f"<details{' open' if most > 1 else ''}><summary>{sign} {what} <b>{escaped(rule.id)}</b> "
        f"{escaped(rule.title)} ({len(found)})</summary>"
    )
    yield ""
    for result in found[:most]:
        yield f"- {_result(result, link_to)}"
    if len(found) > most:
        yield f"- {len(found) - most} more"
    yield ""
    if rule.fix and state == "fail":
        yield f"Fix: {escaped(rule.fix)}"
        yield ""
    yield "</details>"
    yield ""


def _result(one: AuditedResult, link_to: Link) -> str:
    place = f"{one.file}:{one.line}" if one.file and one.line else one.file
    at = f" {link(place, link_to(place))}" if place else ""
    said = f": {escaped(one.message)}" if one.message else ""
    return f"{code(f'{one.kind}:{one.name}')}{at}{said}"


def _unknown(rules: Sequence[Judged], most: int) -> Iterator[str]:
    found = reasons(rules)
    if not found:
        return
    yield f"**? {sum(one.times for one in found)} unknown**, never counted as passed:"
    yield ""
    shown = max(3, most)
    for one in found[:shown]:
        yield f"- {one.times}: {escaped(one.why)} ({escaped(some_of(list(one.rules), 3))})"
    if len(found) > shown:
        yield f"- {counted(len(found) - shown, 'more reason')}"
    yield ""


def _waived(audit: Audit, rules: Sequence[Judged]) -> Iterator[str]:
    uses: Counter[str] = Counter(result.waiver for one in rules for result in one.of("waived"))
    if not uses:
        return
    words = accepted_words(audit)
    told = ", ".join(f"{times} by {escaped(words.get(one, one))}" for one, times in sorted(uses.items()))
    yield f"~ {sum(uses.values())} accepted: {told}."
    yield ""
