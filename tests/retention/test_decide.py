"""One study after the other: the algorithm, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pacsconf.retention.decide import decide
from pacsconf.retention.policy import policy
from pacsconf.retention.study import StudyFacts, reference

TODAY = date(2026, 11, 26)
MAMMOGRAM = StudyFacts(
    reference("2.999.1"),
    frozenset({"MG"}),
    date(2015, 3, 1),
    date(1960, 5, 4),
    institution="Main Hospital",
    department="Radiology",
    calling_ae="MG_1",
    last_contact=date(2015, 3, 1),
    received=date(2015, 3, 2),
    later_modalities=frozenset(),
)
MG = {"modality": "MG"}


@pytest.fixture
def decided(retention):
    """Decides about the mammogram, with some facts changed, by rules that are written as in YAML."""

    def made(rules, facts=None, today=TODAY, **parts):
        study = replace(MAMMOGRAM, **(facts or {}))
        return decide(policy(retention(rules=rules, **parts)), study, today)

    return made


def rule(match, keep, **parts):
    return {"match": match, "keep": keep, **parts}


def summary(decision):
    deciding = decision.deciding.rule if decision.deciding else None
    return decision.state, str(decision.until), deciding


# --- which rule --------------------------------------------------------------------------------------------------


def test_the_longest_of_all_that_match_decides_and_the_others_are_named(decided):
    found = decided(
        {
            "short": rule(MG, {"for": "5y"}),
            "long": rule({"institution": "main  hospital"}, {"for": "20y"}),
            "other": rule({"modality": "CT"}, {"for": "30y"}),
        },
        default={"keep": {"for": "7y"}},
    )
    assert summary(found) == ("kept", "2035-03-01", "long")
    assert [(one.rule, str(one.until)) for one in found.runners_up] == [
        ("default", "2022-03-01"),
        ("short", "2020-03-01"),
    ]
    assert found.deciding.reason == "20 years from the study date (2015-03-01)"


def test_the_default_counts_for_every_study_so_that_no_rule_shortens_it(decided):
    found = decided({"short": rule(MG, {"for": "1y"})}, default={"keep": {"for": "20y"}})
    assert summary(found) == ("kept", "2035-03-01", "default")


def test_of_two_that_end_together_the_rule_is_named_before_the_default(decided):
    found = decided({"z": rule(MG, {"for": "7y"})}, default={"keep": {"for": "7y"}})
    assert summary(found) == ("expired", "2022-03-01", "z")


def test_what_no_rule_speaks_of_is_kept(decided):
    assert summary(decided({"ct": rule({"modality": "CT"}, {"for": "1y"})})) == ("no-rule", "None", None)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({"modality": ["CT", "MG"]}, True),
        ({"modality": "MG", "institution": "Elsewhere"}, False),
        ({"any": [{"modality": "CT"}, {"calling_ae": "MG_1"}]}, True),
        ({"all": [{"modality": "MG"}, {"calling_ae": "MG_2"}]}, False),
        ({"age_at_study": {"at_least": 54}}, True),
        ({"age_at_study": {"at_least": 55}}, False),
        ({"age_at_study": {"under": 54}}, False),
        ({"department": "RADIOLOGY"}, True),
        ({"clinical_trial": False}, True),
        ({"clinical_trial": True}, False),
        ({"procedure_code": {"scheme": "LOCAL", "in": "MAMSCR"}}, False),
    ],
)
def test_every_key_of_a_match_has_to_fit(decided, match, fits):
    found = decided({"a": rule(match, {"for": "10y"})})
    assert summary(found)[2] == ("a" if fits else None)


def test_a_code_of_the_same_value_in_another_scheme_is_another(decided):
    rules = {"a": rule({"procedure_code": {"scheme": "LOCAL", "in": ["1", "2"]}}, {"for": "10y"})}
    assert decided(rules, {"procedure_codes": frozenset({("SCT", "1")})}).deciding is None
    assert decided(rules, {"procedure_codes": frozenset({("SCT", "1"), ("LOCAL", "2")})}).deciding.rule == "a"


def test_a_mixed_study_takes_the_longest_of_its_parts(decided):
    rules = {"mg": rule(MG, {"for": "10y"}), "us": rule({"modality": "US"}, {"for": "30y"})}
    assert summary(decided(rules, {"modalities": frozenset({"MG", "US"})}))[2] == "us"


@pytest.mark.parametrize("made", ["SR", "PR", "KO", "SEG"])
def test_what_is_made_of_images_does_not_classify(decided, made):
    rules = {"a": rule({"modality": made}, {"for": "90y"}), "mg": rule(MG, {"for": "10y"})}
    assert summary(decided(rules, {"modalities": frozenset({"MG", made})}))[2] == "mg"


# --- how long ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "state"), [("2025-03-01", "kept"), ("2025-03-02", "expired")], ids=["on its last day", "after"]
)
def test_it_is_kept_through_its_last_day(decided, today, state):
    found = decided({"a": rule(MG, {"for": "10y"})}, today=date.fromisoformat(today))
    assert summary(found) == (state, "2025-03-01", "a")


def test_several_minimums_of_a_rule_all_count(decided):
    keep = [{"for": "5y"}, {"for": "4y", "from": "received"}, {"for": "2y", "from": "last_imaging_contact"}]
    assert decided({"a": rule(MG, keep)}, {"last_contact": date(2024, 1, 1)}).until == date(2026, 1, 1)


def test_an_age_and_at_least_a_period(decided):
    keep = {"until_age": 25, "and_at_least": {"for": "7y"}}
    child, adult = {"birth_date": date(2014, 2, 28)}, {}
    assert decided({"a": rule(MG, keep)}, child).until == date(2039, 2, 28)
    assert decided({"a": rule(MG, keep)}, child).deciding.reason == "25th birthday"
    assert decided({"a": rule(MG, keep)}, adult).until == date(2022, 3, 1)


@pytest.mark.parametrize(
    ("later", "until", "missing"),
    [
        (frozenset({"MG"}), "2020-03-01", ()),
        (frozenset({"CT"}), "2025-03-01", ()),
        (frozenset(), "2025-03-01", ()),
        (None, "2025-03-01", ("later_studies",)),
    ],
    ids=["same class", "another class", "none", "nobody looked"],
)
def test_a_later_study_of_the_same_class_shortens_only_where_it_is_known(decided, later, until, missing):
    keep = [{"for": "5y", "when": "later_same_class_study"}, {"for": "10y", "otherwise": True}]
    found = decided({"a": rule(MG, keep)}, {"later_modalities": later})
    assert (str(found.until), found.missing) == (until, missing)


def test_a_scanned_film_is_of_the_class_that_its_rule_names(decided):
    keep = [{"for": "5y", "when": "later_same_class_study"}, {"for": "10y", "otherwise": True}]
    match = {"any": [MG, {"procedure_code": {"scheme": "LOCAL", "in": "MAMSCR"}}]}
    film = {"modalities": frozenset({"OT"}), "procedure_codes": frozenset({("LOCAL", "MAMSCR")})}
    found = decided({"a": rule(match, keep)}, {**film, "later_modalities": frozenset({"MG"})})
    assert str(found.until) == "2020-03-01"


# --- what images cannot show -------------------------------------------------------------------------------------


@pytest.mark.parametrize("clock", ["last_seen", "end_of_treatment", "diagnosis", "death", "end_of_trial"])
def test_a_clock_that_images_cannot_show_is_never_over(decided, clock):
    found = decided({"a": rule(MG, {"for": "1y", "from": clock})}, {"last_contact": date(2018, 1, 1)})
    assert (summary(found), found.confirm) == (("to-confirm", "2019-01-01", "a"), (clock,))


def test_any_matching_rule_with_such_a_clock_has_to_be_confirmed(decided):
    rules = {"a": rule(MG, {"for": "10y"}), "b": rule(MG, {"for": "1y", "from": "last_seen"})}
    assert summary(decided(rules)) == ("to-confirm", "2025-03-01", "a")


def test_the_last_contact_is_at_least_the_study_itself(decided):
    keep = {"for": "1y", "from": "last_imaging_contact"}
    found = decided({"a": rule(MG, keep)}, {"last_contact": None})
    assert (summary(found), found.missing) == (("to-confirm", "2016-03-01", "a"), ("last_contact",))
    assert decided({"a": rule(MG, keep)}, {"last_contact": date(2001, 1, 1)}).until == date(2016, 3, 1)


# --- what is not known -------------------------------------------------------------------------------------------

SHORT = {"keep": {"for": "1d"}}


@pytest.mark.parametrize(
    ("facts", "expected", "missing"),
    [
        ({"birth_date": None}, ("kept", "2040-03-01", "a"), ("birth_date",)),
        ({"birth_date": None, "age_years": 10}, ("kept", "2030-03-01", "a"), ()),
        ({"birth_date": None, "age_years": 40}, ("expired", "2015-03-02", "default"), ()),
        ({"birth_date": None, "age_years": 999}, ("kept", "2040-03-01", "a"), ("birth_date",)),
        ({"birth_date": None, "age_years": -1}, ("kept", "2040-03-01", "a"), ("birth_date",)),
        ({"birth_date": date(2015, 3, 2)}, ("no-date", "None", "a"), ("birth_date", "study_date")),
        ({"birth_date": date(1900, 1, 1)}, ("kept", "2040-03-01", "a"), ("birth_date",)),
        ({"study_date": None}, ("no-date", "None", "a"), ("study_date",)),
        ({"study_date": None, "birth_date": None}, ("no-date", "None", "a"), ("birth_date", "study_date")),
    ],
    ids=["none", "child", "adult", "too old", "negative", "unborn", "1900", "no study date", "neither"],
)
def test_without_a_birth_date_a_patient_is_a_minor(decided, facts, expected, missing):
    found = decided({"a": rule({"age_at_study": {"under": 18}}, {"until_age": 25})}, facts, default=SHORT)
    assert (summary(found), found.missing) == (expected, missing)


@pytest.mark.parametrize(
    ("match", "facts"),
    [
        (MG, {"modalities": frozenset()}),
        ({"institution": "x"}, {"institution": None}),
        ({"age_at_study": {"at_least": 18}}, {"birth_date": None}),
    ],
    ids=["modality", "institution", "age"],
)
def test_what_may_be_a_study_of_which_no_rule_speaks_has_no_end(decided, match, facts):
    """If it is one it is kept for good, and nobody knows that it is not."""
    found = decided({"a": rule(match, {"for": "1y"})}, facts)
    assert (found.state, found.until, found.deciding) == ("no-rule", None, None)
    assert ([one.rule for one in found.runners_up], len(found.missing)) == (["a"], 1)
    sure = {"a": rule(match, {"for": "1y"}), "b": rule({"calling_ae": "CT_1"}, {"for": "1m"})}
    assert decided(sure, {**facts, "calling_ae": "CT_1"}).until == date(2016, 3, 1)


def test_a_study_is_not_received_before_it_is_made(decided):
    found = decided({"a": rule(MG, {"for": "1y", "from": "received"})}, {"received": date(2014, 1, 1)})
    assert found.until == date(2016, 3, 1)


def test_of_an_age_alone_the_last_day_of_birth_counts(decided):
    facts = {"study_date": date(2016, 2, 29), "birth_date": None, "age_years": 17, "last_contact": None}
    assert decided({"a": rule(MG, {"until_age": 25})}, facts).until == date(2024, 2, 28)


def test_patients_age_can_be_disregarded(decided):
    rules = {"a": rule({"age_at_study": {"under": 18}}, {"until_age": 25})}
    facts = {"birth_date": None, "age_years": 40}
    found = decided(rules, facts, on_missing={"birth_date": "treat_as_minor"}, default=SHORT)
    assert summary(found) == ("kept", "2040-03-01", "a")


def test_without_a_study_date_nothing_ends(decided):
    found = decided({"a": rule(MG, {"for": "10y"})}, {"study_date": None})
    assert (summary(found), found.missing) == (("no-date", "None", "a"), ("study_date",))
    assert found.deciding.reason == "10 years from the study date; there is no study date"


def test_the_day_of_receipt_can_stand_for_it(decided):
    found = decided(
        {"a": rule(MG, {"for": "20y"})}, {"study_date": None}, on_missing={"study_date": "use_received"}
    )
    assert summary(found) == ("kept", "2035-03-02", "a")


@pytest.mark.parametrize(
    ("key", "match", "facts"),
    [
        ("modality", MG, {"modalities": frozenset({"SR"})}),
        ("procedure_code", {"procedure_code": {"scheme": "LOCAL", "in": "1"}}, {"procedure_codes": None}),
        ("institution", {"institution": "x"}, {"institution": None}),
        ("department", {"department": "x"}, {"department": ""}),
        ("calling_ae", {"calling_ae": "X"}, {"calling_ae": None}),
        ("clinical_trial", {"clinical_trial": True}, {"clinical_trial": None}),
    ],
)
def test_a_rule_that_asks_for_what_nobody_knows_counts_unless_told_otherwise(decided, key, match, facts):
    rules = {"a": rule(match, {"for": "20y"})}
    found = decided(rules, facts, default=SHORT)
    assert (summary(found)[2], found.missing) == ("a", (key,))
    assert summary(decided(rules, facts, default=SHORT, on_missing={key: "no_match"}))[2] == "default"


def test_what_is_known_to_match_by_one_alternative_misses_nothing(decided):
    match = {"any": [{"calling_ae": "X"}, MG]}
    assert decided({"a": rule(match, {"for": "20y"})}, {"calling_ae": None}).missing == ()


# --- holds and reviews -------------------------------------------------------------------------------------------


def hold(**parts):
    return {
        "studies": MAMMOGRAM.reference,
        "reason_ref": "L-1",
        "placed_by": "legal",
        "since": "2026-01-01",
        **parts,
    }


def test_a_hold_keeps_and_the_rules_are_told_beside_it(decided):
    found = decided(
        {"a": rule(MG, {"for": "1y"})}, holds={"case": hold(), "other": hold(studies=reference("2.999.2"))}
    )
    assert (summary(found), found.holds) == (("held", "None", None), ("case",))
    assert [one.rule for one in found.runners_up] == ["a"]


@pytest.mark.parametrize(("on", "state"), [("2026-11-27", "held"), ("2026-11-26", "expired")])
def test_a_hold_ends_on_the_day_of_its_release(decided, on, state):
    holds = {"case": hold(released={"on": on, "by": "legal"})}
    assert decided({"a": rule(MG, {"for": "1y"})}, holds=holds).state == state


def test_a_hold_that_begins_later_holds_already(decided):
    assert decided({"a": rule(MG, {"for": "1y"})}, holds={"case": hold(since="2027-01-01")}).state == "held"


@pytest.mark.parametrize(
    ("first", "second", "review"),
    [("30y", None, "2045-03-01"), ("30y", "25y", "2040-03-01"), ("5y", None, "2035-03-01")],
    ids=["one", "the earliest", "never before the minimum"],
)
def test_the_review_is_after_the_earliest_maximum_and_never_before_the_minimum(
    decided, first, second, review
):
    rules = {"a": rule(MG, {"for": "20y"}, review={"max": first})}
    if second:
        rules["b"] = rule(MG, {"for": "1y"}, review={"max": second, "from": "study_date"})
    assert str(decided(rules).review_after) == review


# --- references --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("padded", ["1.2.840.1", "1.2.840.1\0", " 1.2.840.1 ", "1.2.840.1\n"])
def test_padding_of_a_uid_makes_no_other_study(padded):
    # printf 1.2.840.1 | sha256sum
    assert reference(padded) == "sha256:f9a13599155b7052d882ea71eee894078b8e5097211d301011c9900b48eb1993"


@pytest.mark.parametrize("nothing", ["", " ", "\0"])
def test_nothing_is_no_study(nothing):
    with pytest.raises(ValueError, match="a Study Instance UID is needed"):
        reference(nothing)
