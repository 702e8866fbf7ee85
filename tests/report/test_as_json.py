import json

from pacsconf.core.changeset import changeset_from_json
from pacsconf.core.finding import Place
from pacsconf.core.plan import plan_from_json
from pacsconf.report.as_json import changeset_json, drift_json, findings_json, history_json, plan_json


def test_a_plan_is_what_apply_takes(busy_plan):
    assert plan_from_json(json.loads(plan_json(busy_plan))).digest == busy_plan.digest


def test_drift_is_the_three_sides_with_who_and_when(busy_plan):
    body = json.loads(drift_json(busy_plan))
    assert (body["format_version"], body["environment"], body["as_of"]) == (1, "production", "2026-11-24")
    assert body["drifts"][0]["fields"] == [
        {"name": "port", "verdict": "drift", "declared": 104, "live": 11112, "last": 104}
    ]
    assert body["notes"] == {"directory/network-connection/mr-1/dicom": "by cn=jdoe, 23 Nov 03:12"}


def test_findings_carry_place_path_and_count(findings):
    body = json.loads(findings_json(findings, place_of=lambda _path: None))
    assert body["counts"] == {"error": 3, "warning": 1, "info": 0, "accepted": 0}
    assert body["findings"][1] == {
        "rule": "KEY-001",
        "severity": "warning",
        "verdict": "fail",
        "evidence": "declared",
        "accepted": "",
        "summary": 'Unknown key "stationname" in device mr-2; did you mean "station_name"?',
        "detail": "",
        "fix": 'Write "station_name", or put attributes that pacsconf does not model under "extra".',
        "path": [],
        "place": {"file": "inventory/devices/mr.yaml", "line": 2, "column": 37, "length": 11},
        "also": [],
        "about": None,
    }


def test_a_findings_place_is_looked_up_by_its_path(findings):
    place = Place("inventory/devices/ct.yaml", 6, 7, 4)
    body = json.loads(findings_json(findings, place_of=lambda path: place if path else None))
    found = next(one for one in body["findings"] if one["rule"] == "PACS-AE-003")
    assert (found["place"]["line"], found["path"]) == (6, ["devices", "ct-er-2", "ae_titles", "CT01"])


def test_history_and_change_set(entries, changeset):
    body = json.loads(history_json("lab", entries))
    assert (body["format_version"], body["environment"], len(body["entries"])) == (1, "lab", 3)
    assert body["entries"][1]["kind"] == "hold"
    whole = json.loads(changeset_json(changeset, commit="c0ffee1"))
    assert (whole["format_version"], whole["commit"]) == (1, "c0ffee1")
    assert changeset_from_json(whole).id == changeset.id


def test_json_is_plain_ascii_whatever_live_systems_hold(hostile_plan):
    text = plan_json(hostile_plan) + drift_json(hostile_plan)
    assert text.isascii()
    assert all(char.isprintable() or char == "\n" for char in text)
