"""What is odd about an AE title as it was sent, character by character (PS3.5 section 6.2). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.dicom.heard import significant

LONGEST = 16


def spelt(title: str) -> str:
    """A title as it can be told apart, in quotation marks: what is not printable ASCII as `\\x00`.

    Spaces behind it are left out, since every title is filled up with them to 16 characters.
    """
    return '"' + "".join(_character(each) for each in title.rstrip(" ")) + '"'


def _character(one: str) -> str:
    if one.isascii() and one.isprintable():
        return one
    return f"\\x{ord(one):02x}" if ord(one) < 0x100 else f"\\u{ord(one):04x}"


def suspicious(title: str) -> tuple[str, ...]:
    """What the standard allows, and yet makes archives take the title for another one, in words."""
    return tuple(_suspicious(title))


def forbidden(title: str) -> tuple[str, ...]:
    """What the standard does not allow in a title, each in words."""
    return tuple(_forbidden(title))


def _suspicious(title: str) -> Iterator[str]:
    ahead = len(title) - len(title.lstrip(" "))
    if ahead and title.strip(" "):
        yield f"it begins with {ahead} space{'s' if ahead > 1 else ''}"
    if significant(title) and title.rstrip(" ").endswith("\0"):
        yield "it is filled up with zeros (\\x00) rather than spaces"
    kept = significant(title)
    if len(kept) > 1 and kept[0] == kept[-1] and kept[0] in "\"'":
        yield "it stands in quotation marks, which count as part of it"


def _forbidden(title: str) -> Iterator[str]:
    kept = significant(title)
    if not kept:
        yield "it is empty"
    if len(kept) > LONGEST:
        yield f"it has {len(kept)} characters, and {LONGEST} are the most"
    for at, each in enumerate(kept, title.find(kept) + 1):
        if each == "\\":
            yield f"character {at} is a backslash"
        elif not each.isascii():
            yield f"character {at} is none of ASCII ({_character(each)})"
        elif not each.isprintable():
            yield f"character {at} is a control character ({_character(each)})"
