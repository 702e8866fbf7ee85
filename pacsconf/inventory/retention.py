"""How long studies are kept: the top-level key `retention`, and the packs of legal minimums it names.

A rule says which studies it is about (`match`), how long they are kept at least (`keep`) and by what right
(`source`). All rules that match count, and the longest wins, so there are no priorities. What rules make of a study
is in `pacsconf.retention`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from pacsconf.inventory.period import CalendarPeriod
from pacsconf.inventory.values import AETitle, Count, DateText, Flag, OneOrMany, Texts, ruled

Clock = Literal[
    "study_date",
    "received",
    "last_imaging_contact",
    "last_seen",
    "end_of_treatment",
    "diagnosis",
    "death",
    "end_of_trial",
]
"""What a period is counted from. Images show the first three; the others must be confirmed by somebody."""
SHOWN: frozenset[Clock] = frozenset({"study_date", "received", "last_imaging_contact"})
"""The clocks that images, or the archive that has them, show."""

AUXILIARY: frozenset[str] = frozenset({"SR", "PR", "KO", "SEG"})
"""Modalities of what is made of images afterwards: they do not tell what kind of study it is."""

_REFERENCE = re.compile(r"sha256:[0-9a-f]{64}")
_MODALITY = re.compile(r"[A-Z0-9_]{1,16}")
_SCHEME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")
_PACK = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def study_reference(text: str) -> str:
    """The reference of a study in `text`: `sha256:` and 64 hexadecimal digits in small letters.

    Raises: ValueError; what stands there is not repeated, since it may be a Study Instance UID.
    """
    if not _REFERENCE.fullmatch(text):
        raise ValueError(
            "a study is named by sha256: and 64 digits of the hash of its Study Instance UID, never by the UID"
            " itself; pacsconf retention study-reference makes it"
        )
    return text


def modality(text: str) -> str:
    """The modality code in `text`, such as `MG`: (0008,0060), in capitals.

    Raises: ValueError with the rule that was broken.
    """
    if not _MODALITY.fullmatch(text):
        meant = text.strip().upper()
        near = f': write "{meant}"' if _MODALITY.fullmatch(meant) else ""
        raise ValueError(f"a modality is a code of up to 16 capitals and digits, such as MG{near}")
    return text


_MEANT = {
    "SNOMED": "SCT",
    "SNOMEDCT": "SCT",
    "SNOMED-CT": "SCT",
    "LOINC": "LN",
    "CPT": "C4",
    "CPT4": "C4",
    "ICD10": "I10",
    "ICD-10": "I10",
    "DICOM": "DCM",
    "RADLEX": "RADLEX",
}
"""Usual names of coding schemes that are not their designators (PS3.16 section 8, table 8-1)."""


def code_scheme(text: str) -> str:
    """The Coding Scheme Designator in `text` (0008,0102): `DCM`, `SCT`, `LN`, `LOCAL`, `99HOSP`.

    Raises: ValueError with the rule that was broken, or with the designator that a usual name stands for.
    Source: PS3.3 section 8.2 (SH, 16 characters); PS3.16 section 8.
    """
    meant = _MEANT.get(text.upper(), text)
    if meant != text:
        raise ValueError(f'DICOM calls this coding scheme "{meant}" (PS3.16 section 8), not "{text}"')
    if not _SCHEME.fullmatch(text):
        raise ValueError("a coding scheme is up to 16 letters, digits and . _ -, such as DCM, SCT or 99HOSP")
    return text


def pack_name(text: str) -> str:
    """The name of a pack: of the file `policies/retention/NAME.yaml`.

    Raises: ValueError when it could be no such file.
    """
    if not _PACK.fullmatch(text):
        raise ValueError(
            "a pack is named as its file in policies/retention is, without .yaml: small letters, digits, - and _"
        )
    return text


StudyReference = Annotated[
    str,
    AfterValidator(ruled("PACS-RET-022", study_reference)),
    WithJsonSchema({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}),
]
Modality = Annotated[str, AfterValidator(ruled("PACS-RET-023", modality))]
CodeScheme = Annotated[str, AfterValidator(ruled("PACS-RET-024", code_scheme))]
PackName = Annotated[str, AfterValidator(ruled("PACS-RET-025", pack_name))]


class _Model(BaseModel):
    """Frozen, unknown keys refused, as all models of an inventory."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Codes(_Model):
    """Any of these procedure codes of one coding scheme (0008,1032)."""

    scheme: CodeScheme
    codes: Annotated[tuple[str, ...], OneOrMany, Field(alias="in", min_length=1)]
    """Code values."""


