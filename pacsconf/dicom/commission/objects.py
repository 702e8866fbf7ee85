"""Synthetic objects: small, complete as their SOP class asks, and marked so that nobody takes them for a patient's.

A specimen becomes a pydicom data set by what its SOP class shares with all (patient, study, series, equipment), and
by what `families` adds for its kind. What cannot be made is named with the reason, and not sent.
"""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from pacsconf.dicom.commission import families, pixels
from pacsconf.dicom.commission.specimens import DESCRIPTION, PATIENT_NAME, Origin, Specimen
from pacsconf.inventory import uids


class CannotMake(Exception):
    """No synthetic object of this kind is made here; the text says why."""


def why_not(sop_class: str, transfer_syntax: str) -> str:
    """Why such an object cannot be made; empty where it can."""
    family = families.of(sop_class)
    if family is None:
        return f"pacsconf makes no {uids.title(sop_class)}; send one from the console"
    if family.shape is None:
        packs = transfer_syntax in pixels.NATIVE
        return "" if packs else f"it has no pixels that {uids.title(transfer_syntax)} could pack"
    if pixels.frame(family.shape, transfer_syntax) is not None:
        return ""
    if transfer_syntax in pixels.LOSSY and family.shape == "grey16":
        return f"{uids.title(transfer_syntax)} holds fewer bits than this picture has"
    return f"not tried: no encoder for {uids.title(transfer_syntax)}"


def made(specimen: Specimen, origin: Origin) -> Dataset:
    """The object. Its data set holds no file meta information.

    Raises: CannotMake.
    """
    if reason := why_not(specimen.sop_class, specimen.transfer_syntax):
        raise CannotMake(reason)
    family = families.of(specimen.sop_class)
    assert family is not None, "what has no family cannot be made"
    ds = _common(specimen, origin)
    ds.Modality = family.modality or origin.modality
    if family.shape is not None:
        _picture(ds, family, specimen.transfer_syntax)
    family.add(ds, origin)
    if family.shape is not None and not any(name in ds for name in _SIDED):
        ds.Laterality = ""
    return ds


_SIDED = ("ImageLaterality", "BodyPartExamined", "SharedFunctionalGroupsSequence")
"""What says of which side a picture is, so that its series does not."""


def _common(specimen: Specimen, origin: Origin) -> Dataset:
    """Patient, study, series, equipment and SOP common (PS3.3 sections C.7 and C.12)."""
    ds = Dataset()
    day, time = origin.began[:8], origin.began[8:]
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = specimen.sop_class, specimen.instance_uid
    ds.InstanceCreationDate, ds.InstanceCreationTime = day, time
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = day
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = time
    ds.AccessionNumber = ""
    ds.Manufacturer = origin.manufacturer or "PACSCONF"
    ds.ReferringPhysicianName = ""
    ds.StationName = origin.station[:16]
    ds.StudyDescription = DESCRIPTION
    ds.SeriesDescription = f"{DESCRIPTION} {uids.label(specimen.sop_class)}"[:64]
    ds.ManufacturerModelName = origin.model or "PACSCONF"
    ds.PatientName, ds.PatientID = PATIENT_NAME, origin.patient_id
    if origin.issuer:
        ds.IssuerOfPatientID = origin.issuer[:64]
    ds.PatientBirthDate, ds.PatientSex = "19000101", "O"
    ds.PatientComments = "Test object. Nobody's images."
    ds.DeviceSerialNumber = origin.serial or "0"
    ds.SoftwareVersions = list(origin.software) or "0"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = specimen.study_uid, specimen.series_uid
    ds.StudyID = "ZZTEST"
    ds.SeriesNumber = ds.InstanceNumber = 1
    return ds


def _picture(ds: Dataset, family: families.Family, transfer_syntax: str) -> None:
    """Image pixel (PS3.3 section C.7.6.3), with the test picture as its only frame."""
    shape = family.shape
    assert shape is not None, "only pictures are painted"
    frame = pixels.frame(shape, transfer_syntax)
    assert frame is not None, "what cannot be packed was told before"
    words = shape == "grey16"
    ds.SamplesPerPixel = 3 if shape == "rgb" else 1
    ds.PhotometricInterpretation = frame.photometric
    if shape == "rgb":
        ds.PlanarConfiguration = 0
    if family.frames:
        ds.NumberOfFrames = 1
    ds.Rows = ds.Columns = pixels.SIDE
    ds.BitsAllocated = ds.BitsStored = 16 if words else 8
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = 0
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "01" if transfer_syntax in pixels.LOSSY else "00"
    if transfer_syntax in pixels.LOSSY:
        ds.LossyImageCompressionRatio = "1"
        ds.LossyImageCompressionMethod = "ISO_10918_1"
    if frame.packed:
        ds.add_new(0x7FE00010, "OB", encapsulate([frame.data]))
        ds["PixelData"].is_undefined_length = True
    else:
        implicit = transfer_syntax == uids.IMPLICIT_VR_LE
        ds.add_new(0x7FE00010, "OW" if words or implicit else "OB", frame.data)
