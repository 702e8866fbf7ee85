"""What of the pairs differs between two inventories: which begin to work, which stop, which fare otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pacsconf.dicom.reach.answer import Outcome, Reach, Reason, key_of, names_of
from pacsconf.dicom.reach.census import Cell

Turn = Literal["begins", "better", "changes", "worse", "stops"]
_RANK: Mapping[str, int] = {"": 0, "idle": 0, "fails": 0, "unknown": 1, "partly": 1, "works": 2}


class Question(NamedTuple):
    """A caller, whom it calls (each by device and title) and for what."""

    caller: tuple[str, str]
    called: tuple[str, str]
    service: str


class State(NamedTuple):
    """How it fares: the flow, the outcome (empty: not declared), and what is wrong, by cause and in words.

    Of one among many the words are found only when they are shown: `cell` is where.
    """

    flow: str = ""
    outcome: Outcome | Literal[""] = ""
    causes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    cell: Cell | None = None

    def worded(self, question: Question) -> State:
        """The same with its words."""
        if self.cell is None:
            return self
        words = _states(self.cell.reach_of(question.caller, question.called), self.flow)[
            question.service
        ].words
        return self._replace(words=words)


NOTHING = State()


@dataclass(frozen=True, slots=True)
class Turned:
    """Pairs that turn in the same way, the first of them in full."""

    turn: Turn
    first: Question
    before: State
    after: State
    pairs: int


def states(cells: Iterable[Cell]) -> dict[Question, State]:
    """How every pair of these cells fares; where several flows let it, by the best."""
    found: dict[Question, State] = {}
    for cell in cells:
        alike = _states(cell.like, cell.flow.name)
        made = {name: state._replace(words=(), cell=cell) for name, state in alike.items()}
        pairs = [(key_of(caller), key_of(called)) for caller, called in cell.each()]
        for service, state in made.items():
            for caller, called in pairs:
                question = Question(caller, called, service)
                if _RANK[state.outcome] >= _RANK[found.get(question, NOTHING).outcome]:
                    found[question] = state
    return found


def states_of(result: Reach) -> dict[Question, State]:
    """How one pair fares; where no flow connects it, not at all."""
    if not result.flows:
        return {}
    ends = key_of(result.caller), key_of(result.called)
    flows = {service.name: service.flow for service in result.services}
    return {
        Question(*ends, name): state._replace(flow=flows[name]) for name, state in _states(result, "").items()
    }


def _states(result: Reach, flow: str) -> dict[str, State]:
    made = {}
    for service in result.services:
        several = [
            reason
            for reason in result.reasons
            if reason.service in ("", service.name) and (reason.breaks or reason.told)
        ]
        words = tuple(_said(reason, result) for reason in several)
        made[service.name] = State(flow, service.outcome, tuple(map(_cause, several)), words)
    return made


def _said(reason: Reason, result: Reach) -> str:
    return reason.said.format_map(names_of(reason, result.caller, result.called))


def _cause(reason: Reason) -> str:
    return f"{reason.cause} {' '.join(reason.uids)}"


def turned(before: Mapping[Question, State], after: Mapping[Question, State]) -> tuple[Turned, ...]:
    """What differs, what stops first; those alike together that call the same one, else of the same caller."""
    groups: dict[Hashable, list[Question]] = defaultdict(list)
    for question in sorted(before.keys() | after.keys()):
        there, here = after.get(question, NOTHING), before.get(question, NOTHING)
        turn = _turn(here, there)
        if turn:
            groups[turn, question.service, here[:3], there[:3]].append(question)
    found = [
        _turned(before.get(several[0], NOTHING), after.get(several[0], NOTHING), several)
        for alike in groups.values()
        for several in _with_one_end(alike)
    ]
    order: tuple[Turn, ...] = ("stops", "worse", "changes", "better", "begins")
    return tuple(sorted(found, key=lambda one: (order.index(one.turn), one.first)))


def _turned(here: State, there: State, several: Sequence[Question]) -> Turned:
    first = several[0]
    return Turned(
        _turn(here, there) or "changes", first, here.worded(first), there.worded(first), len(several)
    )


def _with_one_end(alike: Iterable[Question]) -> Iterator[list[Question]]:
    """Those that call the same one together; of the others, those of the same caller."""
    by_called: dict[Hashable, list[Question]] = defaultdict(list)
    for question in alike:
        by_called[question.called].append(question)
    by_caller: dict[Hashable, list[Question]] = defaultdict(list)
    for several in by_called.values():
        if len(several) > 1:
            yield several
        else:
            by_caller[several[0].caller].extend(several)
    yield from by_caller.values()


def _turn(before: State, after: State) -> Turn | None:
    was, will = _RANK[before.outcome], _RANK[after.outcome]
    if was == will:
        known = {before.outcome, after.outcome} - {"", "idle"}
        return "changes" if before.causes != after.causes and known and was else None
    if not was:
        return "begins"
    if not will:
        return "stops"
    return "better" if will > was else "worse"
