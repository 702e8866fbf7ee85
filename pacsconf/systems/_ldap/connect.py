"""Opening a connection: the address, the certificate, the password.

ldap3 is asked for nothing it does by default: it verifies no certificate unless told to, follows referrals by
itself (with our password, to wherever it is sent), and waits without end.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pacsconf.core.errors import BadAnswer, Refused, SystemFault, Unavailable
from pacsconf.core.secret import Secret
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import LDAPConfig
from pacsconf.systems._ldap.answers import WRONG_CREDENTIALS, Answer
from pacsconf.systems._tls import certificate_fault, context, nobodys

if TYPE_CHECKING:
    from ldap3 import Connection

log = logging.getLogger(__name__)

NONSENSE = (ValueError, IndexError, KeyError, TypeError)
"""What ldap3's decoder raises for bytes that are no answer."""


def connect(config: LDAPConfig, password: Callable[[Endpoint], Secret | None]) -> Connection:
    """An open, authenticated connection; `password` is asked only when the server is trusted.

    Raises: Unavailable (unreachable, or not trusted), Refused (credentials, or they would travel in clear).
    """
    endpoint = Endpoint.parse(config.url)
    _refuse_clear_text(config, endpoint)
    _resolve(config.name, endpoint)
    tls = _tls(config, endpoint)
    conn = _connection(config, endpoint, tls)
    with ExitStack() as undo:
        undo.callback(hang_up, conn)
        _sign_in(config, endpoint, tls, conn, password)
        undo.pop_all()
    log.info(
        "%s: connected to %s as %s", config.name, endpoint, config.bind.dn if config.bind else "anonymous"
    )
    return conn


def _sign_in(
    config: LDAPConfig,
    endpoint: Endpoint,
    tls: Any,
    conn: Connection,
    password: Callable[[Endpoint], Secret | None],
) -> None:
    from ldap3.core.exceptions import LDAPException

    try:
        conn.open(read_server_info=False)
        if config.start_tls and endpoint.scheme == "ldap":
            _start_tls(config, endpoint, conn)
        _bind(config, endpoint, conn, password)
    except LDAPException as exc:
        raise _unreachable(config, endpoint, tls.failure or exc) from exc
    except NONSENSE as exc:
        raise BadAnswer(
            config.name,
            f"what answers at {endpoint} does not speak LDAP",
            fix="Check host and port in `url`; LDAP is usually at port 389, ldaps at 636.",
        ) from exc


def hang_up(conn: Connection) -> None:
    """Close the socket of a connection that failed, which ldap3 leaves open."""
    if conn.socket is not None:
        conn.socket.close()


def _refuse_clear_text(config: LDAPConfig, endpoint: Endpoint) -> None:
    if config.bind:
        refuse_clear_text(config, endpoint)


def refuse_clear_text(config: LDAPConfig, endpoint: Endpoint) -> None:
    """Nothing, where a password may be sent there.

    Raises: Refused when it would travel in clear, and the inventory does not say that it may.
    """
    encrypted = endpoint.scheme == "ldaps" or config.start_tls or endpoint.is_loopback
    if not encrypted and not config.allow_clear_text:
        raise Refused(
            config.name,
            f"the password would travel unencrypted to {endpoint}, where anyone on the way can read it",
            fix="Use ldaps:// or start_tls: true; only if neither is possible, allow_clear_text: true.",
        )


def _resolve(system: str, endpoint: Endpoint) -> None:
    try:
        socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as exc:
        raise Unavailable(
            system,
            f'the name "{endpoint.host}" cannot be resolved',
            fix="Check `url`, and the DNS of this machine.",
        ) from exc


def _tls(config: LDAPConfig, endpoint: Endpoint) -> Any:
    """ldap3's TLS settings, with Python's own verification: the host name counts, and why it failed is kept."""
    from ldap3 import Tls

    encrypted = endpoint.scheme == "ldaps" or config.start_tls
    trusted = context(config, "directory", ssl.create_default_context if encrypted else nobodys)

    class Verified(Tls):
        failure: OSError | None = None

        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
            try:
                connection.socket = trusted.wrap_socket(connection.socket, server_hostname=endpoint.host)
            except OSError as exc:
                self.failure = exc
                raise

    return Verified()


def _connection(config: LDAPConfig, endpoint: Endpoint, tls: Any) -> Connection:
    import ldap3

    server = ldap3.Server(
        endpoint.host,
        endpoint.port,
        use_ssl=endpoint.scheme == "ldaps",
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=config.timeout,
    )
    return ldap3.Connection(
        server,
        auto_bind=ldap3.AUTO_BIND_NONE,
        auto_referrals=False,
        auto_range=False,
        auto_encode=False,
        check_names=False,
        raise_exceptions=False,
        receive_timeout=config.timeout,
        return_empty_attributes=False,
    )


def _start_tls(config: LDAPConfig, endpoint: Endpoint, conn: Connection) -> None:
    from ldap3.core.exceptions import LDAPStartTLSError

    try:
        conn.start_tls(read_server_info=False)
    except LDAPStartTLSError as exc:
        if conn.server.tls.failure is not None:
            raise
        raise Unavailable(
            config.name,
            f"{endpoint} does not offer StartTLS, so the password was not sent",
            fix="Use ldaps://, or have StartTLS enabled on the directory.",
        ) from exc


def _bind(
    config: LDAPConfig,
    endpoint: Endpoint,
    conn: Connection,
    password: Callable[[Endpoint], Secret | None],
) -> None:
    import ldap3

    secret = password(endpoint)
    if config.bind is not None:
        if secret is None or not secret.reveal():
            raise Refused(
                config.name,
                f"the password of {config.bind.dn} is empty",
                fix=f"{config.bind.password} gave nothing: put the password there.",
            )
        conn.user, conn.password = config.bind.dn, secret.reveal()
        conn.authentication = ldap3.SIMPLE
    conn.bind(read_server_info=False)
    conn.password = None
    answer = Answer(conn.result["result"], conn.result["message"] or "")
    if not answer.ok:
        who = config.bind.dn if config.bind else "an anonymous caller"
        raise answer.fault(
            config.name, f"{endpoint} does not let {who} in", _way_in(config, endpoint, answer)
        )


def _way_in(config: LDAPConfig, endpoint: Endpoint, answer: Answer) -> str:
    """What to do about a refused bind; empty where the answer itself tells."""
    if config.bind is None:
        return "Name an account under `bind`: its DN, and where its password is kept."
    if answer.code not in WRONG_CREDENTIALS:
        return ""
    if answer.kept_out is not None:
        return f"The password of {config.bind.dn} is right. Have the identity team put the account in order."
    return (
        f"Check `bind`: whether {config.bind.dn} is the account that is meant, and whether "
        f"{config.bind.password} holds its password; it was sent to {endpoint}."
    )


def _unreachable(config: LDAPConfig, endpoint: Endpoint, cause: Exception) -> SystemFault:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Unavailable(
            config.name,
            f"{endpoint} is not trusted: {certificate_fault(cause)}. Nothing was sent.",
            fix="ca_file (--ca-file) names the authority that issued the directory's certificate.",
        )
    if isinstance(cause, ssl.SSLError):
        why = "what answers there does not speak TLS, or no version of it that is safe"
    elif isinstance(cause, ConnectionRefusedError):
        why = "nothing listens there"
    elif isinstance(cause, TimeoutError):
        why = f"no answer within {config.timeout} s"
    else:
        why = "the connection failed"
    return Unavailable(
        config.name, f"{endpoint} cannot be reached: {why}", fix="Check `url`, and that it runs."
    )
