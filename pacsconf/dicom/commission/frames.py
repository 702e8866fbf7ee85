"""Objects that describe each frame for itself: enhanced images (PS3.3 section C.7.6.16) and spectroscopy.

One frame, said to be derived, so that few functional groups are demanded; of those, the ones that archives index.
A validator misses conditional attributes of the rarer kinds (dciodvfy, 2026-11): these objects prove that a class
is taken, kept and given back, not how a scanner fills it.
"""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset

from pacsconf.dicom.commission.pixels import SIDE
from pacsconf.dicom.commission.specimens import Origin

Add = Callable[[Dataset, Origin], None]


def of(**attributes: object) -> Dataset:
    """A data set, or an item of a sequence, of these attributes by keyword."""
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """A coded entry (PS3.3 section 8.8)."""
    return of(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def _enhanced(ds: Dataset, origin: Origin, *groups: tuple[str, Dataset], kind: str = "VOLUME") -> None:
    """What all of them have: dimensions, one frame's content, and these functional groups for all frames."""
    ds.ImageType = ["DERIVED", "PRIMARY", kind, "NONE"]
    ds.AcquisitionDateTime = origin.began
    ds.AcquisitionDuration, ds.AcquisitionContextSequence = 1, []
    ds.ContentQualification, ds.PresentationLUTShape = "RESEARCH", "IDENTITY"
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = origin.uid("frame"), ""
    ds.PatientPosition = "HFS"
    organisation = origin.uid("dimensions")
    ds.DimensionOrganizationSequence = [of(DimensionOrganizationUID=organisation)]
    ds.DimensionIndexSequence = [
        of(
            DimensionOrganizationUID=organisation,
            DimensionIndexPointer=0x00209057,
            FunctionalGroupPointer=0x00209111,
        )
    ]
    ds.SharedFunctionalGroupsSequence = [of(**{name: [item] for name, item in groups})]
    content = of(
        FrameReferenceDateTime=origin.began,
        FrameAcquisitionDateTime=origin.began,
        FrameAcquisitionDuration=1,
        StackID="1",
        InStackPositionNumber=1,
        DimensionIndexValues=[1],
    )
    ds.PerFrameFunctionalGroupsSequence = [of(FrameContentSequence=[content])]


def _place() -> tuple[tuple[str, Dataset], ...]:
    """Where a frame lies, and what it shows."""
    return (
        ("PixelMeasuresSequence", of(SliceThickness=1, PixelSpacing=[1, 1])),
        ("PlanePositionSequence", of(ImagePositionPatient=[0, 0, 0])),
        ("PlaneOrientationSequence", of(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])),
        ("FrameAnatomySequence", of(FrameLaterality="U", AnatomicRegionSequence=[_BODY])),
    )


_BODY = code("T-D3000", "SRT", "Chest")


def _values(kind: str = "US") -> tuple[tuple[str, Dataset], ...]:
    """How pixel values are meant, and shown."""
    return (
        (
            "PixelValueTransformationSequence",
            of(RescaleIntercept=0, RescaleSlope=1, RescaleType=kind),
        ),
        ("FrameVOILUTSequence", of(WindowCenter=32768, WindowWidth=65536)),
    )


def _typed(kind: str = "VOLUME") -> Dataset:
    return of(
        FrameType=["DERIVED", "PRIMARY", kind, "NONE"],
        PixelPresentation="MONOCHROME",
        VolumetricProperties="VOLUME",
        VolumeBasedCalculationTechnique="NONE",
    )


def _presented(ds: Dataset) -> None:
    ds.PixelPresentation, ds.VolumetricProperties = "MONOCHROME", "VOLUME"
    ds.VolumeBasedCalculationTechnique = "NONE"


def enhanced_ct(ds: Dataset, origin: Origin) -> None:
    _enhanced(ds, origin, ("CTImageFrameTypeSequence", _typed()), *_place(), *_values("HU"))
    _presented(ds)


def _magnetic(ds: Dataset) -> None:
    ds.ComplexImageComponent, ds.AcquisitionContrast = "MAGNITUDE", "UNKNOWN"
    ds.ResonantNucleus, ds.KSpaceFiltering = "1H", "NONE"
    ds.MagneticFieldStrength, ds.ApplicableSafetyStandardAgency = 1.5, "IEC"


