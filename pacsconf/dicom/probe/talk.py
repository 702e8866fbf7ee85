"""What is asked of a target over its connection: contexts, an echo, queries that match nothing.

One association does for all where its contexts fit (128). A further one follows when they do not, and when the peer
ended the first over one of the questions: Orthanc accepts contexts whose operations it then refuses by an abort
(1.10.1, seen 2026-11). There are never two at a time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from pacsconf.dicom.observation import Fault, Negotiated, Step, StepName
from pacsconf.dicom.probe.attempt import Attempt, since
from pacsconf.dicom.probe.way import Way
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.acceptance import Acceptance, Contexts, context_id
from pacsconf.dicom.upper_layer.association import Association
from pacsconf.dicom.upper_layer.pdu import MOST_CONTEXTS
from pacsconf.dicom.upper_layer.peer_fault import PeerFault, context_result
from pacsconf.dicom.upper_layer.query import QUERIES, WORKLIST, WRITTEN, Query
from pacsconf.dicom.upper_layer.stream import Stream
from pacsconf.inventory import uids

Pair = tuple[str, str]
"""A SOP class and one transfer syntax: what is proposed as a context of its own."""

_VERIFY: Pair = (uids.VERIFICATION, uids.IMPLICIT_VR_LE)

_NEVER = 2
"""The result of what was never proposed, since no association was to be had for it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One question, and the step that its answer belongs to. Without a query it is a C-ECHO."""

    step: StepName
    sop_class: str
    query: Query | None = None

    @property
    def name(self) -> str:
        return "Verification" if self.query is None else uids.title(self.sop_class)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one; `passed` None: it could not be tried."""

    operation: Operation
    passed: bool | None
    text: str
    milliseconds: float = 0.0
    fault: Fault | None = None


def speak(attempt: Attempt, way: Way, stream: Stream) -> None:
    """Go as far as the target's level, over a connection that is open."""
    _Talk(attempt, way).hold(stream)


@dataclass
class _Talk:
    attempt: Attempt
    way: Way
    results: dict[Pair, int] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    negotiating: float = 0.0
    """Milliseconds."""

    def hold(self, stream: Stream) -> None:
        target = self.attempt.target
        first, *more = batches(target.contexts if target.level in ("contexts", "services") else ())
        left = self._first(stream, first)
        if left is None:
            return
        self._others(more)
        self._contexts()
        while left:
            left = self._once_more(left)
        self.attempt.steps += steps(self.outcomes)
        _as_another(self.attempt)

    def _first(self, stream: Stream, pairs: Sequence[Pair]) -> tuple[Operation, ...] | None:
        """The first association: what was not asked in it, or None where there was none."""
        began = time.monotonic()
        association = Association(stream, self.way.wire.timeout)
        try:
            with association:
                self._agreed(association, pairs)
                self.attempt.passed("association", "accepted", since(began))
                _through_tls(self.attempt, self.way)
                return self._asked(association, pairs, operations(self.attempt.target))
        except _Broken as broken:
            return broken.left
        except PeerFault as fault:
            _not_associated(self.attempt, self.way, fault, since(began))
            return None

    def _agreed(self, association: Association, pairs: Sequence[Pair]) -> Acceptance:
        target = self.attempt.target
        assert target.calling is not None, "somebody calls"
        began = time.monotonic()
        answer = association.request(target.calling, target.title, proposed(pairs))
        self.negotiating += since(began)
        self.results |= {pair: seen.result for pair, seen in zip(pairs, answer.results, strict=True)}
        self.attempt.software = answer.software
        return answer

    def _others(self, batched: Sequence[Sequence[Pair]]) -> None:
        """Further associations, for contexts that the first had no room for, one after the other."""
        for pairs in batched:
            try:
                with Association(self.way.again(), self.way.wire.timeout) as association:
                    self._agreed(association, pairs)
            except PeerFault as fault:
                text = f"{len(self.results)} contexts were negotiated, then: {fault}"
                self.attempt.failed("contexts", text, self.negotiating, fault.fault)
                return

    def _contexts(self) -> None:
        """What became of each that is declared."""
        declared = self.attempt.target.contexts
        if not declared or self.attempt.target.level not in ("contexts", "services"):
            return
        seen = tuple(
            Negotiated(uid, syntax, self.results.get((uid, syntax), _NEVER))
            for uid, syntaxes in declared
            for syntax in syntaxes
        )
        self.attempt.contexts = seen
        if any(step.name == "contexts" for step in self.attempt.steps):
            return
        refused = [one for one in seen if one.result != 0]
        text = f"{len(seen) - len(refused)} of {len(seen)} accepted"
        if not refused:
            self.attempt.passed("contexts", text, self.negotiating)
            return
        fault = Fault("context", (refused[0].result,))
        self.attempt.failed("contexts", f"{text}; not {_refused(refused)}", self.negotiating, fault)

    def _once_more(self, left: tuple[Operation, ...]) -> tuple[Operation, ...]:
        """One more association for the questions that are left: those that are left after it."""
        wanted = {one: pair for one in left if (pair := _pair(one, self.results)) is not None}
        self.outcomes += [_unwritten(one, self.results) for one in left if one not in wanted]
        if not wanted:
            return ()
        asked, pairs = tuple(wanted), tuple(wanted.values())
        try:
            with Association(self.way.again(), self.way.wire.timeout) as association:
                self._agreed(association, pairs)
                return self._asked(association, pairs, asked)
        except _Broken as broken:
            return broken.left
        except PeerFault as fault:
            self.outcomes.append(Outcome(asked[0], False, str(fault), 0.0, fault.fault))
            return ()

    def _asked(
        self, association: Association, pairs: Sequence[Pair], left: tuple[Operation, ...]
    ) -> tuple[Operation, ...]:
        """Ask one after the other. Raises: _Broken when the association is over before they are."""
        agreed = {
            pair: self.results[pair] for pair in pairs
        }  # an earlier association may have agreed on more
        for at, operation in enumerate(left):
            pair = _pair(operation, agreed)
            if pair is None:
                self.outcomes.append(_unwritten(operation, agreed))
                continue
            began = time.monotonic()
            try:
                _ask(association, operation, context_id(pairs.index(pair)), pair)
            except PeerFault as fault:
                self.outcomes.append(Outcome(operation, False, str(fault), since(began), fault.fault))
                if fault.how != "status":
                    raise _Broken(left[at + 1 :] if fault.how in ("aborted", "closed") else ()) from fault
            else:
                self.outcomes.append(Outcome(operation, True, "answered", since(began)))
        return ()


