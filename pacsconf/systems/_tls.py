"""Whom to trust over TLS, and why a certificate is not trusted, in words; for every client of a live system."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Protocol

from pacsconf.core.errors import Unavailable

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


class Trusting(Protocol):
    """What a system's configuration says about trust."""

    @property
    def name(self) -> str: ...
    @property
    def ca_file(self) -> str | None: ...
    @property
    def verify(self) -> bool: ...


def context(
    config: Trusting, noun: str, machines_own: Callable[[], ssl.SSLContext] = ssl.create_default_context
) -> ssl.SSLContext:
    """The authorities of `ca_file`, else those that the machine trusts; `noun` is what is reached ("directory").

    Raises: Unavailable when `ca_file` cannot be read.
    """
    try:
        made = ssl.create_default_context(cafile=config.ca_file) if config.ca_file else machines_own()
    except (OSError, ssl.SSLError) as exc:
        raise Unavailable(
            config.name,
            f"the certificate authorities in {config.ca_file} cannot be read, so the {noun} cannot be trusted",
            fix="ca_file names a PEM file with one or more CERTIFICATE blocks.",
        ) from exc
    if not config.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def nobodys() -> ssl.SSLContext:
    """What trusts nobody, so that nothing encrypted could be reached with it: for where no TLS is spoken.

    A machine's store takes longer to read than most answers.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def certificate_fault(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with the certificate."""
    return _FAULTS.get(error.verify_code, f"its certificate is not trusted: {error.verify_message}")
