"""Kinds of storage objects, and what each needs beyond the common modules (PS3.3 annex A), as little as will do.

Each SOP class belongs to a family: the shape of its picture if it has one, its modality where the standard fixes
it, and the modules it adds. SOP classes are written by their kebab names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydicom.dataset import Dataset

from pacsconf.dicom.commission import documents, frames
from pacsconf.dicom.commission.pixels import Shape
from pacsconf.dicom.commission.specimens import Origin
from pacsconf.inventory import uids

Add = Callable[[Dataset, Origin], None]


@dataclass(frozen=True, slots=True)
class Family:
    """`modality` empty: the device's. `frames`: its pictures are counted, one or many."""

    shape: Shape | None
    modality: str
    add: Add
    frames: bool = False


def of(sop_class: str) -> Family | None:
    """The family of a SOP class; None where nothing here makes its objects."""
    entry = uids.dictionary().get(sop_class)
    if entry is None or not entry.stores:
        return None
    return FAMILIES.get(entry.kebab)


def _plane(ds: Dataset, origin: Origin) -> None:
    """Frame of reference and image plane (PS3.3 sections C.7.4.1 and C.7.6.2)."""
    ds.FrameOfReferenceUID = origin.uid("frame")
    ds.PositionReferenceIndicator = ""
    ds.ImagePositionPatient = [0, 0, 0]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [1, 1]
    ds.SliceThickness = 1
    ds.PatientPosition = "HFS"


def _ct(ds: Dataset, origin: Origin) -> None:
    _plane(ds, origin)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.RescaleIntercept, ds.RescaleSlope = -1024, 1
    ds.KVP, ds.AcquisitionNumber = 120, 1


def _mr(ds: Dataset, origin: Origin) -> None:
    _plane(ds, origin)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = "SE", "NONE", ""
    ds.MRAcquisitionType, ds.RepetitionTime, ds.EchoTime, ds.EchoTrainLength = "2D", 500, 15, 1


def _cr(ds: Dataset, _origin: Origin) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.BodyPartExamined, ds.ViewPosition = "CHEST", "PA"
    ds.PatientOrientation = ["L", "F"]


def _dx(intent: str, modality: str = "DX") -> Add:
    """Digital X-ray, mammography and intra-oral (PS3.3 sections C.8.11.1 to 4)."""

    def add(ds: Dataset, _origin: Origin) -> None:
        ds.ImageType = ["ORIGINAL", "PRIMARY", ""]
        ds.PresentationIntentType = f"FOR {intent}"
        ds.PatientOrientation = ["L", "F"]
        ds.ImageLaterality, ds.BodyPartExamined = ("R", "BREAST") if modality == "MG" else ("U", "CHEST")
        ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LIN", 1
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 0, 1, "US"
        ds.PresentationLUTShape = "IDENTITY"
        ds.DetectorType, ds.ImagerPixelSpacing = "DIRECT", [0.1, 0.1]
        ds.AcquisitionContextSequence = []
        ds.AnatomicRegionSequence = [frames.code("T-04000", "SRT", "Breast")]
        ds.ViewCodeSequence = [frames.code("R-10206", "SRT", "antero-posterior")]
        ds.PositionerType = "NONE"
        if intent == "PRESENTATION":
            ds.WindowCenter, ds.WindowWidth = 32768, 65536
        if modality == "MG":
            ds.PositionerType, ds.OrganExposed = "MAMMOGRAPHIC", "BREAST"
            ds.BreastImplantPresent = "NO"
            ds.ViewCodeSequence = [frames.oblique()]
        if modality == "IO":
            ds.ImageLaterality = "B"
            ds.AnatomicRegionSequence = [frames.code("T-11180", "SRT", "Mandible")]
            ds.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [
                frames.code("G-A104", "SRT", "Lateral")
            ]

    return add


def _xa(ds: Dataset, _origin: Origin) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    ds.PatientOrientation = ""
    ds.PixelIntensityRelationship = "LIN"
    ds.RadiationSetting, ds.KVP, ds.XRayTubeCurrent, ds.ExposureTime = "SC", 70, 1, 1
    ds.FrameTime, ds.FrameIncrementPointer = 40, 0x00181063
    if ds.Modality == "XA":
        ds.PositionerPrimaryAngle, ds.PositionerSecondaryAngle = 0, 0


