"""A rule as it is run: compiled without types, its parameters in their places, and what it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cel_expr_python import cel

from pacsconf.policy.engine.environment import running
from pacsconf.policy.results import code_of
from pacsconf.policy.rule import Rule, Tier
from pacsconf.policy.scan import Looks, inlined, is_strict, looks, prepared
from pacsconf.policy.vocabulary import KINDS
from pacsconf.policy.vocabulary.hints import may_be_absent

PASS, FAIL, UNKNOWN, NOT_APPLICABLE = code_of("pass"), code_of("fail"), code_of("unknown"), code_of("n/a")
LIVE: tuple[Tier, ...] = ("configured", "observed")
HOLDERS_OF_EVIDENCE = ("self", *LIVE)
"""Whose fields may be absent, so that a result is not known: of `self` those that are `NotRequired`."""

Fields = Mapping[str, frozenset[str]]
"""By holder, names of its fields that may be absent."""


@dataclass
class Program:
    """One rule, ready to be run."""

    rule: Rule
    env: cel.Env = field(init=False)
    looks: Looks = field(init=False)
    evidence: Fields = field(init=False)
    """What it looks at."""

    def __post_init__(self) -> None:
        rule = self.rule
        self.env = running(rule.kind)
        self.looks = looks(rule.when, rule.condition, rule.message)
        self.evidence = self._asked(looks(rule.when, rule.condition))

    def _asked(self, found: Looks) -> Fields:
        kind = KINDS[self.rule.kind]
        known: dict[str, frozenset[str]] = {tier: frozenset(kind.fields(tier)) for tier in LIVE}
        known["self"] = frozenset(
            name for name, hint in kind.fields("declared").items() if may_be_absent(hint)
        )
        return {
            holder: known[holder] if holder in found.whole else known[holder] & found.of(holder)
            for holder in HOLDERS_OF_EVIDENCE
        }

    def _text(self, expression: str) -> str:
        fields = frozenset(KINDS[self.rule.kind].fields("declared"))
        return inlined(prepared(expression, fields), self.rule.params)

    @cached_property
    def whole(self) -> str:
        """CEL that comes to the code of the result. Line ends keep remarks (`// ...`) from reaching further."""
        judged = f"(({self._text(self.rule.condition)}\n) ? {PASS} : {FAIL})"
        return self._when(judged)

    @cached_property
    def waiting(self) -> str:
        """The same where the condition is known to have no answer."""
        return self._when(str(UNKNOWN))

    def _when(self, judged: str) -> str:
        return (
            f"(({self._text(self.rule.when)}\n) ? {judged} : {NOT_APPLICABLE})" if self.rule.when else judged
        )

    @cached_property
    def alone(self) -> cel.Expression:
        """The rule by itself."""
        return self.env.compile(self.whole)

    @cached_property
    def waiting_alone(self) -> cel.Expression:
        """The rule by itself where its condition is known to have no answer."""
        return self.env.compile(self.waiting)

    @cached_property
    def message(self) -> cel.Expression | None:
        """What tells what is wrong; None where the rule has nothing but its title."""
        return self.env.compile(self._text(self.rule.message)) if self.rule.message else None

    @cached_property
    def condition_is_strict(self) -> bool:
        """Whether an absent field of evidence always leaves the condition without an answer."""
        return is_strict(self.rule.condition)

    @cached_property
    def in_condition(self) -> Fields:
        """What the condition itself looks at."""
        found = looks(self.rule.condition)
        return {holder: asked & found.of(holder) for holder, asked in self._asked(found).items()}
