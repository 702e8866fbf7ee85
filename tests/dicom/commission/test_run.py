"""A run as a value: what is settled, who must sign, and JSON both ways."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.errors import RecordError
from pacsconf.dicom.commission.run import (
    ROLES,
    STEPS,
    AcceptanceRun,
    Item,
    Result,
    Signature,
    Stored,
    Ticked,
    from_json,
    summed,
    to_json,
)

RUN = AcceptanceRun(
    "20261126-1", "ct-9", "CT9", "lab", "00000000-0000-0000-0000-000000000001", "2026-11-26T12:00:00+00:00"
)
RESULTS = st.sampled_from(["passed", "failed", "skipped", "not done", "unknown"])
TEXTS = st.text(max_size=20)
MOMENTS = st.datetimes().map(datetime.isoformat) | st.just("")
ITEMS = st.lists(st.builds(Item, TEXTS, RESULTS, TEXTS), max_size=3).map(tuple)
TICKED = st.builds(
    Ticked,
    st.sampled_from([plan.name for plan in STEPS]),
    RESULTS,
    TEXTS,
    st.floats(0, 1e6),
    ITEMS,
    MOMENTS,
    TEXTS,
    TEXTS,
)
STORED = st.builds(Stored, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.booleans())
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)
RUNS = st.builds(
    AcceptanceRun,
    NAMES,
    NAMES,
    TEXTS,
    TEXTS,
    st.just(RUN.root),
    st.just(RUN.began),
    *[TEXTS] * 3,
    facts=st.dictionaries(TEXTS, TEXTS, max_size=3),
    software=st.dictionaries(TEXTS, TEXTS, max_size=3),
    calling=st.lists(TEXTS, max_size=2).map(tuple),
    impersonated=st.booleans(),
    steps=st.lists(TICKED, max_size=4, unique_by=lambda one: one.name).map(tuple),
    stored=st.lists(STORED, max_size=3).map(tuple),
    signatures=st.lists(st.builds(Signature, st.sampled_from(ROLES), TEXTS, MOMENTS, TEXTS), max_size=2).map(
        tuple
    ),
)


@given(RUNS)
def test_a_run_is_read_as_it_was_written(run):
    assert from_json(to_json(run).encode(), "here") == run


@given(RUNS, TICKED)
def test_a_step_is_ticked_once_and_in_its_place(run, step):
    after = run.ticking(step)
    names = [one.name for one in after.steps]
    assert after.step(step.name) == step
    assert names == [plan.name for plan in STEPS if plan.name in names]
    assert after.ticking(step) == after


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"format_version": 1}', b'{"format_version": 2}', b"\xff"],
    ids=["nothing", "list", "empty", "without a run", "newer", "no text"],
)
def test_what_is_no_run_is_an_error_with_its_place(data):
    with pytest.raises(RecordError, match="somewhere"):
        from_json(data, "somewhere")


A_STORED = asdict(Stored("archive/A", "1", "2", "3", "4", "5", taken=True))
A_STEP = {**asdict(Ticked("record", "passed", "")), "items": []}


@pytest.mark.parametrize(
    "text", ["[]", "null", "7", "[" * 100_000, '{"a": 1}', "\udcff"], ids=lambda text: text[:9]
)
def test_what_is_no_run_at_all_is_a_clear_error(text):
    with pytest.raises(RecordError, match="here cannot be understood"):
        from_json(text.encode("utf-8", "surrogateescape"), "here")


@pytest.mark.parametrize(
    "change",
    [
        {"steps": [{"name": "dance", "result": "passed"}]},
        {"root": "no uuid"},
        {"id": 7},
        {"id": "../../x"},
        {"device": "a/b"},
        {"began": "yesterday"},
        {"more": 1},
        {"stored": [{}]},
        {"stored": [{**A_STORED, "taken": "yes"}]},
        {"stored": [{**A_STORED, "sop_class": []}]},
        {"facts": [1]},
        {"software": {"archive/A": {"a": 1}}},
        {"calling": "ABC"},
        {"impersonated": "no"},
        {"title": {"a": 1}},
        {"steps": [A_STEP, A_STEP]},
        {"steps": [{**A_STEP, "milliseconds": "1"}]},
        {"steps": [{**A_STEP, "text": 7}]},
        {"steps": [{**A_STEP, "at": "yesterday"}]},
        {"steps": [{**A_STEP, "result": ["passed"]}]},
        {"steps": ["record"]},
        {"signatures": [{"role": "king", "by": "A", "at": "", "reason": ""}]},
    ],
    ids=str,
)
def test_a_run_with_something_else_in_it_is_refused(change):
    with pytest.raises(RecordError):
        from_json(json.dumps({**json.loads(to_json(RUN)), **change}).encode(), "here")


@pytest.mark.parametrize(
    ("several", "come"),
    [
        ("passed", "passed"),
        ("passed skipped", "passed"),
        ("skipped", "skipped"),
        ("passed unknown failed", "failed"),
        ("passed unknown not-done", "unknown"),
        ("passed not-done", "not done"),
        ("", "skipped"),
    ],
)
def test_several_parts_come_to_the_worst(several: str, come: Result):
    assert summed(Item("x", one.replace("-", " ")) for one in several.split()) == come


def test_a_run_is_open_until_every_step_is_settled_and_complete_when_both_signed():
    assert len(RUN.open) == len(STEPS)
    run = RUN
    for plan in STEPS:
        run = run.ticking(Ticked(plan.name, "skipped" if plan.name == "tls" else "passed", ""))
    assert run.open == ()
    failed = run.ticking(Ticked("store", "failed", "no"))
    assert [one.name for one in failed.open] == ["store"]
    assert failed.ticking(replace(failed.step("store"), accepted="since")).open == ()
    assert run.missing == ROLES
    assert replace(run, signatures=(Signature("pacs-admin", "A", "", ""),)).missing == ("clinical-lead",)


def test_an_object_that_was_taken_once_stays_taken():
    one = Stored("archive/A", "1", "2", "3", "4", "5", taken=False)
    run = RUN.keeping([one]).keeping([replace(one, taken=True)]).keeping([one])
    assert run.stored == (replace(one, taken=True),)
