"""Requests and results as bytes, made and read by ldap3: the one place that touches its insides.

ldap3 reads an answer of many entries at a tenth of the speed of the server and sends nothing while it waits. So its
connection is used beneath it: it encodes requests and decodes results here, while `stream` and `pipeline` read and
write the socket (docs/decisions/0016). ldap3 has no public names for that; a test says when they moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pacsconf.systems._ldap.answers import SUCCESS, Answer
from pacsconf.systems._ldap.framing import (
    CONTROLS,
    ENUMERATED,
    OCTETS,
    SEQUENCE,
    Element,
    Garbled,
    element,
    elements,
    head,
    integer,
)

PAGED = "1.2.840.113556.1.4.319"
WITHIN = "1.2.840.113556.1.4.1339"
"""A control by which Active Directory names no other domains and partitions (LDAP_SERVER_DOMAIN_SCOPE_OID)."""

EXTENDED = 0x78
RESULTS: Mapping[int, str] = {
    0x65: "searchResDone",
    0x67: "modifyResponse",
    0x69: "addResponse",
    0x6B: "delResponse",
    0x6D: "modDNResponse",
    EXTENDED: "extendedResp",
}
"""Operations that end a request, by tag, with ldap3's names for them (RFC 4511 section 4.2 and following)."""

_ALL_IS_WELL = b"\x07\x0a\x01\x00\x04\x00\x04\x00"
"""The end of a result of code 0 that names no entry and has no remark."""

_REFERRAL, _NAME, _VALUE = 0xA3, 0x8A, 0x8B


Page = tuple[int, bytes]
"""How many entries to give at most, and the cookie that came with those before; empty for the first."""


@dataclass(frozen=True, slots=True)
class Search:
    """Asks for entries and these attributes of them. Aliases are not followed."""

    base: str
    matching: str
    attributes: Sequence[str]
    scope: Literal["BASE", "LEVEL", "SUBTREE"]
    within: bool = False
    """Whether references to what is elsewhere are not asked for, of a server that offers it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What ends a request, or an unsolicited notice (id 0): to which request, of which kind, and what it says.

    Where ldap3 has read it the request is not told, and the id is 0.
    """

    message_id: int
    kind: str
    answer: Answer
    cookie: bytes = b""
    """Where the next page of a search begins; empty after the last one."""
    referrals: tuple[str, ...] = ()
    name: str = ""
    """The OID of an extended response, such as that of the notice of disconnection."""


def usable(conn: Any) -> bool:
    """Whether bytes may go straight to and from the connection's socket.

    Not when SASL may have agreed on wrapping them, and never when a thread of ldap3 reads the socket.
    """
    from ldap3.strategy.sync import SyncStrategy

    return type(conn.strategy) is SyncStrategy and conn.sasl_mechanism is None


def next_id(conn: Any) -> int:
    """A message id that no request on this connection has, counted by ldap3."""
    number: int = conn.server.next_message_id()
    return number


def search_request(conn: Any, number: int, search: Search, page: Page | None = None) -> bytes:
    """A whole message that asks for entries. Raises: ldap3's LDAPException for a filter that is none."""
    asked = search.base, search.matching, search.scope, tuple(search.attributes)
    request = integer(number) + _search_operation(*asked, auto_escape=conn.auto_escape)
    controls = (_WITHIN if search.within else b"") + (b"" if page is None else _paged(*page))
    return element(SEQUENCE, request + element(CONTROLS, controls) if controls else request)


@lru_cache(16)
def _search_operation(
    base: str, matching: str, scope: str, attributes: tuple[str, ...], *, auto_escape: bool
) -> bytes:
    """The request itself, which is the same for all pages: ldap3 takes half a millisecond for it (measured)."""
    from ldap3.operation.search import search_operation
    from ldap3.utils import asn1

    request = search_operation(
        base,
        matching,
        scope,
        "NEVER",
        list(attributes),
        size_limit=0,
        time_limit=0,
        types_only=False,
        auto_escape=auto_escape,
        auto_encode=False,
    )
    encoder: Any = asn1  # ldap3 makes its encoder at run time, unseen by the types
    encoded: bytes = encoder.encode(request)
    return encoded


