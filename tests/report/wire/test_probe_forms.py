"""A run of probe for machines."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given, settings

from pacsconf.dicom.probe.compare import compare
from pacsconf.dicom.probe.findings import findings
from pacsconf.report.as_json import finding_as_json
from pacsconf.report.wire.probe_forms import junit, probe_json, runs_json
from tests.dicom.probe.runs import a_run, a_target, healthy, left_alone, runs, shut


def cases(run) -> dict[str, ElementTree.Element]:
    whole = ElementTree.fromstring(junit(run))  # noqa: S314 - it is ours
    return {f"{one.get('classname')} {one.get('name')}": one for one in whole.iter("testcase")}


@given(runs)
@settings(max_examples=40)
def test_every_run_is_well_formed_in_both_forms(run):
    # Whatever peers say (controls, halves of characters) stays inside its text.
    assert len(list(ElementTree.fromstring(junit(run)).iter("testcase"))) == len(run.sightings)  # noqa: S314
    body = json.loads(probe_json(run))
    assert len(body["observations"]) == len(run.sightings) == sum(body["counts"].values())
    assert probe_json(run).isascii()


def test_only_what_fails_is_a_failure():
    found = cases(
        a_run(
            healthy("ct-1"),
            shut("ct-2", "CT2"),
            shut("ct-3", "CT3", verdict="asleep"),
            shut("ct-4", "CT4", verdict="unknown"),
            left_alone("ct-5", "CT5"),
        )
    )
    told = {name: [child.tag for child in one if child.tag != "system-out"] for name, one in found.items()}
    assert told == {
        "main.ct-1 CT1 dicom (echo)": [],
        "main.ct-2 CT2 dicom (echo)": ["failure"],
        "main.ct-3 CT3 dicom (echo)": ["skipped"],
        "main.ct-4 CT4 dicom (echo)": ["skipped"],
        "south.ct-5 CT5 dicom (none)": ["skipped"],
    }
    failure = found["main.ct-2 CT2 dicom (echo)"].find("failure")
    assert failure.get("type") == "WIRE-TCP"
    assert "nothing listens at port 104" in failure.text


def test_what_a_peer_says_is_no_markup():
    found = cases(a_run(replace(shut(), reason="</failure>\x00<x>")))
    assert found["main.ct-1 CT1 dicom (echo)"].find("failure").get("message") == "</failure>\\x00<x>"


def test_a_node_is_a_case_of_its_own():
    assert list(cases(a_run(healthy(target=a_target(node="n-1", site=None))))) == [
        "no site.ct-1 CT1 dicom node n-1 (echo)"
    ]


def test_a_finding_is_spelt_as_in_every_other_command():
    (seen,) = json.loads(probe_json(a_run(shut())))["observations"]
    assert seen["findings"] == [finding_as_json(one, None) for one in findings(shut())]


def test_json_tells_what_differs_from_another_run():
    made = compare(a_run(healthy(echo=10)), a_run(healthy(echo=90)))
    body = json.loads(probe_json(a_run(healthy()), comparison=made, commit="abc"))
    assert body["commit"] == "abc"
    assert body["against"]["differences"] == [
        {"subject": "ct-1/CT1", "what": "latency", "text": "echo 10 → 90 ms", "items": [], "worse": True}
    ]
    assert body["against"]["echo"]["before"]["p50"] == 10


def test_the_runs_of_a_commit_stand_by_their_paths():
    body = json.loads(
        runs_json({"probes/last.jsonl": a_run(healthy())}, commit="abc", reason="x", place_of=lambda _: None)
    )
    assert body["runs"]["probes/last.jsonl"]["counts"]["healthy"] == 1
