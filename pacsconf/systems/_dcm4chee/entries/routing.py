"""What the archive makes of objects when they come and go: compression, coercion of attributes, access control."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pacsconf.core.resource import Fields, Risk
from pacsconf.inventory.values import UID, AETitle, Flag, Integer, OneOrMany, Texts
from pacsconf.systems._dcm4chee.spelling.formats import Conditions, Duration, Properties
from pacsconf.systems.directory_extension import Attribute, Child

Uids = Annotated[tuple[UID, ...], OneOrMany]
Service = Literal[
    "C_STORE_RQ", "C_STORE_RSP",
    "C_FIND_RQ", "C_FIND_RSP",
    "C_GET_RQ", "C_GET_RSP",
    "C_MOVE_RQ", "C_MOVE_RSP",
    "C_ECHO_RQ", "C_ECHO_RSP",
    "N_EVENT_REPORT_RQ", "N_EVENT_REPORT_RSP",
    "N_GET_RQ", "N_GET_RSP",
    "N_SET_RQ", "N_SET_RSP",
    "N_ACTION_RQ", "N_ACTION_RSP",
    "N_CREATE_RQ", "N_CREATE_RSP",
    "N_DELETE_RQ", "N_DELETE_RSP",
]  # fmt: skip
Update = Literal["SUPPLEMENT", "MERGE", "OVERWRITE", "REPLACE", "PRESERVE"]


class CompressionRule(Child):
    """What is stored compressed. Of those that fit, the one of the highest priority counts."""

    kind: ClassVar[str] = "compression-rule"
    object_class: ClassVar[str] = "dcmArchiveCompressionRule"

    transfer_syntaxes: Annotated[Uids, Field(min_length=1), Attribute("dicomTransferSyntax")]
    """What it is compressed to."""
    priority: Annotated[Integer, Attribute("dcmRulePriority")] = 0
    """The higher one counts."""
    conditions: Annotated[Conditions, Attribute("dcmProperty")] = ()
    """All must fit the object."""
    delay: Annotated[Duration | None, Attribute("dcmCompressionDelay")] = None
    """After receipt; absent, while it is received."""
    parameters: Annotated[Properties, Attribute("dcmImageWriteParam")] = ()
    """Of the compressor: `compressionQuality=0.8`."""


class Coercion(Child):
    """How attributes are changed on the way in or out (dcmArchiveAttributeCoercion2)."""

    kind: ClassVar[str] = "coercion"
    object_class: ClassVar[str] = "dcmArchiveAttributeCoercion2"

    service: Annotated[Service, Attribute("dcmDIMSE")]
    """Of which message."""
    role: Annotated[Literal["SCU", "SCP"], Attribute("dicomTransferRole", syntax="role")]
    """Of the peer: SCU sends the request to the archive."""
    uri: Annotated[str, Field(min_length=1), Attribute("dcmURI")]
    """What is done: `merge-attrs:`, `xslt:...`, `deidentify:` and the like."""
    description: Annotated[str | None, Attribute("dicomDescription")] = None
    """In words."""
    priority: Annotated[Integer, Attribute("dcmRulePriority")] = 0
    """The higher one is first."""
    sop_classes: Annotated[Uids, Attribute("dcmSOPClass")] = ()
    """Of these only."""
    conditions: Annotated[Conditions, Attribute("dcmProperty")] = ()
    """All must fit the object."""
    update: Annotated[Update, Attribute("dcmAttributeUpdatePolicy")] = "MERGE"
    """What becomes of values that are there."""
    from_device: Annotated[str | None, Attribute("dcmSupplementFromDeviceReference", refers="device")] = None
    """The device whose institution, issuers and the like are put in."""
    merge: Annotated[Texts, Attribute("dcmMergeAttribute")] = ()
    """`PatientID={AccessionNumber}` and the like."""
    parameters: Annotated[Properties, Attribute("dcmCoercionParam")] = ()
    """Of what is done."""
    sufficient: Annotated[Flag, Attribute("dcmCoercionSufficient")] = False
    """No later one follows."""
    on_failure: Annotated[Literal["RETHROW", "CONTINUE", "SUFFICIENT"], Attribute("dcmCoercionOnFailure")] = (
        "RETHROW"
    )
    """What is done when it fails."""


class OldCoercion(Child):
    """How older releases change attributes (dcmArchiveAttributeCoercion)."""

    kind: ClassVar[str] = "old-coercion"
    object_class: ClassVar[str] = "dcmArchiveAttributeCoercion"

    service: Annotated[Service, Attribute("dcmDIMSE")]
    """Of which message."""
    role: Annotated[Literal["SCU", "SCP"], Attribute("dicomTransferRole", syntax="role")]
    """Of the peer."""
    uri: Annotated[str | None, Attribute("dcmURI")] = None
    """An XSLT stylesheet."""
    priority: Annotated[Integer, Attribute("dcmRulePriority")] = 0
    """The higher one counts."""
    sop_classes: Annotated[Uids, Attribute("dcmSOPClass")] = ()
    """Of these only."""
    conditions: Annotated[Conditions, Attribute("dcmProperty")] = ()
    """All must fit the object."""
    update: Annotated[Update, Attribute("dcmAttributeUpdatePolicy")] = "MERGE"
    """What becomes of values that are there."""
    as_received: Annotated[Flag, Attribute("dcmRetrieveAsReceived")] = False
    """Retrieves give what was received."""
    deidentify: Annotated[Texts, Attribute("dcmDeIdentification")] = ()
    """`BasicApplicationConfidentialityProfile` and its options."""
    leading_find: Annotated[AETitle | None, Attribute("dcmLeadingCFindSCP")] = None
    """Who is asked for the attributes."""
    nullify: Annotated[Texts, Attribute("dcmNullifyTag")] = ()
    """Tags of eight digits that are emptied."""
    merge: Annotated[Texts, Attribute("dcmMergeAttribute")] = ()
    """`PatientID={AccessionNumber}` and the like."""
    worklist: Annotated[AETitle | None, Attribute("dcmMergeMWLSCP")] = None
    """Whose worklist is asked for the order."""
    worklist_key: Annotated[str | None, Attribute("dcmMergeMWLMatchingKey")] = None
    """By what the order is found."""
    worklist_template: Annotated[str | None, Attribute("dcmMergeMWLTemplateURI")] = None
    """An XSLT stylesheet for what is taken of it."""
    from_device: Annotated[str | None, Attribute("dcmSupplementFromDeviceReference", refers="device")] = None
    """The device whose institution, issuers and the like are put in."""


class _Access(Child):
    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Who sees a study."""
        return "none" if before == after else "access"


