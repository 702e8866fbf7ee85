"""How a peer speaks TLS, and an association's way through it (PS3.15 annex B.12, BCP 195).

To look is not to trust: every version and cipher that this machine can still speak is offered, so that an old
device can be named for what it is. What is found is then judged: below TLS 1.2, or with a certificate that is not
trusted, expired or for another name, the step has failed. The association is asked for all the same
(decisions/0021).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakSet

from pacsconf.core.errors import PacsconfError
from pacsconf.dicom.alerts import alert_of, is_end
from pacsconf.dicom.names import is_address
from pacsconf.dicom.observation import Encryption, How
from pacsconf.dicom.tls.ciphers import unlike
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.upper_layer.stream import Plain
from pacsconf.dicom.wire import Identity

_VERSIONS = {
    "SSLv3": "SSL 3.0",
    "TLSv1": "TLS 1.0",
    "TLSv1.1": "TLS 1.1",
    "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3",
}
_FLOOR = ("TLS 1.2", "TLS 1.3")
"""The versions that may be spoken (PS3.15 annex B.12)."""

_HANDSHAKE, _ALERT = 0x16, 0x15
"""Record types that a TLS peer may begin with (RFC 8446 section 5.1)."""


@dataclass(frozen=True, slots=True)
class Secured:
    """A connection that is encrypted, how, and what is wrong with it though it works."""

    stream: Encrypted
    encryption: Encryption
    text: str
    fault: PeerFault | None = None


class Unsecured(PeerFault):
    """There is no encrypted connection; `encryption` is what was seen of it before it failed."""

    def __init__(self, text: str, how: How, *, alert: str = "", encryption: Encryption | None = None) -> None:
        super().__init__(text, how, alert=alert)
        self.encryption = encryption


_ASKED: WeakSet[ssl.SSLObject] = WeakSet()
"""The connections whose server asked for a client certificate."""
_MOST_UNREAD = 1 << 20
"""Bytes of TLS that may come with nothing in them: OpenSSL passes over hello requests and tickets without an end,
and who sends faster than we read would keep us past every deadline."""
_CERTIFICATE_REQUEST = 13
"""A type of handshake message (RFC 8446 section 4)."""


class Encrypted:
    """A stream through TLS over a plain one, which it closes."""

    def __init__(self, plain: Plain, context: ssl.SSLContext, host: str, *, shows: bool) -> None:
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=_server_name(host))
        self._begun = False
        self._unread = 0
        self._shows = shows

    def handshake(self, deadline: float) -> None:
        """Agree on keys.

        Raises: TimeoutError, OSError (ssl.SSLError among them), PeerFault when the peer speaks no TLS.
        """
        try:
            while not self._tried(self._tls.do_handshake):
                self._flush(deadline)
                self._feed(deadline)
        finally:
            self._flush(deadline)  # an alert of ours, or the last word of the handshake

    def send(self, data: bytes, deadline: float) -> None:
        self._tls.write(data)
        self._flush(deadline)

    def some(self, deadline: float) -> bytes:
        while True:
            try:
                data = self._tls.read(65536)
                self._unread = 0
                return data
            except ssl.SSLWantReadError:
                self._flush(deadline)
                self._feed(deadline)
            except ssl.SSLError as exc:
                if not is_end(exc):
                    raise
                return b""

    def close(self) -> None:
        self._plain.close()

    @property
    def asked(self) -> bool:
        """Whether the server asked for a client certificate."""
        return self._tls in _ASKED

    @property
    def wants_certificate(self) -> bool:
        """Whether it asked for a certificate, and none was shown."""
        return self.asked and not self._shows

    @property
    def hint(self) -> str:
        """What may be behind a refusal."""
        if not self.wants_certificate:
            return ""
        return "; it asked for a client certificate, and none was shown (probe_tls)"

    @property
    def version(self) -> str:
        return _VERSIONS.get(self._tls.version() or "", self._tls.version() or "")

    @property
    def cipher(self) -> str:
        found = self._tls.cipher()
        return found[0] if found else ""

    @property
    def certificate(self) -> bytes:
        """In DER; empty where it showed none."""
        return self._tls.getpeercert(binary_form=True) or b""

    def _tried(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except ssl.SSLWantReadError:
            return False
        return True

    def _feed(self, deadline: float) -> None:
        data = self._plain.some(deadline)
        if not self._begun and data and data[0] not in (_HANDSHAKE, _ALERT):
            text = "its answer to the TLS handshake is not TLS: it speaks plaintext at this port"
            raise Unsecured(text, "TLS", alert="WRONG_VERSION_NUMBER")
        self._begun = True
        self._unread += len(data)
        if self._unread > _MOST_UNREAD:
            raise Unsecured("it talks TLS without an end, and nothing is in it", "TLS", alert="no end")
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _flush(self, deadline: float) -> None:
        if self._outgoing.pending:
            self._plain.send(self._outgoing.read(), deadline)


def secured(
    dial: Callable[[], Plain],
    hosts: Sequence[str],
    declared: Sequence[str],
    identity: Identity,
    timeout: float,
) -> Secured:
    """A connection, encrypted, and judged.

    `dial` opens one; a second one is needed where the certificate is not trusted, since OpenSSL goes on only when
    it is told beforehand to trust anybody. `hosts` are the names that a certificate may be for, the first being
    told to the server. `declared` are the cipher suites that are declared.

    Raises: Unsecured, CalledOff.
    """
    try:
        stream = _handshaken(dial(), identity, hosts[0], timeout, trusting=False)
        return _judged(stream, "", hosts, declared)
    except ssl.SSLCertVerificationError as exc:
        untrusted = alert_of(exc)
    try:
        stream = looking(dial(), identity, hosts[0], timeout)
    except OSError as exc:
        text = f"its certificate is not trusted: {_bare(untrusted)}; and it takes no second connection"
        raise Unsecured(text, "TLS", alert=untrusted) from exc
    return _judged(stream, untrusted, hosts, declared)


def looking(plain: Plain, identity: Identity, host: str, timeout: float) -> Encrypted:
    """A connection that is encrypted, whoever answers: whom to trust was judged before. Raises: Unsecured."""
    return _handshaken(plain, identity, host, timeout, trusting=True)


def _handshaken(plain: Plain, identity: Identity, host: str, timeout: float, *, trusting: bool) -> Encrypted:
    """Raises: Unsecured, ssl.SSLCertVerificationError, CalledOff."""
    context = _context(identity, trusting=trusting)
    return offering(plain, context, host, timeout, shows=bool(identity.certificate))


def offering(plain: Plain, context: ssl.SSLContext, host: str, timeout: float, *, shows: bool) -> Encrypted:
    """A connection that is encrypted by what this context offers; `shows` a certificate of ours.

    Raises: Unsecured, CalledOff; ssl.SSLCertVerificationError where the context trusts few.
    """
    stream = Encrypted(plain, context, host, shows=shows)
    try:
        stream.handshake(time.monotonic() + timeout)
    except BaseException as exc:
        plain.close()
        if isinstance(exc, ssl.SSLCertVerificationError) or not isinstance(exc, OSError):
            raise
        raise _failed(stream, exc, timeout) from exc
    return stream


def _failed(stream: Encrypted, exc: OSError, timeout: float) -> Unsecured:
    seen = None
    if stream.wants_certificate:
        seen = Encryption(stream.version, stream.cipher, client_certificate=True)
    if isinstance(exc, TimeoutError):
        text = f"connected, but no answer to the TLS handshake within {timeout:g} s"
        return Unsecured(text, "silent", encryption=seen)
    if isinstance(exc, ssl.SSLError) and not is_end(exc):
        alert = alert_of(exc)
        return Unsecured(
            f"the TLS handshake failed: {alert}{stream.hint}", "TLS", alert=alert, encryption=seen
        )
    text = f"the peer closed the connection during the TLS handshake{stream.hint or _MAYBE_PLAIN}"
    return Unsecured(text, "TLS", alert="closed", encryption=seen)


_MAYBE_PLAIN = ": it may not speak TLS at this port"


def _judged(stream: Encrypted, untrusted: str, hosts: Sequence[str], declared: Sequence[str]) -> Secured:
    from pacsconf.dicom.tls.certificates import certificate, is_for

    seen = certificate(stream.certificate)
    if not untrusted and not any(is_for(seen.names, host) for host in hosts):
        names = ", ".join(seen.names[:5]) or f"no host, {seen.subject} alone"
        untrusted = f"hostname mismatch: it is for {names}, not for {hosts[0]}"
    encryption = Encryption(
        stream.version,
        stream.cipher,
        seen.subject,
        seen.issuer,
        seen.not_after,
        seen.days_left,
        seen.names,
        untrusted,
        client_certificate=None if stream.asked else False,
    )
    faults = tuple(_faults(encryption))
    return Secured(stream, encryption, _text(encryption, declared), faults[0] if faults else None)


def _faults(encryption: Encryption) -> Sequence[PeerFault]:
    """What is wrong with it, the worst first."""
    found = []
    if encryption.version not in _FLOOR:
        text = f"speaks {encryption.version} only; TLS 1.2 is the least (PS3.15 B.12)"
        found.append(PeerFault(text, "TLS", alert="protocol_version"))
    if encryption.untrusted:
        reason = _bare(encryption.untrusted)
        text = f"its certificate ({encryption.subject or 'without a name'}) is not trusted: {reason}"
        found.append(PeerFault(text, "TLS", alert=encryption.untrusted))
    return found


def _text(encryption: Encryption, declared: Sequence[str]) -> str:
    words = [f"{encryption.version}, {encryption.cipher}"]
    if encryption.days_left is not None:
        words.append(f"certificate valid for {encryption.days_left} days")
    if unlike(encryption.cipher, declared):
        words.append("a cipher suite that is not among the declared ones")
    return "; ".join(words)


def _bare(untrusted: str) -> str:
    return untrusted.removeprefix("CERTIFICATE_VERIFY_FAILED: ")


# --- contexts ----------------------------------------------------------------------------------------------------


def check(identity: Identity) -> None:
    """Raises: PacsconfError when one of the files cannot be used."""
    _context(identity, trusting=False)


@lru_cache(16)
def _context(identity: Identity, *, trusting: bool) -> ssl.SSLContext:
    """What we offer: everything that this machine can speak. Names are compared by us, for any of several."""
    context = unset("ALL:!aNULL:@SECLEVEL=0")
    if trusting:
        context.verify_mode = ssl.CERT_NONE
    elif identity.ca_file:
        _loaded(
            identity.ca_file, "authorities to trust", lambda: context.load_verify_locations(identity.ca_file)
        )
    else:
        context.load_default_certs()
    show(context, identity)
    return context


def unset(ciphers: str) -> ssl.SSLContext:
    """A context that offers these suites in every version, and does not yet say whom it trusts.

    Raises: ssl.SSLError when this machine can offer none of them.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers(ciphers)
    context._msg_callback = _noted  # type: ignore[attr-defined]  # nothing else tells what a server asks for
    return context


