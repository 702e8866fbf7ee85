"""All rules of one kind, judged on its resources.

One list expression of all rules is evaluated for each resource, which is several times as quick as one rule after
the other (measured). An error of one rule is an error of the list, so that rules which had one are taken out of it:
a rule is then *shaky* on resources of which the same evidence is there, and judged by itself on these from then on.
Which rules are shaky is seen, not guessed. One thing is known before: a condition that always looks at a field that
is absent has no answer, and only the rule's `when` is judged.

A rule may come from a stranger's pull request. One evaluation has an end (see `bounds`), and that may be many
seconds away: a loop that matches by a pattern of many states. A rule that takes too long once is not judged again.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Any

from cel_expr_python import cel

from pacsconf.policy.engine.environment import running
from pacsconf.policy.engine.outcome import Outcome
from pacsconf.policy.engine.program import FAIL, HOLDERS_OF_EVIDENCE, LIVE, UNKNOWN, Fields, Program
from pacsconf.policy.engine.wanted import Wanted
from pacsconf.policy.engine.wording import MEMORY, SLOW_RULE, TIME, broken, unknown
from pacsconf.policy.results import code_of
from pacsconf.policy.rule import Rule, Tier
from pacsconf.policy.scan import looks
from pacsconf.policy.subject import Subject

ERROR = code_of("error")

LIST = 40_000
"""Characters of one list expression; CEL takes 100,000 (measured)."""
SLOW = 2.0
"""Seconds of computing that one rule may take for one resource: the starter pack's take some microseconds."""
MOST = 120.0
"""Seconds of computing for all rules of a kind on all resources: ten thousand devices take some."""

Presence = tuple[bool, ...]
"""Of which fields of evidence that rules look at there is a value."""


@dataclass(slots=True)
class _Group:
    """Resources of which the same evidence is there."""

    number: int
    absent: Fields
    tiers: tuple[Tier, ...]
    lists: Sequence[cel.Expression] = ()
    alone: tuple[int, ...] = ()
    """Rules that are judged one by one."""
    version: int = -1


