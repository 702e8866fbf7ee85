"""What became different from one audit to another: results, rules, and what could be looked at. Pure.

Only what an audit holds counts. A result that is not there any more because its rule is switched off, or its system
was not reached, is not *closed*: nobody looked. Why something drifted is asked in `pacsconf.policy.drift_causes`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal, get_args

from pacsconf.core.address import Address
from pacsconf.policy.audit import Audit, AuditedResult, AuditedRule
from pacsconf.policy.results import State
from pacsconf.policy.rule import Framework, Severity

DriftKind = Literal["failing", "waiver ended", "unknown", "waived", "not judged", "closed", "known"]
DRIFT_KINDS: tuple[DriftKind, ...] = get_args(DriftKind)
"""In the order in which they are shown. `closed`: it failed, was waived or broken, and holds now or does not apply;
or its resource, known or not, is gone. `known`: it was unknown and holds. `not judged`: it was no pass, and its
rule is off or gone now, or the system that it was found in was not looked at."""

WORSE: frozenset[DriftKind] = frozenset({"failing", "waiver ended", "unknown"})

Key = tuple[str, str, str]
"""Rule, kind and name: what a result is called from audit to audit."""

_BAD: frozenset[State] = frozenset({"fail", "error"})
_GOOD: frozenset[State] = frozenset({"pass", "n/a"})


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which audit: its id, when it was made, and on which commit of the inventory."""

    id: str
    at: str
    commit: str


@dataclass(frozen=True, slots=True)
class Drifted:
    """A result that is another one now; None where there was, or is, none.

    `earlier` and `later` are the audits that follow each other between which it became what it is.
    """

    kind: DriftKind
    before: AuditedResult | None
    after: AuditedResult | None
    earlier: Stamp
    later: Stamp

    @property
    def result(self) -> AuditedResult:
        """As it is now, or was."""
        found = self.after or self.before
        assert found is not None, "one of two audits has it"
        return found

    @property
    def key(self) -> Key:
        return self.result.key


@dataclass(frozen=True, slots=True)
class Edited:
    """A commit of the inventory that touched what is asked about; `day` is ISO 8601."""

    commit: str
    day: str
    summary: str


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that pacsconf made between two audits: where, by which change set, and the record's commit of it."""

    address: Address
    changeset: str
    commit: str
    at: str


RuleChange = Literal["added", "gone", "switched off", "switched on", "changed"]


@dataclass(frozen=True, slots=True)
class ChangedRule:
    """A rule that is another one now. `fields` names what is, with before and after in words."""

    id: str
    how: RuleChange
    before: AuditedRule | None
    after: AuditedRule | None
    fields: tuple[tuple[str, str, str], ...] = ()

    @property
    def judges_otherwise(self) -> bool:
        """Whether results may differ for it."""
        return self.how != "changed" or any(name in _JUDGING for name, _, _ in self.fields)


_JUDGING = frozenset({"condition", "when", "kind", "params"})
_COMPARED = ("severity", "kind", "proof", "condition", "when", "params", "controls")


@dataclass(frozen=True, slots=True)
class Drift:
    """All that became different between two audits of one environment."""

    environment: str
    before: Stamp
    after: Stamp
    results: tuple[Drifted, ...] = ()
    rules: tuple[ChangedRule, ...] = ()
    lost: tuple[str, ...] = ()
    """Systems that were read or attested then and are not now."""
    found: tuple[str, ...] = ()
    """Systems that are read or attested now and were not then."""
    steady: Mapping[State, int] = field(default_factory=dict)
    """How many results are as they were, by state."""
    severities: Mapping[str, Severity] = field(default_factory=dict)
    """Of each rule of the two."""

    def of(self, kind: DriftKind) -> tuple[Drifted, ...]:
        """What drifted in this way."""
        return tuple(one for one in self.results if one.kind == kind)

    @property
    def is_worse(self) -> bool:
        """Whether anything fails or is unknown that did not, or was not."""
        return any(one.kind in WORSE for one in self.results)


def stamp(audit: Audit) -> Stamp:
    """Which audit it is."""
    return Stamp(audit.id, audit.at, audit.commit)


def compare(before: Audit, after: Audit) -> Drift:
    """What became different from one audit to another, as far as both were asked for it (frameworks)."""
    before, after = _asked_for(before, after.frameworks), _asked_for(after, before.frameworks)
    then, now = _by_key(before), _by_key(after)
    looks = _Looks.between(before, after)
    kinds = {key: looks.kind(then.get(key), now.get(key)) for key in then.keys() | now.keys()}
    order = {kind: at for at, kind in enumerate(DRIFT_KINDS)}
    drifted = sorted((order[kind], key) for key, kind in kinds.items() if kind)
    ends = stamp(before), stamp(after)
    return Drift(
        after.environment,
        *ends,
        tuple(Drifted(DRIFT_KINDS[at], then.get(key), now.get(key), *ends) for at, key in drifted),
        tuple(changed_rules(before, after)),
        lost=tuple(sorted(seen(before) - seen(after))),
        found=tuple(sorted(seen(after) - seen(before))),
        steady=dict(Counter(one.state for one in after.results if not kinds[one.key])),
        severities={one.id: one.severity for one in (*before.rules, *after.rules)},
    )


