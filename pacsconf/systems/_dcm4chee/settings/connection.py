"""What dcm4che keeps of a connection (dcmNetworkConnection): protocol, TLS, timeouts, sizes."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from pacsconf.core.resource import Effect, Fields, Risk, members
from pacsconf.inventory.values import Count, Flag, OneOrMany, Texts
from pacsconf.systems._dcm4chee.spelling.choices import TLSProtocol
from pacsconf.systems._dcm4chee.spelling.values import Milliseconds, Positive
from pacsconf.systems.directory_extension import Attribute, Facet, Standard

Protocol = Literal["DICOM", "HL7", "HL7_MLLP2", "SYSLOG_TLS", "SYSLOG_UDP", "HTTP"]


def _elsewhere(_value: Any) -> Any:
    raise ValueError("the protocol is written beside host and port of the connection: `protocol: hl7`")


class ConnectionPart(Facet):
    """Times are milliseconds. Its HTTP proxy, which may hold a login, is a secret and is left alone."""

    of: ClassVar[Standard] = "network-connection"
    object_class: ClassVar[str] = "dcmNetworkConnection"

    always: ClassVar[frozenset[str]] = frozenset({"protocol"})

    protocol: Annotated[Protocol, BeforeValidator(_elsewhere), Attribute("dcmProtocol")] = "DICOM"
    """Follows from `protocol` of the connection itself, and is written there."""
    tls_protocols: Annotated[tuple[TLSProtocol, ...], OneOrMany, Attribute("dcmTLSProtocol")] = ()
    """Versions of TLS that are offered; absent, what the release takes for safe (TLSv1.2 in recent ones)."""
    tls_need_client_auth: Annotated[Flag, Attribute("dcmTLSNeedClientAuth")] = True
    """Callers must show a certificate."""
    tls_endpoint_identification: Annotated[
        Literal["HTTPS", "LDAPS"] | None, Attribute("dcmTLSEndpointIdentificationAlgorithm")
    ] = None
    """How the name in a certificate is compared with the host; absent, it is not."""
    bind_address: Annotated[str | None, Attribute("dcmBindAddress", syntax="host")] = None
    """Where it listens; absent, at its host."""
    client_bind_address: Annotated[str | None, Attribute("dcmClientBindAddress", syntax="host")] = None
    """Where it calls from; absent, its host. `0.0.0.0` leaves it to the system."""
    refused_hosts: Annotated[Texts, Attribute("dcmBlacklistedHostname", syntax="host")] = ()
    """Callers that are turned away by their host name."""
    backlog: Annotated[Count, Attribute("dcmTCPBacklog")] = 50
    """TCP connections that may wait to be accepted."""
    connect_timeout: Annotated[Milliseconds, Attribute("dcmTCPConnectTimeout")] = 0
    """To connect; 0 is without limit."""
    request_timeout: Annotated[Milliseconds, Attribute("dcmAARQTimeout")] = 0
    """For the caller's A-ASSOCIATE-RQ; 0 is without limit."""
    accept_timeout: Annotated[Milliseconds, Attribute("dcmAAACTimeout")] = 0
    """For the answer to an A-ASSOCIATE-RQ; 0 is without limit."""
    release_timeout: Annotated[Milliseconds, Attribute("dcmARRPTimeout")] = 0
    """For the answer to an A-RELEASE-RQ; 0 is without limit."""
    abort_timeout: Annotated[Milliseconds, Attribute("dcmAATimeout")] = 1000
    """To send an A-ABORT."""
    send_timeout: Annotated[Milliseconds, Attribute("dcmSendTimeout")] = 0
    """To send a request other than C-STORE; 0 is without limit."""
    store_timeout: Annotated[Milliseconds, Attribute("dcmStoreTimeout")] = 0
    """To send a C-STORE request; 0 is without limit."""
    response_timeout: Annotated[Milliseconds, Attribute("dcmResponseTimeout")] = 0
    """For responses other than those of C-MOVE and C-GET; 0 is without limit."""
    retrieve_timeout: Annotated[Milliseconds, Attribute("dcmRetrieveTimeout")] = 0
    """For responses of C-MOVE and C-GET; 0 is without limit."""
    retrieve_timeout_total: Annotated[Flag, Attribute("dcmRetrieveTimeoutTotal")] = False
    """The timeout is of the whole retrieve, and not anew from each pending response."""
    idle_timeout: Annotated[Milliseconds, Attribute("dcmIdleTimeout")] = 0
    """After which an idle association is aborted; 0 is never."""
    close_delay: Annotated[Milliseconds, Attribute("dcmTCPCloseDelay")] = 50
    """Between the last PDU and closing the TCP connection."""
    no_delay: Annotated[Flag, Attribute("dcmTCPNoDelay")] = True
    """TCP_NODELAY."""
    send_buffer: Annotated[Count, Attribute("dcmTCPSendBufferSize")] = 0
    """Bytes; 0 is as the system has it."""
    receive_buffer: Annotated[Count, Attribute("dcmTCPReceiveBufferSize")] = 0
    """Bytes; 0 is as the system has it."""
    send_pdu_length: Annotated[Positive, Attribute("dcmSendPDULength")] = 16378
    """Longest PDU that it sends, in bytes."""
    receive_pdu_length: Annotated[Positive, Attribute("dcmReceivePDULength")] = 16378
    """Longest PDU that it takes, in bytes."""
    max_operations_performed: Annotated[Count, Attribute("dcmMaxOpsPerformed")] = 1
    """Requests of a peer that run at once; 0 is without limit."""
    max_operations_invoked: Annotated[Count, Attribute("dcmMaxOpsInvoked")] = 1
    """Requests to a peer that run at once; 0 is without limit."""
    pack_pdvs: Annotated[Flag, Attribute("dcmPackPDV")] = True
    """Command and data share a PDU."""

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """What TLS asks of callers, and who is turned away, is a matter of access."""
        if (
            before is not None
            and after is not None
            and any(_differs(before, after, name) for name in _ACCESS)
        ):
            return "access"
        return super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Weaker TLS, or callers let in that were not; callers turned away that were let in."""
        found = set(super().effects(before, after))
        if before is not None and after is not None:
            if _is_weaker(before, after):
                found.add("widens")
            if members(after, "refused_hosts") - members(before, "refused_hosts"):
                found.add("removes")
        return frozenset(found)


_ACCESS = ("tls_protocols", "tls_need_client_auth", "tls_endpoint_identification", "refused_hosts")
_OLD = frozenset({"TLSv1.1", "TLSv1", "SSLv3", "SSLv2Hello"})


def _is_weaker(before: Fields, after: Fields) -> bool:
    asked = before.get("tls_need_client_auth") is not False and after.get("tls_need_client_auth") is False
    old = _OLD & (members(after, "tls_protocols") - members(before, "tls_protocols"))
    named = bool(before.get("tls_endpoint_identification")) and not after.get("tls_endpoint_identification")
    allowed = members(before, "refused_hosts") - members(after, "refused_hosts")
    return bool(asked or old or named or allowed)


def _differs(before: Fields, after: Fields, name: str) -> bool:
    return before.get(name) != after.get(name)
