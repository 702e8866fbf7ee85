"""The way to one target: where it is dialled, over which connection, encrypted or not."""

from __future__ import annotations

import errno
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pacsconf.dicom.names import Names, NotFound, is_address
from pacsconf.dicom.observation import Fault, How, Verdict
from pacsconf.dicom.probe.attempt import Attempt, since
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.upper_layer.stream import Plain, Stop, Stream, connect
from pacsconf.dicom.wire import Wire
from pacsconf.inventory.formats import ANYWHERE, NOWHERE

NOBODY = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.ECONNRESET)
"""How a connection fails when the other side is not there; anything else is our own side's trouble."""

_NO_WAY = (errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH)


class NowhereToCall(Exception):
    """There is nobody to call."""

    def __init__(self, verdict: Verdict, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


def dialled(target: Target, dial: Mapping[str, str]) -> tuple[str, int]:
    """Where to call: what `dial` says for the declared address, else the target's own.

    Raises: NowhereToCall.
    """
    instead = dial.get(target.declared, dial.get(ANYWHERE))
    if instead is None:
        return target.host, target.port
    if instead == NOWHERE:
        raise NowhereToCall("not probed", "not called: in this environment nothing leads to this address")
    host, _, port = instead.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise NowhereToCall("unknown", f'the dial map says "{instead}", which is not host:port')
    return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True)
class Way:
    """How to get to a target again, once its name was looked up."""

    target: Target
    wire: Wire
    addresses: tuple[str, ...]
    port: int
    stop: Stop | None = None

    def plain(self) -> Plain:
        """A further connection. Raises: OSError, CalledOff."""
        return connect(self.addresses, self.port, self.wire.timeout, self.stop)

    def again(self) -> Stream:
        """A further connection, encrypted where the first was; its certificate was judged then.

        Raises: PeerFault, CalledOff.
        """
        try:
            plain = self.plain()
        except OSError as exc:
            raise not_reached(exc, self.port, self.wire.timeout) from exc
        if not self.target.tls:
            return plain
        from pacsconf.dicom.tls.handshake import looking

        return looking(plain, self.wire.tls, self.target.host, self.wire.timeout)


def way_to(attempt: Attempt, wire: Wire, names: Names, stop: Stop | None) -> Way | None:
    """The way there, or None after saying why there is none."""
    try:
        host, port = dialled(attempt.target, wire.dial)
    except NowhereToCall as exc:
        attempt.conclude(exc.verdict, str(exc))
        return None
    if is_address(host):
        return Way(attempt.target, wire, (host,), port, stop)
    began = time.monotonic()
    try:
        addresses = names.addresses(host, wire.timeout)
    except NotFound as exc:
        text = f'the name "{host}" {exc}'
        attempt.failed("name", text, since(began), Fault(exc.how))
        if exc.how == "no name server":
            attempt.conclude("unknown", text)
        return None
    attempt.passed("name", ", ".join(addresses[:8]), since(began))
    return Way(attempt.target, wire, addresses, port, stop)


def connected(attempt: Attempt, way: Way) -> Plain | None:
    """An open connection, or None after saying why there is none."""
    began = time.monotonic()
    try:
        plain = way.plain()
    except OSError as exc:
        _not_connected(attempt, exc, way, since(began))
        return None
    attempt.passed("tcp", "connected", since(began))
    return plain


def _not_connected(attempt: Attempt, exc: OSError, way: Way, milliseconds: float) -> None:
    fault = not_reached(exc, way.port, way.wire.timeout)
    if not isinstance(exc, TimeoutError) and exc.errno not in NOBODY:
        text = f"this machine could not call: {exc.strerror}"
        attempt.failed("tcp", text, milliseconds, fault.fault)
        attempt.conclude("unknown", text)
    elif attempt.target.standby:
        attempt.passed("tcp", "silent, as a standby must be", milliseconds)
    else:
        attempt.faulted("tcp", fault, milliseconds)
        if attempt.target.may_sleep:
            attempt.conclude("asleep", str(fault))


def not_reached(exc: OSError, port: int, timeout: float) -> PeerFault:
    """Why a connection could not be opened."""
    numbers = (exc.errno,) if exc.errno else ()
    if exc.errno == errno.ECONNREFUSED:
        return PeerFault(f"connection refused: nothing listens at port {port}", "refused", numbers)
    if isinstance(exc, TimeoutError):
        text = f"no answer within {timeout:g} s: off, not in the network, or behind a firewall that drops"
        return PeerFault(text, "no connection in time", numbers)
    how: How = "no way there" if exc.errno in _NO_WAY else "otherwise"
    return PeerFault(f"not reachable: {exc.strerror}", how, numbers)


def encrypted(attempt: Attempt, way: Way, plain: Plain) -> Stream | None:
    """The connection through TLS, or None after saying why it cannot be. `plain` is closed in that case."""
    from pacsconf.dicom.tls.handshake import Unsecured, secured
    from pacsconf.dicom.tls.tries import late_refusal

    opened = [plain]
    target = attempt.target
    began = time.monotonic()
    hosts = tuple(dict.fromkeys((target.host, target.declared.rpartition(":")[0].strip("[]"))))
    try:
        seen = secured(
            lambda: opened.pop() if opened else way.plain(),
            hosts,
            target.ciphers,
            way.wire.tls,
            way.wire.timeout,
        )
    except Unsecured as fault:
        attempt.encryption = fault.encryption
        attempt.faulted("tls", fault, since(began))
        return None
    attempt.encryption = seen.encryption
    wants = seen.stream.wants_certificate
    if wants or target.calling is None:
        late = late_refusal(seen.stream, way.wire.timeout)
        if late is not None:
            attempt.encryption = replace(seen.encryption, client_certificate=wants or None)
            attempt.faulted("tls", late, since(began))
            seen.stream.close()
            return None
    if seen.fault:
        attempt.faulted("tls", seen.fault, since(began))
    else:
        attempt.passed("tls", seen.text, since(began))
    return seen.stream
