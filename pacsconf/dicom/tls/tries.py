"""What is tried of TLS beyond one handshake: what a server does afterwards, without a certificate, or instead."""

from __future__ import annotations

import ssl
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from pacsconf.dicom.alerts import alert_of
from pacsconf.dicom.tls.handshake import Encrypted, Unsecured, looking, offering, show, unset
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.upper_layer.stream import Plain
from pacsconf.dicom.wire import Identity

_LINGER = 0.3
"""Seconds that a refusal is waited for where nothing is asked that would be answered."""


def speaks_tls(plain: Plain, host: str, timeout: float) -> str:
    """The version of TLS that a peer speaks over this connection, which is closed; empty where it speaks none."""
    try:
        stream = looking(plain, Identity(), host, timeout)
    except Unsecured as fault:  # an alert is TLS as well; what else came is not
        spoken = fault.how == "TLS" and fault.fault.alert not in ("closed", "WRONG_VERSION_NUMBER")
        return "TLS" if spoken else ""
    stream.close()
    return stream.version


def late_refusal(stream: Encrypted, timeout: float) -> PeerFault | None:
    """How a server refuses its client where it does so after that one's handshake, as in TLS 1.3.

    Looked for before anything is sent: what a server has not read when it hangs up makes its system send a reset,
    which may overtake the alert (seen with DCMTK 3.6.7).
    """
    try:
        if stream.some(time.monotonic() + min(timeout, _LINGER)):
            return None
    except ssl.SSLError as exc:
        alert = alert_of(exc)
        return PeerFault(f"the peer ended TLS after the handshake: {alert}{stream.hint}", "TLS", alert=alert)
    except TimeoutError:
        return None
    except Unsecured as fault:
        return fault
    except OSError as exc:
        text = f"the peer broke the connection after the TLS handshake ({exc.strerror}){stream.hint}"
        return PeerFault(text, "TLS", alert="closed")
    return PeerFault(f"the peer hung up after the TLS handshake{stream.hint}", "TLS", alert="closed")


def demands_certificate(plain: Plain, identity: Identity, host: str, timeout: float) -> bool | None:
    """Whether a server that asks for a client certificate refuses who shows none; None: that did not show.

    `plain` is closed.
    """
    try:
        stream = looking(plain, replace(identity, certificate="", key=""), host, timeout)
    except Unsecured as fault:
        return True if fault.encryption is not None and fault.encryption.client_certificate else None
    late = late_refusal(stream, timeout)
    stream.close()
    return late is not None


# --- what it should not take --------------------------------------------------------------------------------------

Dial = Callable[[], Plain]
"""Opens a connection. Raises: OSError, CalledOff."""

_OLD = (("TLS 1.1", ssl.TLSVersion.TLSv1_1), ("TLS 1.0", ssl.TLSVersion.TLSv1))
_WEAK: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("eNULL", lambda cipher: "NULL" in cipher),
    ("aNULL", lambda cipher: cipher.startswith(("ADH", "AECDH"))),
    ("EXPORT", lambda cipher: cipher.startswith("EXP")),
    ("RC4", lambda cipher: "RC4" in cipher),
    ("3DES", lambda cipher: "CBC3" in cipher),
    ("DES", lambda cipher: "DES" in cipher),
    ("kRSA", lambda cipher: True),
)
"""Kinds of suites that nobody should take (PS3.15 annexes B.12 and B.13, RFC 9325), by OpenSSL's words, and which
suite is of one. The last is RSA for the exchange of keys: who learns the server's key reads what was recorded."""


def old_versions(dial: Dial, identity: Identity, host: str, timeout: float) -> tuple[str, ...] | None:
    """The versions below TLS 1.2 that a server takes, by one handshake each; None: that could not be found out."""
    try:
        return tuple(
            name for name, version in _OLD if _taken(dial, _old(identity, version), identity, host, timeout)
        )
    except (OSError, ssl.SSLError):
        return None


def weak_suites(dial: Dial, identity: Identity, host: str, timeout: float) -> tuple[str, ...] | None:
    """A suite of each weak kind that a server takes, by OpenSSL's name; None: that could not be found out.

    All that this machine can offer go into one handshake; where one is taken the other kinds go into a further one.
    """
    try:
        return tuple(sorted(_weak(dial, identity, host, timeout)))
    except (OSError, ssl.SSLError):
        return None


def _weak(dial: Dial, identity: Identity, host: str, timeout: float) -> Iterator[str]:
    kinds = dict(_WEAK)
    while kinds:
        context = _suites(identity, tuple(kinds))
        cipher = _taken(dial, context, identity, host, timeout) if context else ""
        if not cipher:
            return
        yield cipher
        kind = next((name for name, is_one in kinds.items() if is_one(cipher)), "")
        kinds.pop(kind, None)


def _taken(dial: Dial, context: ssl.SSLContext, identity: Identity, host: str, timeout: float) -> str:
    """The suite that a server takes of those offered, or a word that it took one; empty where it takes none.

    Raises: OSError when it cannot be called, or says nothing.
    """
    try:
        stream = offering(dial(), context, host, timeout, shows=bool(identity.certificate))
    except Unsecured as fault:
        if fault.how == "silent":
            raise TimeoutError(str(fault)) from fault
        # It asked for a certificate, so that it had agreed on the rest before.
        return "taken" if fault.encryption is not None and fault.encryption.client_certificate else ""
    stream.close()
    return stream.cipher or "taken"


@lru_cache(32)
def _old(identity: Identity, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = unset("ALL:!aNULL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # that these versions are old is why they are asked for
        context.minimum_version = context.maximum_version = version
    return _trusting(context, identity)


@lru_cache(64)
def _suites(identity: Identity, kinds: tuple[str, ...]) -> ssl.SSLContext | None:
    """A context that offers suites of these kinds alone; None where this machine has none of them."""
    others = [kind for kind, _ in _WEAK if kind not in kinds]
    try:
        context = unset(":".join((*kinds, *(f"!{kind}" for kind in others), "@SECLEVEL=0")))
    except ssl.SSLError:
        return None
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # the suites of TLS 1.3 are others, and none is weak
    return _trusting(context, identity)


def _trusting(context: ssl.SSLContext, identity: Identity) -> ssl.SSLContext:
    context.verify_mode = ssl.CERT_NONE
    show(context, identity)
    return context