def enhanced_mr(ds: Dataset, origin: Origin) -> None:
    typed = _typed()
    typed.ComplexImageComponent, typed.AcquisitionContrast = "MAGNITUDE", "UNKNOWN"
    _enhanced(ds, origin, ("MRImageFrameTypeSequence", typed), *_place(), *_values())
    _presented(ds)
    _magnetic(ds)


def enhanced_pet(ds: Dataset, origin: Origin) -> None:
    _enhanced(ds, origin, ("PETFrameTypeSequence", _typed()), *_place(), *_values())
    _presented(ds)


def enhanced_xa(ds: Dataset, origin: Origin) -> None:
    kind = of(FrameType=["DERIVED", "PRIMARY", "SINGLE PLANE", "NONE"])
    _enhanced(
        ds,
        origin,
        ("XAXRFFrameCharacteristicsSequence", kind),
        ("FrameAnatomySequence", of(FrameLaterality="U", AnatomicRegionSequence=[_BODY])),
        ("FramePixelDataPropertiesSequence", _properties()),
        ("FrameVOILUTSequence", of(WindowCenter=32768, WindowWidth=65536)),
        kind="SINGLE PLANE",
    )
    ds.PlanesInAcquisition, ds.AcquisitionProtocolName = "UNDEFINED", "ZZTEST"
    ds.PatientOrientation = ["L", "F"]
    ds.RadiationSetting, ds.KVP = "SC", 70


def _properties() -> Dataset:
    return of(
        FrameType=["DERIVED", "PRIMARY", "SINGLE PLANE", "NONE"],
        PixelIntensityRelationship="LIN",
        PixelIntensityRelationshipSign=1,
        GeometricalProperties="NON_UNIFORM",
        ImageProcessingApplied="NONE",
    )


def enhanced_us(ds: Dataset, origin: Origin) -> None:
    _enhanced(
        ds,
        origin,
        ("PixelMeasuresSequence", of(SliceThickness=1, PixelSpacing=[1, 1])),
        ("PlanePositionVolumeSequence", of(ImagePositionVolume=[0, 0, 0])),
        ("PlaneOrientationVolumeSequence", of(ImageOrientationVolume=[1, 0, 0, 0, 1, 0])),
        ("FrameVOILUTSequence", of(WindowCenter=128, WindowWidth=256)),
        (
            "USImageDescriptionSequence",
            of(
                FrameType=["DERIVED", "PRIMARY", "VOLUME", "NONE"],
                VolumetricProperties="VOLUME",
                VolumeBasedCalculationTechnique="NONE",
            ),
        ),
    )
    ds.UltrasoundAcquisitionGeometry, ds.ApexPosition = "PATIENT", [0, 0, 0]
    ds.VolumeToTransducerMappingMatrix = _IDENTITY
    ds.PatientFrameOfReferenceSource = "ESTIMATED"
    ds.VolumeFrameOfReferenceUID = origin.uid("volume")
    ds.SynchronizationFrameOfReferenceUID = origin.uid("clock")
    ds.SynchronizationTrigger, ds.AcquisitionTimeSynchronized = "NO TRIGGER", "N"
    ds.DimensionOrganizationType = "3D"
    ds.PositionMeasuringDeviceUsed = "RIGID"


_IDENTITY = [float(row == column) for row in range(4) for column in range(4)]


def x_ray_3d(ds: Dataset, origin: Origin) -> None:
    _enhanced(ds, origin, ("XRay3DFrameTypeSequence", _reconstructed()), *_place(), *_values())
    _presented(ds)
    _contributed(ds)


def breast(ds: Dataset, origin: Origin) -> None:
    typed = _reconstructed()
    place = [one for one in _place() if one[0] != "FrameAnatomySequence"]
    anatomy = of(FrameLaterality="R", AnatomicRegionSequence=[code("T-04000", "SRT", "Breast")])
    _enhanced(
        ds,
        origin,
        ("XRay3DFrameTypeSequence", typed),
        *place,
        ("FrameAnatomySequence", anatomy),
        *_values(),
    )
    _presented(ds)
    _contributed(ds)
    ds.BreastImplantPresent = "NO"
    ds.ViewCodeSequence = [oblique()]
    ds.PartialView = "NO"


