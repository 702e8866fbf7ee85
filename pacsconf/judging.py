"""Policies held against live systems: as they are, and as a plan would leave them. Asks nobody.

A system tells what it holds in the words that rules have for it (`Evident`), of states as they were read or as a
change set would leave them. So what a plan makes worse is known before anything is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.finding import Finding
from pacsconf.core.resource import State
from pacsconf.inventory.model import Inventory
from pacsconf.policy.engine import evaluate
from pacsconf.policy.evidence import Evidence, SystemEvidence
from pacsconf.policy.facts import subjects
from pacsconf.policy.findings import grouped, reaches
from pacsconf.policy.results import Result, RuleResults
from pacsconf.policy.rule import Severity
from pacsconf.policy.rulebook import Rulebook
from pacsconf.policy.subject import Subject
from pacsconf.systems.telling import told
from pacsconf.world import World

States = Mapping[Address, State]


@dataclass(frozen=True, slots=True)
class Judged:
    """What policies say of a plan. `caused` and `declared` are failures and broken rules that nobody accepts."""

    gate: Severity = "high"
    rules: int = 0
    caused: tuple[Result, ...] = ()
    """What does not fail live, and would once the plan is applied; and rules that are broken, before and after."""
    declared: tuple[Result, ...] = ()
    """What the inventory alone says, as `validate` does."""
    standing: Mapping[Severity, int] = field(default_factory=dict)
    """By severity, how much fails live and goes on to: what an audit is about, not this plan."""
    mended: int = 0
    """How much fails live and would not any more."""
    remarks: tuple[Finding, ...] = ()
    """About waivers."""

    @property
    def refusing(self) -> tuple[Result, ...]:
        """What is bad enough to forbid the plan."""
        return tuple(one for one in (*self.caused, *self.declared) if reaches(one.rule.severity, self.gate))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is forbidden, in words."""
        caused = {id(one) for one in self.caused}
        return tuple(dict.fromkeys(_reason(one, caused=id(one) in caused) for one in self.refusing))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is shown of it, each with why and what to do; of what is below the gate one for each rule, where
        many fail it."""
        return (*grouped(self.caused, self.gate), *grouped(self.declared, self.gate), *self.remarks)


def _reason(one: Result, *, caused: bool) -> str:
    when = "would fail" if caused else "fails"
    if one.state == "error":
        when = "cannot be judged"
    return f"{one.rule.severity}: {one.rule.title}: {when} on {one.subject.where} ({one.rule.id})"


# --- evidence ----------------------------------------------------------------------------------------------------


def evidence_of(
    world: World, states: States, read: Set[str], inventory: Inventory
) -> dict[str, SystemEvidence]:
    """How each system of an inventory is known, were these the resources of those that could be `read`."""
    by_system: dict[str, dict[Address, State]] = {name: {} for name in read}
    for address, state in states.items():
        by_system.setdefault(address.system, {})[address] = state
    found: dict[str, SystemEvidence] = {}
    for name, config in sorted(inventory.systems.items()):
        system = world.systems.get(name)
        if system is None or name not in read:
            found[name] = SystemEvidence(name, config.type, "unreached", "left out")
        else:
            found[name] = told(system, by_system[name], inventory)
    return found


def after(live: States, changes: Iterable[Change]) -> dict[Address, State]:
    """What is live once these changes are applied."""
    found = dict(live)
    for one in changes:
        if one.after is None:
            found.pop(one.address, None)
        else:
            found[one.address] = one.after
    return found


# --- a plan ------------------------------------------------------------------------------------------------------


def judge(
    world: World,
    rulebook: Rulebook,
    live: States,
    changes: Iterable[Change],
    read: Set[str],
    former: Inventory | None = None,
) -> Judged:
    """What policies say of a plan that would make these changes to what is live in the systems that were `read`.

    `former` is the inventory that was applied last, if it is another one: rules see what is declared beside what is
    live, so a new line is part of what the plan changes, and not of what was there before. What is seen on the wire
    alone is left to an audit: nothing can say what would be seen afterwards.
    """
    active = [one for one in rulebook.rules if not one.off]
    asked = [one for one in active if "configured" in one.tiers]
    alone = [one for one in active if not one.needs_live]
    now, today = world.clock(), world.today
    runs = tuple(changes)

    kinds = {one.kind for one in (*alone, *asked)}

    def states(these: States, inventory: Inventory) -> dict[str, tuple[Subject, ...]]:
        known = evidence_of(world, these, read, inventory)
        return subjects(Evidence(inventory, now, known, findings=rulebook.found), kinds)

    declared, was = world.inventory, former or world.inventory
    before = states(live, was)
    planned = states(after(live, runs), declared) if runs or former else before
    comes_to = evaluate((*alone, *asked), planned)
    # What a plan does not touch comes to the same: of it nothing is judged twice.
    others = [one for one in asked if before[one.kind] != planned[one.kind]]
    came_to = {one.rule.id: one for one in (*comes_to, *evaluate(others, before))}
    said = rulebook.accepting(comes_to[: len(alone)], declared, today)
    stood = rulebook.accepting([came_to[one.id] for one in asked], was, today)
    then = rulebook.accepting(comes_to[len(alone) :], declared, today)
    failing, comes = _by_key(stood.results), _by_key(then.results)
    # What could not be judged before, and fails then, is no older failure; nor is it mended by being broken.
    caused = [one for key, one in comes.items() if key not in failing or failing[key].state != one.state]
    stays = [one for key, one in comes.items() if key in failing and failing[key].state == one.state]
    uses = {one.place: one for one in (*said.findings, *then.findings)}
    return Judged(
        rulebook.gate,
        len(alone) + len(asked),
        (*caused, *_broken(stays, caused)),
        tuple(_failing(said.results)),
        Counter(one.rule.severity for one in stays if one.state == "fail"),
        len(failing.keys() - comes.keys()),
        tuple(uses.values()),
    )


def _failing(results: Iterable[RuleResults]) -> Iterator[Result]:
    return (one for each in results for one in each.of("fail", "error"))


def _broken(stays: Iterable[Result], caused: Iterable[Result]) -> Iterator[Result]:
    """Of each rule that was broken before and is, one result: what it would say of the plan nobody knows."""
    told = {one.rule.id for one in caused if one.state == "error"}
    for one in stays:
        if one.state == "error" and one.rule.id not in told:
            told.add(one.rule.id)
            yield one


def _by_key(results: Iterable[RuleResults]) -> dict[tuple[str, str], Result]:
    return {one.key: one for one in _failing(results)}