class _Broken(Exception):
    """The peer ended the association, or it is no use any more; `left` is what was not asked."""

    def __init__(self, left: tuple[Operation, ...]) -> None:
        super().__init__()
        self.left = left


def _ask(association: Association, operation: Operation, context: int, pair: Pair) -> None:
    if operation.query is None:
        association.echo(context)
    else:
        association.find(context, operation.sop_class, operation.query.identifier(pair[1]))


# --- what is proposed and asked -----------------------------------------------------------------------------------


def batches(declared: Contexts) -> list[tuple[Pair, ...]]:
    """What is proposed in each association: Verification and what is queried first, so that they are in one."""
    rest = [(uid, syntax) for uid, syntaxes in declared for syntax in syntaxes]
    rest.sort(key=lambda pair: pair[0] not in QUERIES)
    every = iter(dict.fromkeys((_VERIFY, *rest)))
    return list(iter(lambda: tuple(islice(every, MOST_CONTEXTS)), ()))


def proposed(pairs: Sequence[Pair]) -> Contexts:
    """Each a context of its own: so the answer says of each transfer syntax whether it is taken."""
    return tuple((uid, (syntax,)) for uid, syntax in pairs)


def operations(target: Target) -> tuple[Operation, ...]:
    """What is asked at the target's level, in order."""
    found = [Operation("echo", uids.VERIFICATION)]
    if target.level == "services":
        offered = {uid for uid, _ in target.contexts}
        for uid, query in QUERIES.items():
            if uid in offered:
                found.append(Operation("worklist" if uid == WORKLIST else "query", uid, query))
    return tuple(found)


def _pair(operation: Operation, results: Mapping[Pair, int]) -> Pair | None:
    """The accepted context to ask it in; None: there is none."""
    writable = ((operation.sop_class, syntax) for syntax in WRITTEN)
    return next((pair for pair in writable if results.get(pair) == 0), None)


