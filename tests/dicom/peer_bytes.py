"""What a peer may say, as bytes of the tests' own making: independent of how we write and read them."""

from __future__ import annotations

from pacsconf.inventory import uids


def pdu(kind: int, body: bytes) -> bytes:
    return bytes([kind, 0]) + len(body).to_bytes(4, "big") + body


def item(kind: int, content: bytes) -> bytes:
    return bytes([kind, 0]) + len(content).to_bytes(2, "big") + content


def context(number: int, result: int = 0, syntax: str = uids.IMPLICIT_VR_LE) -> bytes:
    """What became of a presentation context, in an acceptance."""
    return item(0x21, bytes([number, 0, result, 0]) + item(0x40, syntax.encode()))


def accepting(*contexts: bytes) -> bytes:
    """An A-ASSOCIATE-AC."""
    return pdu(0x02, bytes(68) + b"".join(contexts))


def command(*elements: tuple[int, bytes], context_id: int = 1) -> bytes:
    """A P-DATA-TF with a whole command of these elements of group 0000."""
    body = b"".join(
        b"\0\0" + tag.to_bytes(2, "little") + len(value).to_bytes(4, "little") + value
        for tag, value in elements
    )
    return pdu(0x04, pdv(context_id, 3, body))


def response(field: int, status: int, *, context_id: int = 1, more: bytes = b"") -> bytes:
    """A response without a data set, or one that has `more` for it."""
    numbers = ((0x0100, field), (0x0800, 0x0000 if more else 0x0101), (0x0900, status))
    said = command(*((tag, value.to_bytes(2, "little")) for tag, value in numbers), context_id=context_id)
    return said + (pdu(0x04, pdv(context_id, 2, more)) if more else b"")


def pdv(number: int, control: int, content: bytes) -> bytes:
    """A part of a message: bit 0 of `control` a command, bit 1 the last."""
    return (len(content) + 2).to_bytes(4, "big") + bytes([number, control]) + content
