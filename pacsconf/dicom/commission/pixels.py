"""A test picture of 16 by 16 pixels in three shapes, as each transfer syntax packs it.

The picture is a slope over both axes, so that a byte lost, swapped or shifted shows. No codec comes with pacsconf:
what needs one was packed beforehand and stands here as text. JPEG (processes 1, 2, 14 and 14 SV1) and JPEG-LS by
dcmcjpeg and dcmcjpls of DCMTK 3.6.7, JPEG 2000 by Pillow 12 with OpenJPEG 2.5.4 (reversible, two resolutions).
Those that lose nothing were decoded again, to the same bytes. RLE is packed here (PS3.5 annex G).
"""

from __future__ import annotations

from array import array
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from pacsconf.inventory import uids

SIDE = 16
"""Rows and columns."""

Shape = Literal["grey8", "grey16", "rgb"]
RLE = "1.2.840.10008.1.2.5"
NATIVE = (uids.IMPLICIT_VR_LE, uids.EXPLICIT_VR_LE, uids.DEFLATED, uids.EXPLICIT_VR_BE)
"""Nothing is packed; the third deflates the whole data set."""
LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as it stands in an object: `photometric` is how its samples are meant (0028,0004)."""

    photometric: str
    data: bytes
    packed: bool = True


def frame(shape: Shape, transfer_syntax: str) -> Frame | None:
    """The test picture in this transfer syntax; None where nothing here packs it so."""
    photometric = "RGB" if shape == "rgb" else "MONOCHROME2"
    plain = pattern(shape)
    if transfer_syntax in NATIVE:
        swapped = _swapped(plain) if shape == "grey16" and transfer_syntax == uids.EXPLICIT_VR_BE else plain
        return Frame(photometric, swapped, packed=False)
    if transfer_syntax == RLE:
        return Frame(photometric, _run_lengths(shape, plain))
    found = _PACKED.get(transfer_syntax, {}).get(shape)
    return Frame(found[0], _even(b64decode(found[1]))) if found else None


def pattern(shape: Shape) -> bytes:
    """The samples of the picture, little endian, the colours of a pixel together."""
    return bytes(_samples(shape))


def _samples(shape: Shape) -> Iterator[int]:
    for y in range(SIDE):
        for x in range(SIDE):
            match shape:
                case "grey8":
                    yield (16 * x + 5 * y) % 256
                case "grey16":
                    yield from ((4096 * x + 257 * y) % 65536).to_bytes(2, "little")
                case "rgb":
                    yield from (16 * x, 16 * y, 8 * (x + y) % 256)


def _swapped(words: bytes) -> bytes:
    swapped = array("H", words)
    swapped.byteswap()
    return swapped.tobytes()


def _even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)


def _run_lengths(shape: Shape, plain: bytes) -> bytes:
    """A frame of segments, one for each byte of a sample, the highest first (PS3.5 section G.2)."""
    width = {"grey8": 1, "grey16": 2, "rgb": 3}[shape]
    order = (1, 0) if shape == "grey16" else tuple(range(width))
    segments = [_even(_packed_bits(plain[at::width])) for at in order]
    offsets = [64 + sum(map(len, segments[:number])) for number in range(width)]
    header = array("I", [width, *offsets, *[0] * (15 - width)])
    return header.tobytes() + b"".join(segments)


def _packed_bits(data: bytes) -> bytes:
    """Row by row, since a run must not cross the end of one (PS3.5 section G.3.1)."""
    return b"".join(_row(data[at : at + SIDE]) for at in range(0, len(data), SIDE))


def _row(row: bytes) -> bytes:
    out = b""
    for value, run in groupby(row):
        length = len(tuple(run))
        out += bytes([257 - length, value]) if length > 1 else bytes([0, value])
    return out


_PACKED: Mapping[str, Mapping[Shape, tuple[str, str]]] = {
    "1.2.840.10008.1.2.4.50": {
        "grey8": (
            "MONOCHROME2",
            (
                "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL"
                "EBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAACAcJ/8QAJBAAAgIBAgYD"
                "AQAAAAAAAAAAAQIDBAYFIgAHCBITITRBUQn/2gAIAQEAAD8AN3TbiPxdn59caQYzkdHkpyjyXO9QjryV9A0ya8tezaWq"
                "tqVUPiriRgQrSydka+iSzqAGJAJJ6bcR+Ls/Pril/wBD8xmxDkLiGBUzYhsZlqfltFYI3hlpU+yR42ZtyMZ5abqUHsRO"
                "CwG1v//Z"
            ),
        ),
        "rgb": (
            "YBR_FULL_422",
            (
                "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL"
                "EBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
                "FBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAQABADASEAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABwj/xAAZEAAB"
                "BQAAAAAAAAAAAAAAAAAABgcjM6H/xAAXAQADAQAAAAAAAAAAAAAAAAAEBQcI/8QAGxEAAQQDAAAAAAAAAAAAAAAAAAME"
                "BgciMTL/2gAMAwEAAhEDEQA/AI/RbQ1wYPKLaGuDA5mtop1eSLjIY0W0NcGDyi2hrgwRs1tGY68kXGR//9k="
            ),
        ),
    },
    "1.2.840.10008.1.2.4.51": {
        "grey8": (
            "MONOCHROME2",
            (
                "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL"
                "EBYQERMUFRUVDA8XGBYUGBIUFRT/wQALCAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAACAcJ/8QAJBAAAgIBAgYD"
                "AQAAAAAAAAAAAQIDBAYFIgAHCBITITRBUQn/2gAIAQEAAD8AN3TbiPxdn59caQYzkdHkpyjyXO9QjryV9A0ya8tezaWq"
                "tqVUPiriRgQrSydka+iSzqAGJAJJ6bcR+Ls/Pril/wBD8xmxDkLiGBUzYhsZlqfltFYI3hlpU+yR42ZtyMZ5abqUHsRO"
                "CwG1v//Z"
            ),
        ),
        "rgb": (
            "YBR_FULL_422",
            (
                "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL"
                "EBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
                "FBQUFBQUFBQUFBQUFBQUFBQUFBT/wQARCAAQABADASEAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABwj/xAAZEAAB"
                "BQAAAAAAAAAAAAAAAAAABgcjM6H/xAAXAQADAQAAAAAAAAAAAAAAAAAEBQcI/8QAGxEAAQQDAAAAAAAAAAAAAAAAAAME"
                "BgciMTL/2gAMAwEAAhEDEQA/AI/RbQ1wYPKLaGuDA5mtop1eSLjIY0W0NcGDyi2hrgwRs1tGY68kXGR//9k="
            ),
        ),
    },
    "1.2.840.10008.1.2.4.57": {
        "grey8": (
            "MONOCHROME2",
            (
                "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALCAAQABABAREA/8QAFwABAQEBAAAAAAAAAAAAAAAAAgMFCP/aAAgBAQAGAADn"
                "/Q0NDQ0NDQ0NDQ0NDQ0NCrbbbbbbbq22222226ttttttturbbbbbbfAVW2222223Vttttttt1bbbbbbfAXQdW2222223"
                "Vttttttt1bbbbbb4C6DdW2222223Vttttttt1bbbbbfAXQbdW2222223Vttttttt/wD/2Q=="
            ),
        ),
        "grey16": (
            "MONOCHROME2",
            (
                "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAQABABAREA/8QAFwABAQEBAAAAAAAAAAAAAAAACAkNEP/aAAgBAQAGAADt"
                "AA0ADQANAA0ADQANAA0ADQANAA0ADQANAA0ADQAKAoFAoFAoFAoFAoFAoFAoFAoGgKBQKBQKBQKBQKBQKBQKBQKBoCgU"
                "CgUCgUCgUCgUCgUCgUCgaAoFAoFAoFAoFAoFAoFAoFAoGgKBQKBQKBQKBQKBQKBQKBQKBoCgUCgUCgUCgUCgUCgUCgUC"
                "gaAoFAoFAoFAoFAoFAoFAoFAoGgKBQKBQKBQKBQKBQKBQKBQKBoCgUCgUCgUCgUCgUCgUCgUCgaAoFAoFAoFAoFAoFAo"
                "FAoFAoGgKBQKBQKBQKBQKBQKBQKBQKBoCgUCgUCgUCgUCgUCgUCgUCgaAoFAoFAoFAoFAoFAoFAoFAoGgKBQKBQKBQKB"
                "QKBQKBQKBQKBoCgUCgUCgUCgUCgUCgUCgUCgf///2Q=="
            ),
        ),
        "rgb": (
            "RGB",
            (
                "/9j/wwARCAAQABADABEAAREAAhEA/8QAGAAAAwEBAAAAAAAAAAAAAAAAAAMEBQj/2gAMAwAAAQACAAYAAOf+f+f9Ao0C"
                "jQKNAo0CjQKNAo0CjQKNAo0CjQKNAo0CjQKDQoKGFDChhQwoYUMKGFDChhQwoYUMKGFDChhoUFDChhQwoYUMKGFDChhQ"
                "woYUMKGFDChhQw0KChhQwoYUMKGFDChhQwoYUMKGFDChhQwoYaFBQwoYUMKGFDChhQwoYUMKGFDChhQwoYUMNCgoYUMK"
                "GFDChhQwoYUMKGFDChhQwoYUMKGGhQUMKGFDChhQwoYUMKGFDChhQwoYUMKGFDDQoKGFDChhQwoYUMKGFDChhQwoYUMK"
                "GFDChhoUFDChhQwoYUMKGFDChhQwoYUMKGFDChhQw0KChhQwoYUMKGFDChhQwoYUMKGFDChhQwoYaFBQwoYUMKGFDChh"
                "QwoYUMKGFDChhQwoYUMNCgoYUMKGFDChhQwoYUMKGFDChhQwoYUMKGGhQUMKGFDChhQwoYUMKGFDChhQwoYUMKGFDDQo"
                "KGFDChhQwoYUMKGFDChhQwoYUMKGFDChhoUFDChhQwoYUMKGFDChhQwoYUMKGFDChhQw0KChhQwoYUMKGFDChhQwoYUM"
                "KGFDChhQwoZ//9k="
            ),
        ),
    },
    "1.2.840.10008.1.2.4.70": {
        "grey8": (
            "MONOCHROME2",
            (
                "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALCAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABQMI/9oACAEBAAEAAM/o"
                "IIIIIIIIIIIIIIVQQQQQQQQQQQQQQQqgggggggggggggghVBBBBBBBBBBBBBBCqCCCCCCCCCCCCCGD6oIIIIIIIIIIII"
                "IYPqggggggggggggghg+qCCCCCCCCCCCCGD0KoIIIIIIIIIIIIYPQqgggggggggggghg9CqCCCCCCCCCCCGD0EKoIIII"
                "IIIIIIIYPQQqggggggggggghg9BCqCCCCCCCCCCGD0EEKoIIIIIIIIIIYPQQQqgggggggggghg9BBD//2Q=="
            ),
        ),
        "grey16": (
            "MONOCHROME2",
            (
                "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAADQkQ/9oACAEBAAEAAMgA"
                "IACAAgAIACAAgAIACAAgAIACAAgAIACABQFAAQAEABAAQAEABAAQAEABAAQAEABAAQAEACgKAAgAIACAAgAIACAAgAIA"
                "CAAgAIACAAgAIAFAUABAAQAEABAAQAEABAAQAEABAAQAEABAAQAKAoACAAgAIACAAgAIACAAgAIACAAgAIACAAgAUBQA"
                "EABAAQAEABAAQAEABAAQAEABAAQAEABAAoCgAIACAAgAIACAAgAIACAAgAIACAAgAIACABQFAAQAEABAAQAEABAAQAEA"
                "BAAQAEABAAQAEACgKAAgAIACAAgAIACAAgAIACAAgAIACAAgAIAFAUABAAQAEABAAQAEABAAQAEABAAQAEABAAQAKAoA"
                "CAAgAIACAAgAIACAAgAIACAAgAIACAAgAUBQAEABAAQAEABAAQAEABAAQAEABAAQAEABAAoCgAIACAAgAIACAAgAIACA"
                "AgAIACAAgAIACABQFAAQAEABAAQAEABAAQAEABAAQAEABAAQAEACgKAAgAIACAAgAIACAAgAIACAAgAIACAAgAIAFAUA"
                "BAAQAEABAAQAEABAAQAEABAAQAEABAAQAP/Z"
            ),
        ),
        "rgb": (
            "RGB",
            (
                "/9j/wwARCAAQABADABEAAREAAhEA/8QAFwAAAwEAAAAAAAAAAAAAAAAAAAQFCP/aAAwDAAABAAIAAQAAz/n/AD/QGKAx"
                "QGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQG"
                "KAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKA"
                "xQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQ"
                "GKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGK"
                "AxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAx"
                "QGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQG"
                "CgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGCgxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGKAxQGP//Z"
            ),
        ),
    },
    "1.2.840.10008.1.2.4.80": {
        "grey8": (
            "MONOCHROME2",
            (
                "/9j/9wALCAAQABABAREA/9oACAEBAAAAAIBwHAd1tldVNH/d7yYyOTbbSVGNVVX6Ef9/u/95k/9yzf9/2/9/Aff/blb/"
                "f7b/eoBJP/2yf/vL/3vZf/fL/18A/9k="
            ),
        ),
        "grey16": (
            "MONOCHROME2",
            (
                "/9j/9wALEAAQABABAREA//gADQH//wASAEMBFABA/9oACAEBAAAAAIB/8B/9/2v/N/5f93/V/xv+L/e/2v8t/pf53+XA"
                "WAsAX+/z+v4/b9Py/D7vs+r6MBYC+b5Pi+D3vc9r2PW9T0vQ87zMAYA8ryPG8TwvA77vO67jtu07JsL/L/Nc1jVNQ0zS"
                "NE0DPM4zTMMsyn+f4yTIMcxjFMQwzCMEwC/L4vS8f1/S7LouS4Lcti1LQsyyLEsCvK5/H8K0rCrKoqSoKcpilKQoyiKE"
                "oH7fsnyeJ0nCbJomSYJcliVJQkySfp+iRJAjyOI0jCLIoiSIIchiFIR+X5IMgiCIIgiCIIgiCIIgiCIIgn4fggiCIIgi"
                "CIIgiCIIgiCIIgiCfd9yCIIgiCIIgiCIIgiCIIgiCIJ9n2IIgiCIIgiCIIgiCIIgiCIIgn1fUgiCIIgiCIIgiCIIgiCI"
                "IgiCfR9CCIIgiCIIgiCIIgiCIIgiCIJ8wP/Z"
            ),
        ),
        "rgb": (
            "RGB",
            (
                "/9j/9wARCAAQABADAREAAhEAAxEA/9oADAMBAAIAAwAAAQCAcBwHdbZXVTR/3e8/+/3drUpTMzMqpK//Aft2ZVVW20kA"
                "II5ikdmZlbYJf/9DpJJJVVW220kkkrl//01VVVVVVVVVVi//etX/fVVVfpf/fK//f/94v/9kf/9//03/f3f/f/98/3/u"
                "/3//f7//fZ//f/93/3+z/3//fv9/9n//f/9f/37P/3//ff9/1f9//3+//3q//3//d/9/V/9//36A///Z"
            ),
        ),
    },
    "1.2.840.10008.1.2.4.90": {
        "grey8": (
            "MONOCHROME2",
            (
                "/0//UQApAAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABBwEB/1IADAAAAAEAAQQEAAH/XAAHQEBISFD/"
                "ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAACEAAH/k9+B4BIl1THXAydUf0Hf8zoM"
                "R4zaCT6BTEsCYmlHLEFzsuBte8wCFtH9gCdInnptNS9U3SUABtbksFANAbeBn8/ARj7ROPwCgDcyeeG3/CAhdd6DOdKY"
                "yrEHOUbpqExG0JKuX62vF7ozAoHO3zVL0FUy3l63/3//2Q=="
            ),
        ),
        "grey16": (
            "MONOCHROME2",
            (
                "/0//UQApAAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABDwEB/1IADAAAAAEAAQQEAAH/XAAHQICIiJD/"
                "ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAACdAAH/k9/4k6gSK2agCog3A6SGzD7X"
                "624AQ20I3AN2ZW+tq9bLc4PO0Awmf3MoGbH92cWZabiBlAGOaKi4atP2JFtX7rLpR5sQLav3WXav3klRH99Vl0o82IFt"
                "X7rLpR5sQLav3Wah2MpQXsKlJzvNcqIJKKxogIAAAABISUvB/0ABYA/MJDahmdOfPaY0YME1sAB//9k="
            ),
        ),
        "rgb": (
            "YBR_RCT",
            (
                "/0//UQAvAAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAADBwEBBwEBBwEB/1IADAAAAAEBAQQEAAH/XAAH"
                "QEBISFD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAADGAAH/k9+BsBIrZcr0e037"
                "2DapQYhZkLo1jtn5m/DqsDpN2aDqrQMfl8fUAwvVSM9E4etWG1kRavO9m01wX8+0kCd1ZoqfHKW9uo86r1sz/JdCkHT3"
                "om9RLmHe9kjLuFHDWHbsB9+BMCd1ZoqfHKW9uo86r1sz/JdCkHT3om9RLmHe9kjLuFHDWHbsB/9/wHwiQPkDADahhD89"
                "pjQv+VPA+QJA+QIANqGZzz5ioq/B84SD5wo2oZnPPmKisD//2Q=="
            ),
        ),
    },
}
_PACKED = {**_PACKED, "1.2.840.10008.1.2.4.91": _PACKED["1.2.840.10008.1.2.4.90"]}
"""JPEG 2000 without `lossless` in its name may hold a reversible stream too (PS3.5 section A.4.4)."""
