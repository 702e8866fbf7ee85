"""Whom to trust over TLS, and why a service could not be reached or was not trusted."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.systems import _tls
from pacsconf.systems._http.service import Service


def context(service: Service) -> ssl.SSLContext:
    """The authorities of `ca_file`, else those that the machine trusts (its own store, by truststore).

    For a service that is asked without TLS these are none.

    Raises: Unavailable when `ca_file` cannot be read.
    """
    own = _machines_own if Endpoint.parse(service.url).scheme == "https" else _tls.nobodys
    return _tls.context(service, "server", own)


def _machines_own() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context(trust_env=False)


def unreachable(service: Service, endpoint: Endpoint, error: Exception) -> Unavailable:
    """Why no connection came about."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unavailable(
                service.name,
                f"{endpoint} is not trusted: {_tls.certificate_fault(cause)}. Nothing was sent.",
                fix="ca_file (--ca-file) names the authority that issued the server's certificate.",
            )
    why = next((words for cause in _causes(error) if (words := _in_words(cause, service, endpoint))), "")
    why = why or "the connection failed"
    return Unavailable(
        service.name, f"{endpoint} cannot be reached: {why}", fix="Check `url`, and that it runs."
    )


def _in_words(cause: BaseException, service: Service, endpoint: Endpoint) -> str:
    if isinstance(cause, ssl.SSLError):
        return "what answers there does not speak TLS, or no version of it that is safe"
    if isinstance(cause, socket.gaierror):
        return f'the name "{endpoint.host}" cannot be resolved'
    if isinstance(cause, ConnectionRefusedError):
        return "nothing listens there"
    return f"no answer within {service.timeout} s" if isinstance(cause, TimeoutError) else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that led to it: httpx2 wraps what the socket raised."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
