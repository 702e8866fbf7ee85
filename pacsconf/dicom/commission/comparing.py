"""Whether an object came back as it was sent: attribute by attribute, its pixels by what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

PIXELS = 0x7FE00010
_MOST = 5
"""Differences that are named; of more, how many."""


def differences(sent: Dataset, came: Dataset, *, same_packing: bool) -> tuple[str, ...]:
    """What is missing, or other than it was sent; what an archive added is none.

    `same_packing`: it came in the transfer syntax that it was sent in, or in another that packs nothing; else the
    pixels cannot be compared without a codec, and what describes them may rightly differ.
    """
    if any(_texts_at(sent, tag) != _texts_at(came, tag) for tag in _IDENTITY):
        return ("it is another object than was sent; what it says is not told, since it may be of a patient",)
    found = tuple(_of(sent, came, "", same_packing))
    if len(found) <= _MOST:
        return found
    return (*found[:_MOST], f"and {len(found) - _MOST} more")


def pixel_hash(ds: Dataset) -> str:
    """SHA-256 of the pixel data, empty where there is none."""
    element: DataElement | None = ds.get(PIXELS)
    return hashlib.sha256(_bytes(element)).hexdigest() if element is not None else ""


def _of(sent: Dataset, came: Dataset, where: str, same_packing: bool) -> Iterator[str]:
    for element in sent:
        if element.tag.element == 0 or (not same_packing and element.tag in _OF_PACKING):
            continue
        name = f"{where}{element.keyword or element.tag}"
        other: DataElement | None = came.get(element.tag)
        if other is None:
            yield f"{name} is missing"
        elif isinstance(element.value, Sequence) and isinstance(other.value, Sequence):
            yield from _of_items(element.value, other.value, name, same_packing)
        elif not _same(element, other):
            yield _changed(name, element, other)


_IDENTITY = (0x00080016, 0x00080018)
"""SOP class and instance: what makes it the object that was sent."""
_OF_PATIENTS = 0x0010


def _texts_at(ds: Dataset, tag: int) -> tuple[str, ...]:
    element: DataElement | None = ds.get(tag)
    return _texts(element) if element is not None else ()


def _of_items(sent: Sequence, came: Sequence, name: str, same_packing: bool) -> Iterator[str]:
    if len(sent) != len(came):
        yield f"{name} has {len(came)} items, not {len(sent)}"
        return
    for at, (before, after) in enumerate(zip(sent, came, strict=True)):
        yield from _of(before, after, f"{name}[{at}].", same_packing)


def _same(sent: DataElement, came: DataElement) -> bool:
    if isinstance(sent.value, bytes) or isinstance(came.value, bytes):
        return _filled(_bytes(sent)) == _filled(_bytes(came))
    return _texts(sent) == _texts(came)


def _bytes(element: DataElement) -> bytes:
    value = element.value
    return value if isinstance(value, bytes) else str(value or "").encode()


def _filled(data: bytes) -> bytes:
    """With the byte that fills it up to an even length (PS3.5 section 7.1.1)."""
    return data + b"\0" * (len(data) % 2)


def _texts(element: DataElement) -> tuple[str, ...]:
    """The values as texts; how a number or a name is padded is nobody's business."""
    value = element.value
    if value is None or value == "":
        return ()
    several = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    return tuple(_plain(one) for one in several)


def _plain(value: object) -> str:
    if isinstance(value, (int, float)):
        return f"{float(value):.6g}"
    return str(value).strip()


def _changed(name: str, sent: DataElement, came: DataElement) -> str:
    """Values are told, but for a patient's: an archive may have put a real one's there."""
    if sent.tag.group == _OF_PATIENTS:
        return f"{name} was changed"
    return f"{name} is {_shown(came)}, not {_shown(sent)}"


def _shown(element: DataElement) -> str:
    if isinstance(element.value, bytes):
        return f"{len(element.value)} bytes ({hashlib.sha256(element.value).hexdigest()[:8]})"
    text = "\\".join(_texts(element))
    return f'"{text[:60]}"'


_OF_PACKING = frozenset(
    {
        PIXELS,
        0x00280002,  # samples per pixel
        0x00280004,  # photometric interpretation
        0x00280006,  # planar configuration
        0x00282110,  # lossy image compression, and how
        0x00282112,
        0x00282114,
    }
)
