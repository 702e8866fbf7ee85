"""Approvals: a second person's yes to one plan, asked for by risk class where the inventory says so.

An approval is given to a digest, so it is worth nothing once the plan is another one. It counts when who gave it is
one of the declared approvers, is not the one who applies, and, where signatures are checked, signed with a key of
their own. The rules in force are those that the record closed with last: whoever proposes other rules cannot have
their own change judged by them. A class that has no rule in the record is judged by what is declared now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any
from unicodedata import category, normalize

from pacsconf.core.address import Address
from pacsconf.core.guard import Guard
from pacsconf.core.resource import RISKS, Risk, one_of


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Who may approve changes of one risk class (names or e-mail addresses), and how many of them must."""

    approvers: tuple[str, ...]
    count: int = 1

    @property
    def meaning(self) -> tuple[frozenset[str], int]:
        """What two rules that ask for the same have in common, however they are spelt."""
        return frozenset(map(folded, self.approvers)), self.count

    def __str__(self) -> str:
        return f"{self.count} of {', '.join(self.approvers)}"


ApprovalRules = Mapping[Risk, ApprovalRule]


@dataclass(frozen=True, slots=True)
class Approvals:
    """The rules that the record closed with last, and those that the inventory declares."""

    recorded: ApprovalRules = field(default_factory=dict)
    declared: ApprovalRules = field(default_factory=dict)

    @property
    def in_force(self) -> dict[Risk, ApprovalRule]:
        """The rules that a plan is judged by: the recorded ones, and declared ones of classes without any."""
        return {**self.declared, **self.recorded}

    @property
    def loosened(self) -> tuple[Risk, ...]:
        """The classes whose recorded rule is to be another one, or none: narrower or wider, it is not the same."""
        return tuple(risk for risk in RISKS if risk in self.recorded and self._differs(risk))

    @property
    def changed(self) -> bool:
        """Whether the record is to hold other rules than it does."""
        return any(self._differs(risk) for risk in self.recorded.keys() | self.declared.keys())

    def _differs(self, risk: Risk) -> bool:
        was, now = self.recorded.get(risk), self.declared.get(risk)
        return (was and was.meaning) != (now and now.meaning)

    def asked(self, risks: Set[Risk]) -> dict[Risk, ApprovalRule]:
        """The rules that changes of these risk classes, and the change of the rules themselves, must satisfy."""
        asking = risks | set(self.loosened)
        rules = self.in_force
        return {risk: rules[risk] for risk in reversed(RISKS) if risk in asking and risk in rules}


