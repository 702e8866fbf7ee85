"""Data sets as bytes, in each transfer syntax that packs no pixels (PS3.5); what came is never trusted."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from pacsconf.inventory import uids


def to_bytes(ds: Dataset, transfer_syntax: str) -> bytes:
    """A data set as it goes over the network in this transfer syntax."""
    stream = DicomBytesIO()
    stream.is_little_endian = transfer_syntax != uids.EXPLICIT_VR_BE
    stream.is_implicit_VR = transfer_syntax == uids.IMPLICIT_VR_LE
    write_dataset(stream, ds)
    data = bytes(stream.getvalue())
    if transfer_syntax != uids.DEFLATED:
        return data
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = squeezer.compress(data) + squeezer.flush()
    return data + b"\0" * (len(data) % 2)


def from_bytes(data: bytes, transfer_syntax: str) -> Dataset:
    """The inverse, of what some other software sent.

    Raises: ValueError when it is no data set.
    """
    if transfer_syntax == uids.DEFLATED:
        data = _inflated(data)
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # it quotes values, and they may be of patients
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of values that the standard does not allow
            ds = read_dataset(
                BytesIO(data),
                is_implicit_VR=transfer_syntax == uids.IMPLICIT_VR_LE,
                is_little_endian=transfer_syntax != uids.EXPLICIT_VR_BE,
            )
            ds.walk(lambda _ds, _element: None)  # values are converted when they are asked for
    except _UNREADABLE as exc:
        raise ValueError(f"what came is no data set ({type(exc).__name__})") from exc
    return ds


_UNREADABLE = (
    *(EOFError, OSError, LookupError, NotImplementedError, TypeError, ValueError, AttributeError),
    *(ArithmeticError, RecursionError, struct.error, BytesLengthException, InvalidDicomError),
)
"""What pydicom 3 raises for bytes that are none, found by changing good ones at random. Its texts quote values."""


def items(ds: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """The items of a sequence; none where it is missing, or something else than a sequence."""
    value = ds.get(keyword)
    return tuple(value) if isinstance(value, Sequence) else ()


_MOST_INFLATED = 64 * 1024 * 1024


def _inflated(data: bytes) -> bytes:
    """Raises: ValueError for what is not deflated, or more than anything that is sent here could be."""
    try:
        inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        found = inflater.decompress(data, _MOST_INFLATED)
    except zlib.error as exc:
        raise ValueError(f"what came is not deflated: {exc}") from exc
    if inflater.unconsumed_tail:
        raise ValueError("what came is longer than anything that was sent")
    return found