def _nm(ds: Dataset, _origin: Origin) -> None:
    """A static picture of one window and one detector (PS3.3 sections C.8.4.7 to C.8.4.11)."""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]
    ds.FrameIncrementPointer = [0x00540010, 0x00540020]
    ds.EnergyWindowVector, ds.NumberOfEnergyWindows = [1], 1
    ds.DetectorVector, ds.NumberOfDetectors = [1], 1
    ds.EnergyWindowInformationSequence = [Dataset()]
    ds.RadiopharmaceuticalInformationSequence = []
    detector = Dataset()
    detector.CollimatorType = "PARA"
    detector.ImageOrientationPatient, detector.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 0]
    ds.DetectorInformationSequence = [detector]
    ds.ActualFrameDuration, ds.CountsAccumulated = 1000, 1
    ds.PatientOrientationCodeSequence, ds.PatientGantryRelationshipCodeSequence = [], []
    ds.PixelSpacing = [1, 1]


def _pt(ds: Dataset, origin: Origin) -> None:
    _plane(ds, origin)
    del ds.PatientPosition  # its code below says it
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SeriesType, ds.Units, ds.CountsSource = ["STATIC", "IMAGE"], "BQML", "EMISSION"
    ds.NumberOfSlices, ds.CorrectedImage, ds.DecayCorrection = 1, "", "NONE"
    ds.CollimatorType = "NONE"
    ds.RescaleIntercept, ds.RescaleSlope = 0, 1
    ds.FrameReferenceTime, ds.ImageIndex, ds.ActualFrameDuration = 0, 1, 1000
    ds.AcquisitionDate, ds.AcquisitionTime = ds.ContentDate, ds.ContentTime
    ds.RadiopharmaceuticalInformationSequence = []
    ds.PatientOrientationCodeSequence, ds.PatientGantryRelationshipCodeSequence = [], []


def _us(ds: Dataset, _origin: Origin) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY", "", "0001"]
    ds.PatientOrientation = ""
    if "NumberOfFrames" in ds:
        ds.FrameTime, ds.FrameIncrementPointer = 40, 0x00181063


def _captured(ds: Dataset, _origin: Origin) -> None:
    ds.ConversionType = "WSD"
    ds.PatientOrientation = ""
    ds.ImageType = ["DERIVED", "SECONDARY"]
    if "NumberOfFrames" not in ds:
        return
    if ds.SamplesPerPixel == 1:
        ds.PresentationLUTShape = "IDENTITY"
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 0, 1, "US"


def _light(ds: Dataset, _origin: Origin) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.PatientOrientation = ""
    ds.AcquisitionContextSequence = []


def _rt_image(ds: Dataset, _origin: Origin) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY", "PORTAL"]
    ds.ConversionType, ds.RTImageLabel, ds.RTImagePlane = "DI", "ZZTEST", "NORMAL"
    ds.PatientOrientation, ds.OperatorsName = "", ""
    ds.XRayImageReceptorAngle = ds.ImagePlanePixelSpacing = ds.RTImagePosition = None
    ds.RadiationMachineName, ds.ReportedValuesOrigin, ds.PrimaryDosimeterUnit = "", "OPERATOR", ""
    ds.RadiationMachineSAD = ds.RTImageSID = ds.GantryAngle = None


_INTRA_ORAL = "digital-intra-oral-x-ray-image-storage-for"
_DIGITAL = "digital-x-ray-image-storage-for"
_MAMMO = "digital-mammography-x-ray-image-storage-for"

