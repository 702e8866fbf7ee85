"""Causes on the wire: where a call to the called side stopped, and what that means.

pacsconf calls under its own title. What is refused to that title says nothing of the caller's, unless the caller
is pacsconf itself; and a call under the caller's title (`--impersonate`) comes from another address than its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.dicom.diagnose.cause import (
    AGREES,
    CONFIGURED,
    OBSERVED,
    POSSIBLE,
    WRONG,
    Cause,
    Layer,
    Proof,
    Way,
)
from pacsconf.dicom.diagnose.evidence import End, Evidence
from pacsconf.dicom.observation import Fault, Observation, Step, StepName
from pacsconf.dicom.refusals.refusal import Refusal
from pacsconf.dicom.refusals.table import translated

_LAYERS: dict[StepName, Layer] = {
    "name": "name",
    "tcp": "tcp",
    "tls": "tls",
    "association": "association",
    "contexts": "contexts",
    "echo": "echo",
    "query": "service",
    "worklist": "worklist",
}
_ASKED: dict[StepName, str] = {"echo": "C-ECHO", "query": "C-FIND", "worklist": "C-FIND"}
_KEYS: dict[str, str] = {
    "no such name": "name-unknown",
    "no name server": "no-name-server",
    "refused": "port-closed",
    "no connection in time": "no-answer",
    "no way there": "no-way",
    "closed": "hung-up",
    "silent": "silent",
    "not DICOM": "not-dicom",
    "aborted": "aborted",
    "context": "context-refused",
    "status": "status",
}
_REJECTED = {
    (1, 1): "refused-without-reason",
    (1, 3): "caller-unknown",
    (1, 7): "called-title-unknown",
    (3, 1): "busy",
    (3, 2): "no-association-free",
}
_BY_TITLE = frozenset({"refused-without-reason", "caller-unknown", "called-title-unknown"})
"""What may be because of the title that calls."""
_TLS = {
    "certificate expired": "certificate-expired",
    "unknown certificate authority": "certificate-untrusted",
    "hostname mismatch": "certificate-of-another",
    "client certificate required": "client-certificate-demanded",
    "bad certificate": "client-certificate-refused",
    "the answer is no TLS": "tls-not-spoken",
    "closed during the handshake": "tls-not-spoken",
    "protocol version": "tls-version",
    "handshake failure": "tls-cipher",
}
_ONE_SIDED = frozenset({"hung-up", "not-dicom", "silent"})
"""How a port that wants TLS may answer a plain call."""


def causes(evidence: Evidence) -> Iterator[Cause]:
    """Where the calls stopped: under pacsconf's own title, to further nodes, and under the caller's."""
    if evidence.wire is not None:
        yield from _own_call(evidence, evidence.wire)
    for seen in evidence.further:
        yield from _node(seen)
    if evidence.impersonated is not None:
        yield from _as_caller(evidence, evidence.impersonated)


def layer_of(name: StepName) -> Layer:
    """The layer that a step of a probe belongs to."""
    return _LAYERS.get(name, "association")


def _failed(seen: Observation) -> Step | None:
    return next((step for step in seen.steps if step.passed is False), None)


def _own_call(evidence: Evidence, seen: Observation) -> Iterator[Cause]:
    step = _failed(seen)
    if seen.target.standby:
        yield from _node(seen)
        return
    if seen.verdict == "asleep" and step is not None:
        yield _asleep(evidence, seen, step)
        return
    for each in seen.steps:
        if each.passed is False and each.name != "contexts":  # contexts are a matter of their own
            yield _stopped(evidence, seen, each)
    yield from _certificate(evidence, seen)


def _asleep(evidence: Evidence, seen: Observation, step: Step) -> Cause:
    called = evidence.called
    return Cause(
        "asleep",
        "tcp",
        OBSERVED,
        f"{called.title} does not answer, and need not now: it is expected {_expected(called)}.",
        (_seen(seen, step), Proof("inventory says", f"expected: {called.expected}", called.place)),
        (),
        (Way("switch it on, or wait until it is"),),
        place=called.place,
    )


def _expected(end: End) -> str:
    return "now and then" if end.expected == "intermittent" else f"at {end.expected}"


def _seen(seen: Observation, step: Step) -> Proof:
    target = seen.target
    says = f"{target.host}:{target.port}"
    return Proof("the wire says", f"{step.text}", says if says not in step.text else "")


def _stopped(evidence: Evidence, seen: Observation, step: Step) -> Cause:
    fault = step.fault or Fault("otherwise")
    refusal = translated(fault, _ASKED.get(step.name, ""))
    key = key_of(fault, refusal)
    called = evidence.called
    score, details = _weight(evidence, step, key)
    if key in _ONE_SIDED and step.name == "association":
        details += (_one_sided(called, seen),)
    place = called.address_place if layer_of(step.name) in ("name", "tcp", "tls") else called.place
    return Cause(
        key,
        layer_of(step.name),
        score,
        _sentence(evidence, key, refusal),
        (_seen(seen, step), *_where(called)),
        (*details, *_limit(called, key)),
        _ways(refusal, place),
        place=place,
        refusal=refusal,
    )


def _where(called: End) -> tuple[Proof, ...]:
    if not called.declared:
        return ()
    words = f"{called.title} at {called.at}{', TLS' if called.tls else ''}"
    return (Proof("inventory says", words, called.address_place),)


def key_of(fault: Fault, refusal: Refusal) -> str:
    """What a fault is called, the same for every peer."""
    if fault.how == "rejected":
        return _REJECTED.get((*fault.numbers[1:3],), "rejected")  # type: ignore[arg-type]
    if fault.alert == "TLS expected":
        return "tls-expected"
    if fault.how == "TLS":
        name = refusal.standard.removeprefix("TLS: ").partition(" (")[0]
        return _TLS.get(name, "tls-failed")
    return _KEYS.get(fault.how, "otherwise")


def _weight(evidence: Evidence, step: Step, key: str) -> tuple[int, tuple[str, ...]]:
    """How much it says of the pair, since it was pacsconf that called."""
    own = evidence.probed_as
    if own == evidence.caller.title or layer_of(step.name) in ("name", "tcp", "tls"):
        return OBSERVED, ()
    if key in _BY_TITLE and not evidence.prober_may:
        words = f"It was {own} that called (pacsconf's own title), which no flow lets call it"
        if key == "called-title-unknown":
            return WRONG + 5, (f"{words}; DCMTK's archive answers so to callers that it does not know.",)
        return POSSIBLE, (f"{words}: of {evidence.caller.title} that says nothing.",)
    if key in _BY_TITLE and key != "called-title-unknown":
        return WRONG + 5, (f"It was {own} that called (pacsconf's own title), and a flow lets it.",)
    if step.name in ("query", "worklist") and key in ("aborted", "context-refused", "status"):
        return WRONG, (
            f"It was {own} that asked (pacsconf's own title): {evidence.caller.title} may fare better.",
        )
    return OBSERVED, ()


def _one_sided(called: End, seen: Observation) -> str:
    if seen.target.tls:
        return (
            "The inventory says TLS; if it takes plain calls alone, take TLS out there, or switch it on here."
        )
    return f"The inventory says no TLS for {called.title}: if its port wants TLS, that is why."


def _limit(called: End, key: str) -> tuple[str, ...]:
    if key not in ("no-association-free", "busy", "silent") or called.max_associations is None:
        return ()
    return (f"The inventory says that it takes {called.max_associations} association(s) at once.",)


def _sentence(evidence: Evidence, key: str, refusal: Refusal) -> str:
    called = evidence.called
    where = f"{called.title} at {called.at}" if called.at else called.title
    match key:
        case "name-unknown":
            return f"The name {called.host} does not exist."
        case "port-closed":
            return f"Nothing listens at {called.at}: {called.title} is not running, or listens elsewhere."
        case "called-title-unknown":
            return f"Whoever answers at {called.at} does not answer to the title {called.title}."
        case "tls-expected":
            return f"{where} takes encrypted calls alone (TLS), and the inventory says none."
        case "tls-not-spoken":
            return f"{where} does not speak TLS at this port, and the inventory says that it does."
        case "certificate-expired":
            return f"The certificate of {where} has expired."
        case "caller-unknown":
            return f"{where} does not know {evidence.probed_as}, the title that called."
        case _:
            return f"{where}: {refusal.words}."


def _ways(refusal: Refusal, place: str) -> tuple[Way, ...]:
    compare = (Way(f"compare it with {place}"),) if place else ()
    return (Way(f"{refusal.action} Whose turn it is: {refusal.who}."), *compare)


def _certificate(evidence: Evidence, seen: Observation) -> Iterator[Cause]:
    """A certificate that a server still shows, and that nobody should take."""
    found = seen.encryption
    if found is None or found.days_left is None:
        return
    called = evidence.called
    failed = _failed(seen)
    if found.days_left < 0 and (failed is None or failed.name != "tls"):
        yield Cause(
            "certificate-expired",
            "tls",
            OBSERVED,
            f"The certificate of {called.title} at {called.at} expired {-found.days_left} days ago.",
            (Proof("the wire says", f"valid until {found.not_after}", found.subject),),
            (),
            (Way("issue a new certificate and install it there"),),
            place=called.address_place,
        )


def _node(seen: Observation) -> Iterator[Cause]:
    """What further members behind the same title do."""
    target = seen.target
    if seen.verdict != "failing":
        return
    step = _failed(seen)
    where = f"{target.node or target.connection} ({target.host}:{target.port})"
    if target.standby:
        yield Cause(
            "standby-answers",
            "association",
            OBSERVED,
            f"The standby {where} of {target.title} answers: two nodes may be active at once.",
            (Proof("the wire says", seen.reason or "it answers", where),),
            (),
            (Way("stop the standby, or declare it as an active node"),),
        )
    elif step is not None:
        yield Cause(
            "node-fails",
            layer_of(step.name),
            WRONG + 5,
            f"The member {where} of {target.title} fails: {step.text}.",
            (_seen(seen, step),),
            ("Calls that reach this member fail, and those to others work.",),
            (Way("repair this member, or take it out"),),
        )


def _as_caller(evidence: Evidence, seen: Observation) -> Iterator[Cause]:
    """A call under the caller's own title, made from this machine: a refusal is a hint, and no proof."""
    step = _failed(seen)
    if step is None or step.name in ("name", "tcp", "tls", "contexts"):
        return
    fault = step.fault or Fault("otherwise")
    refusal = translated(fault, _ASKED.get(step.name, ""))
    if fault.how == "rejected" and key_of(fault, refusal) not in _BY_TITLE:
        return
    same = evidence.failed is not None and evidence.failed.name == step.name
    yield Cause(
        "caller-refused",
        layer_of(step.name),
        CONFIGURED - (AGREES if same else 0),
        f"A call under the title {evidence.caller.title} is refused: {refusal.words}.",
        (Proof(f"as {evidence.caller.title}", step.text, "from this machine"),),
        (
            "It came from this machine and not from the caller's own address, so it is a hint and no proof.",
            *((f"{evidence.probed_as} is refused in the same way.",) if same else ()),
        ),
        _ways(refusal, evidence.caller.place),
        place=evidence.caller.place,
        refusal=refusal,
    )
