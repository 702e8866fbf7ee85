"""TLS alerts by their names (RFC 8446 section 6.2), as OpenSSL reports them."""

from __future__ import annotations

import re
import ssl

_ALERT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_ALERT_(\w+)")


def alert_of(error: ssl.SSLError) -> str:
    """The alert that the peer sent, such as `unknown_ca`; else what OpenSSL found, by its own name."""
    reason = getattr(error, "reason", None) or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{reason}: {error.verify_message}"
    found = _ALERT.fullmatch(reason)
    return found[1].lower() if found else reason or type(error).__name__


def is_end(error: ssl.SSLError) -> bool:
    """Whether the peer hung up, in order or not; before Python 3.11.4 OpenSSL's word for it came as it is."""
    if isinstance(error, ssl.SSLZeroReturnError | ssl.SSLEOFError):
        return True
    return getattr(error, "reason", None) == "UNEXPECTED_EOF_WHILE_READING"
