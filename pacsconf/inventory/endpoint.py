"""One place on the network: scheme, host and port, compared exactly."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORTS = {"ldap": 389, "ldaps": 636, "http": 80, "https": 443}
EXAMPLE = "scheme://host:port, such as ldaps://ldap.example.org:636, with no user name and no password in it"


@dataclass(frozen=True, order=True, slots=True)
class Endpoint:
    """Where something listens; the case of scheme and host does not count (RFC 3986 section 3.2.2)."""

    scheme: str
    host: str
    port: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "scheme", self.scheme.lower())
        object.__setattr__(self, "host", self.host.lower().removeprefix("[").removesuffix("]"))

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """The endpoint of `url`; a path is dropped, a port that is not written is the scheme's own.

        Raises: ValueError saying what is missing; the URL is not repeated, since it may hold a password.
        """
        if not url.isprintable() or " " in url:
            raise ValueError("a URL holds no space and no control character")
        scheme, host, port = _parts(url) or ("", "", None)
        if not scheme or not host:
            raise ValueError(f"write {EXAMPLE}")
        port = DEFAULT_PORTS.get(scheme) if port is None else port
        if not port:
            raise ValueError(f"write the port, 1 to 65535: {EXAMPLE}")
        return cls(scheme, host, port)

    @property
    def is_loopback(self) -> bool:
        """Whether what is sent there stays on this machine, as far as the name tells."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def _parts(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port; None for no URL, or with a user name: urllib's messages repeat the text."""
    try:
        parts = urlsplit(url)
        return None if "@" in parts.netloc else (parts.scheme, parts.hostname, parts.port)
    except ValueError:
        return None
