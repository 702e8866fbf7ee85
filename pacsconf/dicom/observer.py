"""The observer: asks declared AEs whether they are there, as gently as their `probe` level says.

`tcp` connects and hangs up; `echo` connects once, associates, sends one C-ECHO and releases. At most one
association is open per device, since some scanners take only one.
"""

from __future__ import annotations

import errno
import logging
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import groupby

from pacsconf.dicom.association import Association, PeerFault, proposal
from pacsconf.dicom.observation import Observation, Step, StepName, Verdict
from pacsconf.dicom.targets import Target
from pacsconf.dicom.wire import Wire
from pacsconf.inventory.formats import ANYWHERE, NOWHERE

logger = logging.getLogger(__name__)

NOBODY = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.ECONNRESET)
"""How a connection fails when the other side is not there; anything else is our own side's trouble."""


def observe(
    targets: Sequence[Target], wire: Wire, executor: Executor | None = None, workers: int = 8
) -> Iterator[Observation]:
    """Probe the targets, `workers` devices at a time, and yield what each said as it becomes known.

    Devices that call the same address through `dial` (a practice lab) are still asked independently. Every
    step has `timeout` seconds (connecting: for each address of a name), except looking a name up, which takes
    as long as the system's resolver does.
    """
    in_order = sorted(targets, key=_by_device)
    groups = [tuple(group) for _, group in groupby(in_order, key=lambda target: target.device)]
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="probe")
    try:
        jobs = [pool.submit(_in_turn, group, wire) for group in groups]
        for job in as_completed(jobs):
            yield from job.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _by_device(target: Target) -> tuple[str, str, str, str]:
    return target.device, target.title, target.connection, target.node or ""


def _in_turn(group: Sequence[Target], wire: Wire) -> tuple[Observation, ...]:
    return tuple(probe(target, wire) for target in group)


def probe(target: Target, wire: Wire) -> Observation:
    """What this target says. Nothing is sent when its level is none."""
    timeout = wire.timeout
    if target.level == "none":
        return Observation(target, "not probed", reason=target.why)
    try:
        host, port = _dialled(target, wire.dial)
    except _Nowhere as exc:
        return Observation(target, exc.verdict, reason=str(exc))
    attempt = _Attempt(target)
    sock = _connect(attempt, host, port, timeout)
    if sock is not None:
        _speak(attempt, sock, timeout)
    logger.debug("%s of %s at %s:%d: %s", target.title, target.device, host, port, attempt.verdict)
    return Observation(target, attempt.verdict, tuple(attempt.steps), attempt.reason)


class _Nowhere(Exception):
    """There is nobody to call."""

    def __init__(self, verdict: Verdict, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


def _dialled(target: Target, dial: Mapping[str, str]) -> tuple[str, int]:
    """Where to call: what `dial` says for the declared address, else the target's own."""
    instead = dial.get(target.declared, dial.get(ANYWHERE))
    if instead is None:
        return target.host, target.port
    if instead == NOWHERE:
        raise _Nowhere("not probed", "not called: in this environment nothing leads to this address")
    host, _, port = instead.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise _Nowhere("unknown", f'the dial map says "{instead}", which is not host:port')
    return host.strip("[]"), int(port)


@dataclass
class _Attempt:
    """A probe under way."""

    target: Target
    steps: list[Step] = field(default_factory=list)
    verdict: Verdict = "healthy"
    reason: str = ""

    def passed(self, name: StepName, text: str, since: float) -> None:
        self.steps.append(Step(name, True, text, _milliseconds(since)))

    def failed(self, name: StepName, text: str, since: float, verdict: Verdict = "failing") -> None:
        self.steps.append(Step(name, False, text, _milliseconds(since)))
        self.verdict, self.reason = verdict, text

    def conclude(self, verdict: Verdict, reason: str) -> None:
        self.verdict, self.reason = verdict, reason


def _milliseconds(since: float) -> float:
    return (time.monotonic() - since) * 1000


def _connect(attempt: _Attempt, host: str, port: int, timeout: float) -> socket.socket | None:
    """An open connection, or None after saying why there is none."""
    since = time.monotonic()
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as exc:  # the latter: a label that no name can have
        unknown = isinstance(exc, socket.gaierror) and exc.errno == socket.EAI_AGAIN
        text = "no name server answers" if unknown else "does not exist"
        attempt.failed("name", f'the name "{host}": {text}', since, "unknown" if unknown else "failing")
        return None
    addresses = dict.fromkeys(str(address[0]) for *_, address in found)
    if host not in addresses:
        attempt.passed("name", ", ".join(addresses), since)
    since = time.monotonic()
    try:
        sock = socket.create_connection((host, port), timeout)
    except OSError as exc:
        _not_connected(attempt, exc, port, timeout, since)
        return None
    attempt.passed("tcp", "connected", since)
    return sock


def _not_connected(attempt: _Attempt, exc: OSError, port: int, timeout: float, since: float) -> None:
    timed_out = isinstance(exc, TimeoutError)
    if not timed_out and exc.errno not in NOBODY:
        attempt.failed("tcp", f"this machine could not call: {exc.strerror}", since, "unknown")
        return
    if attempt.target.standby:
        attempt.passed("tcp", "silent, as a standby must be", since)
    else:
        verdict: Verdict = "asleep" if attempt.target.may_sleep else "failing"
        attempt.failed("tcp", not_reached(exc, port, timeout), since, verdict)


def not_reached(exc: OSError, port: int, timeout: float) -> str:
    """Why a connection could not be opened, in words."""
    if exc.errno == errno.ECONNREFUSED:
        return f"connection refused: nothing listens at port {port}"
    if isinstance(exc, TimeoutError):
        return f"no answer within {timeout:g} s: off, not in the network, or behind a firewall that drops"
    return f"not reachable: {exc.strerror}"


def _speak(attempt: _Attempt, sock: socket.socket, timeout: float) -> None:
    """Go as far as the target's level, over a connection that is open."""
    target = attempt.target
    if target.standby:
        attempt.conclude("failing", "a standby answers: two nodes may be active at once")
    elif target.level == "echo" and target.tls:
        attempt.conclude("unknown", "connected, but TLS is not probed in this version")
    elif target.level == "echo" and target.calling is None:
        attempt.conclude("unknown", "connected, but no device is named to call as (probe_as)")
    elif target.level == "echo" and target.calling is not None:
        _verify(attempt, Association(sock, timeout), proposal(target.calling, target.title))
        return
    sock.close()


def _verify(attempt: _Attempt, association: Association, request: bytes) -> None:
    name: StepName = "association"
    since = time.monotonic()
    try:
        with association:
            association.request(request)
            attempt.passed(name, "accepted", since)
            name, since = "echo", time.monotonic()
            association.echo()
            attempt.passed(name, "answered", since)
    except PeerFault as fault:
        attempt.failed(name, str(fault), since)
