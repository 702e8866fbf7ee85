"""Elements of BER put together one by one, for messages that a server would not send of itself."""

from __future__ import annotations


def element(tag, *parts):
    """One element (ITU-T X.690 section 8.1): its tag, the length of its content, and that."""
    content = b"".join(parts)
    size = len(content)
    long = b"" if size < 0x80 else size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(long) if long else size)) + long + content