class StoreAccessRule(_Access):
    """Which access control ID a study gets that arrives."""

    kind: ClassVar[str] = "store-access-rule"
    object_class: ClassVar[str] = "dcmStoreAccessControlIDRule"

    ids: Annotated[Texts, Field(min_length=1), Attribute("dcmStoreAccessControlID")]
    """AE titles see it that have one of these."""
    priority: Annotated[Integer, Attribute("dcmRulePriority")] = 0
    """The higher one counts."""
    conditions: Annotated[Conditions, Attribute("dcmProperty")] = ()
    """All must fit the object."""
    entity: Annotated[Literal["Study", "Series"] | None, Attribute("dcmEntity")] = None
    """What gets it, in newer releases; absent, the study."""
    series_individually: Annotated[Flag, Attribute("dcmAccessControlSeriesIndividually")] = False
    """Each series gets its own, in older releases."""


class ChangeAccessRule(_Access):
    """Which access control ID a study gets some time after it was received."""

    kind: ClassVar[str] = "change-access-rule"
    object_class: ClassVar[str] = "dcmChangeAccessControlIDRule"

    ae: Annotated[AETitle, Attribute("dicomAETitle")]
    """The archive's title that looks for them."""
    delay: Annotated[Duration, Attribute("dcmChangeAccessControlIDDelay")]
    """After receipt."""
    ids: Annotated[Texts, Field(min_length=1), Attribute("dcmStoreAccessControlID")]
    """What it gets."""
    ids_before: Annotated[Texts, Attribute("dcmAccessControlID")] = ()
    """Studies that have one of these; absent, all."""
    select: Annotated[Texts, Attribute("dcmEntitySelector")] = ()
    """`ModalitiesInStudy=CT` and the like."""