@dataclass
class Judge:
    """The rules of a kind."""

    kind: str
    rules: Sequence[Rule]
    programs: Sequence[Program] = field(init=False)
    _groups: dict[Presence, _Group] = field(default_factory=dict)
    _shaky: set[tuple[int, tuple[bool, ...]]] = field(default_factory=set)
    _lists: dict[tuple[str, ...], Sequence[cel.Expression]] = field(default_factory=dict)
    _unknowns: dict[tuple[object, ...], str] = field(default_factory=dict)
    _slow: set[int] = field(default_factory=set)
    """Rules that took too long once."""
    _slow_words: set[int] = field(default_factory=set)
    """Rules whose messages did."""
    _end: float = 0.0
    """When the time of all is over."""
    _of_words: dict[int, Wanted] = field(default_factory=dict)
    """By rule, what its message looks at."""
    _longest: int = LIST
    _version: int = 0

    def __post_init__(self) -> None:
        self.programs = [Program(rule) for rule in self.rules]
        self.env = running(self.kind)
        self.wanted = Wanted.of(self.kind, [one.looks for one in self.programs])
        self.fields = sorted(
            {
                (holder, name)
                for one in self.programs
                for holder, names in one.evidence.items()
                for name in names
            }
        )

    def judged(self, rows: Sequence[Subject]) -> Outcome:
        """What the rules come to on these resources."""
        table = bytearray()
        groups = array("I")
        messages: list[dict[int, str]] = [{} for _ in self.rules]
        self._end = thread_time() + MOST
        for position, subject in enumerate(rows):
            group = self._group(subject)
            groups.append(group.number)
            row, said = self._row(subject, group)
            table += row
            for rule, text in said.items():
                messages[rule][position] = text
        states = tuple(bytes(table[number :: len(self.rules)]) for number in range(len(self.rules)))
        tiers = tuple(group.tiers for group in self._groups.values())
        return Outcome(states, tuple(messages), groups, tiers)

    def words(self, number: int, subject: Subject) -> str:
        """What is wrong with a resource, as one of the rules says it."""
        wanted = self._of_words.get(number)
        if wanted is None:
            wanted = Wanted.of(self.kind, [looks(self.rules[number].message)])
            self._of_words[number] = wanted
        return self._message(number, self.env.Activation(wanted.of_subject(subject)))

    # --- groups ---------------------------------------------------------------------------------------------

    def _group(self, subject: Subject) -> _Group:
        held = {
            "self": subject.declared,
            "configured": subject.configured or {},
            "observed": subject.observed or {},
        }
        presence = tuple(held[holder].get(name) is not None for holder, name in self.fields)
        group = self._groups.get(presence)
        if group is None:
            gone = [field for field, there in zip(self.fields, presence, strict=True) if not there]
            absent = {
                holder: frozenset(name for of, name in gone if of == holder) for holder in HOLDERS_OF_EVIDENCE
            }
            tiers = tuple(_stands_on(program, absent) for program in self.programs)
            group = self._groups[presence] = _Group(len(self._groups), absent, tiers)
        if group.version != self._version:
            self._arrange(group)
        return group

    def _arrange(self, group: _Group) -> None:
        """Which rules are judged in the list, and which by themselves, from now on."""
        texts: list[str] = []
        alone: list[int] = []
        for number, program in enumerate(self.programs):
            if number in self._slow:
                texts.append(str(ERROR))
                alone.append(number)
            elif _waits(program, group):
                texts.append(program.waiting)
            elif (number, self._own(program, group)) in self._shaky:
                texts.append(str(UNKNOWN))
                alone.append(number)
            else:
                texts.append(program.whole)
        group.version = self._version
        group.alone = tuple(alone)
        key = (str(self._longest), *texts)
        if key not in self._lists:
            parts = _parts(texts, self._longest)
            self._lists[key] = [self.env.compile(f"[{', '.join(part)}]") for part in parts]
        group.lists = self._lists[key]

    def _own(self, program: Program, group: _Group) -> tuple[bool, ...]:
        """Of which fields that a rule itself looks at there is no value."""
        return tuple(
            name in group.absent[holder]
            for holder in HOLDERS_OF_EVIDENCE
            for name in sorted(program.evidence[holder])
        )

    # --- one resource ---------------------------------------------------------------------------------------

    def _row(self, subject: Subject, group: _Group) -> tuple[bytearray, dict[int, str]]:
        """A byte for each rule, and words for those that are neither passed nor not applicable."""
        data = self.wanted.of_subject(subject)
        said: dict[int, str] = {}
        activation = self.env.Activation(data)
        begun = thread_time()
        row = _codes(group.lists, activation, self._end)
        if row is None or thread_time() - begun > SLOW:
            row = self._one_by_one(subject, group, activation, said)
        for number in group.alone:
            row[number] = self._alone(number, subject, group, activation, said)
        if len(said) < len(row) and (FAIL in row or UNKNOWN in row):
            for number, code in enumerate(row):
                if code == FAIL:
                    said[number] = self._message(number, activation)
                elif code == UNKNOWN and number not in said:
                    said[number] = self._unknown(number, group, subject)
        return row, said

    def _one_by_one(
        self, subject: Subject, group: _Group, activation: cel.Activation, said: dict[int, str]
    ) -> bytearray:
        """The same where the list has no answer; rules that have none are shaky from now on."""
        row = bytearray(len(self.programs))
        known = len(self._shaky)
        for number, program in enumerate(self.programs):
            row[number] = self._alone(number, subject, group, activation, said)
            if number in said and number not in group.alone:
                self._shaky.add((number, self._own(program, group)))
        if len(self._shaky) == known:  # each has an answer: together they go through more than one may
            self._longest //= 2
        self._version += 1
        return row

    def _alone(
        self, number: int, subject: Subject, group: _Group, activation: cel.Activation, said: dict[int, str]
    ) -> int:
        """What one rule comes to by itself."""
        program = self.programs[number]
        asked = program.waiting_alone if _waits(program, group) else program.alone
        begun = thread_time()
        if begun > self._end:
            said[number] = TIME
            return ERROR
        code, error = (None, "") if number in self._slow else _evaluated(asked, activation)
        if thread_time() - begun > SLOW:
            self._slow.add(number)
            self._version += 1
        if number in self._slow:
            said[number] = SLOW_RULE
            return ERROR
        if isinstance(code, int):
            return code
        missing = absent_field(error, program, group.absent)
        if missing:
            said[number] = self._unknown(number, group, subject, missing)
            return UNKNOWN
        said[number] = broken(error)
        return ERROR

    def _unknown(self, number: int, group: _Group, subject: Subject, missing: str = "") -> str:
        """Which evidence is missing. Thousands of resources lack the same: one text serves them all."""
        nothing = subject.configured is None, subject.observed is None
        key = (number, group.number, missing, subject.blind, *nothing)
        text = self._unknowns.get(key)
        if text is None:
            text = self._unknowns[key] = unknown(self.programs[number], group.absent, subject, missing)
        return text

    def _message(self, number: int, activation: cel.Activation) -> str:
        """What is wrong with a resource, in the words of its rule; its title where these cannot be made."""
        program = self.programs[number]
        if program.message is None or number in self._slow_words:
            return program.rule.title
        begun = thread_time()
        text, _ = _evaluated(program.message, activation)
        if thread_time() - begun > SLOW:
            self._slow_words.add(number)
        return text if isinstance(text, str) and text else program.rule.title


