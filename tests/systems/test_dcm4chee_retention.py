"""Retention rules as policies of an archive: it never keeps a study shorter than the rules say."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.inventory.model import Device, Inventory
from pacsconf.inventory.retention import AUXILIARY, Match, OnMissing, Retention
from pacsconf.retention.decide import decide
from pacsconf.retention.matching import folded
from pacsconf.retention.policy import policy
from pacsconf.retention.study import StudyFacts, reference
from pacsconf.systems._dcm4chee.retention.conditions import UNDATED, disjuncts, fits
from pacsconf.systems._dcm4chee.retention.native import compiled, iso
from pacsconf.systems._dcm4chee.retention.policies import with_policies
from pacsconf.systems._dcm4chee.settings.standard import DevicePart
from pacsconf.systems._dcm4chee.spelling import formats
from tests.retention.drawn import retentions

NEVER = date.max
APPROVAL = {"by": "board", "on": "2026-01-01"}


# --- the archive, as its source has it ------------------------------------------------------------------------


def java_plus(day: date, span: formats.Span) -> date:
    """LocalDate.plus(Period): months first, the last day of the month where it is too short; then days."""
    year, month = divmod(day.year * 12 + day.month - 1 + span.months, 12)
    if year > 9000:
        return NEVER
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) + timedelta(days=span.days)


def objects(study: StudyFacts):
    """The first object of each series, as the archive sees its attributes."""
    common = {
        "StudyDate": [study.study_date.strftime("%Y%m%d")] if study.study_date else [],
        "InstitutionName": [study.institution or ""],
        "InstitutionalDepartmentName": [study.department or ""],
        "SendingApplicationEntityTitle": [study.calling_ae or ""],
        "ProcedureCodeSequence.CodeValue": [code for _, code in sorted(study.procedure_codes or ())],
        "ClinicalTrialProtocolID": ["T-1"] if study.clinical_trial else [],
    }
    return [common | {"Modality": [one]} for one in sorted(study.modalities)] or [common | {"Modality": []}]


def expiry(policies, study: StudyFacts) -> date:
    """When the archive would let a study go; NEVER where no policy fits."""
    found = []
    for held in objects(study):
        first = next((one for one in policies if fits(one.conditions, held)), None)
        if first is not None:
            begun = study.study_date if first.from_study_date and study.study_date else study.received
            found.append(java_plus(begun, formats.span(iso(first.span))))
    return max(found, default=NEVER)


@st.composite
def studies(draw):
    """Studies that can be: received on their day or later, of patients who were born then."""
    on = draw(
        st.dates(date(1995, 1, 1), date(2025, 12, 31))
        | st.sampled_from([date(2012, 2, 29), date(2015, 1, 31), date(2015, 8, 31), date(2016, 2, 29)])
    )
    dated = draw(st.booleans()) or draw(st.booleans())
    return StudyFacts(
        reference=reference("2.999.77"),
        modalities=draw(st.frozensets(st.sampled_from(["MG", "CT", "US", "SR"]), max_size=3)),
        study_date=on if dated else None,
        birth_date=draw(st.none() | st.dates(date(1900, 1, 1), on)),
        age_years=draw(st.none() | st.integers(0, 90)),
        procedure_codes=draw(
            st.frozensets(
                st.tuples(st.sampled_from(["LOCAL", "SCT"]), st.sampled_from(["MAMSCR", "CHEST"])), max_size=2
            )
        ),
        institution=draw(st.none() | st.sampled_from(["Main Hospital", "main  HOSPITAL", "Elsewhere", ""])),
        department=draw(st.none() | st.sampled_from(["North Clinic", "Elsewhere"])),
        calling_ae=draw(st.none() | st.sampled_from(["CT_1", "MG_1", "US_1"])),
        clinical_trial=draw(st.booleans()),
        last_contact=draw(st.none() | st.dates(on, date(2030, 1, 1))),
        received=on + timedelta(days=draw(st.sampled_from([0, 1, 40, 3000]))),
        later_modalities=draw(st.none() | st.frozensets(st.sampled_from(["MG", "CT"]), max_size=1)),
    )


def approved(retention: Retention) -> Retention:
    """The same rules, all of them approved."""
    plain = retention.model_dump(by_alias=True, mode="json", exclude_defaults=True)
    for rule in [*plain.get("rules", {}).values(), *filter(None, [plain.get("default")])]:
        rule["approval"] = APPROVAL
    return Retention.model_validate(plain)


@settings(max_examples=120, deadline=None)
@given(retention=retentions(), among=st.lists(studies(), min_size=1, max_size=8))
def test_no_study_is_kept_shorter_than_the_rules_say(retention, among):
    rules = approved(retention)
    policies = compiled(rules).policies
    said = policy(rules, approved_only=True)
    for study in among:
        gone = expiry(policies, study)
        if gone is NEVER or gone.year > 2700:
            continue
        outcome = decide(said, study, gone)
        assert outcome.state in ("expired", "held"), (study, gone, outcome, policies)


@settings(max_examples=100, deadline=None)
@given(retention=retentions())
def test_priorities_are_distinct_and_fall_with_the_length(retention):
    policies = compiled(approved(retention)).policies
    priorities = [one.priority for one in policies]
    assert len(set(priorities)) == len(priorities)
    assert priorities == sorted(priorities, reverse=True)
    assert all(0 < one < 2**31 for one in priorities)
    for above, below in pairwise(policies):
        assert above.span.reaches(below.span)
    assert len({one.name.casefold() for one in policies}) == len(policies)
    for one in policies:
        for condition in one.conditions:
            assert formats.condition(condition) == condition
        keys = [condition.partition("=")[0] for condition in one.conditions]
        assert len(set(keys)) == len(keys)


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_every_day_of_the_calendar_is_a_study_date(day):
    text = f"{day.year:04}{day.month:02}{day.day:02}"
    assert not fits([UNDATED], {"StudyDate": [text]})


@pytest.mark.parametrize("text", ["20230229", "19000229", "20231301", "20230431", "1999.01.01", "", "2023"])
def test_what_is_no_day_counts_as_no_study_date(text):
    assert fits([UNDATED], {"StudyDate": [text]})


# --- what is written ------------------------------------------------------------------------------------------


def rules(default=None, on_missing=None, holds=None, **named):
    """Rules by name, all approved."""
    made = {name: {"approval": APPROVAL, **rule} for name, rule in named.items()}
    parts = {"rules": made, "on_missing": on_missing or {}, "holds": holds or {}}
    if default:
        parts["default"] = {"keep": default, "approval": APPROVAL}
    return Retention.model_validate(parts)


HOSPITAL = {
    "mammography": {"match": {"modality": "MG"}, "keep": {"for": "10y"}},
    "minors": {
        "match": {"age_at_study": {"under": 18}},
        "keep": {"until_age": 25, "and_at_least": {"for": "10y"}},
    },
}


def test_the_longest_rule_stands_first_and_each_is_spelled_as_the_archive_reads_it():
    known = {"modality": "no_match"}
    made = compiled(
        rules(default={"for": "5y"}, on_missing=known, mammography=HOSPITAL["mammography"])
    ).policies
    assert [(one.name, iso(one.span), one.conditions) for one in made] == [
        ("no-study-date", "P999Y", (UNDATED,)),
        ("mammography", "P10Y2D", ("Modality=^(?:MG)$",)),
        ("default", "P5Y2D", ()),
    ]
    assert all(one.from_study_date for one in made)


def test_what_the_archive_cannot_know_is_kept_for_the_longest_that_it_could_be():
    made = compiled(rules(default={"for": "5y"}, **HOSPITAL))
    assert [one.name for one in made.policies] == ["no-study-date", "minors"]
    assert iso(made.policies[1].span) == "P25Y2D"
    told = {one.rule: one.notes for one in made.told}
    assert "how old the patient was is not known to the archive: patients of any age count" in told["minors"]
    assert any("as if born on that day" in note for note in told["minors"])
    assert told["mammography"][0] == "nothing is written for it: a longer one fits whatever it is about"


@pytest.mark.parametrize("clock", ["last_imaging_contact", "last_seen", "end_of_treatment", "death"])
def test_a_clock_that_the_archive_does_not_know_has_no_end_there(clock):
    made = compiled(rules(default={"for": "8y", "from": clock}))
    assert [one.endless for one in made.policies] == [True, True]
    assert "somebody has to say what may go" in made.told[0].notes[0]


def test_a_rule_that_counts_from_receipt_lets_longer_ones_count_from_it_too():
    trial = {"match": {"clinical_trial": True}, "keep": {"for": "15y", "from": "received"}}
    made = compiled(
        rules(default={"for": "5y"}, trial=trial, long={"match": {"modality": "CT"}, "keep": {"for": "30y"}})
    )
    starts = {one.name: one.from_study_date for one in made.policies}
    assert starts == {"no-study-date": True, "long": False, "trial": False, "default": True}


def test_what_nobody_approved_is_not_written():
    declared = Retention.model_validate(
        {
            "rules": {"a": {"match": {"modality": "MG"}, "keep": {"for": "10y"}}},
            "default": {"keep": {"for": "5y"}},
        }
    )
    made = compiled(declared)
    assert made.policies == ()
    assert made.left_out == ("a", "default")


def test_a_rule_that_is_added_moves_no_other():
    def numbers(**more):
        made = compiled(rules(default={"for": "5y"}, mammography=HOSPITAL["mammography"], **more)).policies
        return {one.name: one.priority for one in made}

    fewer = numbers()
    more = numbers(trial={"match": {"clinical_trial": True}, "keep": {"for": "7y"}})
    assert {name: more[name] for name in fewer} == fewer


def test_alternatives_become_policies_of_their_own():
    match = Match.model_validate(
        {"any": [{"modality": "MG"}, {"procedure_code": {"scheme": "LOCAL", "in": ["MAMSCR", "A+B"]}}]}
    )
    sets, notes, _ = disjuncts(match, OnMissing(modality="no_match"))
    assert sets == (
        ("Modality=^(?:MG)$",),
        (r"ProcedureCodeSequence.CodeValue=^(?:MAMSCR|A\+B)$",),
    )
    assert any("coding scheme" in note for note in notes)


def test_where_a_fact_is_missing_a_series_counts_too():
    ((condition,),), _, _ = disjuncts(Match(modality=("MG",)), OnMissing())
    for one in ("MG", "", *AUXILIARY):
        assert fits([condition], {"Modality": [one] if one else []})
    assert not fits([condition], {"Modality": ["CT"]})
    assert not fits([condition], {"Modality": ["MGX"]})


@pytest.mark.parametrize("held", ["Klinik Süd", "KLINIK SÜD", " klinik   süd "])
def test_places_are_compared_without_capitals_and_spaces(held):
    (conditions,), _, _ = disjuncts(Match(institution=("Klinik Süd",)), OnMissing(institution="no_match"))
    assert fits(conditions, {"InstitutionName": [held]})


def test_one_character_may_stand_for_two_letters():
    (conditions,), _, _ = disjuncts(Match(institution=("Strasse (1)",)), OnMissing(institution="no_match"))
    assert fits(conditions, {"InstitutionName": ["STRASSE (1)"]})
    assert fits(conditions, {"InstitutionName": ["Straße (1)"]})
    assert not fits(conditions, {"InstitutionName": ["Strasse (12)"]})


@given(
    st.sampled_from("\u017f\u212a\u0130\u0131ßẞ\ufb01\ufb06\u01f0\u0149") | st.characters(codec="utf-8"),
    st.sampled_from(["", "s", "f", "A b"]),
)
def test_no_letter_is_folded_that_the_rules_fold(letter, before):
    """The rules compare places by Unicode's full case folding."""
    name = f"{before}{letter}x"
    (conditions,), _, _ = disjuncts(Match(institution=(name,)), OnMissing(institution="no_match"))
    for held in (name, name.upper(), name.casefold(), name.lower()):
        if folded(held) == folded(name):
            assert fits(conditions, {"InstitutionName": [held]})


