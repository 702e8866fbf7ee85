"""What rules come to: one verdict for each rule and resource, kept small, since there may be millions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from pacsconf.policy.rule import SEVERITIES, Rule, Severity, Tier
from pacsconf.policy.subject import Subject

State = Literal["fail", "error", "unknown", "waived", "pass", "n/a"]
STATES: tuple[State, ...] = get_args(State)
"""In the order in which they are shown. `error` is a broken rule, `unknown` what could not be looked at: neither
ever counts as passed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one rule comes to on one resource."""

    rule: Rule
    subject: Subject
    state: State
    evidence: Tier = "declared"
    """The strongest evidence that it stands on."""
    message: str = ""
    """What is wrong with this very resource, why it is not known, or how the rule is broken."""
    waiver: str = ""
    """The waiver (or baseline entry) that accepts it, and until when, in words."""

    @property
    def key(self) -> tuple[str, str]:
        """What it is called from audit to audit: rule, and kind and name of the resource."""
        return self.rule.id, self.subject.where

    def waived(self, by: str) -> Result:
        """The same, accepted."""
        return replace(self, state="waived", waiver=by)


_CODES: dict[State, int] = {state: code for code, state in enumerate(STATES)}


@dataclass(frozen=True)
class RuleResults:
    """All that one rule comes to: a byte for each subject of its kind, and more of those that did not pass."""

    rule: Rule
    subjects: Sequence[Subject]
    """All of its kind, in the order of `states`."""
    states: bytes
    details: Mapping[int, Result] = field(default_factory=dict)
    """By position, every result that is neither passed nor not applicable."""
    evidence: Mapping[int, Tier] = field(default_factory=dict)
    """By position, the evidence that a pass stands on, where it is not the weakest of the rule."""

    def state(self, position: int) -> State:
        return STATES[self.states[position]]

    def __iter__(self) -> Iterator[Result]:
        """Every result, in the order of the subjects."""
        for position, subject in enumerate(self.subjects):
            yield self.details.get(position) or Result(
                self.rule, subject, self.state(position), self.evidence.get(position, self.rule.tiers[0])
            )

    def count(self) -> Counter[State]:
        """How many subjects are in which state."""
        return Counter({STATES[code]: times for code, times in Counter(self.states).items()})

    def of(self, *states: State) -> Iterator[Result]:
        """The results in these states."""
        wanted = {_CODES[state] for state in states}
        for position, code in enumerate(self.states):
            if code in wanted:
                yield self.details.get(position) or Result(
                    self.rule,
                    self.subjects[position],
                    STATES[code],
                    self.evidence.get(position, self.rule.tiers[0]),
                )

    def replaced(self, results: Mapping[int, Result]) -> RuleResults:
        """The same with other results at these positions (what a waiver accepts)."""
        states = bytearray(self.states)
        for position, one in results.items():
            states[position] = _CODES[one.state]
        return replace(self, states=bytes(states), details={**self.details, **results})


def code_of(state: State) -> int:
    """The byte that stands for a state in `RuleResults.states`."""
    return _CODES[state]


def stopping(results: Sequence[RuleResults], gate: Severity) -> Iterator[Result]:
    """The failures and broken rules that stop what was asked for: those of at least this severity."""
    reached = SEVERITIES[: SEVERITIES.index(gate) + 1]
    for one in results:
        if one.rule.severity in reached:
            yield from one.of("fail", "error")


def shown(text: str) -> str:
    """A text that comes from live systems or YAML, without what acts on a terminal or is not seen."""
    return "".join(char if char.isprintable() else " " for char in text)
