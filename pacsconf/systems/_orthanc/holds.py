"""Studies under a legal hold: their patients are protected, so that a full Orthanc does not delete them.

Orthanc protects patients, not studies, and only against its own recycling: whoever may delete still can. A hold
names a study by the hash of its UID, which Orthanc cannot search for. So all studies are gone through, page by
page, and only where there is a hold at all. What is kept of them in memory is Orthanc's own number of the patient;
nothing of it is shown or recorded.

A hold that is in force stands where every patient with that study is protected. Where the study is not here there
is nothing to protect, and it stands too. One that is not (released, or taken out of the inventory) stands while a
patient is protected for it alone: what another hold needs stays, and is that one's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pacsconf.core.change import Change, Status
from pacsconf.core.errors import PacsconfError
from pacsconf.core.finding import Path
from pacsconf.inventory.retention import LegalHold
from pacsconf.retention.policy import is_in_force
from pacsconf.retention.study import reference
from pacsconf.systems._http import Lost, Web
from pacsconf.systems._http.answers import NOT_FOUND
from pacsconf.systems._orthanc.listing import listed, no_orthanc

Study = str
"""The hexadecimal digits of a study's reference, as they stand in addresses."""
Patient = str
"""Orthanc's own number of a patient: it can be computed from a patient ID, so it is never shown."""


def digits(study_reference: str) -> Study:
    """What stands in the address of a study's hold."""
    return study_reference.removeprefix("sha256:")


@dataclass(frozen=True, slots=True)
class OnHold:
    """What an inventory says: the studies of holds in force, each with its place, and those that were released."""

    in_force: Mapping[Study, Path] = field(default_factory=dict)
    released: frozenset[Study] = frozenset()

    @property
    def named(self) -> frozenset[Study]:
        return self.released | self.in_force.keys()


NOTHING = OnHold()


def on_hold(holds: Mapping[str, LegalHold], today: date) -> OnHold:
    """The studies of these holds; a study of several is on hold while one of them is in force."""
    in_force: dict[Study, Path] = {}
    ended: set[Study] = set()
    for name, hold in sorted(holds.items()):
        for study in map(digits, hold.studies):
            if is_in_force(hold, today):
                in_force.setdefault(study, ("retention", "holds", name))
            else:
                ended.add(study)
    return OnHold(in_force, frozenset(ended - in_force.keys()))


@dataclass(frozen=True, slots=True)
class Shelter:
    """Which of the studies that were looked for are here, and whose patients are protected."""

    in_force: frozenset[Study] = frozenset()
    known: frozenset[Study] = frozenset()
    """All that were looked for."""
    patients: Mapping[Study, frozenset[Patient]] = field(default_factory=dict, repr=False)
    protected: frozenset[Patient] = field(default=frozenset(), repr=False)

    def of(self, study: Study) -> frozenset[Patient]:
        """The patients with this study: several where one was stored under two patient IDs."""
        return self.patients.get(study, frozenset())

    def standing(self) -> Iterator[Study]:
        """The holds that stand here."""
        return (study for study in sorted(self.known) if self.stands(study))

    def stands(self, study: Study) -> bool:
        if study in self.in_force:
            return self.of(study) <= self.protected
        return bool(self.releasable(study) & self.protected)

    def releasable(self, study: Study) -> frozenset[Patient]:
        """The patients with this study that no hold in force needs protected."""
        return self.of(study) - self._needed(self.in_force - {study})

    def shared(self, study: Study, ending: Collection[Study]) -> frozenset[Study]:
        """Other holds, not among those that end too, that rely on the protection of a patient of this one."""
        others = self.known - {study} - frozenset(ending)
        return frozenset(one for one in others if self.of(one) & self.releasable(study) & self.protected)

    def _needed(self, studies: Set[Study]) -> frozenset[Patient]:
        return frozenset(patient for one in studies for patient in self.of(one))


