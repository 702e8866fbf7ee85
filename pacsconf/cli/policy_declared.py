"""What the policies of a repository say of the inventory beside them: by the rules that need no live system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.policy_book import built_in, has_policies, read
from pacsconf.cli.workspace import Workspace

if TYPE_CHECKING:
    from pacsconf.core.finding import Finding
    from pacsconf.inventory.model import Inventory
    from pacsconf.policy.assemble import Assembled
    from pacsconf.policy.results import Result, RuleResults, State
    from pacsconf.policy.rule import Severity
    from pacsconf.policy.rulebook import Rulebook
    from pacsconf.policy.waivers import Waived
    from pacsconf.report.diagnostics import PlaceOf


@dataclass(frozen=True, slots=True)
class Declared:
    """What the rules that need no live system say of an inventory, in every environment that was looked at."""

    gate: Severity
    wrong: tuple[Finding, ...] = ()
    """Mistakes in the files of policies."""
    results: tuple[Result, ...] = ()
    """Failures, accepted or not, and broken rules; without what built-in checks have told."""
    remarks: tuple[Finding, ...] = ()
    """About waivers."""
    rules: int = 0
    """How many were judged."""
    live: int = 0
    """How many wait for live systems."""
    off: int = 0
    """How many are switched off."""
    states: Mapping[State, int] = field(default_factory=dict)
    assemble: Callable[[], Assembled] = lambda: _nothing()
    """All of it as an audit has it."""

    @property
    def open(self) -> tuple[Result, ...]:
        """What nobody accepts."""
        return tuple(one for one in self.results if one.state != "waived")

    @property
    def stopping(self) -> tuple[Result, ...]:
        """What is as bad as the gate, and nobody accepts."""
        from pacsconf.policy.findings import reaches

        return tuple(one for one in self.open if reaches(one.rule.severity, self.gate))


def _nothing() -> Assembled:
    from pacsconf.policy.assemble import Assembled

    return Assembled()


def declared(work: Workspace, fail_on: Severity | None = None) -> Declared | None:
    """What policies say of what is declared; None where there are none."""
    if not has_policies(work):
        return None
    from pacsconf.core.finding import errors

    book, wrong = read(work)
    gate, today = fail_on or book.gate, workspace.now().date()
    if errors(wrong):
        return Declared(gate, wrong)
    judged = [*_judged(work, book)]
    active = [rule for rule in book.rules if not rule.off]
    alone = sum(not rule.needs_live for rule in active)

    def assemble() -> Assembled:
        from pacsconf.policy.assemble import audited, together

        place_of = work.loaded.sources.place
        return together(
            audited(book.rules, waived, book.waivers, inventory.baseline, place_of, today)
            for inventory, waived in judged
        )

    told, states = _together(waived for _, waived in judged)
    return Declared(
        gate,
        wrong,
        tuple(one for one in told if not _is_told(one, work.findings, work.loaded.sources.place)),
        tuple(_common([waived.findings for _, waived in judged])),
        alone,
        len(active) - alone,
        len(book.rules) - len(active),
        states,
        assemble,
    )


def _judged(work: Workspace, book: Rulebook) -> Iterator[tuple[Inventory, Waived]]:
    """What rules come to in each environment; what cannot differ between them is judged in the first."""
    from pacsconf.policy.engine import evaluate
    from pacsconf.policy.evidence import Evidence
    from pacsconf.policy.facts import differing, subjects

    now = workspace.now()
    rules = [rule for rule in book.rules if not (rule.off or rule.needs_live)]
    first: Evidence | None = None
    known: dict[str, RuleResults] = {}
    for inventory in _deployed(work):
        evidence = Evidence(inventory, now, findings=book.found)
        kinds = {rule.kind for rule in rules}
        if first is not None:
            kinds &= differing(first, evidence)
        asked = [rule for rule in rules if rule.kind in kinds]
        results = {one.rule.id: one for one in evaluate(asked, subjects(evidence, kinds))}
        known = known | results
        all_of_them = tuple(known[rule.id] for rule in rules)
        yield inventory, book.accepting(all_of_them, inventory, now.date(), work.findings, built_in())
        first = first or evidence


def _deployed(work: Workspace) -> Iterator[Inventory]:
    """The inventory as each environment that was asked for has it; the inventory itself where none is declared."""
    from pacsconf.inventory.environment import for_environment

    whole = work.loaded.inventory
    assert whole is not None, "what does not stand was raised"
    names = [work.environment] if work.environment in whole.environments else sorted(whole.environments)
    for name in names or (None,):
        deployed = for_environment(whole, name)[0]
        yield deployed.model_copy(update={"as_of": workspace.as_of()})


def _together(several: Iterable[Waived]) -> tuple[tuple[Result, ...], Counter[State]]:
    """What is shown of several environments, each failure once; and how many results are in which state, the worst
    of each."""
    from pacsconf.policy.results import STATES

    told: dict[tuple[str, str, str], Result] = {}
    of_rule: dict[str, list[RuleResults]] = {}
    for waived in several:
        for each in waived.results:
            told |= {(*one.key, one.state): one for one in each.of("fail", "error", "waived")}
            of_rule.setdefault(each.rule.id, []).append(each)
    counted = Counter(code for results in of_rule.values() for code in _worst(results))
    return tuple(told.values()), Counter({STATES[code]: times for code, times in counted.items()})


def _worst(results: Sequence[RuleResults]) -> Iterable[int]:
    """Of what one rule came to in several environments the worst, resource by resource."""
    first, *others = results
    if all(one.states == first.states and one.subjects is first.subjects for one in others):
        return first.states
    found: dict[str, int] = {}
    for one in results:
        for subject, code in zip(one.subjects, one.states, strict=True):
            found[subject.name] = min(code, found.get(subject.name, code))
    return found.values()


def _is_told(one: Result, built_in: Iterable[Finding], place_of: PlaceOf) -> bool:
    """Whether a built-in check of the same rule has found something about the same, or names it as the other."""
    path = one.subject.path
    same = [found for found in built_in if path and found.rule == one.rule.id]
    if any(found.path[: len(path)] == path for found in same):
        return True
    place = place_of(path) if same else None
    return place is not None and any(place == also for found in same for also, _ in found.also)


def _common(remarks: Sequence[tuple[Finding, ...]]) -> Iterator[Finding]:
    """What is to be said about waivers wherever it was looked: one that is used somewhere is used."""
    first, *others = remarks or ((),)
    return (one for one in first if all(one in each for each in others))
