"""What an audit comes to, in counts and in words: the same in every form of the report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pacsconf.core.moment import day_in_words, iso_in_words
from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule, AuditedSystem
from pacsconf.policy.coverage import WAYS
from pacsconf.policy.evidence import How
from pacsconf.policy.results import STATES, State
from pacsconf.policy.rule import FRAMEWORKS, SEVERITIES, Framework, Severity
from pacsconf.policy.unknowns import cause_of
from pacsconf.policy.vocabulary import KINDS
from pacsconf.report.words import counted, listed

SIGNS: Mapping[State, str] = {
    "fail": "✗",
    "error": "!",
    "unknown": "?",
    "waived": "~",
    "pass": "✓",
    "n/a": "-",
}
"""Beside every colour, so that none carries the meaning alone."""

WAY_WORDS: Mapping[str, str] = {
    "observed": "observed",
    "configured": "configured",
    "attested": "attested",
    "declared": "only declared",
    "unreachable": "unreachable",
}
HOW_WORDS: Mapping[How, str] = {
    "configured": "read",
    "attested": "attested",
    "unreached": "not reached",
    "outside": "not read by anything here",
}
_COUNTED = {"ae": "network AE", "account": "account", "rule": "rule"}
"""What coverage counts, in the order in which it is said."""

TITLES: Mapping[Framework, str] = {
    "hipaa": "HIPAA Security Rule (45 CFR 164)",
    "nist-800-53": "NIST SP 800-53 rev. 5",
    "csf": "NIST Cybersecurity Framework",
    "iso27799": "ISO 27799",
    "gdpr": "GDPR",
    "dicom": "DICOM",
    "ihe": "IHE IT Infrastructure",
}


@dataclass(frozen=True)
class Judged:
    """A rule with all that it came to."""

    rule: AuditedRule
    results: tuple[AuditedResult, ...]

    @cached_property
    def counts(self) -> Counter[State]:
        return Counter(one.state for one in self.results)

    @property
    def worst(self) -> State:
        return next((state for state in STATES if self.counts[state]), "n/a")

    @property
    def rank(self) -> tuple[int, int, str]:
        """Its place among others, the worst first."""
        return STATES.index(self.worst), SEVERITIES.index(self.rule.severity), self.rule.id

    def of(self, *states: State) -> Iterator[AuditedResult]:
        return (one for one in self.results if one.state in states)


def judged(audit: Audit) -> tuple[Judged, ...]:
    """The rules that were judged, the worst first.

    A result whose rule the audit does not have (it is no audit of ours) is shown under that id, never left out.
    """
    found: dict[str, list[AuditedResult]] = defaultdict(list)
    for one in audit.results:
        found[one.rule].append(one)
    known = {one.id: one for one in audit.rules if not one.off or one.id in found}
    for name in found:
        if name not in known:
            kind = found[name][0].kind
            known[name] = AuditedRule(
                name, "(this audit does not have the rule)", "critical", kind, "declared"
            )
    both = (Judged(rule, tuple(found.get(rule.id, ()))) for rule in known.values())
    return tuple(sorted(both, key=lambda one: one.rank))


def failures(rules: Iterable[Judged]) -> Counter[Severity]:
    """How many results fail, by severity."""
    found: Counter[Severity] = Counter()
    for one in rules:
        if one.counts["fail"]:
            found[one.rule.severity] += one.counts["fail"]
    return found


def to_mend(rules: Iterable[Judged]) -> tuple[Judged, ...]:
    """The rules that fail, in the order in which mending them is worth most: severity, then how often."""
    failing = [one for one in rules if one.counts["fail"]]
    return tuple(
        sorted(
            failing, key=lambda one: (SEVERITIES.index(one.rule.severity), -one.counts["fail"], one.rule.id)
        )
    )


@dataclass(frozen=True)
class Reason:
    """Why results are unknown: how many, and of which rules."""

    why: str
    times: int
    rules: tuple[str, ...]


def reasons(rules: Iterable[Judged]) -> tuple[Reason, ...]:
    """Why what is unknown is unknown, the most frequent cause first."""
    times: Counter[str] = Counter()
    asked: dict[str, set[str]] = defaultdict(set)
    for one in rules:
        for result in one.of("unknown"):
            why = cause_of(result.message)
            times[why] += 1
            asked[why].add(one.rule.id)
    return tuple(Reason(why, number, tuple(sorted(asked[why]))) for why, number in times.most_common())


def frameworks(audit: Audit) -> tuple[Framework, ...]:
    """Those that were asked for; all where none was named."""
    return audit.frameworks or FRAMEWORKS


# --- words --------------------------------------------------------------------------------------------------------


def severity_words(found: Mapping[Severity, int]) -> str:
    """`1 critical, 2 high`; nothing for none."""
    return listed(f"{found[one]} {one}" for one in SEVERITIES if found.get(one))


def kind_words(kind: str) -> str:
    """A kind in the plural, as a report says it."""
    return KINDS[kind].title if kind in KINDS else kind


def counted_ways(audit: Audit) -> Iterator[tuple[str, int, dict[str, int]]]:
    """What coverage counts: the noun, how many in all, and how many in which way, the strongest evidence first."""
    counts = audit.coverage.counts
    for what in (*_COUNTED, *(name for name in counts if name not in _COUNTED)):
        ways = counts.get(what, {})
        found = {way: ways.get(way, 0) for way in (*WAYS, *(name for name in ways if name not in WAYS))}
        yield _COUNTED.get(what, what), sum(found.values()), found


def coverage_words(audit: Audit) -> tuple[str, ...]:
    """One phrase for each: `84 network AEs: 58 observed, 26 only declared`."""
    return tuple(
        listed((counted(total, noun), ways_words(ways)), ": ") for noun, total, ways in counted_ways(audit)
    )


def ways_words(ways: Mapping[str, int]) -> str:
    """`58 observed, 26 only declared`."""
    return listed(f"{times} {WAY_WORDS.get(way, way)}" for way, times in ways.items() if times)


def probed_words(audit: Audit) -> str:
    """When the wire was last looked at."""
    return f"last probed {iso_in_words(audit.probed)}" if audit.probed else "never probed"


def systems_by_how(audit: Audit) -> dict[How, tuple[AuditedSystem, ...]]:
    """The systems, by how their configuration is known."""
    found = {how: tuple(one for one in audit.coverage.systems if one.how == how) for how in HOW_WORDS}
    return {how: ones for how, ones in found.items() if ones}


def accepted_words(audit: Audit) -> dict[str, str]:
    """By id of a waiver, how it is named where it accepts something: `W-7 until 24 Dec 2026`."""
    return {one.id: f"{one.id} until {in_words(one.until)}" if one.until else one.id for one in audit.waivers}


def in_words(day: str) -> str:
    """A day in words; what is none stays as it is."""
    try:
        return day_in_words(day)
    except ValueError:
        return day


def unread_words(audit: Audit) -> str:
    """Which systems could not be read, and what lies outside: `not reached: pacs-2; outside pacsconf: vna`."""
    by_how = systems_by_how(audit)
    names = {
        HOW_WORDS[how]: [one.name for one in by_how.get(how, ())]
        for how in ("attested", "unreached", "outside")
    }
    names["outside pacsconf"] = list(audit.coverage.outside)
    return listed((f"{word}: {some_of(ones)}" for word, ones in names.items() if ones), "; ")


def some_of(names: list[str], most: int = 6) -> str:
    """The first of them, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def outcome(audit: Audit, rules: Iterable[Judged]) -> str:
    """What was found, in a few words, without what was looked at: only for a place that says that too."""
    rules = tuple(rules)
    counts, by_severity = audit.count(), failures(rules)
    broken = sum(1 for one in rules if one.counts["error"])
    failed = sum(by_severity.values())
    if not counts:
        return "Nothing was judged"
    parts = (
        f"{counted(failed, 'failure')} ({severity_words(by_severity)})" if failed else "No failures",
        counted(broken, "broken rule") if broken else "",
        f"{counts['unknown']} unknown" if counts["unknown"] else "",
        f"{counts['waived']} waived" if counts["waived"] else "",
    )
    return listed(parts)


def verdict(audit: Audit, rules: Iterable[Judged]) -> tuple[str, str]:
    """What was found, and beside it what that stands on: neither is ever shown alone."""
    unread = unread_words(audit)
    parts = (
        f"Looked at {listed(coverage_words(audit), '; ')}.",
        f"{unread[:1].upper()}{unread[1:]}." if unread else "",
        f"Wire {probed_words(audit)}.",
    )
    return outcome(audit, rules), listed(parts, " ")
