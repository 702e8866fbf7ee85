"""What an observation comes to."""

from __future__ import annotations

import pytest

from pacsconf.dicom.observation import Doors, Encryption, Fault, Observation, Step
from pacsconf.dicom.probe.findings import finding, findings


def rules(seen: Observation) -> list[tuple[str, str, tuple[str | int, ...]]]:
    return [(one.rule, one.severity, one.path) for one in findings(seen)]


@pytest.mark.parametrize(
    ("step", "rule", "path"),
    [
        ("name", "WIRE-NAME", ("connections", "dicom", "host")),
        ("tcp", "WIRE-TCP", ("connections", "dicom", "host")),
        ("tls", "WIRE-TLS", ("connections", "dicom", "tls")),
        ("association", "WIRE-ASSOC", ("ae_titles", "CT1")),
        ("contexts", "WIRE-CONTEXT", ("ae_titles", "CT1")),
        ("echo", "WIRE-ECHO", ("ae_titles", "CT1")),
        ("query", "WIRE-QUERY", ("ae_titles", "CT1")),
        ("worklist", "WIRE-WORKLIST", ("ae_titles", "CT1")),
    ],
)
def test_each_step_that_failed_is_a_rule_at_its_place(a_target, step, rule, path):
    seen = Observation(a_target(104), "failing", (Step(step, False, "no", 1.0, Fault("otherwise")),), "no")
    assert rules(seen) == [(rule, "error", ("devices", "ct-1", *path))]
    assert finding(seen) == findings(seen)[0]


def test_several_failures_are_several_findings(a_target):
    steps = tuple(Step(name, name == "echo", name, 1.0) for name in ("tls", "contexts", "echo", "query"))
    seen = Observation(a_target(104), "failing", steps, "tls")
    assert [rule for rule, _, _ in rules(seen)] == ["WIRE-TLS", "WIRE-CONTEXT", "WIRE-QUERY"]
    assert findings(seen)[1].detail == "contexts (asked at 127.0.0.1:104)."


def test_of_a_node_the_place_is_the_node(a_target):
    seen = Observation(a_target(104, node="b"), "failing", (Step("echo", False, "no", 1.0),), "no")
    assert rules(seen) == [("WIRE-ECHO", "error", ("devices", "ct-1", "nodes", "b"))]


def test_what_could_not_be_looked_at_is_a_warning_that_says_so(a_target):
    seen = Observation(a_target(104), "unknown", (Step("tcp", True, "connected", 1.0),), "nobody is named")
    (finding,) = findings(seen)
    assert (finding.rule, finding.severity, finding.verdict) == ("WIRE-ECHO", "warning", "unknown")


@pytest.mark.parametrize(("days", "due"), [(-1, False), (0, True), (30, True), (31, False), (None, False)])
def test_a_certificate_is_due_thirty_days_before_its_end(a_target, days, due):
    encryption = Encryption("TLS 1.3", "TLS_AES_256_GCM_SHA384", "ct-1", days_left=days)
    seen = Observation(a_target(104), "healthy", encryption=encryption)
    assert bool(findings(seen)) is due
    assert finding(seen) is None


def test_asleep_and_not_probed_are_no_findings(a_target):
    for verdict in ("asleep", "not probed", "healthy"):
        assert findings(Observation(a_target(104), verdict, reason="so it is")) == ()


def test_doors_that_nobody_tried_are_no_findings(a_target):
    assert findings(Observation(a_target(104), "healthy", doors=Doors())) == ()
