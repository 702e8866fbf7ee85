"""How long the archive keeps studies by itself: retention policies, applied when a series arrives or by HL7.

Of the policies of the device and of the AE title that receives, the one of the highest priority counts that fits
the first object of a series; a study expires with the latest of its series. `freeze` and `revoke` together protect
it for good. Source: StoreServiceEJB and ArchiveAEExtension of dcm4chee-arc-light 5.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pacsconf.core.resource import Fields, Risk
from pacsconf.inventory.values import AETitle, Flag, Integer
from pacsconf.systems._dcm4chee.spelling import formats, sooner
from pacsconf.systems._dcm4chee.spelling.formats import CalendarSpan, Conditions
from pacsconf.systems._dcm4chee.spelling.values import HL7Conditions
from pacsconf.systems.directory_extension import Attribute, Child

STEP = 1000
"""Generated priorities lie so far apart for each day of length: a rule that is added moves no other."""


class _Policy(Child):
    """What both kinds have."""

    counts: ClassVar[bool] = True

    priority: Annotated[Integer, Attribute("dcmRulePriority")] = 0
    """The higher one counts; of two that are equal, whichever the archive finds first."""
    from_study_date: Annotated[Flag, Attribute("dcmStartRetentionPeriodOnStudyDate")] = False
    """Counted from the study date, and not from the day of receipt."""
    freeze: Annotated[Flag, Attribute("dcmFreezeExpirationDate")] = False
    """What arrives later does not change the day."""
    revoke: Annotated[Flag, Attribute("dcmRevokeExpiration")] = False
    """With `freeze`: the study is protected for good."""
    exporter: Annotated[str | None, Attribute("dcmExporterID", refers="exporter")] = None
    """By which a study is exported when it expires, instead of being rejected."""

    @property
    def protects(self) -> bool:
        """Whether what it fits never expires."""
        return self.freeze and self.revoke

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """What keeps studies."""
        return "none" if before == after else "data-loss"

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """Anything but a period that becomes longer, and a policy that protects."""
        if before is None:
            return (
                None
                if after is None or _protecting(after)
                else f"what fits it expires after {_period(after)}"
            )
        if after is None:
            told = "protected" if _protecting(before) else f"kept for {_period(before)}"
            return f"it is removed: what was {told} is kept as others say, or has no policy"
        return sooner.together(
            *_reached(before, after),
            _moved(before, after),
            sooner.changed(before, after, "conditions", "it is about"),
            sooner.turned(before, after, "from_study_date", "counted from the study date:"),
            _frozen(before, after),
            sooner.changed(before, after, "exporter", "what expires is exported by"),
        )


class RetentionPolicy(_Policy):
    """How long studies are kept that fit it (dcmStudyRetentionPolicy)."""

    kind: ClassVar[str] = "retention-rule"
    object_class: ClassVar[str] = "dcmStudyRetentionPolicy"

    period: Annotated[CalendarSpan, Attribute("dcmRetentionPeriod")]
    """`P10Y`."""
    conditions: Annotated[Conditions, Attribute("dcmProperty")] = ()
    """All must fit the first object of a series."""
    series_individually: Annotated[Flag, Attribute("dcmExpireSeriesIndividually")] = False
    """A series expires by itself, before its study does."""

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        alone = "series expire by themselves, before their study does"
        single = sooner.on(before or {}, after or {}, "series_individually", alone)
        return sooner.together(super().purge_note(before, after), single)


class HL7RetentionPolicy(_Policy):
    """How long studies of a patient are kept whom an HL7 message is about (hl7StudyRetentionPolicy)."""

    kind: ClassVar[str] = "hl7-retention-rule"
    object_class: ClassVar[str] = "hl7StudyRetentionPolicy"

    ae: Annotated[AETitle, Attribute("dicomAETitle")]
    """The archive's title whose studies it is about."""
    period: Annotated[CalendarSpan | None, Attribute("dcmRetentionPeriod")] = None
    """No shorter than this."""
    max_period: Annotated[CalendarSpan | None, Attribute("dcmMaxRetentionPeriod")] = None
    """No longer than this."""
    conditions: Annotated[HL7Conditions, Attribute("dcmProperty")] = ()
    """`MSH-9=ADT\\^A03` and the like: all must fit the message."""

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        both = before is not None and after is not None
        moved = sooner.changed(before or {}, after or {}, "ae", "it is about studies of") if both else None
        return sooner.together(super().purge_note(before, after), moved)


def _protecting(fields: Fields) -> bool:
    return fields.get("freeze") is True and fields.get("revoke") is True


def _period(fields: Fields) -> str:
    least, most = sooner.text(fields, "period"), sooner.text(fields, "max_period")
    if not most:
        return least or "no time"
    return f"{least} (at most {most})" if least else f"at most {most}"


def _reached(before: Fields, after: Fields) -> list[str | None]:
    found = [sooner.kept(before, after, "period", "what fits it is kept for")]
    if after.get("max_period"):
        limited = sooner.kept(before, after, "max_period", "what fits it is kept for at most")
        found.append(limited)
    return found


def _moved(before: Fields, after: Fields) -> str | None:
    """Another priority; one that is as high as the policy is long, and was, passes shorter ones alone."""
    by_length = _is_length(before) and _is_length(after)
    return None if by_length else sooner.changed(before, after, "priority", "its priority is")


def _is_length(fields: Fields) -> bool:
    priority, period = fields.get("priority", 0), sooner.text(fields, "period")
    try:
        return isinstance(priority, int) and priority // STEP == formats.span(period).fewest > 0
    except ValueError:
        return False


def _frozen(before: Fields, after: Fields) -> str | None:
    if _protecting(after):
        return None
    lifted = "what it fits is no longer protected" if _protecting(before) else None
    frozen = sooner.turned(before, after, "freeze", "its day replaces any other of the study, and stays:")
    return lifted or frozen
