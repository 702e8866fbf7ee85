"""Rules that were found right before, known by a digest of all that their check depends on.

The check by types takes longer than judging a whole hospital, and comes to the same until a rule, the vocabulary
or what checks changes. Which digests are known, and what becomes of new ones, is for others to say: no file is
opened here. A rule with a mistake is never remembered, so that it is told each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from pacsconf.policy.rule import Rule


@dataclass(slots=True)
class Memory:
    """What is remembered of former checks, and what is found right in this one."""

    basis: str
    """Digest of everything beside the rule itself: vocabulary, what checks, and CEL."""
    known: frozenset[str] = frozenset()
    """Digests of rules that were found right before."""
    right: dict[str, None] = field(default_factory=dict)
    """Digests of the rules that are right, whether that was known or not."""

    def holds(self, rule: Rule) -> bool:
        """Whether a rule was found right before, with these very expressions, kind and parameters."""
        return self._digest(rule) in self.known

    def keep(self, rule: Rule) -> None:
        """Remember that a rule is right."""
        self.right[self._digest(rule)] = None

    @property
    def is_new(self) -> bool:
        """Whether anything was found right that was not known."""
        return not self.right.keys() <= self.known

    def most(self, number: int) -> Iterator[str]:
        """At most so many digests to remember, those of this time first."""
        several = (*self.right, *sorted(self.known - self.right.keys()))
        return iter(several[:number])

    def _digest(self, rule: Rule) -> str:
        asked = rule.kind, rule.when, rule.condition, rule.message, sorted(rule.params.items())
        return sha256(f"{self.basis} {asked!r}".encode("utf-8", "surrogatepass")).hexdigest()