class Age(_Model):
    """Age of the patient on the day of the study, in whole years."""

    under: Count | None = None
    """Younger than this."""
    at_least: Count | None = None
    """This old or older."""

    @model_validator(mode="after")
    def _fits_somebody(self) -> Self:
        if self.under is None and self.at_least is None:
            problem = "say under: 18, or at_least: 18"
        elif self.under is not None and self.under <= (self.at_least or 0):
            problem = f"nobody is at least {self.at_least or 0} and under {self.under}"
        else:
            return self
        raise PydanticCustomError("PACS-RET-027", "{problem}", {"problem": problem})


class Match(_Model):
    """Which studies: every key that is given must fit; of a list one value is enough."""

    modality: Annotated[tuple[Modality, ...], OneOrMany] = ()
    """Codes as in (0008,0060); any of the study's."""
    age_at_study: Age | None = None
    procedure_code: Annotated[tuple[Codes, ...], OneOrMany] = ()
    institution: Texts = ()
    """(0008,0080), whole, capitals or not."""
    department: Texts = ()
    """(0008,1040), whole, capitals or not."""
    calling_ae: Annotated[tuple[AETitle, ...], OneOrMany] = ()
    """Who sent it to the archive."""
    clinical_trial: Flag | None = None
    """Whether a Clinical Trial Protocol ID (0012,0020) stands in it."""
    any_of: Annotated[tuple[Match, ...], Field(alias="any")] = ()
    """One of these fits."""
    all_of: Annotated[tuple[Match, ...], Field(alias="all")] = ()
    """Each of these fits."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for, so that every study fits."""
        return not any(getattr(self, name) not in ((), None) for name in type(self).model_fields)


class AtLeast(_Model):
    """A period and what it is counted from."""

    period: Annotated[CalendarPeriod, Field(alias="for")]
    clock: Annotated[Clock, Field(alias="from")] = "study_date"


class Keep(_Model):
    """One minimum: a period, or an age of the patient, or the later of both."""

    period: Annotated[CalendarPeriod | None, Field(alias="for")] = None
    """How long."""
    clock: Annotated[Clock | None, Field(alias="from")] = None
    """Counted from what; study_date if not given."""
    until_age: Count | None = None
    """Until the day of this birthday."""
    and_at_least: AtLeast | None = None
    """And so long as well."""
    when: Literal["later_same_class_study"] | None = None
    """Only where this is known: the patient had a later study of the same kind here."""
    otherwise: Flag = False
    """Where no `when` beside it is known to hold."""

    @model_validator(mode="after")
    def _says_how_long(self) -> Self:
        if problem := _keeps_wrongly(self):
            raise PydanticCustomError("PACS-RET-026", "{problem}", {"problem": problem})
        return self


def _keeps_wrongly(keep: Keep) -> str:
    """What is wrong with one minimum, in words; empty when nothing is."""
    if keep.period is None and keep.until_age is None:
        return "it does not say how long: for: 10y, or until_age: 25"
    if keep.period is not None and keep.until_age is not None:
        return "for and until_age are two minimums: write until_age: 25, and_at_least: {for: 10y}"
    if keep.clock is not None and keep.period is None:
        return "from belongs to for; an age is counted from birth"
    if keep.and_at_least is not None and keep.until_age is None:
        return "and_at_least belongs to until_age; write both minimums as a list of two"
    if keep.when is not None and keep.otherwise:
        return "it has both when and otherwise; write two minimums"
    return ""


def _minimums(keeps: tuple[Keep, ...]) -> tuple[Keep, ...]:
    """The minimums of one rule: whatever is known of a study, one of them says how long it is kept.

    Raises: ValueError when none would, or one never could.
    """
    conditional = any(keep.when for keep in keeps)
    otherwise = any(keep.otherwise for keep in keeps)
    if otherwise and not conditional:
        raise ValueError("otherwise needs a when beside it")
    if conditional and not otherwise and all(keep.when for keep in keeps):
        raise ValueError("where when does not hold nothing would be kept; add a minimum with otherwise: true")
    return keeps


Minimums = Annotated[
    tuple[Keep, ...], OneOrMany, Field(min_length=1), AfterValidator(ruled("PACS-RET-026", _minimums))
]
"""One or several minimums; all that apply count."""


class Review(_Model):
    """The most that it is kept without somebody saying why: for review, never for deletion."""

    maximum: Annotated[CalendarPeriod, Field(alias="max")]
    clock: Annotated[Clock, Field(alias="from")] = "study_date"


class Approval(_Model):
    """Who approved a rule, and when. What nobody approved never reaches an archive."""

    by: Annotated[str, Field(min_length=1)]
    on: DateText


