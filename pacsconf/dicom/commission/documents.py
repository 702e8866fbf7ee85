"""Objects without a picture: reports, presentation states, encapsulated documents, waveforms, raw data."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydicom.dataset import Dataset

from pacsconf.dicom.commission.frames import code, of
from pacsconf.dicom.commission.specimens import DESCRIPTION, Origin
from pacsconf.inventory import uids

Add = Callable[[Dataset, Origin], None]

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_TEXT = "Test object of pacsconf. It describes nobody."

REPORTS: Mapping[str, tuple[str, str, str]] = {
    "basic-text-sr-storage": ("11528-7", "LN", "Radiology Report"),
    "enhanced-sr-storage": ("11528-7", "LN", "Radiology Report"),
    "comprehensive-sr-storage": ("11528-7", "LN", "Radiology Report"),
    "comprehensive-3d-sr-storage": ("11528-7", "LN", "Radiology Report"),
    "procedure-log-storage": ("121120", "DCM", "Cath Lab Procedure Log"),
    "mammography-cadsr-storage": ("111036", "DCM", "Mammography CAD Report"),
    "chest-cadsr-storage": ("112000", "DCM", "Chest CAD Report"),
    "colon-cadsr-storage": ("112220", "DCM", "Colon CAD Report"),
    "x-ray-radiation-dose-sr-storage": ("113701", "DCM", "X-Ray Radiation Dose Report"),
    "enhanced-x-ray-radiation-dose-sr-storage": ("113701", "DCM", "X-Ray Radiation Dose Report"),
    "radiopharmaceutical-radiation-dose-sr-storage": (
        "113500",
        "DCM",
        "Radiopharmaceutical Radiation Dose Report",
    ),
    "patient-radiation-dose-sr-storage": ("128401", "DCM", "Patient Radiation Dose Report"),
    "simplified-adult-echo-sr-storage": ("125200", "DCM", "Adult Echocardiography Procedure Report"),
    "acquisition-context-sr-storage": (
        "127001",
        "DCM",
        "Preclinical Small Animal Imaging Acquisition Context",
    ),
}
"""Document titles of structured reports, by SOP class."""


def report(value: str, scheme: str, meaning: str) -> Add:
    """A structured report with this title and one line of text (PS3.3 sections C.17.2 and C.17.3)."""

    def add(ds: Dataset, _origin: Origin) -> None:
        _document(ds, code(value, scheme, meaning))
        ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
        ds.PerformedProcedureCodeSequence = []
        ds.ContentSequence = [
            of(
                RelationshipType="CONTAINS",
                ValueType="TEXT",
                ConceptNameCodeSequence=[code("121106", "DCM", "Comment")],
                TextValue=_TEXT,
            )
        ]

    return add


def _document(ds: Dataset, title: Dataset) -> None:
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [title]


def key_objects(ds: Dataset, origin: Origin) -> None:
    """A selection that refers to one picture of the run (PS3.3 section A.35.4)."""
    _document(ds, code("113000", "DCM", "Of Interest"))
    reference = _picture(origin)
    ds.CurrentRequestedProcedureEvidenceSequence = [
        of(
            StudyInstanceUID=origin.study_uid,
            ReferencedSeriesSequence=[
                of(SeriesInstanceUID=_pictured(origin, "series"), ReferencedSOPSequence=[reference])
            ],
        )
    ]
    ds.ContentSequence = [
        of(RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=[_copy(reference)])
    ]


def _copy(ds: Dataset) -> Dataset:
    return of(**{element.keyword: element.value for element in ds})


def _picture(origin: Origin) -> Dataset:
    """A reference to that picture."""
    return of(ReferencedSOPClassUID=SECONDARY_CAPTURE, ReferencedSOPInstanceUID=_pictured(origin, "instance"))


def _pictured(origin: Origin, what: str) -> str:
    """The UID of the picture that others refer to; it need not have been sent."""
    return origin.uid(what, SECONDARY_CAPTURE, uids.IMPLICIT_VR_LE)


def presentation(ds: Dataset, origin: Origin) -> None:
    """How that picture is to be shown: as it is (PS3.3 section A.33)."""
    picture = _picture(origin)
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "ZZTEST", DESCRIPTION, ""
    ds.PresentationCreationDate, ds.PresentationCreationTime = ds.ContentDate, ds.ContentTime
    ds.ReferencedSeriesSequence = [
        of(SeriesInstanceUID=_pictured(origin, "series"), ReferencedImageSequence=[picture])
    ]
    ds.DisplayedAreaSelectionSequence = [
        of(
            DisplayedAreaTopLeftHandCorner=[1, 1],
            DisplayedAreaBottomRightHandCorner=[16, 16],
            PresentationSizeMode="SCALE TO FIT",
            PresentationPixelAspectRatio=[1, 1],
        )
    ]
    if "Color" in ds.SOPClassUID.name:
        ds.ICCProfile = bytes(128)
    else:
        ds.PresentationLUTShape = "IDENTITY"


def mapping(ds: Dataset, origin: Origin) -> None:
    """What the values of that picture stand for: themselves (PS3.3 section A.46)."""
    picture = _picture(origin)
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "ZZTEST", DESCRIPTION, ""
    values = of(
        RealWorldValueFirstValueMapped=0,
        RealWorldValueLastValueMapped=255,
        RealWorldValueIntercept=0.0,
        RealWorldValueSlope=1.0,
        LUTExplanation="ZZTEST",
        LUTLabel="ZZTEST",
        MeasurementUnitsCodeSequence=[code("1", "UCUM", "no units")],
    )
    for name in ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"):
        values[name].VR = "US"
    ds.ReferencedImageRealWorldValueMappingSequence = [
        of(ReferencedImageSequence=[picture], RealWorldValueMappingSequence=[values])
    ]
    ds.ReferencedSeriesSequence = [
        of(
            SeriesInstanceUID=_pictured(origin, "series"),
            ReferencedInstanceSequence=[_copy(picture)],
        )
    ]


def _encapsulated(ds: Dataset, mime: str, data: bytes) -> None:
    ds.ConversionType, ds.BurnedInAnnotation, ds.DocumentTitle = "WSD", "NO", DESCRIPTION
    ds.AcquisitionDateTime, ds.ConceptNameCodeSequence = "", []
    ds.MIMETypeOfEncapsulatedDocument = mime
    ds.EncapsulatedDocumentLength = len(data)
    ds.EncapsulatedDocument = data + b"\0" * (len(data) % 2)


def pdf(ds: Dataset, _origin: Origin) -> None:
    """One empty page."""
    _encapsulated(ds, "application/pdf", _PDF)


def cda(ds: Dataset, origin: Origin) -> None:
    ds.HL7InstanceIdentifier = origin.uid("cda")
    text = f'<ClinicalDocument xmlns="urn:hl7-org:v3"><title>{DESCRIPTION}</title></ClinicalDocument>'
    _encapsulated(ds, "text/XML", text.encode())


def _pdf(objects: tuple[str, ...]) -> bytes:
    """A PDF of these objects, with its table of where each begins."""
    data, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n{text}\nendobj\n".encode()
    rows = "".join(f"{place:010d} 00000 n \n" for place in places)
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}"
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + table.encode() + end.encode()


_PDF = _pdf(
    (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
    )
)


def raw(ds: Dataset, origin: Origin) -> None:
    """Raw data holds what its vendor likes: here a private block of 16 bytes (PS3.3 section A.37)."""
    ds.AcquisitionContextSequence = []
    ds.CreatorVersionUID = origin.uid("creator")
    block = ds.private_block(0x0009, "PACSCONF", create=True)
    block.add_new(0x01, "OB", bytes(range(16)))


def waveform(ds: Dataset, _origin: Origin) -> None:
    """One lead, 16 samples (PS3.3 section C.10.9)."""
    ds.AcquisitionContextSequence = []
    ds.AcquisitionDateTime = ds.ContentDate + ds.ContentTime
    channel = of(
        ChannelSourceSequence=[code("2:1", "MDC", "Lead I")],
        ChannelSensitivity=1,
        ChannelSensitivityUnitsSequence=[code("uV", "UCUM", "microvolt")],
        ChannelSensitivityCorrectionFactor=1,
        ChannelBaseline=0,
        ChannelSampleSkew=0,
        WaveformBitsStored=16,
    )
    group = of(
        WaveformOriginality="ORIGINAL",
        NumberOfWaveformChannels=1,
        NumberOfWaveformSamples=16,
        SamplingFrequency=500,
        ChannelDefinitionSequence=[channel],
        WaveformBitsAllocated=16,
        WaveformSampleInterpretation="SS",
    )
    group.add_new(0x54001010, "OW", bytes(32))
    ds.WaveformSequence = [group]