def read(web: Web, in_force: frozenset[Study], known: frozenset[Study]) -> Shelter:
    """Where these studies are, and whether their patients are protected. Nothing is asked where there are none.

    Raises: Unavailable, Refused; BadAnswer when it is not whole.
    """
    if not known:
        return Shelter()
    found: dict[Study, set[Patient]] = {}
    for study, patient in listed(web, "studies", _study):
        if study in known:
            found.setdefault(study, set()).add(patient)
    everybody = sorted({patient for patients in found.values() for patient in patients})
    return Shelter(
        in_force,
        known,
        {study: frozenset(patients) for study, patients in found.items()},
        frozenset(patient for patient in everybody if is_protected(web, patient) is not False),
    )


def is_protected(web: Web, patient: Patient) -> bool | None:
    """Whether a patient is protected; None where there is no such patient any more.

    Raises: Unavailable, Refused, BadAnswer.
    """
    answer = web.ask("GET", "patients", patient, "protected")
    if answer.status == NOT_FOUND or (answer.status == _OUT_OF_RANGE and answer.remark):
        return None
    if not answer.ok:
        raise answer.fault(web.service.name, "whether a patient is protected cannot be read")
    if answer.body.strip() not in (b"0", b"1"):
        raise no_orthanc(web, "patients/*/protected")
    return answer.body.strip() == b"1"


_OUT_OF_RANGE = 400
"""What Orthanc 1.10 answers about the protection of a patient that it does not have."""


def protect(web: Web, patient: Patient, on: bool) -> str:
    """Protect a patient, or end it: empty, or why it is not known whether that was done.

    Raises: Refused, Lost.
    """
    answer = web.ask("PUT", "patients", patient, "protected", body=int(on))
    if answer.ok:
        return ""
    fault = answer.fault(web.service.name, "Orthanc did not change the protection of a patient")
    if answer.is_unclear:
        return fault.in_full
    raise fault


def _study(told: Mapping[str, Any]) -> tuple[Study, Patient]:
    """A study and its patient. Raises: LookupError, TypeError, AttributeError or ValueError where it is none."""
    uid: str = told["MainDicomTags"]["StudyInstanceUID"].strip(" \0")
    patient = told["ParentPatient"]
    if not patient.strip():
        raise ValueError("a study without a patient")
    return digits(reference(uid)), patient


# --- writing ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Keeper:
    """Carries out changes of holds on one Orthanc, on the studies that were found when it was read.

    `ending` are the holds that end in the same step: a patient of two is released with the last.
    """

    web: Web
    shelter: Shelter
    ending: frozenset[Study]

    def carry_out(self, change: Change) -> tuple[Status, str]:
        """What became of one change.

        Raises: SystemFault for a request that failed before anything can have been written.
        """
        study, on = change.address.parts[0], change.after is not None
        if not on and (others := self.shelter.shared(study, self.ending)):
            return "failed", _SHARED.format(other=min(others)[:12])
        patients = self._still_here(self.shelter.of(study) if on else self.shelter.releasable(study))
        if on and not patients:
            return "failed", "the study is not here any more, so there is nobody to protect"
        try:
            unclear = self._written(patients, on=on)
        except Lost as fault:
            return "unknown", fault.message
        return ("unknown", unclear) if unclear else self._proven(patients, on=on)

    def _still_here(self, patients: frozenset[Patient]) -> Mapping[Patient, bool]:
        """Those of these patients that there are, and whether each is protected."""
        found = ((patient, is_protected(self.web, patient)) for patient in sorted(patients))
        return {patient: protected for patient, protected in found if protected is not None}

    def _written(self, patients: Mapping[Patient, bool], *, on: bool) -> str:
        for patient, protected in patients.items():
            if protected is not on and (unclear := protect(self.web, patient, on)):
                return unclear
        return ""

    def _proven(self, patients: Collection[Patient], *, on: bool) -> tuple[Status, str]:
        """Read what was written: only what stands there counts."""
        try:
            stand = all(is_protected(self.web, patient) in (on, None) for patient in patients)
        except PacsconfError as fault:
            return "unknown", f"it was written, and could not be read again: {fault.message}"
        return (
            ("applied", "")
            if stand
            else ("failed", "it was written, and somebody else wrote otherwise since")
        )


_SHARED = (
    "its patient has another study on hold ({other}…), which does not end in this apply; end both together, or "
    "declare the other one still"
)