def oblique() -> Dataset:
    """The view of a mammogram."""
    return of(
        **{e.keyword: e.value for e in code("R-10226", "SRT", "medio-lateral oblique")},
        ViewModifierCodeSequence=[],
    )


def _reconstructed() -> Dataset:
    typed = _typed()
    typed.ReconstructionIndex = 1
    return typed


def _contributed(ds: Dataset) -> None:
    """What it was computed from (PS3.3 section C.8.21.2)."""
    ds.ContributingSourcesSequence = [
        of(
            AcquisitionProtocolName="ZZTEST",
            Manufacturer="PACSCONF",
            ManufacturerModelName="PACSCONF",
            DeviceSerialNumber="0",
            SoftwareVersions="0",
            Rows=SIDE,
            Columns=SIDE,
            BitsStored=16,
            LossyImageCompression="00",
        )
    ]
    ds.XRay3DAcquisitionSequence = [of(PrimaryPositionerScanArc=0)]
    ds.XRay3DReconstructionSequence = [
        of(
            ReconstructionDescription="ZZTEST",
            ApplicationName="ZZTEST",
            ApplicationVersion="0",
            ApplicationManufacturer="PACSCONF",
            AlgorithmType="FILTER_BACK_PROJ",
            AcquisitionIndex=1,
        )
    ]


def projection(intent: str) -> Add:
    """Breast projections, which tomosynthesis is computed from."""

    def add(ds: Dataset, origin: Origin) -> None:
        anatomy = of(FrameLaterality="R", AnatomicRegionSequence=[code("T-04000", "SRT", "Breast")])
        _enhanced(
            ds,
            origin,
            ("XAXRFFrameCharacteristicsSequence", of(FrameType=["DERIVED", "PRIMARY", "TOMO_PROJ", "NONE"])),
            ("FrameAnatomySequence", anatomy),
            ("FramePixelDataPropertiesSequence", _properties()),
            *_values(),
            kind="TOMO_PROJ",
        )
        ds.PresentationIntentType = f"FOR {intent}"
        ds.BreastImplantPresent, ds.ImageLaterality = "NO", "R"
        ds.ViewCodeSequence = [oblique()]
        ds.PositionerType, ds.BodyPartExamined = "MAMMOGRAPHIC", "BREAST"
        ds.PatientOrientation = ["L", "F"]
        ds.PartialView = "NO"

    return add


def spectroscopy(ds: Dataset, origin: Origin) -> None:
    """A spectrum of as many points as a picture has columns, in one voxel (PS3.3 section A.36.3)."""
    typed = of(
        FrameType=["DERIVED", "PRIMARY", "SPECTROSCOPY", "NONE"],
        VolumetricProperties="VOLUME",
        VolumeBasedCalculationTechnique="NONE",
        ComplexImageComponent="COMPLEX",
        AcquisitionContrast="UNKNOWN",
    )
    _enhanced(ds, origin, ("MRSpectroscopyFrameTypeSequence", typed), *_place(), kind="SPECTROSCOPY")
    del ds.PresentationLUTShape
    _magnetic(ds)
    ds.ComplexImageComponent = "COMPLEX"
    ds.VolumetricProperties, ds.VolumeBasedCalculationTechnique = "VOLUME", "NONE"
    ds.NumberOfFrames, ds.Rows, ds.Columns = 1, 1, 1
    ds.DataPointRows, ds.DataPointColumns, ds.SignalDomainColumns = 1, SIDE, "FREQUENCY"
    ds.DataRepresentation, ds.SpectralWidth, ds.TransmitterFrequency = "COMPLEX", 2000, 63.9
    ds.NumberOfKSpaceTrajectories = 1
    ds.VolumeLocalizationTechnique, ds.Decoupling, ds.BaselineCorrection = "PRESS", "NO", "NONE"
    ds.FrequencyCorrection, ds.FirstOrderPhaseCorrection = "NO", "NO"
    ds.WaterReferencedPhaseCorrection = "NO"
    ds.SpectroscopyAcquisitionDataColumns = SIDE
    ds.SpectroscopyData = b"".join(bytes(4) + bytes([0, 0, 128, 63]) for _ in range(SIDE))