def guard_of(approvals: Approvals) -> Iterator[Guard]:
    """The guard on the rules themselves: those of the record are not changed in passing."""
    loosened = approvals.loosened
    if not loosened:
        return
    yield Guard(
        "GUARD-APPROVALS", "approval rules", tuple(Address.of("pacsconf", "approvals", risk) for risk in loosened),
        len(approvals.recorded), 0,
        "who must approve what would be another rule than the record closed with last. Until this is applied, and "
        "for this very change, the former rule is in force",
        notes=tuple(
            f"{risk}: was {approvals.recorded[risk]}; would be {approvals.declared.get(risk, 'nobody')}"
            for risk in loosened
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlanApproval:
    """A person's yes to the plan of this digest: `by` is `name <mail>`, `at` ISO 8601 in UTC with seconds.

    `key` is the fingerprint of the key that signed it, empty where signatures are not checked. `flaw` says why it
    cannot be believed; it is found on use and never recorded.
    """

    digest: str
    by: str
    at: str
    reason: str = ""
    key: str = ""
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Applier:
    """Who applies: `key` is the fingerprint of the key they sign with, where signatures are checked."""

    by: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one asked risk class stands: what counts, and what does not count and why."""

    risk: Risk
    rule: ApprovalRule
    counted: tuple[PlanApproval, ...]
    others: tuple[tuple[PlanApproval, str], ...]

    @property
    def is_met(self) -> bool:
        return len(self.counted) >= self.rule.count


def standings(
    asked: Mapping[Risk, ApprovalRule], given: Sequence[PlanApproval], applier: Applier
) -> tuple[Standing, ...]:
    """How each asked class stands with these approvals of one plan, the highest risk first."""
    ordered = sorted(given, key=lambda one: (one.at, one.by))
    return tuple(_standing(risk, rule, ordered, applier) for risk, rule in asked.items())


def _standing(risk: Risk, rule: ApprovalRule, given: Iterable[PlanApproval], applier: Applier) -> Standing:
    counted: list[PlanApproval] = []
    others: list[tuple[PlanApproval, str]] = []
    for one in given:
        why = _why_not(one, rule, counted, applier)
        if why:
            others.append((one, why))
        else:
            counted.append(one)
    return Standing(risk, rule, tuple(counted), tuple(others))


def _why_not(one: PlanApproval, rule: ApprovalRule, counted: Sequence[PlanApproval], applier: Applier) -> str:
    """Why an approval does not count here; empty where it does."""
    if one.flaw:
        return one.flaw
    if not is_named(one.by, rule.approvers):
        return "is not one of the approvers"
    if one.key and not is_addressed(one.by, rule.approvers):
        return "is an approver by name alone, and a signature proves no name but an address"
    if is_same_person(one.by, applier.by):
        return "is the one who applies"
    if one.key and applier.by and not applier.key:
        return "is signed, but who applies does not sign, so they may be the same person"
    if one.key and one.key == applier.key:
        return "is signed with the key of the one who applies"
    if any(is_same_person(one.by, other.by) or (one.key and one.key == other.key) for other in counted):
        return "has approved already"
    return ""


def folded(text: str) -> str:
    """A name or an address without what tells nobody apart: case, spaces, what is not seen, and how one letter is
    made up of code points (Unicode Annex 15, form KC)."""
    seen = "".join(char for char in normalize("NFKC", text) if category(char) != "Cf")
    return normalize("NFKC", " ".join(seen.split()).casefold())


def name_and_mail(identity: str) -> tuple[str, str]:
    """The name and the e-mail address of `name <mail>`, folded."""
    name, _, mail = identity.rpartition("<")
    return folded(name), folded(mail.rstrip("> \t"))


def is_named(identity: str, approvers: Iterable[str]) -> bool:
    """Whether somebody is one of these, by name, by address, or by both as git writes them."""
    name, mail = name_and_mail(identity)
    own = {name, mail, f"{name} <{mail}>"} - {""}
    return any(folded(approver) in own for approver in approvers)


def is_addressed(identity: str, approvers: Iterable[str]) -> bool:
    """Whether somebody is one of these by e-mail address: a name anybody can take who has a key of their own."""
    mail = name_and_mail(identity)[1]
    return any(mail and mail == (name_and_mail(one)[1] if "<" in one else folded(one)) for one in approvers)


def is_same_person(one: str, other: str) -> bool:
    """Whether two identities have the name or the e-mail address in common: one person may have two addresses."""
    return any(
        this and this == that for this, that in zip(name_and_mail(one), name_and_mail(other), strict=True)
    )


# --- JSON -----------------------------------------------------------------------------------------------------


def rules_to_json(rules: ApprovalRules) -> dict[str, Any]:
    """Rules as JSON, by risk class."""
    return {
        risk: {"approvers": sorted(rules[risk].approvers), "count": rules[risk].count}
        for risk in RISKS
        if risk in rules
    }


def rules_from_json(data: dict[str, Any]) -> dict[Risk, ApprovalRule]:
    """The inverse of `rules_to_json`.

    Raises: ValueError, KeyError or TypeError for what are no rules.
    """
    return {
        one_of(Risk, risk): ApprovalRule(tuple(map(str, body["approvers"])), int(body["count"]))
        for risk, body in data.items()
    }


def approvals_to_json(approvals: Approvals) -> dict[str, Any]:
    """Both sides as JSON."""
    return {"recorded": rules_to_json(approvals.recorded), "declared": rules_to_json(approvals.declared)}


def approvals_from_json(data: dict[str, Any] | None) -> Approvals:
    """The inverse of `approvals_to_json`; a plan that was made before there were any has none.

    Raises: as `rules_from_json`.
    """
    if data is None:
        return Approvals()
    return Approvals(rules_from_json(data["recorded"]), rules_from_json(data["declared"]))


def approval_to_json(one: PlanApproval) -> dict[str, str]:
    """An approval as the record keeps it."""
    return {name: getattr(one, name) for name in _KEPT}


def approval_from_json(data: dict[str, Any]) -> PlanApproval:
    """The inverse of `approval_to_json`.

    Raises: KeyError or TypeError for what is no approval.
    """
    return PlanApproval(**{name: str(data[name]) for name in _KEPT})


_KEPT = ("digest", "by", "at", "reason", "key")
