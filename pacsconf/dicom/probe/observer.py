"""The observer: asks declared AEs what they are and do, as gently as their `probe` level says.

`tcp` connects and hangs up; `echo` connects once, through TLS where that is declared, associates, sends one C-ECHO
and releases. `contexts` proposes in the same association every SOP class and transfer syntax that is declared, and
`services` queries there for what nothing can match. At most one association is open per device, since some scanners
take only one. An HL7 application is sent one message instead.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from pacsconf.dicom.names import Names
from pacsconf.dicom.observation import Doors, Observation
from pacsconf.dicom.probe.attempt import Attempt
from pacsconf.dicom.probe.way import Way, connected, encrypted, way_to
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.proposals import ready
from pacsconf.dicom.upper_layer.stream import Plain, Stop, Stream
from pacsconf.dicom.wire import Wire

logger = logging.getLogger(__name__)


def observe(
    targets: Sequence[Target],
    wire: Wire,
    executor: Executor | None = None,
    at_once: int = 64,
    per_host: int = 4,
    stop: threading.Event | None = None,
) -> Iterator[Observation]:
    """Probe the targets, `at_once` devices at a time and `per_host` of one host, and yield what each said at once.

    What counts as one host is where it is called (`dial`): a practice lab plays them all. Every step has
    `timeout` seconds (connecting: for each address of a name). When the caller leaves early, whatever is under way
    is called off, and so it is when another thread sets `stop`; an executor that was handed in finishes what it has
    begun.

    Raises: PacsconfError when the files for TLS cannot be used, and a target needs them; CalledOff by `stop`.
    """
    from pacsconf.dicom.probe.sweep import sweep

    if any(target.tls and target.level not in ("none", "tcp") for target in targets):
        from pacsconf.dicom.tls.handshake import check

        check(wire.tls)
    yield from sweep(targets, look, wire, executor, at_once, per_host, stop)


def look(group: Sequence[Target], wire: Wire, stop: Stop | None = None) -> tuple[Observation, ...]:
    """Probe the targets of one device, one after the other."""
    names = Names(stop)
    return tuple(probe(target, wire, stop, names) for target in group)


def probe(target: Target, wire: Wire, stop: Stop | None = None, names: Names | None = None) -> Observation:
    """What this target says. Nothing is sent when its level is none.

    Raises: CalledOff when `stop` is set; PacsconfError when it needs files for TLS that cannot be used.
    """
    attempt = Attempt(target)
    if target.level == "none":
        attempt.conclude("not probed", target.why)
    else:
        _call(attempt, wire, stop, names or Names(stop))
    seen = attempt.observation()
    logger.debug("%s of %s at %s: %s", target.title, target.device, target.declared, seen.verdict)
    return seen


def _call(attempt: Attempt, wire: Wire, stop: Stop | None, names: Names) -> None:
    if attempt.target.level != "tcp" and not attempt.target.speaks_hl7:
        ready()
    way = way_to(attempt, wire, names, stop)
    plain = connected(attempt, way) if way else None
    if way is None or plain is None:
        return
    if attempt.target.standby:
        attempt.conclude("failing", "a standby answers: two nodes may be active at once")
        plain.close()
    elif attempt.target.level == "tcp":
        plain.close()
    else:
        _talk(attempt, way, plain)
        if attempt.target.negatives and attempt.encryption is not None and not attempt.target.speaks_hl7:
            _try_less_tls(attempt, way)


def _talk(attempt: Attempt, way: Way, plain: Plain) -> None:
    stream: Stream | None = encrypted(attempt, way, plain) if attempt.target.tls else plain
    if stream is None:
        return
    if attempt.target.calling is None:
        attempt.conclude("unknown", "connected, but no device is named to call as (probe_as)")
        stream.close()
        return
    if attempt.target.speaks_hl7:
        from pacsconf.dicom.probe.mllp import ask

        ask(attempt, way, stream)
        return
    from pacsconf.dicom.probe.talk import speak

    speak(attempt, way, stream)
    if attempt.target.negatives:
        _try_strangers(attempt, way)


def _try_strangers(attempt: Attempt, way: Way) -> None:
    """Whom it lets in, where it speaks DICOM at all."""
    answered = [step for step in attempt.steps if step.name == "association"]
    known = any(step.passed for step in answered)
    if not known and not any(step.fault and step.fault.how == "rejected" for step in answered):
        return
    from pacsconf.dicom.probe.strangers import must_refuse, tried

    target = attempt.target
    assert target.calling is not None, "an association was asked for"
    met = tried(way.again, target.title, target.calling, way.wire.timeout, known=known, level=target.level)
    attempt.doors = met.doors
    fine = all(step.passed is not False for step in attempt.steps)
    if fine and met.doors.unknown_calling == "open" and must_refuse(target.accepts):
        attempt.conclude("failing", "it takes callers of unknown title, and is declared not to (accepts)")
    if attempt.encryption is not None and attempt.encryption.client_certificate is None:
        _try_without_certificate(attempt, way)


def _try_without_certificate(attempt: Attempt, way: Way) -> None:
    """Whether it demands the certificate that it asked for, and was shown."""
    from pacsconf.dicom.tls.tries import demands_certificate

    assert attempt.encryption is not None, "it was asked for one"
    try:
        plain = way.plain()
    except OSError:
        return
    demanded = demands_certificate(plain, way.wire.tls, way.target.host, way.wire.timeout)
    attempt.encryption = replace(attempt.encryption, client_certificate=demanded)


def _try_less_tls(attempt: Attempt, way: Way) -> None:
    """Whether it can be talked out of TLS, or into a bad one."""
    from pacsconf.dicom.probe.strangers import without_tls
    from pacsconf.dicom.tls.tries import old_versions, weak_suites

    calling, wire, host = attempt.target.calling, way.wire, way.target.host
    if calling is None:
        return
    attempt.doors = replace(
        attempt.doors or Doors(),
        plain=without_tls(way.plain, attempt.target.title, calling, wire.timeout),
        old_tls=old_versions(way.plain, wire.tls, host, wire.timeout),
        weak_ciphers=weak_suites(way.plain, wire.tls, host, wire.timeout),
    )
