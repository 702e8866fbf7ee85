"""Test objects: every SOP class of the example hospital's modalities, written, read again, and read by DCMTK."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import FileMetaDataset
from pydicom.sr.codedict import Collection
from pydicom.uid import ExplicitVRLittleEndian

from pacsconf.dicom.commission import pixels
from pacsconf.dicom.commission.documents import REPORTS
from pacsconf.dicom.commission.families import FAMILIES, of
from pacsconf.dicom.commission.objects import CannotMake, made, why_not
from pacsconf.dicom.commission.specimens import DESCRIPTION, PATIENT_NAME, specimens
from pacsconf.dicom.data_sets import from_bytes, to_bytes
from pacsconf.inventory import uids
from pacsconf.inventory.loader import load
from tests.dicom.commission.cases import ORIGIN, SYNTAXES

ROOT = Path(__file__).parents[3]
IMPLICIT, EXPLICIT = SYNTAXES[:2]
DEFLATED, BIG_ENDIAN = uids.DEFLATED, uids.EXPLICIT_VR_BE
CT = uids.sop_class("ct-image-storage")
CAPTURE = uids.sop_class("secondary-capture-image-storage")
US = uids.sop_class("ultrasound-image-storage")


def the(sop_class: str, syntax: str, origin=ORIGIN):
    return next(specimens(origin, [(sop_class, [syntax])]))


def test_the_title_of_every_report_is_what_its_code_means():
    known = [code for scheme in ("DCM", "LN") for code in Collection(scheme).concepts.values()]
    meanings = {(code.value, code.scheme_designator): code.meaning for code in known}
    named = {(value, scheme): meaning for value, scheme, meaning in REPORTS.values()}
    assert named == {code: meanings.get(code) for code in named}


def test_every_class_that_modalities_of_the_example_hospital_send_can_be_made():
    inventory = load(ROOT, date(2026, 11, 26)).inventory
    sent = {
        one.sop_class
        for device, ae in inventory.entities()
        if device.type == "modality"
        for one in ae.capabilities
        if one.role == "SCU" and uids.dictionary()[one.sop_class].stores
    }
    assert len(sent) > 20
    assert [uids.label(uid) for uid in sorted(sent) if why_not(uid, IMPLICIT)] == []


def test_every_family_is_a_storage_class_of_the_standard():
    assert [name for name in FAMILIES if of(uids.sop_class(name)) is None] == []


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED], ids=uids.label)
def test_an_object_is_read_as_it_was_written(name, syntax):
    specimen = the(uids.sop_class(name), syntax)
    before = made(specimen, ORIGIN)
    after = from_bytes(to_bytes(before, syntax), syntax)

    assert [element.tag for element in after] == [element.tag for element in before]
    assert (str(after.PatientName), after.StudyDescription) == (PATIENT_NAME, DESCRIPTION)
    assert after.PatientID.startswith("ZZTEST-")
    assert after.SOPInstanceUID == specimen.instance_uid
    assert after.get("PixelData") == before.get("PixelData")


def test_big_endian_words_are_swapped():
    little = made(the(CT, EXPLICIT), ORIGIN).PixelData
    big = made(the(CT, BIG_ENDIAN), ORIGIN).PixelData
    assert big != little
    assert bytes(b for pair in zip(big[1::2], big[::2], strict=True) for b in pair) == little


def test_the_same_run_makes_the_same_object_and_another_run_another():
    again = made(the(CT, EXPLICIT), ORIGIN)
    assert to_bytes(again, EXPLICIT) == to_bytes(made(the(CT, EXPLICIT), ORIGIN), EXPLICIT)
    other = replace(ORIGIN, root=ORIGIN.root.__class__(int=8 << 64))
    assert the(CT, EXPLICIT, other).instance_uid != the(CT, EXPLICIT).instance_uid


def test_uids_are_short_enough_and_below_the_arc_of_uuids():
    for specimen in specimens(ORIGIN, [(CT, SYNTAXES), (CAPTURE, SYNTAXES)]):
        for uid in (specimen.instance_uid, specimen.series_uid, specimen.study_uid):
            assert uid.startswith("2.25.")
            assert len(uid) <= 64


@pytest.mark.parametrize(
    ("sop_class", "syntax", "why"),
    [
        (CT, "jpeg-baseline-8-bit", "holds fewer bits"),
        (CT, "mpeg2-main-profile-main-level", "not tried: no encoder"),
        (CT, "htj2k-lossless", "not tried: no encoder"),
        ("basic-text-sr-storage", "jpeg-lossless-sv1", "no pixels"),
        ("video-endoscopic-image-storage", "implicit-vr-little-endian", "pacsconf makes no Video Endoscopic"),
        ("1.3.46.670589.5.0.1", "implicit-vr-little-endian", "pacsconf makes no 1.3.46.670589.5.0.1"),
    ],
)
def test_what_cannot_be_made_is_said_with_why(sop_class, syntax, why):
    uid, transfer_syntax = uids.sop_class(sop_class), uids.transfer_syntax(syntax)
    assert why in why_not(uid, transfer_syntax)
    with pytest.raises(CannotMake, match=why):
        made(the(uid, transfer_syntax), ORIGIN)


# --- pictures, decoded by others ----------------------------------------------------------------------------------

DECODERS = {
    "rle-lossless": "/usr/bin/dcmdrle",
    "jpeg-lossless-sv1": "/usr/bin/dcmdjpeg",
    "jpeg-lossless": "/usr/bin/dcmdjpeg",
    "jpegls-lossless": "/usr/bin/dcmdjpls",
}


def saved(specimen, folder: Path) -> Path:
    ds = made(specimen, ORIGIN)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = specimen.transfer_syntax
    path = folder / "object.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("syntax", DECODERS)
@pytest.mark.parametrize("sop_class", [CT, CAPTURE, US], ids=uids.label)
def test_dcmtk_decodes_a_lossless_picture_to_what_it_was(tmp_path, syntax, sop_class):
    from pydicom import dcmread

    path = saved(the(sop_class, uids.transfer_syntax(syntax)), tmp_path)
    plain = tmp_path / "plain.dcm"
    subprocess.run([DECODERS[syntax], path, plain], check=True, capture_output=True)
    decoded = dcmread(plain)
    shape = of(sop_class).shape

    assert decoded.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    samples = decoded.PixelData
    if decoded.get("PlanarConfiguration") == 1:
        side = pixels.SIDE**2
        samples = bytes(samples[at + plane * side] for at in range(side) for plane in range(3))
    assert samples == pixels.pattern(shape)


@pytest.mark.parametrize("sop_class", [CAPTURE, US], ids=uids.label)
def test_dcmtk_decodes_a_lossy_picture(tmp_path, sop_class):
    path = saved(the(sop_class, uids.transfer_syntax("jpeg-baseline-8-bit")), tmp_path)
    subprocess.run(["/usr/bin/dcmdjpeg", path, tmp_path / "plain.dcm"], check=True, capture_output=True)


@pytest.mark.parametrize("shape", ["grey8", "grey16", "rgb"])
def test_a_jpeg_2000_stream_is_of_the_right_size_and_depth(shape):
    data = pixels.frame(shape, uids.transfer_syntax("jpeg2000-lossless")).data
    assert data[:4] == b"\xff\x4f\xff\x51"  # SOC, SIZ (ISO 15444-1 annex A)
    assert [int.from_bytes(data[at : at + 4], "big") for at in (8, 12)] == [pixels.SIDE, pixels.SIDE]
    components, depth = int.from_bytes(data[40:42], "big"), data[42] + 1
    assert (components, depth) == {"grey8": (1, 8), "grey16": (1, 16), "rgb": (3, 8)}[shape]


@pytest.mark.parametrize("name", FAMILIES)
def test_dcmtk_reads_every_object(tmp_path, name):
    path = saved(the(uids.sop_class(name), EXPLICIT), tmp_path)
    done = subprocess.run(["/usr/bin/dcmdump", "-q", "+E", path], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "") or "Warning" not in done.stderr


@pytest.mark.parametrize(
    "data",
    [b"\x08\0\x16\0UI\xff\xffabc", b"\xff" * 40, b"\x08\0\x05\0CS\x02", b"\x10\0\x10\0ZZ\x04\0abcd"],
    ids=["cut short", "nothing", "half an element", "no such type"],
)
def test_what_is_no_data_set_is_a_mistake_with_a_name(data):
    try:
        from_bytes(data, EXPLICIT)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - some of it can be read, and nothing else may be raised


def test_what_is_not_deflated_is_a_mistake_with_a_name():
    with pytest.raises(ValueError, match="not deflated"):
        from_bytes(b"\xff\xff\xff", DEFLATED)


@given(st.binary(max_size=400), st.sampled_from([IMPLICIT, EXPLICIT, DEFLATED]))
def test_what_is_no_data_set_raises_nothing_else(data, syntax):
    try:
        from_bytes(data, syntax)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - by chance it can be read, and nothing else may be raised
