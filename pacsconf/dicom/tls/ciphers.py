"""Cipher suites by the names that OpenSSL gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SPELLED = (
    ("-WITH-", "-"),
    ("3DES-EDE-CBC", "DES-CBC3"),
    ("CHACHA20-POLY1305-SHA256", "CHACHA20-POLY1305"),
    ("-CCM-8", "-CCM8"),
    ("ECDHE-RSA-ARIA", "ECDHE-ARIA"),
    ("ECDH-anon", "AECDH"),
    ("DH-anon", "ADH"),
)
_PLAIN_RSA = re.compile(r"^RSA-")
_BITS = re.compile(r"(AES|CAMELLIA|ARIA)-(128|256)")


def openssl_name(suite: str) -> str:
    """What OpenSSL calls the cipher suite of this standard name; those of TLS 1.3 have the same in both.

    `openssl ciphers -stdname` prints both.
    """
    if "_WITH_" not in suite:
        return suite
    name = suite.removeprefix("TLS_").replace("_", "-")
    for standard, spelled in _SPELLED:
        name = name.replace(standard, spelled)
    name = _BITS.sub(r"\1\2", name)
    name = re.sub(r"(AES\d+|CAMELLIA\d+)-CBC-", r"\1-", name)
    return _PLAIN_RSA.sub("", name)


def unlike(cipher: str, declared: Iterable[str]) -> bool:
    """Whether the cipher, by OpenSSL's name, is none of the suites that are declared."""
    return cipher not in {openssl_name(suite) for suite in declared}