def _paged(size: int, cookie: bytes) -> bytes:
    """The control that asks for a page (RFC 2696)."""
    value = element(SEQUENCE, integer(size) + element(OCTETS, cookie))
    return element(SEQUENCE, element(OCTETS, PAGED.encode()) + element(OCTETS, value))


_WITHIN = element(SEQUENCE, element(OCTETS, WITHIN.encode()))


def result(message: bytes) -> Result:
    """What a whole message says that ends a request.

    Raises: Garbled when it is none, or any of its elements does not end where it should.
    """
    if (quick := _success(message)) is not None:
        return quick
    number, tag, parts = head(message)
    if tag not in RESULTS:
        raise Garbled(f"not a result: an LDAP message of kind {tag:#x}")
    _check(tag, parts)
    try:
        return _decoded(message, number, tag)
    except (ValueError, IndexError, KeyError, TypeError) as exc:
        raise Garbled("a result that makes no sense") from exc


def _success(message: bytes) -> Result | None:
    """The result in a message that says nothing but that all is well, in the shortest form; None for others.

    Of a pipeline of writes nearly all are such: ldap3 takes ten times as long for each.
    """
    if not message.endswith(_ALL_IS_WELL) or message[1] > 0x7F:
        return None
    number, tag = int.from_bytes(message[4:-9], "big"), message[-9]
    body = integer(number) + message[-9:]
    if tag not in RESULTS or message != bytes((SEQUENCE, len(body))) + body:
        return None
    return Result(number, RESULTS[tag], Answer(SUCCESS))


def _decoded(message: bytes, number: int, tag: int) -> Result:
    from ldap3.operation import extended
    from ldap3.utils import asn1

    untyped: tuple[Any, Any] = asn1, extended
    basic, more = untyped
    parts = basic.decode_message_fast(message)
    if tag == EXTENDED:
        said = more.extended_response_to_dict_fast(parts["payload"])
    else:
        said = basic.ldap_result_to_dict_fast(parts["payload"])
    return _result(number, RESULTS[tag], said, _cookie(parts["controls"] or ()))


def read(conn: Any, search: Search, page: Page | None = None) -> tuple[list[dict[str, Any]], Result]:
    """What ldap3 itself reads, on a connection of any kind: its responses, and the result.

    Raises: ldap3's LDAPException, or any error of its decoder.
    """
    paging = {} if page is None else {"paged_size": page[0], "paged_cookie": page[1]}
    more: dict[str, Any] = {"controls": [(WITHIN, False, None)]} if search.within else {}
    attributes = list(search.attributes)
    asked = conn.search(search.base, search.matching, search.scope, "NEVER", attributes, **paging, **more)
    responses, said = (conn.response, conn.result) if conn.strategy.sync else conn.get_response(asked)
    following = (said.get("controls") or {}).get(PAGED, {}).get("value") or {}
    return responses, _result(0, said["type"], said, following.get("cookie") or b"")


def _check(tag: int, parts: Sequence[Element]) -> None:
    """Raises: Garbled unless the parts of a result are those of its kind (RFC 4511 section 4.1.9)."""
    tags = [part[0] for part in parts]
    more = {_REFERRAL, _NAME, _VALUE} if tag == EXTENDED else {_REFERRAL}
    if tags[:3] != [ENUMERATED, OCTETS, OCTETS] or len(set(tags[3:]) & more) != len(tags[3:]):
        raise Garbled("a result of the wrong parts")
    if not 1 <= parts[0][2] - parts[0][1] <= 4:
        raise Garbled("a result without a code")


def _cookie(controls: Sequence[Any]) -> bytes:
    """The cookie of a paged answer, of ldap3's decoded controls; empty where there is none."""
    from ldap3.strategy.base import BaseStrategy

    for control in controls:
        value = control[3][-1][3]
        if control[3][0][3] == PAGED.encode():
            elements(value, 0, len(value))
            return bytes(BaseStrategy.decode_control_fast(control[3])[1]["value"]["cookie"])
    return b""


def _result(number: int, kind: str, said: Mapping[str, Any], cookie: bytes) -> Result:
    answer = Answer(said["result"], said["message"] or "")
    return Result(
        number, kind, answer, cookie, tuple(said["referrals"] or ()), said.get("responseName") or ""
    )
