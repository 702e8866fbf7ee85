"""What is believed of a study: its dates where they can be true, and in their place what keeps longest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pacsconf.inventory.retention import AUXILIARY, SHOWN, Clock, OnMissing
from pacsconf.retention import days
from pacsconf.retention.study import StudyFacts


@dataclass(frozen=True, slots=True)
class Known:
    """`age` is that at the study, None when nobody can tell; `born` the latest day of birth that can be true,
    known wherever the study date is.

    `guessed_birth`: the birth date is not known, so that it is as if born on the day of the study. `contact` and
    `received` are not before the study: where they are told to be, one of two days is wrong, and the later counts.
    """

    study: StudyFacts
    modalities: frozenset[str]
    study_date: date | None
    age: int | None
    born: date | None
    guessed_birth: bool
    contact: date | None
    received: date | None

    def day(self, clock: Clock) -> date | None:
        """The earliest day that a clock can have begun on; None when not even that is known."""
        if clock == "study_date":
            return self.study_date
        return self.received if clock == "received" else self.contact

    def to_confirm(self, clock: Clock) -> bool:
        """Whether images cannot show this clock, so that `day` is no more than the earliest possible one."""
        return clock not in SHOWN or (clock == "last_imaging_contact" and self.study.last_contact is None)


def known(study: StudyFacts, on_missing: OnMissing) -> Known:
    """What is believed of a study."""
    on, birth = dates(study, on_missing)
    age = stated_age(study.age_years) if on_missing.birth_date == "use_patient_age" else None
    born: date | None
    if birth is not None:
        age, born, guessed = (days.age_on(birth, on) if on else None), birth, False
    elif age is not None:
        born, guessed = (days.latest_birth(age, on) if on else None), on is None
    else:
        born, guessed = on, True
    return Known(
        study,
        study.modalities - AUXILIARY,
        on,
        age,
        born,
        guessed,
        max(on, study.last_contact or on) if on else None,
        max(on, study.received) if on and study.received else study.received,
    )


def dates(study: StudyFacts, on_missing: OnMissing) -> tuple[date | None, date | None]:
    """The study date and the birth date that are believed; None where there is none."""
    on, birth = believable(study.study_date, study.birth_date)
    if on is None and on_missing.study_date == "use_received":
        return believable(study.received, birth)
    return on, birth


def believable(on: date | None, birth: date | None) -> tuple[date | None, date | None]:
    """Study date and birth date, None in place of what cannot be true.

    Of a study before birth one of the two is wrong, and nobody can tell which. Nobody is older than `days.OLDEST`.
    """
    if on is None or birth is None:
        return on, birth
    if birth > on:
        return None, None
    return on, (None if days.age_on(birth, on) > days.OLDEST else birth)


def stated_age(years: int | None) -> int | None:
    """Patient's Age where it can be true."""
    return years if years is not None and 0 <= years <= days.OLDEST else None
