"""The prepared rules say what the rules say as they are written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pacsconf.inventory.retention import Retention, Rule
from pacsconf.retention.decide import decide
from pacsconf.retention.evaluator import Evaluator, Outcome
from pacsconf.retention.policy import policy
from pacsconf.retention.study import Decision, StudyFacts
from tests.retention.drawn import RULES, STUDIES, TODAY, retentions


def outcome(decision: Decision) -> Outcome:
    deciding = decision.deciding
    return Outcome(decision.state, decision.until, decision.review_after, deciding.rule if deciding else None)


@settings(max_examples=150)
@given(retentions(), st.lists(STUDIES, min_size=1, max_size=6), TODAY)
def test_the_evaluator_says_what_the_plain_walk_says(
    declared: Retention, studies: list[StudyFacts], today: date
):
    prepared = policy(declared)
    evaluator = Evaluator(prepared, today)
    assert [evaluator(study) for study in studies] == [
        outcome(decide(prepared, study, today)) for study in studies
    ]


LONG_AGO = date(1900, 1, 1)


def until(declared: Retention, study: StudyFacts) -> date:
    """The last day a study is kept; what has no end, or no rule, is kept for ever."""
    return Evaluator(policy(declared), LONG_AGO)(study).until or date.max


@given(retentions(), RULES, STUDIES)
def test_a_further_rule_never_shortens(declared: Retention, rule: dict[str, object], study: StudyFacts):
    # without any rule nothing expires at all: that the first one gives an end is no shortening
    assume(Evaluator(policy(declared), LONG_AGO)(study).state not in ("no-rule", "held"))
    more = {**declared.rules, "further": Rule.model_validate(rule)}
    assert until(declared.model_copy(update={"rules": more}), study) >= until(declared, study)


@given(retentions(), STUDIES, TODAY)
def test_a_hold_beats_everything(declared: Retention, study: StudyFacts, today: date):
    hold = {"studies": study.reference, "reason_ref": "L-1", "placed_by": "legal", "since": "2020-01-01"}
    held = Retention.model_validate({"holds": {"another": hold}}).holds
    both = declared.model_copy(update={"holds": {**declared.holds, **held}})
    assert Evaluator(policy(both), today)(study) == Outcome("held")


@given(
    retentions(on_missing=st.just({})),
    STUDIES,
    st.sampled_from(
        [
            {"birth_date": None, "age_years": None},
            {"study_date": None},
            {"modalities": frozenset()},
            {"procedure_codes": None},
            {"institution": None},
            {"calling_ae": None},
            {"clinical_trial": None},
            {"later_modalities": None},
        ]
    ),
)
def test_what_is_not_known_never_shortens(declared: Retention, study: StudyFacts, hidden: dict[str, None]):
    assume(not (study.birth_date and study.study_date and study.birth_date > study.study_date))
    assume(Evaluator(policy(declared), LONG_AGO)(study).state != "no-rule")
    assert until(declared, replace(study, **hidden)) >= until(declared, study)


@given(retentions(), STUDIES, st.frozensets(st.sampled_from(["MG", "CT"]), min_size=1))
def test_a_mixed_study_takes_the_longest_of_its_parts(
    declared: Retention, study: StudyFacts, more: frozenset[str]
):
    assume(study.modalities - {"SR"} and Evaluator(policy(declared), LONG_AGO)(study).state != "no-rule")
    study = replace(study, later_modalities=None)
    assert until(declared, replace(study, modalities=study.modalities | more)) >= until(declared, study)


@given(retentions(), STUDIES, st.sampled_from(["SR", "PR", "KO", "SEG"]))
def test_what_is_made_of_images_afterwards_changes_nothing(declared: Retention, study: StudyFacts, made: str):
    plain = replace(study, modalities=study.modalities - {"SR"})
    evaluator = Evaluator(policy(declared), date(2030, 1, 1))
    assert evaluator(replace(plain, modalities=plain.modalities | {made})) == evaluator(plain)


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # many drawn rules have no end
@given(retentions(), STUDIES)
def test_a_study_is_over_the_day_after_its_last_and_not_on_it(declared: Retention, study: StudyFacts):
    last = Evaluator(policy(declared), LONG_AGO)(study).until
    assume(last is not None and last != date.max)
    without_holds = policy(declared.model_copy(update={"holds": {}}))
    assert Evaluator(without_holds, last)(study).state == "kept"
    after = date.fromordinal(last.toordinal() + 1)
    assert Evaluator(without_holds, after)(study).state in ("expired", "to-confirm")


def test_of_a_study_of_unknown_modality_no_later_one_is_of_its_class_for_sure():
    keep = [
        {"for": "1m", "from": "received", "when": "later_same_class_study"},
        {"for": "1m", "from": "study_date", "otherwise": True},
    ]
    declared = Retention.model_validate({"default": {"keep": keep}})
    us = frozenset({"US"})
    study = StudyFacts("sha256:" + "0" * 64, us, date(2000, 1, 1), later_modalities=us)

    assert until(declared, replace(study, modalities=frozenset())) >= until(declared, study)
