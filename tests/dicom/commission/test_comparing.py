"""Whether an object came back as it was sent."""

from __future__ import annotations

import pytest

from pacsconf.dicom.commission.comparing import differences, pixel_hash
from pacsconf.dicom.commission.families import FAMILIES
from pacsconf.dicom.commission.objects import made
from pacsconf.dicom.commission.specimens import specimens
from pacsconf.dicom.data_sets import from_bytes, to_bytes
from pacsconf.inventory import uids
from tests.dicom.commission.cases import ORIGIN, SYNTAXES

IMPLICIT, EXPLICIT = SYNTAXES[:2]


def an(name: str, syntax: str = EXPLICIT):
    return made(next(specimens(ORIGIN, [(uids.sop_class(name), [syntax])])), ORIGIN)


@pytest.mark.parametrize("name", FAMILIES)
def test_an_object_is_the_same_after_it_was_written_either_way(name):
    for syntax in (IMPLICIT, EXPLICIT):
        back = from_bytes(to_bytes(an(name, syntax), syntax), syntax)
        assert differences(an(name, syntax), back, same_packing=True) == ()


def changed(what):
    back = from_bytes(to_bytes(an("ct-image-storage"), EXPLICIT), EXPLICIT)
    what(back)
    return differences(an("ct-image-storage"), back, same_packing=True)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda ds: delattr(ds, "StationName"), ("StationName is missing",)),
        (lambda ds: setattr(ds, "PatientName", "X^Y"), ("PatientName was changed",)),
        (lambda ds: setattr(ds, "RescaleSlope", 2), ('RescaleSlope is "2", not "1"',)),
        (lambda ds: setattr(ds, "PixelData", bytes(512)), None),
        (lambda ds: setattr(ds, "InstitutionName", "added"), ()),
    ],
    ids=["missing", "other name", "other number", "other pixels", "added"],
)
def test_what_is_missing_or_changed_is_named_and_what_was_added_is_not(what, said):
    found = changed(what)
    if said is None:
        assert len(found) == 1
        assert found[0].startswith("PixelData is 512 bytes")
    else:
        assert found == said


def test_of_another_object_nothing_is_told_since_it_may_be_of_a_patient():
    def other(ds):
        ds.SOPInstanceUID, ds.PatientName, ds.StudyDescription = "1.2.3", "DOE^JOHN", "THORAX JOHN DOE"

    (said,) = changed(other)
    assert said.startswith("it is another object than was sent")
    assert "DOE" not in said


def test_a_change_within_a_sequence_is_named_with_its_place():
    before, after = an("x-ray-radiation-dose-sr-storage"), an("x-ray-radiation-dose-sr-storage")
    after.ContentSequence[0].TextValue = "other"
    assert differences(before, after, same_packing=True)[0].startswith(
        'ContentSequence[0].TextValue is "other"'
    )
    after.ContentSequence = []
    assert differences(before, after, same_packing=True) == ("ContentSequence has 0 items, not 1",)


def test_pixels_that_were_packed_otherwise_are_not_compared():
    before, after = an("ultrasound-image-storage"), an("ultrasound-image-storage")
    after.PixelData, after.PhotometricInterpretation = b"\1\2", "YBR_FULL"
    assert differences(before, after, same_packing=False) == ()
    assert len(differences(before, after, same_packing=True)) == 2


def test_the_hash_is_of_the_pixels_and_empty_without_any():
    assert len(pixel_hash(an("ct-image-storage"))) == 64
    assert pixel_hash(an("basic-text-sr-storage")) == ""


def test_of_many_differences_some_are_named_and_the_rest_counted():
    after = an("ct-image-storage")
    for element in list(after)[10:30]:
        del after[element.tag]
    found = differences(an("ct-image-storage"), after, same_packing=True)
    assert len(found) == 6
    assert found[-1] == "and 15 more"