def show(context: ssl.SSLContext, identity: Identity) -> None:
    """Have a context show our certificate, where there is one. Raises: PacsconfError."""
    if identity.certificate:
        pair = identity.certificate, identity.key or None
        named = f"{identity.certificate}, {identity.key}" if identity.key else identity.certificate
        _loaded(
            named, "a certificate and its key", lambda: context.load_cert_chain(*pair, password=_no_password)
        )


def _noted(
    conn: ssl.SSLObject, direction: str, _version: int, _type: int, message: int, _data: bytes
) -> None:
    if direction == "read" and message == _CERTIFICATE_REQUEST:
        _ASKED.add(conn)


def _loaded(file: str, what: str, load: Callable[[], None]) -> None:
    try:
        load()
    except ssl.SSLError as exc:
        reason = (
            "the key is not the certificate's"
            if exc.reason == "KEY_VALUES_MISMATCH"
            else "not readable as PEM"
        )
        raise _unusable(file, what, reason) from exc
    except OSError as exc:
        raise _unusable(file, what, exc.strerror or "cannot be read") from exc
    except _Locked as exc:
        raise _unusable(file, what, "the key has a password; give one without") from exc


def _unusable(file: str, what: str, reason: str) -> PacsconfError:
    return PacsconfError(
        f"{file} cannot be used as {what} for TLS: {reason}",
        fix="Correct probe_tls in the inventory, or the file.",
    )


class _Locked(Exception):
    """A key wants a password."""


def _no_password() -> str:
    raise _Locked


def _server_name(host: str) -> str | None:
    """What a client may tell in TLS: a name, no address (RFC 6066 section 3)."""
    return None if is_address(host) or len(host) > 253 or ".." in host or host.startswith(".") else host
