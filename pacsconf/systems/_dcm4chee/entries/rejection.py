"""How objects are rejected, hidden and at last deleted (IHE IOCM): rejection notes, and views of queries."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pacsconf.core.resource import Fields
from pacsconf.inventory.values import Code, Flag, OneOrMany
from pacsconf.systems._dcm4chee.spelling import sooner
from pacsconf.systems._dcm4chee.spelling.formats import Duration
from pacsconf.systems.directory_extension import Attribute, Child

EXPIRED = "DATA_RETENTION_POLICY_EXPIRED"
Reason = Literal[
    "REJECTED_FOR_QUALITY_REASONS",
    "REJECTED_FOR_PATIENT_SAFETY_REASONS",
    "INCORRECT_MODALITY_WORKLIST_ENTRY",
    "DATA_RETENTION_POLICY_EXPIRED",
    "REVOKE_REJECTION",
]
Codes = Annotated[tuple[Code, ...], OneOrMany]


class RejectionNote(Child):
    """A reason for which objects are rejected: a Key Object Selection with this title.

    What is rejected is hidden. It is deleted after `delete_rejected_delay`, where the device looks for it
    (`delete_rejected_interval`).
    """

    kind: ClassVar[str] = "rejection-note"
    object_class: ClassVar[str] = "dcmRejectionNote"
    naming: ClassVar[str] = "dcmRejectionNoteLabel"
    exact: ClassVar[bool] = True

    code: Annotated[Code, Attribute("dcmRejectionNoteCode")]
    """`(113001, DCM, "Rejected for Quality Reasons")`, of CID 7011."""
    type: Annotated[Reason | None, Attribute("dcmRejectionNoteType")] = None
    """What the archive makes of it; expired studies are rejected with the one of that type."""
    accept_previous: Annotated[
        Literal["REJECT", "RESTORE", "IGNORE"], Attribute("dcmAcceptPreviousRejectedInstance")
    ] = "REJECT"
    """What becomes of a rejected object that is sent again."""
    overwrite_previous: Annotated[Codes, Attribute("dcmOverwritePreviousRejection")] = ()
    """Rejections that this one may replace, by their codes."""
    accept_before_storage: Annotated[Duration | None, Attribute("dcmAcceptRejectionBeforeStorage")] = None
    """How long after the rejection its objects may arrive."""
    delete_rejected_delay: Annotated[Duration | None, Attribute("dcmDeleteRejectedInstanceDelay")] = None
    """After which what was rejected with it is deleted; absent, never."""
    delete_note_delay: Annotated[Duration | None, Attribute("dcmDeleteRejectionNoteDelay")] = None
    """After which the note itself is deleted; absent, never."""

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """A delay that is set or shortened; the note with which expired studies are rejected; another reason."""
        if after is None:
            return None
        was = before or {}
        deletes = bool(after.get("delete_rejected_delay"))
        reason = sooner.differs(was, after, "type", "its type is") if after.get("type") == EXPIRED else None
        code = sooner.changed(was, after, "code", "what it deletes was rejected with")
        return sooner.together(
            f"{reason}: studies that are expired can be rejected with it" if reason else None,
            sooner.delay(was, after, "delete_rejected_delay", "what was rejected is deleted after"),
            sooner.delay(was, after, "delete_note_delay", "rejection notes are deleted after"),
            code if before is not None and deletes else None,
        )


class QueryRetrieveView(Child):
    """What queries and retrieves of an AE title show."""

    kind: ClassVar[str] = "query-retrieve-view"
    object_class: ClassVar[str] = "dcmQueryRetrieveView"
    naming: ClassVar[str] = "dcmQueryRetrieveViewID"
    exact: ClassVar[bool] = True

    show_rejected: Annotated[Codes, Attribute("dcmShowInstancesRejectedByCode")] = ()
    """Objects that were rejected for these reasons are shown."""
    hide_notes: Annotated[Codes, Attribute("dcmHideRejectionNoteWithCode")] = ()
    """Rejection notes of these reasons are hidden."""
    hide_not_rejected: Annotated[Flag, Attribute("dcmHideNotRejectedInstances")] = False
    """Only what was rejected is shown."""
