"""What dcm4che keeps of a transfer capability (dcmTransferCapability)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from pacsconf.inventory.values import Flag, Integer, ruled
from pacsconf.systems._dcm4chee.spelling.values import TransferSyntaxes
from pacsconf.systems.directory_extension import Attribute, Facet, Standard


def _level(most: int) -> AfterValidator:
    def checked(number: int) -> int:
        if not 0 <= number <= most:
            raise ValueError(f"this is a whole number from 0 to {most}, not {number}")
        return number

    return AfterValidator(ruled("PACS-VAL-002", checked))


_Level3 = Annotated[Integer, _level(3)]
_Level2 = Annotated[Integer, _level(2)]


class CapabilityPart(Facet):
    """Options of queries (extended negotiation), and how a storage SCP behaves (PS3.4 section B.4.1)."""

    of: ClassVar[Standard] = "transfer-capability"
    object_class: ClassVar[str] = "dcmTransferCapability"

    relational_queries: Annotated[Flag, Attribute("dcmRelationalQueries")] = False
    """Queries of a level without the keys of those above."""
    combined_date_time_matching: Annotated[Flag, Attribute("dcmCombinedDateTimeMatching")] = False
    """Ranges of date and time are one range."""
    fuzzy_matching: Annotated[Flag, Attribute("dcmFuzzySemanticMatching")] = False
    """Names that sound alike match."""
    timezone_query_adjustment: Annotated[Flag, Attribute("dcmTimezoneQueryAdjustment")] = False
    """Times are taken in the zone of the caller."""
    storage_conformance: Annotated[_Level3 | None, Attribute("dcmStorageConformance")] = None
    """Level of a storage SCP: 0 to 2, 3 is unknown. All three go together."""
    digital_signatures: Annotated[_Level3 | None, Attribute("dcmDigitalSignatureSupport")] = None
    """Level of digital signature support: 0 is unknown, 1 to 3."""
    element_coercion: Annotated[_Level2 | None, Attribute("dcmDataElementCoercion")] = None
    """Whether it changes elements: 0 never, 1 may, 2 unknown."""
    preferred_transfer_syntaxes: Annotated[TransferSyntaxes, Attribute("dcmPreferredTransferSyntax")] = ()
    """By name or UID, the first choice first; absent, as the AE has it."""
