"""What waivers and the baseline accept, held against a naive reckoning; an audit loses nothing of it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.finding import Place
from pacsconf.inventory.baseline import Accepted
from pacsconf.policy.assemble import audited
from pacsconf.policy.audit import Audit
from pacsconf.policy.audit_json import audit_from_lines, audit_to_lines
from pacsconf.policy.results import STATES, Result, RuleResults, State, code_of, stopping
from pacsconf.policy.rule import SEVERITIES, TIERS, Rule
from pacsconf.policy.subject import Subject
from pacsconf.policy.waiver import Waiver
from pacsconf.policy.waivers import alike, apply, mistakes_of, waiver_of

few = settings(max_examples=40)
TODAY = date(2026, 11, 24)
DEVICES = ("us-1", "us-2", "ct-1")
SCOPES = (
    "ae:us-1/A",
    "ae:us-?/*",
    "device:ct-1",
    "site:north",
    "orthanc/peer/us-2",
    "ae:us-1/a",
    "ae:nobody/*",
)
JUDGED: tuple[State, ...] = tuple(state for state in STATES if state != "waived")


def subject(device: str) -> Subject:
    return Subject(
        "ae",
        f"{device}/A",
        {},
        site={"name": "north" if device == "ct-1" else "south"},
        path=("devices", device, "ae_titles", "A"),
        device=device,
        about=(Address.of("orthanc", "peer", device),),
    )


SUBJECTS = tuple(map(subject, DEVICES))


@st.composite
def results(draw: st.DrawFn, id_: str) -> RuleResults:
    rule = Rule(id_, id_, draw(st.sampled_from(SEVERITIES)), "ae", "true", tiers=("declared", "configured"))
    states = draw(st.lists(st.sampled_from(JUDGED), min_size=len(SUBJECTS), max_size=len(SUBJECTS)))
    tiers = draw(st.lists(st.sampled_from(TIERS), min_size=len(SUBJECTS), max_size=len(SUBJECTS)))
    details = {
        at: Result(rule, SUBJECTS[at], state, tiers[at], f"{state} of {at}")
        for at, state in enumerate(states)
        if state not in ("pass", "n/a")
    }
    evidence = {at: tiers[at] for at, state in enumerate(states) if state == "pass"}
    return RuleResults(rule, SUBJECTS, bytes(map(code_of, states)), details, evidence)


RULES = ("PACS-AE-001", "PACS-AE-002")
some_results = st.tuples(*map(results, RULES))
days = st.integers(-40, 40).map(lambda away: TODAY + timedelta(away))


@st.composite
def waivers(draw: st.DrawFn) -> list[Waiver]:
    made = []
    for number in range(draw(st.integers(0, 4))):
        since = draw(days)
        until = since + timedelta(draw(st.integers(0, 50)))
        scope = tuple(draw(st.lists(st.sampled_from(SCOPES), min_size=1, max_size=2)))
        rule = draw(st.sampled_from((*RULES, "PACS-AE-009")))
        place = Place("policies/waivers.yaml", number + 1, 1, 1)
        made.append(
            Waiver(f"w-{number}", rule, scope, "us", "them", "why", "what", since, until, place=place)
        )
    return made


baselines = st.dictionaries(
    st.sampled_from(("old", "older")),
    st.builds(
        Accepted,
        rule=st.sampled_from(RULES),
        at=st.sampled_from(("devices.us-1", "devices.ct-1.ae_titles.A", "orthanc/peer/us-2")),
        owner=st.just("us"),
        until=days.map(str),
    ),
)


def means(scope: str, one: Subject) -> bool:
    """What a pattern means, written down once more."""
    kind, _, name = scope.partition(":")
    if scope.startswith("orthanc/"):
        return scope == f"orthanc/peer/{one.device}"
    told = {"ae": one.name, "device": one.device, "site": one.site["name"] if one.site else ""}
    return fnmatchcase(told[kind], name)


def accepting(result: Result, held: list[Waiver], baseline: dict[str, Accepted]) -> str:
    """Who accepts a failure; empty for nobody."""
    for one in held:
        counts = one.rule == result.rule.id and one.since <= TODAY <= one.until
        if counts and any(means(scope, result.subject) for scope in one.scope):
            return one.id
    device = result.subject.device
    places = (f"devices.{device}", f"devices.{device}.ae_titles.A", f"orthanc/peer/{device}")
    for name, entry in baseline.items():
        if entry.rule == result.rule.id and entry.until >= TODAY.isoformat() and entry.at in places:
            return f"baseline/{name}"
    return ""


@few
@given(some_results, waivers(), baselines)
def test_a_failure_is_accepted_by_what_means_it_today_and_nothing_else_is(judged, held, baseline):
    made = apply(judged, held, baseline, TODAY)
    used: Counter[str] = Counter()
    for before, after in zip(judged, made.results, strict=True):
        for was, is_ in zip(before, after, strict=True):
            by = accepting(was, held, baseline) if was.state == "fail" else ""
            assert is_.state == ("waived" if by else was.state)
            assert (waiver_of(is_), is_.message, is_.evidence, is_.key) == (
                by,
                was.message,
                was.evidence,
                was.key,
            )
            used.update([by] if by else [])
        assert sum(after.count().values()) == len(SUBJECTS)
        assert after.count() == Counter(one.state for one in after)
        assert {state: len(list(after.of(state))) for state in after.count()} == dict(after.count())
    assert {name: times for name, times in made.uses.items() if times} == dict(used)
    assert {one.id for one in held if not one.covers(TODAY)}.isdisjoint(made.uses)


@few
@given(some_results, waivers(), baselines, st.sampled_from(SEVERITIES))
def test_what_stops_is_every_failure_and_broken_rule_that_is_bad_enough(judged, held, baseline, gate):
    made = apply(judged, held, baseline, TODAY)
    bad_enough = SEVERITIES[: SEVERITIES.index(gate) + 1]
    wanted = [
        was.key
        for each in judged
        for was in each
        if each.rule.severity in bad_enough
        and (was.state == "error" or (was.state == "fail" and not accepting(was, held, baseline)))
    ]
    assert sorted(one.key for one in stopping(made.results, gate)) == sorted(wanted)


@few
@given(some_results, waivers(), baselines)
def test_an_audit_keeps_every_result_and_waiver_through_json(judged, held, baseline):
    made = apply(judged, held, baseline, TODAY)
    parts = audited([one.rule for one in judged], made, held, baseline, lambda path: None, TODAY)
    audit = Audit(
        "1", "2026-11-24T00:00:00Z", "us", "lab", "0.1", "c", "i", "p", ("hipaa",), parts.rules, parts.results,
        parts.waivers,
    )  # fmt: skip
    assert audit_from_lines(audit_to_lines(audit)) == audit
    assert {one.key for one in audit.results} == {
        (each.rule.id, "ae", one.name) for each in judged for one in SUBJECTS
    }
    assert len(audit.results) == sum(len(each.subjects) for each in judged)
    assert audit.count() == sum((each.count() for each in made.results), Counter())
    by_waiver = Counter(one.waiver for one in audit.of("waived"))
    assert {one.id: one.used for one in audit.waivers if one.used} == dict(by_waiver)
    assert {one.id for one in held} <= {one.id for one in audit.waivers}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m.rossi", "mrossi"),
        ("M-Rossi", "ROSSI M"),
        ("m.rossi", "m.ros\u200bsi"),
        ("Rossi M", "mrossi"),
        ("m.rossi", "\uff4d.rossi"),
    ],
)
def test_nobody_approves_their_own_in_any_spelling(one, other):
    assert alike(one, other)
    entry = {
        "rule": "PACS-AE-001",
        "scope": ["ae:us-1/A"],
        "owner": one,
        "approver": other,
        "reason": "why",
        "control": "what",
        "since": "2026-11-01",
        "until": "2026-12-01",
    }
    assert [each.rule for each in mistakes_of("w", entry)] == ["PACS-WAIV-003"]
