"""Which transfer syntaxes lose something."""

from __future__ import annotations

import pytest

from pacsconf.dicom.reach.syntaxes import losing, loss
from pacsconf.inventory import uids

SYNTAXES = {
    entry.keyword: entry.uid for entry in uids.dictionary().values() if entry.kind == "transfer syntax"
}


def judged(*words: str) -> dict[str, str]:
    """The transfer syntaxes whose keyword holds any of the words."""
    return {name: loss(uid) for name, uid in SYNTAXES.items() if any(word in name for word in words)}


def test_what_the_standard_calls_lossless_is():
    assert set(
        {**judged("Lossless", "VRLittleEndian", "VRBigEndian"), "JPEGLSNearLossless": "lossless"}.values()
    ) == {"lossless"}


def test_video_and_the_old_jpeg_processes_always_lose_something():
    found = judged("MPEG", "HEVC", "JPEGBaseline", "JPEGExtended", "Spectral", "FullProgression", "LSNear")
    assert {name: kind for name, kind in found.items() if kind != "lossy"} == {}


def test_where_the_sender_chooses_it_may_lose_something():
    assert {name for name, uid in SYNTAXES.items() if loss(uid) == "either"} == {
        "JPEG2000", "JPEG2000MC", "JPIPReferenced", "JPIPReferencedDeflate", "HTJ2K", "JPIPHTJ2KReferenced",
        "JPIPHTJ2KReferencedDeflate",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "least"),
    [
        (["jpeg-baseline-8-bit"], "lossy"),
        (["jpeg-extended-12-bit", "jpegls-near-lossless"], "lossy"),
        (["jpeg-baseline-8-bit", "jpeg2000"], "either"),
        (["htj2k"], "either"),
        (["jpeg2000", "rle-lossless"], "lossless"),
    ],
)
def test_the_least_that_is_lost_counts(names, least):
    assert losing(map(uids.transfer_syntax, names)) == least
