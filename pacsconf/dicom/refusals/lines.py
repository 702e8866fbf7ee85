"""What happens before DICOM is spoken, in plain words: names, connections, TLS, silence."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import replace

from pacsconf.dicom.refusals.refusal import Refusal, Who

_ADMIN: Who = "the called side's administrator"
_NETWORK: Who = "the network's administrators"

_NO_NAME = Refusal(
    "there is no such name",
    "name resolution: no such host",
    "The host is written as a name, and no name server knows it.",
    (
        "the name is misspelled",
        "it was never entered in DNS, or was taken out",
        "its short form is known elsewhere",
    ),
    "Correct the host in the inventory, or have the name entered in DNS.",
    _NETWORK,
)
_NO_SERVER = Refusal(
    "no name server answers this machine",
    "name resolution: temporary failure",
    "The name could not be looked up, so nothing is known of the device.",
    ("this machine's network or DNS settings", "the name server is down"),
    "Repair name resolution on this machine, then look again.",
    "you",
)
_REFUSED = Refusal(
    "nothing listens there",
    "TCP: connection refused (ECONNREFUSED)",
    "The machine is on and reached, and no program takes calls at this port.",
    ("the DICOM service is stopped", "it listens at another port", "a firewall refuses the call openly"),
    "Start the DICOM service there, or compare its port with the declared one.",
    _ADMIN,
)
_LATE = Refusal(
    "nobody answers",
    "TCP: no connection in time",
    "The call gets no answer at all, not even a refusal.",
    ("a firewall drops it silently", "the device is off or unplugged", "it has another address now"),
    "See that the device is on. If it is, ask for the way to be opened: from, to, port.",
    _NETWORK,
)
_NO_WAY = Refusal(
    "there is no way to that address",
    "TCP: host or network unreachable",
    "A router, or this machine, says that the address cannot be reached.",
    ("the device is off", "its network is not routed from here", "the address is wrong"),
    "Check the address; then ask for the route.",
    _NETWORK,
)
_CLOSED = Refusal(
    "it took the connection, and hung up without a word",
    "TCP: closed by the peer",
    "Something listens there, and does not want to talk, at least not so.",
    (
        "it expects an encrypted call (TLS), or an unencrypted one",
        "it takes calls from certain addresses alone",
        "its DICOM service is crashing",
    ),
    "Check that both sides speak TLS or neither does; then read the called side's log.",
    _ADMIN,
)
_SILENT = Refusal(
    "it took the connection, and says nothing",
    "no answer in time",
    "Something listens there, and does not answer a request for an association.",
    (
        "it serves one caller at a time, and is busy with another",
        "its DICOM service hangs",
        "something else than DICOM listens at this port",
    ),
    "Try again when nobody sends to it; restart its DICOM service if it stays so.",
    _ADMIN,
)
_OTHER = Refusal(
    "what answers there is not DICOM",
    "an answer that is no DICOM PDU (PS3.8 section 9.3)",
    "Something else listens at this port, or it expects an encrypted call.",
    ("TLS is expected at this port", "a web server or another service listens there", "the port is wrong"),
    "Check the port, and whether it is the encrypted one.",
    "both sides together",
)
_OTHERWISE = Refusal(
    "it answered otherwise than the protocol has it",
    "no answer that PS3.8 section 9.3 knows here",
    "What came is DICOM, and not what had to come.",
    ("a faulty implementation",),
    "Read the called side's log, and ask its vendor.",
    "the vendor",
)
_LINES: Mapping[str, Refusal] = {
    "no such name": _NO_NAME,
    "no name server": _NO_SERVER,
    "refused": _REFUSED,
    "no connection in time": _LATE,
    "no way there": _NO_WAY,
    "closed": _CLOSED,
    "silent": _SILENT,
    "not DICOM": _OTHER,
}
_ERRNOS: Mapping[int, Refusal] = {
    errno.ECONNREFUSED: _REFUSED,
    errno.ETIMEDOUT: _LATE,
    errno.EHOSTUNREACH: _NO_WAY,
    errno.EHOSTDOWN: _NO_WAY,
    errno.ENETUNREACH: _NO_WAY,
    errno.ECONNRESET: _CLOSED,
    errno.EPIPE: _CLOSED,
}


def line(how: str, number: int = 0) -> Refusal:
    """A connection that did not lead to DICOM; `number` is an errno, or 0."""
    told = _LINES.get(how) or _ERRNOS.get(number, _OTHERWISE)
    if not number:
        return told
    code = errno.errorcode.get(number, f"errno {number}")
    return told if code in told.standard else replace(told, standard=f"{told.standard} ({code})")


# --- TLS ----------------------------------------------------------------------------------------------------------

_OUT_OF_DATE = Refusal(
    "its certificate has expired",
    "TLS: certificate expired",
    "A certificate is good for a time, and that time is over (or has not begun, or a clock is wrong).",
    ("nobody renewed it", "the clock of one side is wrong"),
    "Issue a new certificate and install it there; check the clocks of both.",
    _ADMIN,
)
_UNKNOWN_CA = Refusal(
    "the certificate comes from an authority that is not trusted",
    "TLS: unknown certificate authority",
    "One side does not know who signed the other's certificate.",
    (
        "the authority's certificate was never installed",
        "the certificate signs itself",
        "an intermediate is missing",
    ),
    "Install the authority's certificate, and have the peer send the whole chain.",
    "both sides together",
)
_WRONG_NAME = Refusal(
    "the certificate belongs to another name",
    "TLS: hostname mismatch",
    "The name that was called is not in the certificate.",
    ("the host was declared by address, and the certificate has a name", "another machine answers there"),
    "Declare the host as the certificate names it, or issue one with this name.",
    "both sides together",
)
_NO_CERTIFICATE = Refusal(
    "it wants the caller to show a certificate",
    "TLS: client certificate required",
    "It lets in whom it knows by certificate, and was shown none.",
    ("none is set for this caller (probe_tls)", "the caller's own TLS is set up halfway"),
    "Give the caller a certificate from an authority that the called side trusts.",
    "the caller's administrator",
)
_BAD_CERTIFICATE = Refusal(
    "it does not like the certificate that it was shown",
    "TLS: bad certificate",
    "It was shown one that it cannot use, or does not trust.",
    ("it is from another authority", "it has expired", "it is not for client use"),
    "Issue the caller a certificate from an authority that the called side trusts.",
    "the caller's administrator",
)
_REVOKED = Refusal(
    "the certificate was withdrawn",
    "TLS: certificate revoked",
    "Its authority has withdrawn it.",
    ("it was lost, or replaced",),
    "Issue a new one and install it.",
    _ADMIN,
)
_VERSION = Refusal(
    "the two have no version of TLS in common",
    "TLS: protocol version",
    "One of them is older than what the other still allows.",
    ("the device speaks TLS 1.0 or 1.1 alone",),
    "Update the older side; if that cannot be, it must stay behind a gateway.",
    "the vendor",
)
_CIPHER = Refusal(
    "the two have no way of encrypting in common",
    "TLS: handshake failure",
    "They could not agree on a cipher, or the called side wanted a certificate and got none.",
    (
        "a cipher suite that one side no longer offers",
        "it wants a client certificate and says so in this way",
    ),
    "Compare the cipher suites of both (PS3.15 annex B); then try with a client certificate.",
    "both sides together",
)
_PLAIN = Refusal(
    "it does not speak TLS at this port",
    "TLS: the answer is no TLS",
    "The call was encrypted, and the called side answers unencrypted.",
    ("TLS is not switched on there", "its encrypted port is another one", "TLS is declared by mistake"),
    "Switch TLS on there, or correct the port, or take TLS out of the inventory.",
    "both sides together",
)
_WANTED = Refusal(
    "it expects an encrypted call at this port",
    "TLS: an alert as the answer to a plain call",
    "The call was not encrypted, and the called side takes encrypted ones alone.",
    ("TLS was switched on there", "this is its encrypted port, and its plain one is another"),
    "Declare TLS for this connection, or correct the port.",
    "both sides together",
)
_HUNG_UP = Refusal(
    "it hung up while encryption was being agreed upon",
    "TLS: closed during the handshake",
    "It may not speak TLS at all, or did not like what it was offered, and does not say so.",
    (
        "TLS is not switched on at this port",
        "it wants a client certificate",
        "no version or cipher in common",
    ),
    "See whether TLS is switched on there, and read its log.",
    "both sides together",
)
_SOME = Refusal(
    "encryption could not be agreed upon",
    "TLS: another alert",
    "One side ended the handshake.",
    ("certificates", "versions", "cipher suites"),
    "Read the log of both sides at that second.",
    "both sides together",
)

_ALERTS: tuple[tuple[tuple[str, ...], Refusal], ...] = (
    (("tls expected",), _WANTED),
    (("expired", "not yet valid"), _OUT_OF_DATE),
    (("revoked",), _REVOKED),
    (("mismatch", "unrecognized_name", "not valid for"), _WRONG_NAME),
    (("certificate_required", "certificate required", "did not return a certificate"), _NO_CERTIFICATE),
    (("unknown_ca", "unknown ca", "self-signed", "self signed", "issuer", "verify the first"), _UNKNOWN_CA),
    (
        ("bad_certificate", "bad certificate", "certificate_unknown", "unsupported_certificate"),
        _BAD_CERTIFICATE,
    ),
    (("wrong_version_number", "wrong version", "not tls", "no tls", "http_request", "record layer"), _PLAIN),
    (("protocol_version", "protocol version", "unsupported protocol", "unsupported_protocol"), _VERSION),
    (
        ("handshake_failure", "handshake failure", "no shared cipher", "no_shared_cipher", "insufficient"),
        _CIPHER,
    ),
    (("eof", "closed", "reset"), _HUNG_UP),
)
"""Words of an alert (RFC 8446 section 6), or of OpenSSL on a certificate, the most telling first."""


def tls(alert: str) -> Refusal:
    """A TLS alert, or what OpenSSL found wrong with a certificate."""
    said = alert.lower()
    told = next((told for words, told in _ALERTS if any(word in said for word in words)), _SOME)
    return replace(told, standard=f"{told.standard} ({alert})") if alert else told
