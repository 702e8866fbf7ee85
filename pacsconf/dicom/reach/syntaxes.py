"""Which transfer syntaxes lose something of an image (PS3.5 section 8.2 and annex A, PS3.6 annex A)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Loss = Literal["lossless", "lossy", "either"]

_JPEG = "1.2.840.10008.1.2.4"
_LOSSY = frozenset(
    f"{_JPEG}.{number}"
    for number in (
        # JPEG baseline, extended, and the retired spectral selections, full progressions and hierarchies.
        *("50", "51", "52", "53", "54", "55", "56", "59", "60", "61", "62", "63", "64"),
        "81",  # JPEG-LS near-lossless
        # MPEG2, MPEG-4 AVC/H.264, HEVC/H.265, and the fragmentable forms of the first two.
        *("100", "100.1", "101", "101.1", "102", "102.1", "103", "103.1", "104", "104.1", "105", "105.1"),
        *("106", "106.1", "107", "108"),
        "111",  # JPEG XL recompression: of an image that was JPEG before
    )
)
_EITHER = frozenset(
    f"{_JPEG}.{number}"
    # JPEG 2000 (also part 2), HTJ2K and JPEG XL where the sender chooses; JPIP, where the server does.
    for number in ("91", "93", "94", "95", "112", "203", "204", "205")
)


def loss(uid: str) -> Loss:
    """Whether this transfer syntax always loses something, never, or as the sender chooses."""
    if uid in _LOSSY:
        return "lossy"
    return "either" if uid in _EITHER else "lossless"


def losing(uids: Iterable[str]) -> Loss:
    """The least that is lost with the best of these: `lossy` where each of them is."""
    found = {loss(uid) for uid in uids}
    if "lossless" in found:
        return "lossless"
    return "either" if "either" in found else "lossy"
