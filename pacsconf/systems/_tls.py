"""Why a server's certificate is not trusted, in words; for every client of a live system."""

from __future__ import annotations

import ssl

_FAULTS = {
    9: "its certificate is not valid yet; is this machine's clock right?",
    10: "its certificate has expired",
    18: "its certificate is self-signed, and nobody here vouches for it",
    19: "its certificate comes from an authority that is not known here",
    20: "its certificate comes from an authority that is not known here",
    62: "its certificate is for another host name",
    64: "its certificate is for another address",
}
"""OpenSSL's verification results (X509_V_ERR_...), in words."""


def certificate_fault(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with the certificate."""
    return _FAULTS.get(error.verify_code, f"its certificate is not trusted: {error.verify_message}")
