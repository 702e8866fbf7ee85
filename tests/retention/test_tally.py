"""Studies counted: classes, floors, what is missing and what ends first agree with the plain walk of the rules."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.retention import LegalHold, Retention
from pacsconf.retention.decide import decide
from pacsconf.retention.policy import floors, policy
from pacsconf.retention.study import StudyFacts, reference
from pacsconf.retention.tally import HELD, NO_RULE, tally

TODAY = date(2026, 11, 26)
RULES = {
    "minors": {"match": {"age_at_study": {"under": "18"}}, "keep": {"until_age": "28"}},
    "mammography": {"match": {"modality": "MG"}, "keep": {"for": "10y"}, "review": {"max": "12y"}},
    "rest": {"match": {"modality": ["CT", "MR"]}, "keep": {"for": "5y"}},
}
FLOORS = {"law": {"match": {"modality": "CT"}, "keep": {"for": "7y"}}}
HOLDS = {
    "case": LegalHold.model_validate(
        {"studies": [reference("held")], "reason_ref": "L", "placed_by": "x", "since": "2026-01-01"}
    ).model_dump()
}
RETENTION = Retention.model_validate({"rules": RULES, "floors": FLOORS, "holds": HOLDS})


def count(*studies: StudyFacts, listed: int = 0):
    return tally(studies, policy(RETENTION), floors(RETENTION), TODAY, listed)


def study(name: str, modality: str = "CT", on: str | None = "2020-01-01", birth: str | None = "1960-01-01"):
    return StudyFacts(
        reference(name),
        frozenset({modality}) if modality else frozenset(),
        date.fromisoformat(on) if on else None,
        date.fromisoformat(birth) if birth else None,
    )


def test_each_class_has_its_number_and_its_first_and_middle_day():
    found = count(
        study("a", "MG", "2010-01-01"), study("b", "MG", "2020-01-01"), study("c", "MG", "2024-01-01")
    )
    (only,) = found.classes
    assert (only.rule, only.studies, only.states) == ("mammography", 3, {"expired": 1, "kept": 2})
    assert (only.earliest, only.median) == (date(2020, 1, 1), date(2030, 1, 1))
    assert found.review_due == 1


def test_studies_on_hold_and_those_of_no_rule_are_classes_of_their_own():
    found = count(study("held"), study("a", "US"))
    assert [(one.rule, one.studies, one.earliest) for one in found.classes] == [
        (NO_RULE, 1, None),
        (HELD, 1, None),
    ]


def test_what_is_kept_shorter_than_the_law_demands_is_counted():
    assert count(study("a", "CT"), study("b", "MR"), study("held")).below_floor == 1


def test_what_needs_a_birth_date_is_counted():
    assert count(study("a", birth=None), study("b", on=None), study("c")).missing == {
        "birth_date": 1,
        "study_date": 1,
    }


def test_those_that_end_first_are_listed_in_order():
    names = {f"study {number}": f"20{10 + number}-01-01" for number in range(9)}
    found = count(*(study(name, "MR", on) for name, on in names.items()), listed=3)
    assert [one.until.year for one in found.expiring] == [2015, 2016, 2017]
    assert found.expiring[0].reference == reference("study 0")


def test_nothing_is_counted_of_nothing():
    found = count()
    assert (found.studies, found.classes, found.states, found.missing) == (0, (), {}, {})


Studies = st.lists(
    st.builds(
        study,
        st.sampled_from(["held", *"abcdefgh"]),
        st.sampled_from(["MG", "CT", "MR", "US", ""]),
        st.one_of(st.none(), st.sampled_from(["2000-02-29", "2015-06-01", "2026-11-26"])),
        st.one_of(st.none(), st.sampled_from(["1950-01-01", "2004-02-29", "2025-01-01"])),
    ),
    max_size=30,
)


@given(Studies)
def test_the_numbers_are_those_of_the_plain_walk(studies):
    found = count(*studies)
    plain = [decide(policy(RETENTION), each, TODAY) for each in studies]
    assert found.studies == len(studies) == sum(one.studies for one in found.classes)
    assert found.states == dict(sorted(Counter(one.state for one in plain).items()))
    assert found.missing == dict(sorted(Counter(name for one in plain for name in one.missing).items()))
    names = Counter(
        HELD if one.state == "held" else one.deciding.rule if one.deciding else NO_RULE for one in plain
    )
    assert {one.rule: one.studies for one in found.classes} == names
