"""What a peer's certificate says, and whether it is for the host that was called (RFC 9525)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from cryptography import x509
from cryptography.x509.oid import NameOID

from pacsconf.dicom.names import is_address

_MOST_NAMES = 100
_UNREAD = "names of a kind that is not read here"
_LONGEST = 256
"""Characters that are kept of a name in a certificate."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Dates are ISO 8601; `days_left` is negative once it has expired. `names` are what it is for (SAN)."""

    subject: str = ""
    issuer: str = ""
    not_after: str = ""
    days_left: int | None = None
    names: tuple[str, ...] = ()


def certificate(der: bytes, now: datetime | None = None) -> Certificate:
    """What a certificate says of itself; empty where it cannot be read."""
    try:
        parsed = x509.load_der_x509_certificate(der)
        not_after = parsed.not_valid_after_utc
        left = not_after - (now or datetime.now(UTC))
        return Certificate(
            _shown(parsed.subject),
            _shown(parsed.issuer),
            not_after.date().isoformat(),
            left.days,
            tuple(islice(_names(parsed), _MOST_NAMES)),
        )
    except (ValueError, OverflowError, x509.InvalidVersion):
        return Certificate()


def _names(parsed: x509.Certificate) -> Iterable[str]:
    try:
        found = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        return ()
    except x509.UnsupportedGeneralNameType:
        return (_UNREAD,)
    named = (name.value for name in found if isinstance(name, x509.DNSName | x509.IPAddress))
    return (_printable(str(name)) for name in named)


def _shown(name: x509.Name) -> str:
    """The common name, or the whole where there is none."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return _printable(str(common[0].value) if common else name.rfc4514_string())


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text[:_LONGEST])


def is_for(names: Iterable[str], host: str) -> bool:
    """Whether one of these names is the host's; `*` stands for its first label (RFC 9525 section 6.3)."""
    wanted = _plain(host)
    return any(_matches(_plain(name), wanted) for name in names)


def _matches(name: str, host: str) -> bool:
    if name == host:
        return True
    first, _, rest = host.partition(".")
    return name.startswith("*.") and bool(first) and "." in rest and not is_address(host) and name[2:] == rest


def _plain(name: str) -> str:
    return str(ipaddress.ip_address(name)) if is_address(name) else name.lower().rstrip(".")
