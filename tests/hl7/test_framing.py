"""Blocks of MLLP in any pieces; the reader of the hl7 package is the oracle."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hl7.mllp import InvalidBlockError, MLLPStreamReader
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.hl7.framing import ACK, NAK, Blocks, NotMLLP, TooLong, framed, spoken

CONTENT = st.binary(max_size=60).filter(lambda content: b"\x1c\r" not in content and content[-1:] != b"\x1c")
BYTES = st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"MSH|", b"\x06", b"\x00", b"\x1c\r"])).map(
    b"".join
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[begin:end] for begin, end in pairwise(at)]


def read(*parts: bytes, most: int = 1000) -> tuple[list[bytes], str]:
    """What was in the blocks, and how it ended."""
    blocks, found = Blocks(most), []
    try:
        for part in parts:
            found += blocks.feed(part)
    except NotMLLP:
        return found, "not MLLP"
    except TooLong:
        return found, "too long"
    return found, "half" if blocks.begun else ""


async def by_the_library(data: bytes) -> tuple[list[bytes], str]:
    reader, found = MLLPStreamReader(loop=asyncio.get_running_loop()), []
    reader.feed_data(data)
    reader.feed_eof()
    try:
        while not reader.at_eof():
            found.append(await reader.readblock())
    except InvalidBlockError:
        return found, "not MLLP"
    except asyncio.IncompleteReadError as exc:
        return found, "half" if exc.partial.startswith(b"\x0b") else "not MLLP"
    return found, ""


@given(st.lists(CONTENT, max_size=4), st.lists(st.integers(0, 400), max_size=8))
def test_blocks_come_out_as_they_went_in_however_they_are_cut(contents: list[bytes], cuts: list[int]):
    data = b"".join(map(framed, contents))

    assert read(*pieces(data, cuts)) == (contents, "")


@given(BYTES, st.lists(st.integers(0, 400), max_size=8))
def test_the_same_is_read_as_by_the_library(data: bytes, cuts: list[int]):
    found, end = asyncio.run(by_the_library(data))

    ours = read(*pieces(data, cuts))

    assert ours[1] == end
    # An error may be known before the last block is told, since its bytes came in one piece.
    assert ours[0] == found or end == "not MLLP"


@given(st.integers(0, 40), st.lists(st.integers(0, 400), max_size=8))
def test_no_more_is_held_than_is_allowed(length: int, cuts: list[int]):
    data = framed(b"x" * length)

    found, end = read(*pieces(data, cuts), most=20)

    assert (found, end) == (([b"x" * length], "") if length <= 20 else ([], "too long"))


def test_what_has_no_end_is_given_up_early():
    blocks = Blocks(100)
    for _ in range(10):
        assert list(blocks.feed(b"\x0b" + b"x" * 9)) == []
    with pytest.raises(TooLong):
        list(blocks.feed(b"x" * 9))


@pytest.mark.parametrize(
    ("head", "other"),
    [
        pytest.param(b"HTTP/1.1 400 Bad Request", "HTTP", id="HTTP"),
        pytest.param(b"\x15\x03\x03\0\2\2\x50", "TLS", id="an alert"),
        pytest.param(b"\x07\0\0\0\0\4\0\0\0\0", "DICOM", id="an abort"),
        pytest.param(b"MSH|^~\\&|A", "HL7 without MLLP", id="bare HL7"),
        pytest.param(ACK, "a bare acknowledgement byte", id="ACK"),
        pytest.param(NAK, "a bare acknowledgement byte", id="NAK"),
        pytest.param(b"SSH-2.0-OpenSSH", "something else", id="SSH"),
        pytest.param(b"\x05", "something else", id="one byte"),
    ],
)
def test_what_is_spoken_instead_is_known_by_how_it_begins(head: bytes, other: str):
    with pytest.raises(NotMLLP) as caught:
        list(Blocks().feed(head))
    assert caught.value.spoken == other == spoken(head[:8])