def _codes(lists: Sequence[cel.Expression], activation: cel.Activation, end: float) -> bytearray | None:
    """What the rules in the lists come to; None where one of them has no answer, or all together go too far."""
    row = bytearray()
    for one in lists:
        if thread_time() > end:
            return None
        try:
            value = one.eval(activation)
        except (RuntimeError, MemoryError):  # the budget of iterations; texts that grow in a loop
            return None
        if value.type() == cel.Type.ERROR:
            return None
        codes: Any = value.plain_value()
        row += bytes(codes)
    return row


def _evaluated(expression: cel.Expression, activation: cel.Activation) -> tuple[Any, str]:
    """The value of an expression; where it has none, what CEL says."""
    try:
        value = expression.eval(activation)
    except RuntimeError as exc:  # the budget of iterations
        return None, str(exc)
    except MemoryError:
        return None, MEMORY
    if value.type() == cel.Type.ERROR:
        return None, str(value.value())
    return value.plain_value(), f"no matching overload: it came to {value.type().name()}"


def absent_field(error: str, program: Program, absent: Fields) -> str:
    """The field of evidence that is not there, as rules write it; empty where something else is wrong."""
    before, _, after = error.partition('Key not found in map : "')
    if not after or "NOT_FOUND" not in before:
        return ""
    name = after.rstrip('"')
    return next(
        (
            f"{holder}.{name}"
            for holder in (*LIVE, "self")
            if name in program.evidence[holder] & absent[holder]
        ),
        "",
    )


def _waits(program: Program, group: _Group) -> bool:
    """Whether the condition of a rule always looks at something that is not there."""
    asked, absent = program.in_condition, group.absent
    return program.condition_is_strict and any(
        asked[holder] & absent[holder] for holder in HOLDERS_OF_EVIDENCE
    )


def _stands_on(program: Program, absent: Fields) -> Tier:
    """The strongest evidence of a rule of which something is there."""
    for tier in reversed(LIVE):
        if program.evidence[tier] - absent[tier]:
            return tier
    return "declared"


def _parts(texts: Sequence[str], longest: int) -> Iterator[list[str]]:
    """Expressions in rows that CEL takes in one list."""
    part: list[str] = []
    size = 0
    for text in texts:
        if part and size + len(text) > longest:
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text) + 2
    yield part