_PICTURES: Mapping[str, Family] = {
    "computed-radiography-image-storage": Family("grey16", "CR", _cr),
    "ct-image-storage": Family("grey16", "CT", _ct),
    "mr-image-storage": Family("grey16", "MR", _mr),
    f"{_DIGITAL}-presentation": Family("grey16", "DX", _dx("PRESENTATION")),
    f"{_DIGITAL}-processing": Family("grey16", "DX", _dx("PROCESSING")),
    f"{_MAMMO}-presentation": Family("grey16", "MG", _dx("PRESENTATION", "MG")),
    f"{_MAMMO}-processing": Family("grey16", "MG", _dx("PROCESSING", "MG")),
    f"{_INTRA_ORAL}-presentation": Family("grey16", "IO", _dx("PRESENTATION", "IO")),
    f"{_INTRA_ORAL}-processing": Family("grey16", "IO", _dx("PROCESSING", "IO")),
    "x-ray-angiographic-image-storage": Family("grey8", "XA", _xa, frames=True),
    "x-ray-radiofluoroscopic-image-storage": Family("grey8", "RF", _xa, frames=True),
    "nuclear-medicine-image-storage": Family("grey16", "NM", _nm, frames=True),
    "positron-emission-tomography-image-storage": Family("grey16", "PT", _pt),
    "ultrasound-image-storage": Family("rgb", "US", _us),
    "ultrasound-multi-frame-image-storage": Family("rgb", "US", _us, frames=True),
    "secondary-capture-image-storage": Family("grey8", "", _captured),
    "multi-frame-grayscale-byte-secondary-capture-image-storage": Family("grey8", "", _captured, frames=True),
    "multi-frame-grayscale-word-secondary-capture-image-storage": Family(
        "grey16", "", _captured, frames=True
    ),
    "multi-frame-true-color-secondary-capture-image-storage": Family("rgb", "", _captured, frames=True),
    "vl-endoscopic-image-storage": Family("rgb", "ES", _light),
    "vl-microscopic-image-storage": Family("rgb", "GM", _light),
    "vl-photographic-image-storage": Family("rgb", "XC", _light),
    "rt-image-storage": Family("grey16", "RTIMAGE", _rt_image),
}

_ENHANCED: Mapping[str, Family] = {
    "enhanced-ct-image-storage": Family("grey16", "CT", frames.enhanced_ct, frames=True),
    "enhanced-mr-image-storage": Family("grey16", "MR", frames.enhanced_mr, frames=True),
    "enhanced-pet-image-storage": Family("grey16", "PT", frames.enhanced_pet, frames=True),
    "enhanced-xa-image-storage": Family("grey16", "XA", frames.enhanced_xa, frames=True),
    "enhanced-xrf-image-storage": Family("grey16", "RF", frames.enhanced_xa, frames=True),
    "enhanced-us-volume-storage": Family("grey8", "US", frames.enhanced_us, frames=True),
    "x-ray-3d-angiographic-image-storage": Family("grey16", "XA", frames.x_ray_3d, frames=True),
    "x-ray-3d-craniofacial-image-storage": Family("grey16", "DX", frames.x_ray_3d, frames=True),
    "breast-tomosynthesis-image-storage": Family("grey16", "MG", frames.breast, frames=True),
    "breast-projection-x-ray-image-storage-for-presentation": Family(
        "grey16", "MG", frames.projection("PRESENTATION"), frames=True
    ),
    "breast-projection-x-ray-image-storage-for-processing": Family(
        "grey16", "MG", frames.projection("PROCESSING"), frames=True
    ),
}

_DOCUMENTS: Mapping[str, Family] = {
    **{
        name: Family(None, "SR", documents.report(code, scheme, meaning))
        for name, (code, scheme, meaning) in documents.REPORTS.items()
    },
    "key-object-selection-document-storage": Family(None, "KO", documents.key_objects),
    "encapsulated-pdf-storage": Family(None, "DOC", documents.pdf),
    "encapsulated-cda-storage": Family(None, "DOC", documents.cda),
    "raw-data-storage": Family(None, "", documents.raw),
    "grayscale-softcopy-presentation-state-storage": Family(None, "PR", documents.presentation),
    "color-softcopy-presentation-state-storage": Family(None, "PR", documents.presentation),
    "real-world-value-mapping-storage": Family(None, "RWV", documents.mapping),
    "mr-spectroscopy-storage": Family(None, "MR", frames.spectroscopy),
    "general-ecg-waveform-storage": Family(None, "ECG", documents.waveform),
    "twelve-lead-ecg-waveform-storage": Family(None, "ECG", documents.waveform),
}

FAMILIES: Mapping[str, Family] = {**_PICTURES, **_ENHANCED, **_DOCUMENTS}