def _unwritten(operation: Operation, results: Mapping[Pair, int]) -> Outcome:
    found = [result for (uid, _), result in results.items() if uid == operation.sop_class]
    if operation.query is None:
        result = found[0] if found else _NEVER
        text = f"accepted, but not for Verification: {context_result(result)}"
        return Outcome(operation, False, text, 0.0, Fault("context", (result,)))
    taken = any(result == 0 for result in found)
    reason = "not in a transfer syntax that is written here" if taken else "no context for it was accepted"
    return Outcome(operation, None, f"not asked: {reason}")


# --- what it comes to ---------------------------------------------------------------------------------------------


def steps(outcomes: Sequence[Outcome]) -> Iterator[Step]:
    """One step for each kind of question; where several belong to it, the worst counts."""
    for name in ("echo", "query", "worklist"):
        of_step = [one for one in outcomes if one.operation.step == name]
        if not of_step:
            continue
        spent = sum(one.milliseconds for one in of_step)
        worst = min(of_step, key=lambda one: (False, None, True).index(one.passed))
        several = len(of_step) > 1 and not worst.passed
        text = f"{worst.operation.name}: {worst.text}" if several else worst.text
        yield Step(worst.operation.step, worst.passed, text, spent, worst.fault)


def _refused(refused: Sequence[Negotiated], most: int = 3) -> str:
    """Those that were refused, by SOP class."""
    by_class: dict[str, list[Negotiated]] = {}
    for one in refused:
        by_class.setdefault(one.sop_class, []).append(one)
    words = [
        f"{uids.title(uid)} ({', '.join(uids.title(one.transfer_syntax) for one in several[:most])}: "
        f"{context_result(several[0].result)})"
        for uid, several in islice(by_class.items(), most)
    ]
    more = len(by_class) - len(words)
    return ", ".join(words) + (f" and {more} more SOP classes" if more else "")


def _through_tls(attempt: Attempt, way: Way) -> None:
    """It answered by DICOM, so TLS stands, and it does without a client certificate where none was shown.

    In TLS 1.3 a server refuses its client only after that one's handshake has ended.
    """
    seen = attempt.encryption
    if seen is not None and seen.client_certificate is None and not way.wire.tls.certificate:
        attempt.encryption = replace(seen, client_certificate=False)


def _not_associated(attempt: Attempt, way: Way, fault: PeerFault, milliseconds: float) -> None:
    seen = attempt.encryption
    if fault.how == "TLS" and seen is not None:
        if seen.client_certificate is None and not way.wire.tls.certificate:
            attempt.encryption = replace(seen, client_certificate=True)
        attempt.steps = [step for step in attempt.steps if step.name != "tls"]
        attempt.faulted("tls", fault, milliseconds)
        return
    if fault.how in ("rejected", "aborted"):
        _through_tls(attempt, way)
    if fault.how == "closed" and not attempt.target.tls:
        fault = _if_tls(way) or fault
    attempt.faulted("association", fault, milliseconds)
    if attempt.target.borrowed and fault.why in _STRANGE:
        attempt.conclude(
            "unknown", f"{fault}; {_borrowed(attempt)}, and may be known at that one's address alone"
        )


def _as_another(attempt: Attempt) -> None:
    """An answer that is refused to another's title shows nothing either: it may be allowed less than we are."""
    wrong = [step for step in attempt.steps if step.passed is False]
    if attempt.target.borrowed and wrong and all(step.fault and step.fault.how in _REFUSED for step in wrong):
        attempt.conclude("unknown", f"{wrong[0].text}; {_borrowed(attempt)}, and may not ask for that")


def _borrowed(attempt: Attempt) -> str:
    return f"but {attempt.target.calling} is the title of another"


def _if_tls(way: Way) -> PeerFault | None:
    """Whether who hung up on plaintext speaks TLS: many servers do not say so (OpenSSL 3.0 among them)."""
    from pacsconf.dicom.tls.tries import speaks_tls

    try:
        version = speaks_tls(way.plain(), way.target.host, way.wire.timeout)
    except OSError:
        return None
    if not version:
        return None
    text = f"the peer closed the connection after the association request: it speaks {version} at this port"
    return PeerFault(text, "not DICOM", alert="TLS expected")


_STRANGE = ((1, 1), (1, 3), (1, 7))
"""Rejections that a caller gets who calls from another address than is known of its title."""

_REFUSED = ("aborted", "status")
"""How those refuse a question who let its caller in: Orthanc by an abort."""