def test_an_archive_that_says_declared_has_them_each_from_its_rule():
    inventory = Inventory(
        devices={"arc": Device(name="arc", type="archive")},
        retention=rules(default={"for": "5y"}, mammography=HOSPITAL["mammography"]),
    )
    part, paths = with_policies(DevicePart(retention="declared"), inventory)
    assert set(part.retention_policies) == {"no-study-date", "mammography", "default"}
    assert paths["retention_policies", "mammography"] == ("retention", "rules", "mammography")
    same, none = with_policies(DevicePart(), inventory)
    assert (same.retention_policies, none) == ({}, {})


def a_study(*modalities, **facts):
    """A study of 29 February 2012, of whom all that rules ask for is known."""
    on = date(2012, 2, 29)
    given = {"study_date": on, "received": on, "birth_date": date(1950, 1, 1), "last_contact": on}
    return StudyFacts(reference("2.999.78"), frozenset(modalities), **(given | facts))


CORNERS = {
    "a longer one from an earlier day": (
        rules(
            on_missing={"modality": "no_match"},
            trial={"match": {"clinical_trial": True}, "keep": {"for": "15y", "from": "received"}},
            ct={"match": {"modality": "CT"}, "keep": {"for": "20y"}},
        ),
        a_study("CT", clinical_trial=True, received=date(2024, 1, 1)),
    ),
    "days and months of almost one length": (
        rules(
            default={"for": "365d"},
            year={"match": {"modality": "CT"}, "keep": {"for": "12m"}},
        ),
        a_study("CT"),
    ),
    "days and months of almost one length, the other way": (
        rules(
            default={"for": "1m"},
            days={"match": {"modality": "CT"}, "keep": {"for": "30d"}},
        ),
        a_study("CT", study_date=date(2012, 1, 31), received=date(2012, 1, 31)),
    ),
    "a report alone": (
        rules(default={"for": "5y"}, mg={"match": {"modality": "MG"}, "keep": {"for": "10y"}}),
        a_study("SR"),
    ),
    "a report beside images": (
        rules(default={"for": "5y"}, mg={"match": {"modality": "MG"}, "keep": {"for": "10y"}}),
        a_study("SR", "MG"),
    ),
    "two kinds of images at once": (
        rules(
            default={"for": "5y"},
            both={"match": {"all": [{"modality": "CT"}, {"modality": "US"}]}, "keep": {"for": "10y"}},
        ),
        a_study("CT", "US"),
    ),
    "somebody born that day": (
        rules(default={"until_age": 25}),
        a_study("CT", birth_date=date(2012, 2, 29)),
    ),
}


@pytest.mark.parametrize(("declared", "study"), CORNERS.values(), ids=CORNERS)
def test_at_corners_no_study_is_kept_shorter(declared, study):
    gone = expiry(compiled(declared).policies, study)
    assert decide(policy(declared), study, gone).state == "expired"
    assert gone.year < 2100
