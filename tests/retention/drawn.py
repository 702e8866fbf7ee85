"""What hypothesis draws: rules, floors, holds and studies that are small enough to meet each other often."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from pacsconf.inventory.retention import Retention
from pacsconf.retention.study import StudyFacts, reference

MODALITIES = ("MG", "CT", "US", "SR")
CODES = ("MAMSCR", "CHEST")
PLACES = ("Main Hospital", "North Clinic")
TITLES = ("CT_1", "MG_1")
NAMES = ("a", "b", "c", "d", "e")
PERIODS = ("1m", "12m", "1y", "5y", "10y", "30y", "52w", "365d", "366d", "3653d")
CLOCKS = ("study_date", "received", "last_imaging_contact", "last_seen", "death")
REFERENCES = tuple(reference(f"2.999.{number}") for number in range(4))

DAYS = st.one_of(
    st.dates(date(1995, 1, 1), date(2025, 12, 31)),
    st.sampled_from([date(2012, 2, 29), date(2016, 2, 29), date(2015, 3, 1), date(2015, 12, 31)]),
)
TODAY = st.dates(date(2020, 1, 1), date(2060, 12, 31))


def some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


AGES = st.sampled_from(
    [{"under": 18}, {"at_least": 18}, {"under": 40, "at_least": 16}, {"under": 1}, {"at_least": 65}]
)
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "modality": some(MODALITIES),
        "age_at_study": AGES,
        "procedure_code": st.builds(lambda codes: {"scheme": "LOCAL", "in": codes}, some(CODES)),
        "institution": some(PLACES),
        "department": some(PLACES),
        "calling_ae": some(TITLES),
        "clinical_trial": st.booleans(),
    },
).filter(bool)
MATCHES = st.one_of(
    LEAVES,
    st.builds(lambda inner: {"any": inner}, st.lists(LEAVES, min_size=1, max_size=3)),
    st.builds(lambda inner: {"all": inner}, st.lists(LEAVES, min_size=1, max_size=2)),
)
PERIOD = st.builds(
    lambda period, clock: {"for": period, "from": clock}, st.sampled_from(PERIODS), st.sampled_from(CLOCKS)
)
KEEPS = st.one_of(
    PERIOD,
    st.builds(lambda age: {"until_age": age}, st.sampled_from([18, 25, 28])),
    st.builds(
        lambda age, least: {"until_age": age, "and_at_least": least}, st.sampled_from([18, 25]), PERIOD
    ),
    st.builds(
        lambda one, two: [one | {"when": "later_same_class_study"}, two | {"otherwise": True}], PERIOD, PERIOD
    ),
    st.lists(PERIOD, min_size=2, max_size=2),
)
REVIEWS = st.builds(
    lambda period, clock: {"max": period, "from": clock}, st.sampled_from(PERIODS), st.sampled_from(CLOCKS)
)
RULES = st.fixed_dictionaries({"match": MATCHES, "keep": KEEPS}, optional={"review": REVIEWS})
MAY = st.sampled_from(["may_match", "no_match"])
ON_MISSING = st.fixed_dictionaries(
    {},
    optional={
        "birth_date": st.sampled_from(["use_patient_age", "treat_as_minor"]),
        "study_date": st.sampled_from(["never_expire", "use_received"]),
        "modality": MAY,
        "procedure_code": MAY,
        "institution": MAY,
        "calling_ae": MAY,
        "clinical_trial": MAY,
    },
)
HOLDS = st.builds(
    lambda studies, released: {
        "studies": studies, "reason_ref": "L-1", "placed_by": "legal", "since": "2020-01-01",
        **({"released": {"on": released.isoformat(), "by": "legal"}} if released else {}),
    },
    some(REFERENCES),
    st.none() | TODAY,
)  # fmt: skip


@st.composite
def retentions(draw: st.DrawFn, *, on_missing: st.SearchStrategy[dict[str, str]] = ON_MISSING) -> Retention:
    """Up to five rules, perhaps a default and a hold."""
    parts: dict[str, Any] = {
        "rules": draw(st.dictionaries(st.sampled_from(NAMES), RULES, max_size=5)),
        "holds": draw(st.dictionaries(st.just("case"), HOLDS, max_size=1)),
        "on_missing": draw(on_missing),
    }
    if draw(st.booleans()):
        parts["default"] = {"keep": draw(KEEPS)}
    return Retention.model_validate(parts)


SETS = st.frozensets(st.sampled_from(MODALITIES), max_size=2)
STUDIES = st.builds(
    StudyFacts,
    reference=st.sampled_from(REFERENCES),
    modalities=SETS,
    study_date=st.none() | DAYS,
    birth_date=st.none() | DAYS | st.dates(date(1880, 1, 1), date(2000, 1, 1)),
    age_years=st.none() | st.integers(-1, 130),
    procedure_codes=st.none()
    | st.frozensets(st.tuples(st.sampled_from(["LOCAL", "SCT"]), st.sampled_from(CODES)), max_size=2),
    institution=st.none() | st.sampled_from([*PLACES, "main  hospital", "Elsewhere", ""]),
    department=st.none() | st.sampled_from([*PLACES, "Elsewhere"]),
    calling_ae=st.none() | st.sampled_from([*TITLES, "US_1"]),
    clinical_trial=st.none() | st.booleans(),
    last_contact=st.none() | DAYS,
    received=st.none() | DAYS,
    later_modalities=st.none() | SETS,
)
