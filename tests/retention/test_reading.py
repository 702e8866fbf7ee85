"""What is taken from what an archive tells: dates, patients, and what is not known."""

from __future__ import annotations

from datetime import date

import pytest

from pacsconf.inventory.retention import Retention
from pacsconf.retention.policy import policy
from pacsconf.retention.reading import Told, day, studies, wanted
from pacsconf.retention.study import reference

PATIENT = frozenset({"patient"})


def told(uid: str, on: str = "20200101", patient: str = "", **texts: str) -> Told:
    values = {"StudyInstanceUID": uid, "StudyDate": on, "PatientID": patient} | texts
    return Told({name: (value,) if value else () for name, value in values.items()})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20200229", date(2020, 2, 29)),
        ("2020.02.29", date(2020, 2, 29)),
        (" 20200229 ", date(2020, 2, 29)),
        ("20210229", None),
        ("00000000", None),
        ("2020", None),
        ("\uff12\uff10200101", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day_that_is_none_is_not_known(text, found):
    assert day(text) == found


def test_of_a_study_its_reference_is_kept_and_no_uid_and_no_patient():
    (found,) = studies([told("1.2.3", patient="ZZ1", PatientBirthDate="19700101")], PATIENT)
    assert found.reference == reference("1.2.3")
    assert "1.2.3" not in repr(found)
    assert "ZZ1" not in repr(found)


def test_what_is_not_told_is_not_known_and_what_is_empty_is_none():
    bare, empty = Told({"StudyInstanceUID": ("1",)}), told("2", ClinicalTrialProtocolID="")
    first, second = studies([bare, empty._replace(codes=frozenset())], frozenset())
    assert (first.clinical_trial, first.procedure_codes) == (None, None)
    assert (second.clinical_trial, second.procedure_codes) == (False, frozenset())


def test_the_last_study_of_a_patient_and_what_came_later_are_found():
    found = {
        each.reference: each
        for each in studies(
            [
                told("1", "20200101", "A", ModalitiesInStudy="MG"),
                told("2", "20220101", "A", ModalitiesInStudy="CT"),
                told("3", "20240101", "B"),
                told("4", "20200101"),
            ],
            PATIENT,
        )
    }
    first, second, other, nobody = (found[reference(uid)] for uid in "1234")
    assert (first.last_contact, first.later_modalities) == (date(2022, 1, 1), {"CT"})
    assert (second.last_contact, second.later_modalities) == (date(2022, 1, 1), frozenset())
    assert other.last_contact == date(2024, 1, 1)
    assert (nobody.last_contact, nobody.later_modalities) == (None, None)


def test_patients_of_different_issuers_are_different():
    pair = [told("1", "20200101", "A"), told("2", "20220101", "A", IssuerOfPatientID="OTHER")]
    assert [each.last_contact for each in studies(pair, PATIENT)] == [date(2020, 1, 1), date(2022, 1, 1)]


def test_a_list_that_ends_early_shows_no_last_study():
    pair = [told("1", "20200101", "A"), told("2", "20220101", "A")]
    assert {each.last_contact for each in studies(pair, PATIENT, to_the_end=False)} == {None}


@pytest.mark.parametrize("asked", [PATIENT, frozenset()])
def test_a_study_that_comes_twice_is_one(asked):
    assert len(list(studies([told("1", patient="A")] * 2, asked))) == 1


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ({"match": {"modality": "MG"}, "keep": {"for": "10y"}}, {"modalities"}),
        ({"match": {"age_at_study": {"under": 18}}, "keep": {"for": "10y"}}, {"birth-date"}),
        (
            {"match": {"any": [{"department": "X"}]}, "keep": {"until_age": "25"}},
            {"department", "birth-date"},
        ),
        ({"match": {}, "keep": {"for": "10y", "from": "last_imaging_contact"}}, {"patient"}),
        ({"match": {}, "keep": {"for": "10y"}, "review": {"max": "30y", "from": "death"}}, {"patient"}),
        ({"match": {"clinical_trial": "true"}, "keep": {"for": "10y"}}, {"clinical-trial"}),
        ({"match": {"calling_ae": "CT1"}, "keep": {"for": "10y"}}, set()),
    ],
)
def test_no_more_is_asked_than_rules_need(rule, facts):
    assert wanted(policy(Retention.model_validate({"rules": {"one": rule}})).rules) == facts
