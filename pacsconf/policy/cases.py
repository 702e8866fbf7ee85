"""Cases of rules: resources made up for a test, and what a rule must come to on each.

A file `RULE-ID.yaml` has `rule` and `cases`. Rules are judged as their packs state them, whatever a site
changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, is_typeddict

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.merge import nearest
from pacsconf.inventory.tree import Node
from pacsconf.inventory.values import Quoted, flag, integer
from pacsconf.policy.overrides import params_of
from pacsconf.policy.packs import Policies
from pacsconf.policy.reading import Reading, is_empty
from pacsconf.policy.results import STATES, Result, State
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import KINDS, Hints
from pacsconf.policy.vocabulary.hints import empty, fields_of, in_words, may_be_absent, member, plain

_KEYS = ("name", "expect", "message", "params", "self", "site", "configured", "observed")
_JUDGED: tuple[State, ...] = tuple(state for state in STATES if state != "waived")


@dataclass(frozen=True, slots=True)
class Case:
    """One case: `rule` has the parameters that it asks for."""

    name: str
    rule: Rule
    subject: Subject
    expect: State
    message: str
    """What the result's message must contain."""
    place: Place


@dataclass(frozen=True, slots=True)
class Tried:
    """A case, and what it came to."""

    case: Case
    result: Result

    @property
    def passed(self) -> bool:
        """Whether it came to what is expected."""
        return self.result.state == self.case.expect and self.case.message in self.result.message

    @property
    def difference(self) -> str:
        """What is not as expected, in words; empty where all is."""
        got = self.result.state
        if got != self.case.expect:
            said = f": {self.result.message}" if self.result.message else ""
            return f"expected {self.case.expect}, got {got}{said}"
        if not self.passed:
            return f'expected a message with "{self.case.message}", got "{self.result.message}"'
        return ""


@dataclass(frozen=True, slots=True)
class Trial:
    """All cases of some rules, and what is missing."""

    tried: tuple[Tried, ...] = ()
    lacking: Mapping[str, tuple[State, ...]] = field(default_factory=dict)
    """By rule, the states (pass, fail) that no case of it expects."""

    @property
    def failed(self) -> tuple[Tried, ...]:
        """The cases that came to something else."""
        return tuple(one for one in self.tried if not one.passed)


def read(files: Mapping[str, bytes], policies: Policies) -> tuple[tuple[Case, ...], tuple[Finding, ...]]:
    """The cases in these files, by their paths, and everything that is wrong with them."""
    stated = {rule.id: rule for pack in policies.packs for rule in pack.rules}
    sound = {rule.id for rule in policies.rules}
    cases: list[Case] = []
    findings: list[Finding] = []
    for file in sorted(files):
        reading = Reading(file)
        tree = reading.tree(files[file])
        if tree is not None:
            reading.known(tree, ("rule", "cases"), "A file of cases")
            which = reading.string(tree.entries.get("rule"), "rule")
            if which in sound:
                listed = reading.list(tree.entries.get("cases"), "cases")
                cases += (one for node in listed for one in _case(reading, node, stated[which]))
            elif which not in stated:
                named = tree.entries.get("rule", tree)
                summary = f"There is no rule {which}{nearest(which, stated)}" if which else "It names no rule"
                reading.wrong("PACS-POL-018", named.place, summary, "Its cases test nothing.")
        findings += reading.findings
    return tuple(cases), tuple(findings)


def tried(cases: Sequence[Case], rules: Sequence[Rule]) -> Trial:
    """What the cases come to, and which of the rules have no case for pass or fail."""
    from pacsconf.policy.engine import evaluate

    found = []
    for case in cases:
        rule = replace(case.rule, off="")
        (results,) = evaluate([rule], {rule.kind: [case.subject]}, processes=1)
        found.append(Tried(case, next(iter(results))))
    expected: dict[str, set[State]] = {rule.id: set() for rule in rules}
    for case in cases:
        expected.setdefault(case.rule.id, set()).add(case.expect)
    needed: tuple[State, ...] = ("pass", "fail")
    lacking = {which: tuple(state for state in needed if state not in got) for which, got in expected.items()}
    return Trial(tuple(found), {which: states for which, states in lacking.items() if states})


# --- one case ----------------------------------------------------------------------------------------------------


def _case(reading: Reading, node: Node, rule: Rule) -> Iterator[Case]:
    held = reading.map(node, "A case")
    reading.known(node, _KEYS, "A case")
    name = reading.string(held.get("name"), "name")
    missing = [key for key in ("name", "expect") if is_empty(held.get(key))]
    if missing:
        reading.wrong("PACS-POL-004", node.place, f"A case of {rule.id} has no {', no '.join(missing)}")
    expect = reading.one_of("PACS-POL-019", held.get("expect"), _JUDGED, "result")
    params = reading.map(held.get("params"), "params")
    kind = KINDS[rule.kind]
    declared = {
        name: empty(hint) for name, hint in kind.fields("declared").items() if not may_be_absent(hint)
    }
    given = _facts(reading, held.get("self"), kind.fields("declared"), f"{rule.kind} has no field")
    site = _facts(reading, held.get("site"), KINDS["site"].fields("declared"), "Sites have no field")
    live = {
        tier: _facts(
            reading, held.get(tier), kind.fields(tier), f"What is {tier} of {rule.kind} has no field"
        )
        for tier in ("configured", "observed")
    }
    if not name or expect is None:
        return
    changed = dict(rule.params) | dict(params_of(rule, params, reading))
    nowhere = {name: empty(hint) for name, hint in KINDS["site"].fields("declared").items()}
    subject = Subject(
        rule.kind,
        name,
        declared | (given or {}),
        live["configured"],
        live["observed"],
        None if site is None else nowhere | site,
    )
    message = reading.string(held.get("message"), "message")
    yield Case(name, replace(rule, params=changed), subject, expect, message, held["name"].place)


def _facts(reading: Reading, node: Node | None, hints: Hints, unknown: str) -> dict[str, Any] | None:
    """The fields of a tier that a case gives; None where it says nothing of the tier."""
    if node is None:
        return None
    return dict(_fields(reading, node, hints, unknown))


def _fields(
    reading: Reading, node: Node, hints: Mapping[str, object], unknown: str
) -> Iterator[tuple[str, Any]]:
    for name, held in reading.map(node, "What a case gives").items():
        if name not in hints:
            summary = f'{unknown} "{name}"{nearest(name, hints)}'
            reading.wrong(
                "PACS-POL-019", held.key or held.place, summary, "", "Correct the name, or remove it."
            )
            continue
        try:
            yield name, _value(reading, held, hints[name])
        except ValueError:
            summary = f"{name} is {in_words(hints[name])}, and this is something else"
            reading.wrong("PACS-POL-019", held.named_at, summary)


def _value(reading: Reading, node: Node, hint: object) -> Any:
    """The value of a field.

    Raises: ValueError where it has another type.
    """
    of = member(hint)
    if of is not None:
        if not isinstance(node.value, list):
            raise ValueError("a list is needed")
        return [_value(reading, one, of) for one in node.value]
    kind = plain(hint)
    if is_typeddict(kind):
        if not isinstance(node.value, dict):
            raise ValueError("a map is needed")
        hints = fields_of(kind)
        given = dict(_fields(reading, node, hints, "There is no field"))
        return {name: empty(one) for name, one in hints.items() if not may_be_absent(one)} | given
    if not isinstance(node.value, str):
        raise ValueError("a single value is needed")
    if kind is str:
        return str(node.value)
    if isinstance(node.value, Quoted):
        raise ValueError("no text is needed")
    return flag(node.value) if kind is bool else integer(node.value)
