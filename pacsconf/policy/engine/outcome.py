"""What rules come to, kept small: a byte for each result, and words for those that did not pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pacsconf.policy.results import STATES, Result
from pacsconf.policy.rule import Rule, Tier
from pacsconf.policy.subject import Subject


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules of a kind come to on a row of resources, as it travels between processes."""

    states: tuple[bytes, ...]
    """By rule, a byte for each resource."""
    messages: tuple[Mapping[int, str], ...]
    """By rule and position, the words of what neither passed nor does not apply."""
    groups: Sequence[int]
    """By position, the group of resources of which the same evidence is there."""
    tiers: tuple[tuple[Tier, ...], ...]
    """By group and rule, the strongest evidence that was there."""


class EvidenceOf(Mapping[int, Tier]):
    """By position, the evidence that a result of one rule stands on."""

    def __init__(self, groups: Sequence[int], tiers: tuple[Tier, ...]) -> None:
        self._groups = groups
        self._tiers = tiers

    def __getitem__(self, position: int) -> Tier:
        return self._tiers[self._groups[position]]

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._groups)))

    def __len__(self) -> int:
        return len(self._groups)

    def get(self, position: int, default: object = None) -> Tier:
        """What stands there; every position has one."""
        return self._tiers[self._groups[position]]


@dataclass(frozen=True, slots=True)
class Details(Mapping[int, Result]):
    """By position, every result that neither passed nor does not apply; made when it is looked at."""

    rule: Rule
    subjects: Sequence[Subject]
    states: bytes
    messages: Mapping[int, str]
    evidence: Mapping[int, Tier]

    def __getitem__(self, position: int) -> Result:
        return Result(
            self.rule,
            self.subjects[position],
            STATES[self.states[position]],
            self.evidence[position],
            self.messages[position],
        )

    def __contains__(self, position: object) -> bool:
        return position in self.messages

    def __iter__(self) -> Iterator[int]:
        return iter(self.messages)

    def __len__(self) -> int:
        return len(self.messages)
