"""The way to each declared system: its name, a connection, and its certificate, read without trusting it.

Every wait is bounded. Nothing is sent beyond the TLS handshake.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli.doctor_machine import Check
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import SystemConfig
from pacsconf.operator.needs import endpoint_of

if TYPE_CHECKING:
    from cryptography import x509

WITH_TLS = frozenset({"ldaps", "https"})
SOON = timedelta(days=30)
"""A certificate that ends within this time is for a person to renew: an in-house authority takes its weeks."""

Lookup = Callable[[str], tuple[str, ...]]


def network_checks(
    systems: Iterable[SystemConfig], root: Path, now: datetime, timeout: float
) -> Iterator[Check]:
    """Each host's name, then each system's port and certificate. A relative `ca_file` starts at `root`."""
    placed = [(config, endpoint) for config in systems if (endpoint := endpoint_of(config))]
    names = resolved(dict.fromkeys(endpoint.host for _, endpoint in placed), timeout)
    yield from (_name_check(host, answer, timeout) for host, answer in names.items() if not _is_address(host))
    for config, endpoint in placed:
        answer = names[endpoint.host]
        if isinstance(answer, tuple):
            yield Visit(config, endpoint, answer, root, now, timeout).check()


# --- names --------------------------------------------------------------------------------------------------


def lookup(host: str) -> tuple[str, ...]:
    """The addresses of a host, each once, in the resolver's order. Waits as long as the resolver likes."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolved(
    hosts: Iterable[str], timeout: float, lookup: Lookup = lookup
) -> Mapping[str, tuple[str, ...] | str | None]:
    """By host: its addresses, why there are none, or None when no answer came within `timeout` seconds for all.

    A lookup cannot be called off, so each has a thread of its own that is left behind when it takes too long.
    """
    answers: queue.SimpleQueue[tuple[str, tuple[str, ...] | str]] = queue.SimpleQueue()

    def ask(host: str) -> None:
        try:
            answers.put((host, lookup(host)))
        except socket.gaierror as exc:
            answers.put((host, exc.strerror or "no such name"))
        except (OSError, UnicodeError):
            answers.put((host, "no name that can be looked up"))

    found: dict[str, tuple[str, ...] | str | None] = dict.fromkeys(hosts)
    for host in found:
        threading.Thread(target=ask, args=(host,), daemon=True).start()
    deadline = time.monotonic() + timeout
    try:
        for _ in tuple(found):
            host, answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
            found[host] = answer
    except queue.Empty:
        pass
    return found


def _name_check(host: str, answer: tuple[str, ...] | str | None, timeout: float) -> Check:
    fix = f"Check the name in the inventory, and this machine's name server: getent hosts {host}"
    if answer is None:
        return Check(f"name {host}", False, f"no answer from the name server within {timeout:g} s", fix)
    if isinstance(answer, str):
        return Check(f"name {host}", False, answer, fix)
    return Check(f"name {host}", True, ", ".join(answer))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


