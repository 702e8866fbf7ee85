"""What is tried of TLS beyond one handshake: what a server does afterwards, without a certificate, or instead."""

from __future__ import annotations

import ssl
import time
from dataclasses import replace

from pacsconf.dicom.alerts import alert_of
from pacsconf.dicom.tls.handshake import Encrypted, Unsecured, looking
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
