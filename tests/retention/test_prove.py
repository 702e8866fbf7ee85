"""The proof: what is below a floor is found, and what is said to be kept is."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pacsconf.inventory.retention import AUXILIARY, Floor, Retention
from pacsconf.retention import prove as proving
from pacsconf.retention.classes import TooMany, classes
from pacsconf.retention.prove import prove
from pacsconf.retention.rules import study_words
from pacsconf.retention.study import StudyFacts
from tests.retention.drawn import KEEPS, MATCHES, RULES, STUDIES, retentions
from tests.retention.plainly import NO_END, kept_until, of_rule

MAMMOGRAPHY = [{"for": "5y", "when": "later_same_class_study"}, {"for": "10y", "otherwise": True}]


def broken(declared: Retention) -> list[tuple[str, str]]:
    return [(one.floor.name, one.rule.name) for one in prove(declared, sampled=500).broken]


def tied(declared: Retention) -> list[tuple[str, str]]:
    return [(one.one.name, one.other.name) for one in prove(declared, sampled=0).ties]


# --- floors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "floor", "kept"),
    [
        ({"for": "10y"}, {"for": "10y"}, True),
        ({"for": "9y"}, {"for": "10y"}, False),
        ({"for": "120m"}, {"for": "10y"}, True),
        ({"for": "365d"}, {"for": "1y"}, False),  # a leap day lies between
        ({"for": "366d"}, {"for": "1y"}, True),
        ({"for": "31d"}, {"for": "1m"}, True),
        ({"for": "30d"}, {"for": "1m"}, False),
        ({"for": "30y"}, {"until_age": 25}, True),
        ({"for": "24y"}, {"until_age": 25}, False),  # of a newborn
        ({"until_age": 110}, {"for": "10y"}, False),  # of the very old
        ({"until_age": 25, "and_at_least": {"for": "10y"}}, {"for": "10y"}, True),
        ({"for": "10y"}, {"for": "10y", "from": "last_imaging_contact"}, False),
        ({"for": "10y", "from": "last_imaging_contact"}, {"for": "10y"}, True),
        ({"for": "10y"}, {"for": "8y", "from": "received"}, False),
        ({"for": "10y", "from": "last_imaging_contact"}, {"for": "10y", "from": "last_seen"}, True),
        (MAMMOGRAPHY, MAMMOGRAPHY, True),
        ({"for": "10y"}, MAMMOGRAPHY, True),
        ({"for": "5y"}, MAMMOGRAPHY, False),
        (MAMMOGRAPHY, {"for": "10y"}, False),  # where a later one is known
    ],
)
def test_a_minimum_that_is_shorter_for_some_study_is_found(retention, rule, floor, kept):
    declared = retention(
        rules={"mg": {"match": {"modality": "MG"}, "keep": rule}},
        floors={"law": {"match": {"modality": "MG"}, "keep": floor}},
    )
    assert broken(declared) == ([] if kept else [("law", "mg")])


def test_a_shorter_rule_is_covered_by_a_longer_default(retention):
    floor = {"match": {"modality": "MG"}, "keep": {"for": "10y"}}
    rules = {"mg": {"match": {"modality": "MG"}, "keep": {"for": "2y"}}}
    assert broken(retention(rules=rules, floors={"law": floor}, default={"keep": {"for": "10y"}})) == []
    assert broken(retention(rules=rules, floors={"law": floor})) == [("law", "mg")]


def test_what_no_rule_speaks_of_is_kept_and_breaks_no_floor(retention):
    minimum = {"match": {"modality": "MG", "age_at_study": {"under": 18}}, "keep": {"for": "10y"}}
    adults = {"match": {"age_at_study": {"at_least": 18}}, "keep": {"for": "1y"}}
    assert broken(retention(rules={"adults": adults}, floors={"law": minimum})) == []


def test_a_mixed_study_of_which_no_rule_knows_one_part_is_found(retention):
    declared = retention(
        rules={"ct": {"match": {"modality": "CT"}, "keep": {"for": "1y"}}},
        floors={"law": {"match": {"modality": "MG"}, "keep": {"for": "10y"}}},
    )
    (found,) = prove(declared).broken
    assert (found.rule.name, found.study.modalities) == ("ct", frozenset({"CT", "MG"}))


def test_a_rule_for_a_part_leaves_the_rest_to_the_default(retention):
    floor = {"match": {"modality": ["MG", "CT"]}, "keep": {"for": "10y"}}
    rules = {"mg": {"match": {"modality": "MG"}, "keep": {"for": "10y"}}}
    assert broken(retention(rules=rules, floors={"law": floor}, default={"keep": {"for": "5y"}})) == [
        ("law", "default")
    ]


def test_later_studies_of_another_kind_do_not_count_as_the_same(retention):
    rule = {"match": {"modality": ["MG", "US"]}, "keep": MAMMOGRAPHY}
    declared = retention(
        rules={"breast": rule}, floors={"law": {"match": {"modality": "MG"}, "keep": MAMMOGRAPHY}}
    )
    (found,) = prove(declared, sampled=0).broken
    assert (found.floor.name, found.study.later_modalities) == ("law", frozenset({"US"}))


def test_what_is_approved_has_to_keep_the_floors_by_itself(retention):
    approval = {"by": "M. Weber", "on": "2026-11-02"}
    declared = retention(
        rules={"mg": {"match": {"modality": "MG"}, "keep": {"for": "10y"}}},
        default={"keep": {"for": "5y"}, "approval": approval},
        floors={"law": {"match": {"modality": "MG"}, "keep": {"for": "10y"}}},
    )
    assert [(one.floor.name, one.rule.name, one.drafts) for one in prove(declared).broken] == [
        ("law", "default", ("mg",))
    ]


def test_clocks_that_images_cannot_show_are_listed(retention):
    declared = retention(
        rules={"a": {"match": {"modality": "RTIMAGE"}, "keep": {"for": "30y", "from": "end_of_treatment"}}},
        floors={"law": {"keep": {"for": "1y", "from": "last_seen"}}},
    )
    assert prove(declared).confirm == (("law", "last_seen"), ("a", "end_of_treatment"))


@pytest.mark.parametrize(
    ("missing", "blind"),
    [({}, ()), ({"modality": "no_match"}, ()), ({"institution": "no_match"}, (("law", "institution"),))],
    ids=["all may match", "not asked for", "asked for"],
)
def test_of_what_is_missing_and_does_not_match_nothing_is_proven(retention, missing, blind):
    match = {"any": [{"institution": "x"}, {"clinical_trial": True}]}
    declared = retention(floors={"law": {"match": match, "keep": {"for": "1y"}}}, on_missing=missing)
    assert prove(declared).blind == blind


def test_a_match_with_too_many_ways_is_refused(retention):
    codes = [
        {"procedure_code": {"scheme": "LOCAL", "in": [f"{part}{number}" for number in range(30)]}}
        for part in "abc"
    ]
    declared = retention(floors={"law": {"match": {"all": codes}, "keep": {"for": "1y"}}})
    with pytest.raises(TooMany):
        prove(declared)


def test_an_example_is_told_in_words(retention):
    study = StudyFacts(
        "sha256:0", frozenset({"MG"}), date(2015, 3, 1), date(1975, 3, 1), institution="north clinic",
        procedure_codes=frozenset({("LOCAL", "MAMSCR")}), last_contact=date(2020, 1, 1), received=date(2016, 1, 1),
        clinical_trial=True, later_modalities=frozenset({"MG"}),
    )  # fmt: skip
    assert study_words(study) == (
        "a study (MG) of 2015-03-01, patient born 1975-03-01 (age 40), procedure LOCAL:MAMSCR, "
        "institution north clinic, department not known, calling AE not known, in a clinical trial, "
        "patient here again on 2020-01-01, later study with MG, received 2016-01-01"
    )


@settings(max_examples=25, deadline=None)
@given(
    retentions(),
    st.builds(lambda match, keep: {"match": match, "keep": keep}, MATCHES | st.just({}), KEEPS),
    st.lists(STUDIES, min_size=20, max_size=60),
)
def test_no_study_is_below_a_floor_that_is_said_to_be_kept(
    declared: Retention, floor: dict[str, object], drawn: list[StudyFacts]
):
    """Held against studies that combine everything, which the proof does not look at one by one."""
    declared = declared.model_copy(update={"floors": {"law": Floor.model_validate(floor)}, "holds": {}})
    found = prove(declared, sampled=0).broken
    assert all(below(declared, one.study) for one in found)
    if not found:
        assert next((study for study in (*everything(), *drawn) if below(declared, study)), None) is None


def everything():
    """A coarse grid over all facts that `drawn` can tell apart."""
    on = date(2015, 3, 1)
    sets = (frozenset({"MG"}), frozenset({"CT", "US"}), frozenset({"OT"}))
    codes = (frozenset(), frozenset({("LOCAL", "MAMSCR")}), frozenset({("LOCAL", "CHEST")}))
    places = ("Main Hospital", "North Clinic", "x")
    ages = (0, 1, 15, 17, 39, 70)
    for held, code, place, title, trial, age, far, later in product(
        sets, codes, places, ("CT_1", "x"), (True, False), ages, (0, 15_000), (frozenset(), frozenset({"MG"}))
    ):
        yield StudyFacts(
            "sha256:0", held, on, on - timedelta(days=age * 366), None, code, place, place, title, trial,
            on + timedelta(days=far), on + timedelta(days=far // 2), later,
        )  # fmt: skip


def below(declared: Retention, study: StudyFacts) -> bool:
    """Whether a study is kept shorter than the floor asks, reckoned without the code that is tested."""
    (floor,) = declared.floors.values()
    least = of_rule(floor.match, floor.keep, study, declared.on_missing)
    kept = kept_until(declared, study)
    return least not in (None, NO_END) and kept is not None and kept < least


ANY_FLIP = {"default": {"keep": MAMMOGRAPHY}}
TRIAL, NO_TRIAL = {"clinical_trial": True}, {"clinical_trial": False}


@pytest.mark.parametrize(
    ("declared", "floor"),
    [
        (ANY_FLIP, {"keep": {"for": "10y"}}),
        (ANY_FLIP, {"match": {"modality": "MG"}, "keep": MAMMOGRAPHY}),  # another part of it was made again
        (
            {
                "rules": {
                    "a": {"match": {"modality": ["MG", "CT"]}, "keep": MAMMOGRAPHY},
                    "b": {"match": {"modality": ["MG", "US"]}, "keep": MAMMOGRAPHY},
                    "c": {"match": {"modality": ["NM", "PT"]}, "keep": MAMMOGRAPHY},
                }
            },
            {"match": {"modality": "MG"}, "keep": MAMMOGRAPHY},
        ),
        (
            {"default": {"keep": {"for": "5y"}}, "rules": {"a": {"match": NO_TRIAL, "keep": {"for": "10y"}}}},
            {"keep": {"for": "10y"}},
        ),
        (
            {
                "default": {"keep": {"for": "5y"}},
                "rules": {
                    "a": {"match": NO_TRIAL, "keep": {"for": "10y"}},
                    "b": {"match": TRIAL, "keep": {"for": "10y"}},
                },
                "on_missing": {"clinical_trial": "no_match"},
            },
            {"keep": {"for": "10y"}},
        ),
        ({"default": {"keep": {"until_age": 112}}}, {"keep": {"for": "2y"}}),
        (
            {"default": {"keep": {"for": "1y"}}},
            {"match": {"age_at_study": {"at_least": 18}}, "keep": {"until_age": 19}},
        ),
    ],
    ids=[
        "any later study shortens it",
        "a later study of another part shortens it",
        "two later studies together",
        "who is in a trial",
        "nobody knows whether in a trial",
        "the last day of the oldest",
        "nobody knows the age",
    ],
)
def test_what_only_few_studies_show_is_found(retention, declared, floor):
    proof = prove(retention(**declared, floors={"law": floor}), sampled=0)
    (found,) = proof.broken
    assert below(retention(**declared, floors={"law": floor}), found.study)


def test_what_a_minimum_is_not_about_does_not_break_it(retention):
    """A report beside images does not tell what kind of study it is."""
    declared = retention(
        rules={"mg": {"match": {"modality": "MG"}, "keep": {"for": "1y"}}},
        floors={"law": {"match": {"modality": "SR"}, "keep": {"for": "10y"}}},
        on_missing={"modality": "no_match"},
    )
    assert broken(declared) == []


# --- ties --------------------------------------------------------------------------------------------------------


def rules(**keeps: tuple[object, object]) -> dict[str, object]:
    return {name: {"match": match, "keep": keep} for name, (match, keep) in keeps.items()}


MG, CT = {"modality": "MG"}, {"modality": "CT"}
MINOR, ADULT = {"age_at_study": {"under": 18}}, {"age_at_study": {"at_least": 18}}


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (rules(a=(MG, {"for": "10y"}), b=(MG, {"for": "10y"})), True),
        (rules(a=(MG, {"for": "10y"}), b=(CT, {"for": "10y"})), True),  # a study can be of both
        (rules(a=(MG, {"for": "10y"}), b=(MG, {"for": "120m"})), True),
        (rules(a=(MG, {"for": "10y"}), b=(MG, {"for": "11y"})), False),
        (rules(a=(MINOR, {"for": "10y"}), b=(ADULT, {"for": "10y"})), False),  # nobody is both
        (rules(a=(MG, {"for": "10y"}), b=(MG, {"for": "10y", "from": "last_imaging_contact"})), False),
        (rules(a=(MG, {"for": "10y"}), b=(MINOR, {"until_age": 28})), False),  # only of one who is 18 that day
        (rules(a=(MG, {"for": "10y"}), b=(MG, {"until_age": 20, "and_at_least": {"for": "10y"}})), True),
        (rules(a=(MG, MAMMOGRAPHY), b=(CT, {"for": "5y"})), True),  # where a later one is known
        (rules(a=(MG, {"for": "10y"}), b=(MG, {"for": "10y"}), c=(MG, {"for": "20y"})), False),  # c decides
        (rules(a=({"institution": "x"}, {"for": "10y"}), b=({"institution": "y"}, {"for": "10y"})), False),
        (rules(a=({"institution": "X  y"}, {"for": "10y"}), b=({"institution": "x Y"}, {"for": "10y"})), True),
    ],
)  # fmt: skip
def test_rules_that_keep_a_kind_of_study_equally_long_tie(retention, declared, expected):
    assert tied(retention(rules=declared)) == ([("a", "b")] if expected else [])


@settings(max_examples=40)
@given(retentions(), st.sampled_from(["d", "e"]), RULES)
def test_a_rule_and_its_copy_tie_wherever_they_decide(
    declared: Retention, name: str, rule: dict[str, object]
):
    alone = Retention.model_validate({"rules": {"a": rule, "b": rule}})
    impossible = all(kind.modalities & AUXILIARY for kind in classes(alone.rules["a"].match))
    assert tied(alone) == ([] if impossible else [("a", "b")])


def test_every_kind_of_edge_is_looked_at_only_once(retention):
    declared = retention(
        rules=rules(a=(MG, {"for": "10y"})), floors={"law": {"match": MG, "keep": {"for": "10y"}}}
    )
    proof = prove(declared)
    assert (proof.floors, proof.classes, proof.sampled, proof.broken, proof.ties) == (
        1,
        1,
        proving.SAMPLED,
        (),
        (),
    )


def test_an_age_that_nobody_has_is_no_match(retention):
    with pytest.raises(ValidationError, match="nobody is at least 18 and under 18"):
        retention(rules=rules(a=({"age_at_study": {"under": 18, "at_least": 18}}, {"for": "1y"})))
