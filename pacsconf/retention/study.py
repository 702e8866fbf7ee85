"""What is known of one study, and what the retention rules make of it.

A study is named by the hash of its Study Instance UID, never by the UID and never by its patient: what is decided
here is shown, counted and recorded, and nothing in it leads back to a person.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Literal

NONE: frozenset[str] = frozenset()
NO_CODES: frozenset[tuple[str, str]] = frozenset()

State = Literal["held", "no-rule", "no-date", "kept", "to-confirm", "expired"]
"""From the firmest: a legal hold is on it; no rule speaks of it; a date that its rules need is missing; a rule
keeps it still; by the images its time is over, yet something that they cannot show must be confirmed first; its
time is over. Only the last may be acted on."""


def reference(study_instance_uid: str) -> str:
    """How a study is named in rules, holds and answers: the SHA-256 of its Study Instance UID.

    Raises: ValueError when nothing is left after padding (spaces, a null byte) is taken away.
    """
    uid = study_instance_uid.strip(" \t\r\n\0")
    if not uid:
        raise ValueError("a Study Instance UID is needed; here stands nothing")
    return "sha256:" + hashlib.sha256(uid.encode("ascii", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What is known of one study.

    None is "not known"; no modalities at all are that too. No procedure codes and no clinical trial are "there is
    none", since most studies have none; None where nobody could look.

    `modalities` are the codes of (0008,0061), `procedure_codes` pairs of scheme and code of (0008,1032).
    `clinical_trial` is whether a Clinical Trial Protocol ID (0012,0020) stands there. `age_years` is Patient's
    Age (0010,1010) in whole years, used where the birth date is not known. `last_contact` is the day of the
    patient's last study here, `later_modalities` what the patient's later studies here were made with (empty:
    there are none; None: nobody looked). `received` is the day on which the archive got it.
    """

    reference: str
    modalities: frozenset[str] = NONE
    study_date: date | None = None
    birth_date: date | None = None
    age_years: int | None = None
    procedure_codes: frozenset[tuple[str, str]] | None = NO_CODES
    institution: str | None = None
    department: str | None = None
    calling_ae: str | None = None
    clinical_trial: bool | None = False
    last_contact: date | None = None
    received: date | None = None
    later_modalities: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Until when one rule keeps a study. `rule` is its name, or `default`.

    `until` is the last day of it, None when a date is missing that it is reckoned from. `reason` says in words
    what was counted. `confirm` is what images cannot show and somebody has to confirm.
    """

    rule: str
    until: date | None
    reason: str
    confirm: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What all rules together say of one study on one day.

    `until` is the last day it is kept, None while there is no end in sight. After `review_after` somebody has to
    say why it is still here. `deciding` is the rule that keeps it longest, `runners_up` the others that match, from
    the longest. `missing` names facts that are not known and made it longer.
    """

    state: State
    until: date | None = None
    review_after: date | None = None
    deciding: Reckoned | None = None
    runners_up: tuple[Reckoned, ...] = ()
    holds: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    confirm: tuple[str, ...] = ()
