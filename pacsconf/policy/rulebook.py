"""What policies ask of an inventory and its systems: the rules, from which severity on they stop, and waivers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pacsconf.core.finding import Finding
from pacsconf.inventory.model import Inventory
from pacsconf.policy.engine import evaluate
from pacsconf.policy.results import RuleResults
from pacsconf.policy.rule import Rule, Severity
from pacsconf.policy.subject import Subject
from pacsconf.policy.waiver import Waiver
from pacsconf.policy.waiver_remarks import standing
from pacsconf.policy.waivers import Waived, apply


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules that stand, and what is accepted of them."""

    rules: tuple[Rule, ...] = ()
    """Those that are switched off, too: they are not judged, and listed with their reason."""
    gate: Severity = "high"
    waivers: tuple[Waiver, ...] = ()
    built_in: frozenset[str] = frozenset()
    """Rules of built-in checks, which waivers are for as well."""
    found: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By device, rules of built-in checks that found something about it which nobody accepted."""

    @property
    def known(self) -> frozenset[str]:
        """Every rule that a waiver may be for."""
        return self.built_in | {one.id for one in self.rules}

    def judged(
        self,
        rules: Sequence[Rule],
        subjects: Mapping[str, Sequence[Subject]],
        inventory: Inventory,
        today: date,
        found: Collection[Finding] = (),
        looked: Collection[str] = (),
    ) -> Waived:
        """What these of the rules come to, waivers and baseline applied.

        `found` is all that built-in checks of the rules `looked` found.
        """
        return self.accepting(evaluate(rules, subjects), inventory, today, found, looked)

    def accepting(
        self,
        results: Sequence[RuleResults],
        inventory: Inventory,
        today: date,
        found: Collection[Finding] = (),
        looked: Collection[str] = (),
    ) -> Waived:
        """What rules came to, waivers and baseline applied."""
        held = standing(self.waivers, self.known, inventory, today)
        return apply(results, held, inventory.baseline, today, found, looked)