# --- connections ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at one system: where it is, and the addresses found for its name. `timeout` is in seconds."""

    config: SystemConfig
    endpoint: Endpoint
    addresses: Sequence[str]
    root: Path
    now: datetime
    timeout: float

    def check(self) -> Check:
        """Whether the port answers and, where it speaks TLS from the start, what its certificate is worth."""
        try:
            with self._connected() as connection:
                if self.endpoint.scheme not in WITH_TLS:
                    return self._found(True, "answers")
                certificate = read_certificate(connection, self.endpoint.host)
        except ssl.SSLError as exc:
            return self._found(False, f"answers, but not with TLS: {exc.reason or 'no handshake'}", _TLS)
        except TimeoutError:
            return self._found(False, f"no answer within {self.timeout:g} s", _PORT)
        except OSError as exc:
            return self._found(False, exc.strerror or "the connection was closed", _PORT)
        except ValueError:
            return self._found(False, "its certificate cannot be read", _TLS)
        return self._judged(certificate)

    def _judged(self, certificate: Certificate) -> Check:
        """The most serious thing about a certificate, or how long it is good for."""
        by = f"issued by {certificate.issuer}"
        for fault, fix in certificate.faults(self.endpoint.host, self.now):
            return self._found(False, f"{fault}, {by}", fix)
        if getattr(self.config, "verify", True) is False:
            return self._found(None, f"its certificate is not checked (verify: false), {by}", _VERIFY)
        doubt = self._doubt()
        if doubt:
            return self._found(False, f"its certificate is not trusted here: {doubt}, {by}", _TRUST)
        left = certificate.ends - self.now
        if left < SOON:
            return self._found(False, f"its certificate ends in {_days(left)}, {by}", _RENEW)
        return self._found(True, f"its certificate is valid for {_days(left)}, {by}")

    def _doubt(self) -> str:
        """Why a connection that checks the certificate fails; empty when it does not."""
        ca_file = getattr(self.config, "ca_file", None)
        try:
            context = ssl.create_default_context(cafile=str(self.root / ca_file) if ca_file else None)
        except OSError as exc:
            return f"{ca_file} cannot be used ({exc.strerror or 'no PEM certificate in it'})"
        try:
            with (
                self._connected() as connection,
                context.wrap_socket(connection, server_hostname=self.endpoint.host),
            ):
                return ""
        except ssl.SSLCertVerificationError as exc:
            return exc.verify_message
        except OSError as exc:
            return exc.strerror or "the handshake failed"

    def _connected(self) -> socket.socket:
        """A connection to the first of at most three addresses that takes one.

        Raises: OSError of the last.
        """
        *others, last = self.addresses[:3]
        for address in others:
            with suppress(OSError):
                return socket.create_connection((address, self.endpoint.port), self.timeout)
        return socket.create_connection((last, self.endpoint.port), self.timeout)

    def _found(self, ok: bool | None, text: str, fix: str = "") -> Check:
        return Check(f"{self.config.name} {self.endpoint}", ok, text, fix)


_PORT = (
    "Check host and port in the inventory, that the service runs, and the firewall between here and there."
)
_TLS = "Check that this port speaks TLS from the start, in version 1.2 or newer."
_RENEW = "Have it renewed by whoever runs that server: connections fail once it has ended."
_NAME = "Use a name that it is for in the inventory's url, or have one issued for the name in use."
_VERIFY = "Whoever sits on the way could read the password: name the authority in ca_file, leave verify out."
_TRUST = "Save your authority's certificate as PEM and name it in the system's ca_file."


def _days(span: timedelta) -> str:
    return "1 day" if span.days == 1 else f"{span.days} days"


# --- certificates -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server showed, not yet believed."""

    issuer: str
    begins: datetime
    ends: datetime
    names: tuple[str, ...]
    """DNS names and IP addresses it was issued for (RFC 5280 section 4.2.1.6)."""

    def faults(self, host: str, now: datetime) -> Iterator[tuple[str, str]]:
        """What is wrong with it for this host at this time, each with what to do; trust is another question."""
        if now >= self.ends:
            yield f"its certificate ended on {self.ends:%d %b %Y}", _RENEW
        if now < self.begins:
            yield f"its certificate begins on {self.begins:%d %b %Y}", "Check the clocks of both machines."
        if not self.is_for(host):
            yield f"its certificate is for {', '.join(self.names[:5]) or 'no name'}, not for {host}", _NAME

    def is_for(self, host: str) -> bool:
        """Whether it was issued for this host; `*` stands for one first label (RFC 6125 section 6.4.3)."""
        wanted = host.lower().rstrip(".")
        wildcard = "*." + wanted.partition(".")[2]
        return wanted in self.names or (wildcard in self.names and not _is_address(wanted))


def read_certificate(connection: socket.socket, host: str) -> Certificate:
    """The certificate that the server at the other end shows. The connection is used up.

    Raises: OSError (ssl.SSLError) without a handshake, ValueError when it is malformed.
    """
    from cryptography import x509

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # read, not trusted: nothing is sent over this connection
    with context.wrap_socket(connection, server_hostname=host) as tls:
        shown = tls.getpeercert(binary_form=True)
    leaf = x509.load_der_x509_certificate(shown or b"")
    issuer = _printable(leaf.issuer.rfc4514_string())
    return Certificate(issuer, leaf.not_valid_before_utc, leaf.not_valid_after_utc, _names(leaf))


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = [name.lower() for name in found.get_values_for_type(x509.DNSName)]
    return tuple(map(_printable, [*dns, *map(str, found.get_values_for_type(x509.IPAddress))]))


def _printable(text: str) -> str:
    """Text from a stranger, fit for a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text[:200])