class Cited(_Model):
    """A legal source: its citation, and who looked at it when."""

    cite: Annotated[str, Field(min_length=1)]
    url: str | None = None
    checked: DateText | None = None
    """The day on which somebody compared it with the rule."""
    checked_by: str | None = None
    """Who did; none: nobody competent yet."""
    verified: Flag = False
    """Whether the text of the law itself was read for this, not a summary of it."""
    note: str | None = None


class Default(_Model):
    """What holds for every study, whatever else does."""

    description: str | None = None
    keep: Minimums
    review: Review | None = None
    source: str | None = None
    """Name of one of `sources`, or a citation in words."""
    approval: Approval | None = None


class Rule(Default):
    """How long studies of one kind are kept."""

    match: Match


class Floor(_Model):
    """A legal minimum that no rule may go below: `retention check` proves that none does."""

    description: str | None = None
    match: Match = Match()
    """Not given: every study."""
    keep: Minimums
    source: str | None = None
    """Name of a source beside it, or a citation in words."""


class Released(_Model):
    """The end of a hold."""

    on: DateText
    by: str


class LegalHold(_Model):
    """Studies that nothing may delete, whatever rules say, until it is released."""

    studies: Annotated[tuple[StudyReference, ...], OneOrMany]
    reason_ref: str
    """A file number that leads to the reason; never the reason, and no name of a patient."""
    placed_by: str
    since: DateText
    review_by: DateText | None = None
    """The day by which somebody says whether it is still needed."""
    released: Released | None = None


MayMatch = Literal["may_match", "no_match"]
"""What a rule does that asks for a fact nobody knows: it counts (so the longest applies), or it does not."""


class OnMissing(_Model):
    """What is done where a fact about a study is not known. Without a word of it: it is kept longer."""

    birth_date: Literal["use_patient_age", "treat_as_minor"] = "use_patient_age"
    """`use_patient_age`: Patient's Age (0010,1010) where it stands there. Else: as if born that day."""
    study_date: Literal["never_expire", "use_received"] = "never_expire"
    """`use_received`: counted from the day the archive received it."""
    modality: MayMatch = "may_match"
    procedure_code: MayMatch = "may_match"
    institution: MayMatch = "may_match"
    department: MayMatch = "may_match"
    calling_ae: MayMatch = "may_match"
    clinical_trial: MayMatch = "may_match"


class Pack(_Model):
    """A file of legal minimums of one jurisdiction."""

    jurisdiction: Annotated[str, Field(min_length=1)]
    disclaimer: Annotated[str, Field(min_length=1)]
    """That it is an example and no legal advice, or who answers for it."""
    sources: Mapping[str, Cited] = {}
    floors: Mapping[str, Floor] = {}


class Retention(_Model):
    """How long studies are kept here, by what right, and what may not be touched at all."""

    jurisdiction: Texts = ()
    """Whose law applies, as packs say it: `US`, `DE`."""
    packs: Mapping[str, Pack] = {}
    """Written as a list of names of files in policies/retention."""
    sources: Mapping[str, Cited] = {}
    rules: Mapping[str, Rule] = {}
    default: Default | None = None
    on_missing: OnMissing = OnMissing()
    holds: Mapping[str, LegalHold] = {}
    floors: Mapping[str, Floor] = {}
    """Minimums of the hospital's own, beside those of packs."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said about retention at all."""
        return not (self.rules or self.default or self.holds or self.floors or self.packs)


class RetentionDeclaration(_Model):
    """The top-level key `retention` as it is written."""

    jurisdiction: Texts = ()
    """Whose law applies, as packs say it: `US`, `DE`."""
    packs: Annotated[tuple[PackName, ...], OneOrMany] = ()
    """Names of files in policies/retention, without .yaml."""
    sources: Mapping[str, Cited] = {}
    """Legal sources by name."""
    rules: Mapping[str, Rule] = {}
    """By name."""
    default: Default | None = None
    """What holds for every study, whatever rules say beside it."""
    on_missing: OnMissing = OnMissing()
    """What is done where a fact about a study is not known."""
    holds: Mapping[str, LegalHold] = {}
    """Legal holds by name."""
    floors: Mapping[str, Floor] = {}
    """Legal minimums of the hospital's own, by name."""


NAMED: Mapping[str, type[BaseModel]] = {
    "sources": Cited,
    "rules": Rule,
    "holds": LegalHold,
    "floors": Floor,
}
"""The collections below `retention`, joined by name over all files."""
ONCE: Mapping[str, type[BaseModel]] = {"default": Default, "on_missing": OnMissing}
"""The keys below `retention` that hold one thing, and stand in one file."""
CLOCKS: tuple[Clock, ...] = get_args(Clock)