def since(drift: Drift, before: Audit, between: Iterable[Audit], after: Audit) -> Drift:
    """The same, with the audits between which each result became what it is.

    `between` are those that were made between the two, the newest first; no more of them are taken than needed.
    """
    left = {one.key for one in drift.results}
    ends: dict[Key, tuple[Stamp, Stamp]] = {}
    later, now = after, _by_key(after)
    for earlier in chain(between, (before,)):
        then = _by_key(earlier)
        looks = _Looks.between(earlier, later)
        for key in [key for key in left if looks.kind(then.get(key), now.get(key))]:
            ends[key] = stamp(earlier), stamp(later)
            left.discard(key)
        if not left:
            break
        later, now = earlier, then
    return replace(drift, results=tuple(_dated(one, ends.get(one.key)) for one in drift.results))


def _dated(one: Drifted, ends: tuple[Stamp, Stamp] | None) -> Drifted:
    return replace(one, earlier=ends[0], later=ends[1]) if ends else one


def changed_rules(before: Audit, after: Audit) -> Iterator[ChangedRule]:
    """The rules that are others now, by id."""
    then, now = ({one.id: one for one in audit.rules} for audit in (before, after))
    for id_ in sorted(then.keys() | now.keys()):
        changed = _changed(id_, then.get(id_), now.get(id_))
        if changed is not None:
            yield changed


def _changed(id_: str, then: AuditedRule | None, now: AuditedRule | None) -> ChangedRule | None:
    if then is None or now is None:
        return ChangedRule(id_, "added" if then is None else "gone", then, now)
    if bool(then.off) != bool(now.off):
        return ChangedRule(id_, "switched off" if now.off else "switched on", then, now)
    told = tuple(
        (name, _words(getattr(then, name)), _words(getattr(now, name)))
        for name in _COMPARED
        if getattr(then, name) != getattr(now, name)
    )
    return ChangedRule(id_, "changed", then, now, told) if told else None


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_words(inner)}" for name, inner in sorted(value.items()))
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _asked_for(audit: Audit, frameworks: tuple[Framework, ...]) -> Audit:
    """What is left of an audit for these frameworks; of none, all."""
    if not frameworks or audit.frameworks == frameworks:
        return audit
    rules = {one.id: one for one in audit.rules if not one.controls.keys().isdisjoint(frameworks)}
    return replace(
        audit,
        rules=tuple(rules.values()),
        results=tuple(one for one in audit.results if one.rule in rules),
    )


@dataclass(frozen=True, slots=True)
class _Looks:
    """What the later of two audits looked at: the rules that it judged, and the systems that it lost."""

    judged: frozenset[str]
    lost: frozenset[str]

    @classmethod
    def between(cls, earlier: Audit, later: Audit) -> _Looks:
        return cls(frozenset(one.id for one in later.rules if not one.off), seen(earlier) - seen(later))

    def kind(self, then: AuditedResult | None, now: AuditedResult | None) -> DriftKind | None:
        """How a result drifted. One that is gone with its system may be there all the same."""
        gone = then is not None and now is None and then.system in self.lost
        one = then or now
        return _kind(then, now, one is not None and one.rule in self.judged and not gone)


def _kind(then: AuditedResult | None, now: AuditedResult | None, judged: bool) -> DriftKind | None:
    """How a result drifted, if it did; `judged`: its rule is there and not off now, and it
    was looked for."""
    was, is_ = then.state if then else None, now.state if now else None
    if was == is_ or (was in _BAD and is_ in _BAD):
        return None
    if is_ in _BAD:
        return "waiver ended" if was == "waived" else "failing"
    if is_ == "unknown" or is_ == "waived":
        return is_
    if was is None or was in _GOOD:
        return None
    if is_ is None:
        return "closed" if judged else "not judged"
    return "known" if was == "unknown" else "closed"


def _by_key(audit: Audit) -> dict[Key, AuditedResult]:
    return {one.key: one for one in audit.results}


def seen(audit: Audit) -> frozenset[str]:
    """The systems that it looked at, by name."""
    return frozenset(one.name for one in audit.coverage.systems if one.how in ("configured", "attested"))
